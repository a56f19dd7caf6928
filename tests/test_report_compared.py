"""Two sweeps side by side: what changed, what that did, and what cannot be compared."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest
from scipy import stats
from statsmodels.stats.multitest import multipletests

from src.errors import InputError
from src.report.analysis import Options, analyse
from src.report.compared import Comparison, compare
from src.report.compared_text import lines, sentence
from tests.records import made

SEEDS = 6
RANDOM = np.random.default_rng(0)
COMMON = RANDOM.normal(0, 0.02, SEEDS)  # of a seed, in all arms and sweeps


def sweep(
    means: dict[str, float], seeds: Sequence[int] = range(SEEDS), spread: float = 0.0, **facts: Any
) -> list[dict[str, Any]]:
    records = []
    for init, mean in means.items():
        for seed in seeds:
            accuracy = float(mean + COMMON[seed] + spread * RANDOM.normal())
            record = made(accuracy, init__name=init, seed=seed) | facts
            record["metrics"]["test"]["accuracy"] = accuracy
            records.append(record)
    return records


def compared(
    first: list[dict[str, Any]], second: list[dict[str, Any]], **options: Any
) -> Comparison:
    return compare(analyse(first, Options(**options)), analyse(second, Options(**options)))


@pytest.mark.slow
def test_changes_against_scipy_and_statsmodels() -> None:
    means = {"he": 0.8, "xavier": 0.7, "zeros": 0.1}
    first = sweep(means, spread=0.01)
    second = sweep({"he": 0.85, "xavier": 0.7, "zeros": 0.105}, spread=0.01)
    found = compared(first, second)

    def scores(records: list[dict[str, Any]], init: str) -> Any:
        return np.array(
            [
                record["metrics"]["test"]["accuracy"]
                for record in records
                if record["config"]["init"]["name"] == init
            ]
        )

    differences = [scores(second, init) - scores(first, init) for init in means]
    reference = [stats.ttest_1samp(row, 0) for row in differences]
    holm = multipletests([test.pvalue for test in reference], method="holm")[1]
    assert [arm.name for arm in found.arms] == list(means)
    for arm, row, test, adjusted in zip(found.arms, differences, reference, holm, strict=True):
        interval = test.confidence_interval(0.95)
        assert arm.n == SEEDS
        assert arm.difference == pytest.approx(row.mean(), abs=1e-12)
        assert arm.second - arm.first == pytest.approx(arm.difference, abs=1e-12)
        assert (arm.low, arm.high) == pytest.approx((interval.low, interval.high), abs=1e-12)
        assert (arm.p, arm.adjusted) == pytest.approx((test.pvalue, adjusted), rel=1e-9)
        assert arm.equal == 0


def test_only_seeds_in_common_are_paired() -> None:
    """The first sweep's own seeds are far worse: unpaired, the second would seem better."""
    first = sweep({"he": 0.8, "xavier": 0.7}, range(4))
    for record in first[:1] + first[4:5]:
        record["metrics"]["test"]["accuracy"] = 0.0
    second = sweep({"he": 0.8, "xavier": 0.7}, range(1, 5))
    found = compared(first, second)
    assert [arm.n for arm in found.arms] == [3, 3]
    assert [arm.difference for arm in found.arms] == [0, 0]
    assert [arm.equal for arm in found.arms] == [3, 3]


def test_sweeps_of_one_seed_each_are_paired_by_it() -> None:
    means = {"he": 0.8, "xavier": 0.7}
    same, other = sweep(means, [1]), sweep(means, [2])
    assert [arm.n for arm in compared(same, sweep(means, [1])).arms] == [1, 1]
    found = compared(same, other)
    assert [arm.n for arm in found.arms] == [0, 0]
    assert "no seed in common" in "\n".join(lines(found, "a", "b"))
    assert sentence(found).startswith("No claim can be made")


def test_equal_to_the_bit() -> None:
    means = {"he": 0.8, "xavier": 0.7}
    first, second = sweep(means), sweep(means)
    found = compared(first, second)
    assert sentence(found) == "All members that both sweeps have are equal to the bit."
    assert "Settings, versions and device are the same." in lines(found, "a", "b")
    second[0]["metrics"]["last"]["train_loss"] += 1e-16 * 2  # a last bit
    again = compared(first, second)
    assert [arm.equal for arm in again.arms] == [SEEDS - 1, SEEDS]
    assert [arm.difference for arm in again.arms] == [0, 0]
    assert sentence(again).startswith("No change is told from chance")


def test_what_changed() -> None:
    first = sweep(
        {"he": 0.8, "old": 0.7}, versions={"torch": "2.11.0", "numpy": "2.1"}, device="cpu"
    )
    second = sweep(
        {"he": 0.8, "new": 0.7},
        range(4),
        versions={"torch": "2.14.1", "numpy": "2.1"},
        device="cuda",
        git_revision="abc",
    )
    for record in second:
        record["config"]["optimizer"]["lr"] = 0.01
        record["config"]["model"]["dropout"] = 0.0
    found = compared(first, second)
    assert [(change.what, change.first, change.second) for change in found.changes] == [
        ("model.dropout", "0.2", "0.0"),
        ("optimizer.lr", "0.001", "0.01"),
        ("number of seeds", "6", "4"),
        ("git revision", "-", "abc"),
        ("device", "cpu", "cuda"),
        ("version of torch", "2.11.0", "2.14.1"),
    ]
    assert (found.only_first, found.only_second) == (["old"], ["new"])
    told = lines(found, "a", "b")
    assert "  optimizer.lr: 0.001 -> 0.01" in told
    assert "Only in the second: new." in told


