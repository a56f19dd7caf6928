"""Sentences that a reader would take for more than is known."""

from typing import Any

import pytest

from src.report.analysis import Options, analyse
from src.report.answer import Answer, answer
from tests.records import made


def member(init: str, seed: int, accuracy: float, **changes: Any) -> dict[str, Any]:
    record = made(accuracy, init__name=init, seed=seed, **changes)
    record["metrics"]["test"]["accuracy"] = accuracy
    return record


def told(records: list[dict[str, Any]], **options: Any) -> Answer:
    return answer(analyse(records, Options(**options)))


def test_equal_in_the_seeds_that_are_shared() -> None:
    records = [member("he", seed, 0.8) for seed in range(3)]
    records += [member("xavier", seed, 0.8 + 0.1 * (seed > 2)) for seed in range(6)]
    assert told(records).sentence == (
        "Both arms have equal test accuracy in every seed that they share."
    )
    three = [member(init, seed, 0.8) for init in "abc" for seed in range(3)]
    assert told(three, metric="validation_accuracy").sentence == (
        "All 3 arms have equal validation accuracy in every seed that they share."
    )


def test_the_most_seeds_in_common_are_called_so() -> None:
    seeds = {"he": range(2), "xavier": range(2), "zeros": range(2, 4)}
    records = [member(init, seed, 0.8) for init, some in seeds.items() for seed in some]
    assert "arms have at most 2 seeds in common" in told(records).sentence
    assert "arms have 2 seeds in common" in told(records[:4]).sentence
    assert "arms have no seed in common" in told(records[2:]).sentence


@pytest.mark.parametrize("metric", ["test_accuracy", "validation_loss"])
def test_rounding_is_a_difference_nowhere(metric: str) -> None:
    """0.1 + 0.2 is not 0.3; nor in two further arms, which are better and worse."""
    records = []
    for seed in range(5):
        for init, score in (("he", 0.1 + 0.2), ("xavier", 0.3), ("a", 0.35), ("b", 0.25)):
            record = member(init, seed, score + seed / 8)
            record["metrics"]["last"]["validation_loss"] = score + seed / 8
            records.append(record)
    found = analyse(records, Options(metric=metric))
    places = [k for k, arm in enumerate(found.arms) if arm.name in ("he", "xavier")]
    assert places == [1, 2]
    (at,) = (k for k, pair in enumerate(found.pairs) if [pair.first, pair.second] == places)
    assert (found.pairs[at].difference, found.pairs[at].probability) == (0, 0.5)
    assert found.plans[at] is None
    assert found.ranking is not None
    assert [found.ranking.means[k] for k in places] == [2.5, 2.5]
    assert "equal in all 5 seeds; more would not tell them apart." in " ".join(
        answer(found).unsettled
    )


def test_a_plan_is_of_differences_that_rounding_alone_sets_apart() -> None:
    """0.1 in every seed, so that the sign alone tells: power.plans has no spread to go by."""
    steps = [0.3, 0.7, 0.1, 0.6]
    records = [
        member(init, seed, step + more)
        for seed, step in enumerate(steps)
        for init, more in (("he", 0.1), ("xavier", 0.0))
    ]
    (plan,) = analyse(records).plans
    assert plan is not None
    assert plan.more == 2  # 2^(1 - 6) is the first below 5 %


def test_weights_drawn_more_seldom_than_seeds_combine() -> None:
    def crossed(seeds: int, orders: int) -> list[str]:
        records = [
            member(init, seed, 0.8 + 0.01 * seed + 0.001 * order, data__order_seed=order)
            for init in ("he", "xavier")
            for seed in range(seeds)
            for order in range(orders)
        ]
        return [note for note in told(records).notes if "were drawn" in note]

    (fixed,) = crossed(1, 8)
    assert fixed.startswith("The weights of each arm were drawn once only; n counts combinations")
    (both,) = crossed(3, 2)
    assert both.startswith("The weights of each arm were drawn 3 times only; n counts combinations")
    assert "(seed, data.order_seed)" in both
    assert crossed(4, 1) == []
    together = [
        member(init, seed, 0.8 + 0.01 * seed, data__order_seed=seed)
        for init in ("he", "xavier")
        for seed in range(4)
    ]
    assert not any("were drawn" in note for note in told(together).notes)


def test_a_member_without_a_test_number_is_told_of() -> None:
    records = [member(init, seed, 0.8) for init in ("he", "xavier") for seed in range(5)]
    assert not any("no test accuracy" in note for note in told(records).notes)
    records[0]["metrics"]["test"] = None
    notes = told(records).notes
    assert any(
        note.startswith("1 of 10 members that finished has no test accuracy") for note in notes
    )
    for record in records:  # then there is nothing to wonder at
        record["metrics"]["test"] = None
    assert not any("no test accuracy" in note for note in told(records).notes)
