"""Arms: nuisance settings chosen on validation accuracy alone, by a rule that interrupted sweeps
and divergence do not bend."""

import math
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
import pytest

from src.errors import InputError
from src.report.arms import Arm, arms_of, find, notes_of_arms, order, scores
from src.report.roles import roles
from tests.records import diverged, failed, made


def arms(*records: dict[str, Any], asked: tuple[str, ...] | None = ("init",)) -> list[Arm]:
    return arms_of(records, roles(records, asked))


def rate(lr: float, *accuracies: float, init: str = "he", **more: Any) -> list[dict[str, Any]]:
    """Members of one learning rate, seeds 0, 1, ..."""
    return [
        made(accuracy, init__name=init, optimizer__lr=lr, seed=seed, **more)
        for seed, accuracy in enumerate(accuracies)
    ]


# A second arm, so that init varies.
OTHER = rate(0.1, 0.5, 0.5, init="zeros") + rate(0.2, 0.4, 0.4, init="zeros")


def test_the_rate_with_the_best_mean_is_chosen_for_each_arm() -> None:
    he, zeros = arms(*rate(0.1, 0.9, 0.1), *rate(0.2, 0.6, 0.6), *OTHER)
    assert (he.name, he.settings, he.chosen) == ("he", {"init": "he"}, {"optimizer.lr": "0.2"})
    assert zeros.chosen == {"optimizer.lr": "0.1"}
    assert he.tried == zeros.tried == 2
    assert [(each.settings["optimizer.lr"], each.n) for each in he.options] == [
        ("0.1", 2),
        ("0.2", 2),
    ]
    assert [each.mean for each in he.options] == pytest.approx([0.5, 0.6])
    assert [each.chosen for each in he.options] == [False, True]
    assert {metric["seed"] for metric in (m["config"] for m in he.members.values())} == {0, 1}
    assert all(m["config"]["optimizer"]["lr"] == 0.2 for m in he.members.values())


def test_of_equal_options_the_first_is_chosen() -> None:
    for first, second in ((0.1, 0.2), (0.2, 0.1)):
        he, _ = arms(*rate(first, 0.6, 0.7), *rate(second, 0.7, 0.6), *OTHER)
        assert he.chosen == {"optimizer.lr": str(first)}


def test_a_diverged_member_counts_as_guessing() -> None:
    """0.9 and one lost are (0.9 + 0.1) / 2 = 0.5, less than 0.55 twice."""
    lost = diverged(optimizer__lr=0.2, seed=1)
    he, _ = arms(*rate(0.1, 0.55, 0.55), *rate(0.2, 0.9), lost, *OTHER)
    assert he.chosen == {"optimizer.lr": "0.1"}
    assert he.options[1].mean == pytest.approx(0.5)
    assert he.options[1].n == 2
    two = lost | {"classes": 2}
    he, _ = arms(*rate(0.1, 0.55, 0.55), *rate(0.2, 0.9), two, *OTHER)
    assert he.chosen == {"optimizer.lr": "0.2"}


def test_a_lucky_seed_of_an_interrupted_option_is_not_chosen() -> None:
    he, zeros = found = arms(*rate(0.1, *[0.6] * 5), *rate(0.2, 0.9, 0.9), *OTHER)
    assert he.chosen == {"optimizer.lr": "0.1"}
    assert [(each.n, each.enough) for each in he.options] == [(5, True), (2, False)]
    assert zeros.tried == 2
    (note,) = notes_of_arms(found)
    assert note.startswith("Options with less than 50% of the seeds")
    assert note.endswith("so it was in he.")
    # One seed fewer, as a full disk leaves it, is no reason to blame the arm for a bad rate.
    he, _ = arms(*rate(0.1, *[0.6] * 5), *rate(0.2, *[0.9] * 4), *OTHER)
    assert he.chosen == {"optimizer.lr": "0.2"}


def test_members_that_failed_count_for_nothing() -> None:
    lost = [failed(optimizer__lr=0.1, seed=seed) for seed in range(2, 9)]
    he, _ = arms(*rate(0.1, 0.5, 0.5), *lost, *rate(0.2, 0.6, 0.6), *OTHER)
    assert he.chosen == {"optimizer.lr": "0.2"}
    assert len(he.members) == 2
    assert [arm.name for arm in arms(*OTHER, failed(seed=0))] == ["zeros"]
    assert arms(failed(), failed(seed=1), asked=None) == []


def test_an_arm_without_any_accuracy_stays() -> None:
    bare = [record | {"metrics": None} for record in rate(0.1, 0.5) + rate(0.2, 0.5)]
    he, _ = arms(*bare, *OTHER)
    assert he.chosen == {"optimizer.lr": "0.1"}
    assert [(each.n, each.enough) for each in he.options] == [(0, False), (0, False)]
    assert all(math.isnan(each.mean) for each in he.options)
    assert len(he.members) == 1


class Sealed(Mapping[str, Any]):
    """Metrics whose test numbers must not be looked at."""

    def __init__(self, metrics: Mapping[str, Any]) -> None:
        self.metrics = metrics

    def __getitem__(self, key: str) -> Any:
        assert key != "test", "the test set of a member that was not chosen"
        return self.metrics[key]

    def __iter__(self) -> Iterator[str]:
        return iter(self.metrics)

    def __len__(self) -> int:
        return len(self.metrics)


