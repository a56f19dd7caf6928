"""What members that diverged count as: no arm is ever beaten by them."""

import math
from typing import Any

import numpy as np
import pytest

from src.report.analysis import Options, analyse
from src.report.answer import answer
from src.report.compared import compare
from src.report.metrics import rule_of_diverged, score, worst
from src.report.statistics.power import Plan
from tests.records import diverged, made

# Of zeros, below guessing in every seed.
POOR = [0.093, 0.0931, 0.0929, 0.0932, 0.0928, 0.093, 0.0931, 0.0929, 0.0932, 0.0928]


def finished(init: str, seed: int, accuracy: float, **changes: Any) -> dict[str, Any]:
    record = made(accuracy, init__name=init, seed=seed, **changes)
    record["metrics"]["test"]["accuracy"] = accuracy
    record["metrics"]["last"]["validation_loss"] = 3 - accuracy
    return record


def poor_and_diverged() -> list[dict[str, Any]]:
    records = [finished("zeros", seed, accuracy) for seed, accuracy in enumerate(POOR)]
    return records + [diverged(init__name="he", seed=seed) for seed in range(10)]


@pytest.mark.parametrize(
    ("metric", "counted", "rule"),
    [
        ("test_accuracy", 0.0928, "the worst member that finished, 9.28 % of examples right"),
        ("validation_loss", 3 - 0.0928, "the worst member that finished, a loss of 2.907"),
    ],
)
def test_an_arm_that_diverged_beats_none_that_finished_below_guessing(
    metric: str, counted: float, rule: str
) -> None:
    found = analyse(poor_and_diverged(), Options(metric=metric))
    names = [arm.name for arm in found.arms]
    assert names == ["zeros", "he"]
    assert np.all(found.table[1] == counted)
    assert answer(found).sentence.startswith("zeros beats he")
    (note,) = (note for note in answer(found).notes if note.startswith("Stopped"))
    assert f"each counts as {rule}, which is worse than guessing" in note


def test_the_worse_of_guessing_and_the_worst() -> None:
    lost = diverged()
    records = [finished("he", 0, 0.3), finished("he", 1, 0.2), lost]
    assert worst(records, "test_accuracy") == 0.2
    assert score(lost, "test_accuracy", 0.2) == 0.1
    assert score(lost, "test_accuracy", 0.05) == 0.05
    assert score(lost, "validation_loss", 2.0) == math.log(10)
    assert score(lost, "validation_loss", 9.0) == 9.0
    assert score(lost | {"classes": 2}, "test_accuracy") == 0.5
    assert math.isnan(worst([lost], "test_accuracy"))
    assert rule_of_diverged(records, "test_accuracy") == "guessing, 10 % of examples right"


def test_an_option_that_diverged_is_not_chosen_over_one_that_finished() -> None:
    """All guess: the one that diverged stands first, and ties."""
    records = [
        each
        for init in ("he", "zeros")
        for seed in range(4)
        for each in (
            diverged(init__name=init, seed=seed, optimizer__lr=1.0),
            finished(init, seed, 0.1, optimizer__lr=0.1),
        )
    ]
    found = analyse(records)
    assert [arm.chosen["optimizer.lr"] for arm in found.arms] == ["0.1", "0.1"]
    assert "diverged" not in answer(found).sentence


def test_two_sweeps_of_an_arm_that_diverged_in_one() -> None:
    """It lost what it had, though it ended below guessing; and 3 seeds can show nothing of it."""
    first = [finished("zeros", seed, accuracy) for seed, accuracy in enumerate(POOR)]
    second = [diverged(init__name="zeros", seed=seed) for seed in range(10)]
    others = [finished("he", seed, 0.8 + accuracy) for seed, accuracy in enumerate(POOR)]
    found = compare(analyse(first + others), analyse(second + others))
    zeros = next(arm for arm in found.arms if arm.name == "zeros")
    assert zeros.difference < 0

    few = [[r for r in records if r["config"]["seed"] < 3] for records in (first, second, others)]
    found = compare(analyse(few[0] + few[2]), analyse(few[1] + few[2]))
    zeros = next(arm for arm in found.arms if arm.name == "zeros")
    assert (zeros.test, zeros.claimed) == ("t, bounded", False)
    assert zeros.p >= 2 / math.comb(6, 3)


def test_a_plan_asks_for_seeds_whose_labels_can_reach_the_level() -> None:
    """Nine arms of 3 seeds of which one diverged: of its 8 pairs and 28 more the next claim is at
    0.05 / 36 = 0.0014; 2 / C(12, 6) = 0.0022, 2 / C(14, 7) = 0.0006, so 7 seeds."""
    records = [
        finished(f"arm{k}", seed, 0.87 + 0.001 * ((k % 6 + 1) * (seed + 1) % 7))
        for k in range(8)
        for seed in range(3)
    ]
    records += [diverged(init__name="he", seed=seed) for seed in range(3)]
    found = analyse(records)
    assert not any(pair.claimed for pair in found.pairs)
    of_he = [found.plans[k] for k, pair in enumerate(found.pairs) if pair.second == 8]
    assert of_he == [Plan(4)] * 8


def test_of_equal_arms_the_one_that_finished_stands_first() -> None:
    records = [diverged(init__name="he", seed=seed) for seed in range(4)]
    records += [finished("zeros", seed, 0.093) for seed in range(4)]
    assert [arm.name for arm in analyse(records).arms] == ["zeros", "he"]


def test_few_seeds_of_a_coin_are_no_claim() -> None:
    """Three of three diverged in one arm and none in the other: so it is in 1 of 10 cases where
    both are alike."""
    records = [finished("xavier", seed, 0.87 + 0.001 * seed) for seed in range(3)]
    records += [diverged(init__name="he", seed=seed) for seed in range(3)]
    (pair,) = analyse(records).pairs
    assert (pair.test, pair.claimed) == ("t, bounded", False)
    assert pair.p == pytest.approx(0.1)
    # 2 / C(8, 4) = 0.029 is below 5 %, and one more is what t would ask for as well.
    assert analyse(records).plans[0] == Plan(1)
    assert "(where members diverged)" in " ".join(answer(analyse(records)).notes)