def test_settings_tuned_otherwise() -> None:
    def tuned(best: str) -> list[dict[str, Any]]:
        records = []
        for name in ("adam", "sgd"):
            part = sweep({"he": 0.8 + 0.05 * (name == best), "xavier": 0.7})
            for record in part:
                record["config"]["optimizer"]["name"] = name
            records += part
        return records

    found = compared(tuned("adam"), tuned("sgd"))
    assert [(c.what, c.first, c.second) for c in found.arms[0].chosen] == [
        ("optimizer", "adam", "sgd")
    ]
    assert found.arms[1].chosen == []
    assert any("he" in line and "optimizer: adam -> sgd" in line for line in lines(found, "", ""))


def test_members_that_were_not_chosen_are_not_passed_over() -> None:
    def tuned(other: float) -> list[dict[str, Any]]:
        records = sweep({"he": 0.8, "xavier": 0.7}) + sweep({"he": other, "xavier": other})
        for record in records[2 * SEEDS :]:
            record["config"]["optimizer"]["name"] = "sgd"
        return records

    assert sentence(compared(tuned(0.5), tuned(0.5))) == (
        "All members that both sweeps have are equal to the bit."
    )
    assert sentence(compared(tuned(0.5), tuned(0.6))) == (
        "All compared members are equal to the bit; of the others that both have, not all."
    )


def test_what_arms_exchanged_has_changed() -> None:
    def scaled(he: float, xavier: float) -> list[dict[str, Any]]:
        records = sweep({"he": 0.8, "xavier": 0.7})
        for record in records:
            name = record["config"]["init"]["name"]
            record["config"]["init"]["scale"] = {"he": he, "xavier": xavier}[name]
            record["device"] = {"he": "cpu", "xavier": "cuda"}[name] if he > 1 else "cuda"
            record["versions"] = {"torch": f"2.{he if name == 'he' else xavier}"}
        return records

    found = compared(scaled(2.0, 1.0), scaled(1.0, 2.0))
    assert [(change.what, change.first, change.second) for change in found.changes] == [
        ("init.scale of he", "2.0", "1.0"),
        ("init.scale of xavier", "1.0", "2.0"),
        ("device", "cpu, cuda", "cuda"),
        ("version of torch of he", "2.2.0", "2.1.0"),
        ("version of torch of xavier", "2.1.0", "2.2.0"),
    ]


def test_other_seeds_have_changed() -> None:
    def seeds(he: range, zeros: range) -> list[dict[str, Any]]:
        return [
            made(0.8 + 0.001 * seed, init__name=name, seed=seed, data__order_seed=seed)
            for name, some in (("he", he), ("zeros", zeros))
            for seed in some
        ]

    def told(*ranges: tuple[range, range]) -> list[tuple[str, str, str]]:
        found = compared(*(seeds(*each) for each in ranges))
        return [(change.what, change.first, change.second) for change in found.changes]

    early, late, all_ten = range(8, 11), range(9, 12), range(12)
    assert told((early, early), (late, late)) == [("seeds", "8, 9, 10", "9, 10, 11")]
    assert told((early, late), (late, early)) == [
        ("seeds of he", "8, 9, 10", "9, 10, 11"),
        ("seeds of zeros", "9, 10, 11", "8, 9, 10"),
    ]
    assert told((early, early), (all_ten, all_ten)) == [("number of seeds", "3", "12")]


def test_sentence() -> None:
    means = {"he": 0.8, "xavier": 0.7, "zeros": 0.1}
    first = sweep(means, spread=0.001)
    second = sweep({"he": 0.85, "xavier": 0.65, "zeros": 0.1}, spread=0.001)
    assert sentence(compared(first, second)) == (
        "In the second sweep he is better and xavier is worse; of 1 arm no change is told from "
        "chance."
    )
    worse = compared(second, first)
    assert sentence(worse).startswith("In the second sweep xavier is better and he is worse")


def test_a_lower_loss_is_better() -> None:
    first, second = sweep({"he": 0.8, "zeros": 0.1}), sweep({"he": 0.8, "zeros": 0.1})
    for k, record in enumerate(first + second):
        record["metrics"]["last"]["validation_loss"] = (
            1 - 0.5 * (k >= 12) + 0.01 * COMMON[k % 6] * k
        )
    found = compared(first, second, metric="validation_loss")
    assert all(arm.difference < 0 for arm in found.arms)
    assert sentence(found) == "In the second sweep he and zeros are better."


def test_refusals() -> None:
    first, second = sweep({"he": 0.8, "zeros": 0.1}), sweep({"he": 0.8, "zeros": 0.1})
    untested = [record | {"metrics": record["metrics"] | {"test": None}} for record in second]
    with pytest.raises(InputError, match=r"report\.metric: .*test_accuracy.*validation_accuracy"):
        compared(first, untested)
    for record in second:
        record["config"]["data"]["name"] = "mnist"
    with pytest.raises(InputError, match="data: synthetic in the first sweep, mnist in the second"):
        compared(first, second)
    ours = sweep({"he": 0.8, "zeros": 0.1}, data_sha256={"images": "a"})
    theirs = sweep({"he": 0.8, "zeros": 0.1}, data_sha256={"images": "b"})
    with pytest.raises(InputError, match="data_sha256: the files of synthetic are others"):
        compared(ours, theirs)
    with pytest.raises(InputError, match="no arm in common: he, zeros in the first, a, b in"):
        compared(first, sweep({"a": 0.5, "b": 0.4}))
    with pytest.raises(InputError, match=r"report\.scientific: arms differ in init .* seeds alone"):
        compared(first, sweep({"he": 0.8}))