def test_the_test_numbers_of_what_was_not_chosen_are_not_read() -> None:
    records = [*rate(0.1, 0.6, 0.6), *rate(0.2, 0.5, 0.5), *OTHER]
    for record in records:
        if record["config"]["optimizer"]["lr"] == 0.2:
            record["metrics"] = Sealed(record["metrics"])
    found = arms(*records)
    assert [arm.chosen["optimizer.lr"] for arm in found] == ["0.1", "0.1"]
    _, table = scores(found, "test_accuracy")
    assert (table == 0.7).all()


def test_a_seed_that_an_arm_has_twice_is_found() -> None:
    records = rate(0.1, 0.5, 0.6) + OTHER[:2] + rate(0.1, 0.8)
    for record in records:
        record["sweep"], record["written"] = "a", 1.0
        record["config"]["diagnostics"] = {"tier": "light"}
    records[-1]["sweep"], records[-1]["written"] = "b", 2.0
    records[-1]["config"]["diagnostics"] = {"tier": "full"}
    for each in (records, records[::-1]):
        found = {arm.name: arm for arm in arms(*each, asked=None)}
        he = found["he"]
        assert he.repeated == 1
        assert len(he.members) == 2
        assert he.options[0].mean == pytest.approx((0.8 + 0.6) / 2)
        assert list(notes_of_arms(list(found.values()))) == [
            "1 member(s) repeat an arm's seed; of each the newest counts."
        ]


def test_seeds_stand_in_their_order_and_pair_by_all_of_them() -> None:
    """Two seeds, each set by itself; he lacks (1, 9), zeros has more than he."""
    drawn = [
        (init, dropout, seed) for init in ("he", "zeros") for dropout in (2, 1) for seed in (10, 9)
    ]
    records = [
        made(dropout / 10 + seed / 100, init__name=init, seed=seed, model__dropout_seed=dropout)
        for init, dropout, seed in drawn
        if (init, dropout, seed) != ("he", 1, 9)
    ]
    seeds, table = scores(arms(*records), "validation_accuracy")
    assert seeds == [("1", "9"), ("1", "10"), ("2", "9"), ("2", "10")]
    row = [int(dropout) / 10 + int(seed) / 100 for dropout, seed in seeds]
    np.testing.assert_array_equal(table, [[np.nan, *row[1:]], row])


@pytest.mark.parametrize(
    ("changes", "asked", "expected"),
    [
        ([{"seed": 0}, {"seed": 1}], None, ["all members"]),
        ([{"model__dropout": 0.1}, {"model__dropout": 0.2}], None, ["dropout=0.1", "dropout=0.2"]),
        (
            [
                {"init__name": "he"},
                {"init__name": "zeros", "model__residual": True},
                {"init__name": "zeros"},
            ],
            None,
            ["he, residual=false", "zeros, residual=true", "zeros, residual=false"],
        ),
        (
            [{"init__name": "zeros", "init__scale": 0.0}]
            + [{"init__name": "he", "init__scale": scale} for scale in (1.0, 2.0)],
            None,
            ["zeros", "he, scale=1.0", "he, scale=2.0"],
        ),
        (
            [
                {"init__scale": scale, "init__bias": {"scale": bias}}
                for scale in (1, 2)
                for bias in (0, 1)
            ],
            None,
            [f"init.bias.scale={bias}, init.scale={scale}" for scale in (1, 2) for bias in (0, 1)],
        ),
    ],
)
def test_names(
    changes: list[dict[str, Any]], asked: tuple[str, ...] | None, expected: list[str]
) -> None:
    found = [arm.name for arm in arms(*(made(**change) for change in changes), asked=asked)]
    assert found == expected


def test_order_puts_what_has_no_number_last() -> None:
    table = np.array([[0.2, np.nan], [np.nan, np.nan], [0.9, 0.1]])
    assert order(table, "validation_accuracy") == [2, 0, 1]
    assert order(table, "validation_loss") == [0, 2, 1]


def two_settings() -> list[Arm]:
    return arms(
        *(
            made(init__name=init, model__dropout=dropout)
            for init in ("he", "zeros")
            for dropout in (0.1, 0.2)
        ),
        asked=None,
    )


@pytest.mark.parametrize(
    "asked",
    [
        "he, dropout=0.2",
        "he,dropout=0.2",
        "dropout=0.2, he",
        "0.2,he",
        "init=he, model.dropout=0.2",
    ],
)
def test_an_arm_is_found_however_it_is_spelled(asked: str) -> None:
    found = two_settings()
    assert found[find(found, asked)].settings == {"init": "he", "model.dropout": "0.2"}


@pytest.mark.parametrize("asked", ["he", "", "0.2", "he, 0.2, 0.2", "he, dropout=0.3"])
def test_an_arm_that_is_not_there_is_refused_with_those_that_are(asked: str) -> None:
    with pytest.raises(InputError) as caught:
        find(two_settings(), asked)
    assert str(caught.value) == (
        f"report.baseline={asked}: no such arm; the arms are he, dropout=0.1; he, dropout=0.2; "
        "zeros, dropout=0.1; zeros, dropout=0.2."
    )
