"""All that a report says of a sweep, from made results: counts, arrivals, plans, ranks."""

import math
from typing import Any

import pytest

from src.errors import InputError
from src.report.analysis import Options, analyse
from src.report.arrivals import budget
from src.report.statistics.power import plans
from tests.records import diverged, failed, made

STEPS = (0.0, 0.01, -0.01, 0.02, -0.02)


def member(
    init: str, seed: int, accuracy: float, steps: int | None = None, verdict: str = "healthy"
) -> dict[str, Any]:
    record = made(accuracy, init__name=init, seed=seed)
    record["metrics"]["test"]["accuracy"] = accuracy
    record["steps_to_80"] = steps
    record["verdict"] = {"primary": verdict, "found": []}
    _budget(record)
    return record


def _budget(record: dict[str, Any], epochs: int = 2, size: int = 2_000) -> dict[str, Any]:
    """Of 20 steps an epoch."""
    record["config"]["trainer"] = {"epochs": epochs, "steps_per_epoch": None}
    record["config"]["data"]["train_size"] = size
    return record


def sweep() -> list[dict[str, Any]]:
    """he arrives, zeros never; zeros lacks seed 4, which failed, and diverges at seed 3."""
    records = [member("he", seed, 0.9 + STEPS[seed], 10 + seed) for seed in range(5)]
    records += [
        member("zeros", seed, 0.1, None, "symmetric" if seed else "slow") for seed in range(3)
    ]
    exploded = _budget(diverged(init__name="zeros", seed=3)) | {"steps_to_80": None}
    exploded["verdict"] = {"primary": "diverged", "found": []}
    full = [_budget(failed(init__name=init, seed=4)) for init in ("zeros", "lost")]
    return [*records, exploded, *full]


def test_tallies() -> None:
    he, zeros = analyse(sweep()).tallies
    assert he.verdicts == {"healthy": 5}
    assert list(zeros.verdicts.items()) == [("symmetric", 2), ("slow", 1), ("diverged", 1)]
    assert (he.verdict, zeros.verdict) == ("healthy", "symmetric")
    assert (he.diverged, he.failed, he.missing) == (0, 0, [])
    assert (zeros.diverged, zeros.failed, zeros.missing) == (1, 1, [("4",)])


def test_an_arm_of_which_all_failed_is_named() -> None:
    assert analyse(sweep()).lost == ["lost"]


def test_arrivals() -> None:
    """A diverged member is watched to the end of its budget of 40 steps, not to step 37."""
    analysis = analyse(sweep())
    he, zeros = analysis.arrivals
    assert he is not None
    assert (he.n, he.median) == (5, 12)
    assert zeros is not None
    assert zeros.steps == [40, 40, 40, 40]
    assert zeros.arrived == [False] * 4
    assert zeros.median is None
    assert analysis.log_rank is not None
    assert analysis.log_rank.p < 0.05


def test_a_member_that_arrived_before_it_diverged_has_arrived() -> None:
    records = sweep()
    exploded = next(record for record in records if record["status"] == "diverged")
    exploded["steps_to_80"] = 15
    zeros = analyse(records).arrivals[1]
    assert zeros is not None
    assert sorted(zip(zeros.steps, zeros.arrived, strict=True))[0] == (15, True)


def test_results_from_before_steps_were_counted() -> None:
    records = sweep()
    for record in records:
        record.pop("steps_to_80", None)
    analysis = analyse(records)
    assert analysis.arrivals == [None, None]
    assert analysis.log_rank is None


@pytest.mark.parametrize(
    ("epochs", "per_epoch", "size", "expected"),
    [
        (2, None, 2_000, 40),
        (2, None, 2_001, 42),
        (3, 5, 2_000, 15),
        (3, 50, 2_000, 60),
        (0, None, 2_000, 0),
    ],
)
def test_budget(epochs: int, per_epoch: int | None, size: int, expected: int) -> None:
    """Batches of 100, the last one smaller; steps_per_epoch at most the whole split."""
    record = _budget(diverged(), epochs, size)
    record["config"]["trainer"]["steps_per_epoch"] = per_epoch
    assert budget(record) == expected


def test_budget_where_the_configuration_does_not_tell() -> None:
    assert budget(made()) == 48
    assert budget(diverged()) is None


def test_ranking() -> None:
    found = analyse(sweep()).ranking
    assert found is not None
    assert (found.blocks, found.left_out, found.means) == (4, 1, [1, 2])


def test_plans_are_of_unsettled_pairs_at_holms_next_level() -> None:
    """Three arms: both pairs with zeros are claimed, one is left, so its level is 5 % itself."""
    shake = (0.004, -0.003, 0.001, 0.002, -0.001)
    records = [member("he", seed, 0.9 + STEPS[seed]) for seed in range(5)]
    records += [member("xavier", seed, 0.899 + STEPS[seed] + shake[seed]) for seed in range(5)]
    records += [member("zeros", seed, 0.1 + shake[-seed]) for seed in range(5)]
    analysis = analyse(records)
    settled = [pair.claimed for pair in analysis.pairs]
    assert sorted(settled) == [False, True, True]
    place = settled.index(False)
    pair = analysis.pairs[place]
    differences = analysis.table[pair.first] - analysis.table[pair.second]
    assert analysis.plans[place] == plans([differences], 0.05)[0]
    assert analysis.plans[place] is not None
    assert [plan for k, plan in enumerate(analysis.plans) if k != place] == [None, None]


def test_too_few_seeds_have_no_plan_and_no_ranking() -> None:
    analysis = analyse([member(init, seed, 0.5) for init in ("a", "b") for seed in range(2)])
    assert analysis.plans == [None]
    assert analysis.ranking is None
    assert math.isnan(analysis.pairs[0].p)


def test_refusals() -> None:
    with pytest.raises(InputError, match=r"report\.baseline=nobody: no such arm; .*he; zeros"):
        analyse(sweep(), Options(baseline="nobody"))
    with pytest.raises(InputError, match=r"report\.metric=speed: must be one of test_accuracy"):
        analyse(sweep(), Options(metric="speed"))
    with pytest.raises(InputError, match="no member came so far"):
        analyse([failed()])
