"""What is seen of a member: at which steps, of which update, and as in its single run."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from src.diagnostics.probes import table
from src.diagnostics.records import Story
from src.schema.diagnostics import EARLY_STEPS, Tier
from tests.looking import mixed, records, steps, watched
from tests.training import even, tiny, train, vary


@pytest.mark.slow
def test_records_of_a_stack_against_those_of_single_runs(tmp_path: Path) -> None:
    base = watched(even(trainer__epochs=2, trainer__chunk_steps=3), "full")
    members = mixed(base)
    together = train(members, tmp_path / "stack")
    for k, config in enumerate(members):
        (alone,) = train([config], tmp_path / str(k))
        assert records(together[k]) == records(alone), k
    assert len({repr(records(member)) for member in together}) == 8


@pytest.mark.slow
def test_records_of_odd_sizes_against_those_of_single_runs(tmp_path: Path) -> None:
    """Where a member of a stack does not begin on a multiple of 64 bytes."""
    base = tiny(data__features=13, data__classes=3, data__train_size=61, model__hidden=[7, 5])
    members = [vary(base, activation=name, seed=k) for k, name in enumerate(("relu", "tanh"))]
    together = train([*members, vary(base, optimizer="sgd")], tmp_path / "stack")
    for k, config in enumerate(members):
        (alone,) = train([config], tmp_path / str(k))
        assert records(together[k]) == records(alone) != []


@pytest.mark.parametrize(
    ("epochs", "changes", "expected"),
    [
        # 4 steps an epoch. The last step of all is an epoch's end.
        (3, {}, [0, 1, 2, 4, 5, 8, 10, 12]),
        (3, {"epochs": False}, [0, 1, 2, 5, 10]),
        (3, {"epochs": False, "early_steps": [12]}, [12]),
        (3, {"early_steps": []}, [4, 8, 12]),
        (3, {"early_steps": [], "epochs": False, "every_n_steps": 5}, [5, 10]),
        (1, {}, [0, 1, 2, 4]),  # shorter than the early steps
        (0, {}, [0]),
    ],
    ids=str,
)
def test_steps_of_records(
    tmp_path: Path, epochs: int, changes: dict[str, Any], expected: list[int]
) -> None:
    (member,) = train([watched(even(trainer__epochs=epochs), "light", **changes)], tmp_path)
    assert steps(member) == expected
    story = Story(records(member))
    assert sorted(story.curve("loss")) == expected
    # Of the last step there is no update yet to come.
    assert sorted(story.curve("update_norm", 1)) == [s for s in expected if s < 4 * epochs]
    assert EARLY_STEPS[:4] == (0, 1, 2, 5)


def test_no_row_is_there_twice_and_all_probes_are(tmp_path: Path) -> None:
    base = watched(even(trainer__epochs=2, model__dropout=0.0), "full", every_n_steps=1)
    (member,) = train([vary(base, activation="tanh", init="xavier")], tmp_path)
    rows = records(member)
    assert len({row[:3] for row in rows}) == len(rows)
    expected = {probe.name for probe in table.of(Tier.full, 0)} | set(table.OF_STEPS)
    assert {row.probe for row in rows} == expected
    assert {row.layer for row in rows} == {None, 1, 2, 3}


@pytest.mark.parametrize("precision", ["32-true", "bf16-mixed"])
@pytest.mark.parametrize("optimizer", ["sgd", "adam"])
@pytest.mark.slow
def test_update_of_a_step_against_the_weights_of_runs_that_end_there(
    tmp_path: Path, optimizer: str, precision: str
) -> None:
    """update_norm at t is ‖W(t + 1) - W(t)‖, and each W is the end of a run of so many steps."""
    base = even(trainer__precision=precision, optimizer__lr=0.01)
    base = watched(vary(base, optimizer=optimizer, trainer__precision=precision), "light")
    (member,) = train([vary(base, trainer__epochs=1)], tmp_path / "whole")
    story = Story(records(member))
    ends = []
    for count in range(4):
        trainer = replace(base.trainer, epochs=min(count, 1), steps_per_epoch=max(count, 1))
        (ended,) = train([replace(base, trainer=trainer)], tmp_path / str(count))
        ends.append([ended.weights[f"{2 * layer}.weight"].double() for layer in range(3)])
    for t in (0, 1, 2):
        for layer, (old, new) in enumerate(zip(ends[t], ends[t + 1], strict=True), start=1):
            moved = float((new - old).norm())
            assert moved > 0
            # The difference is rounded to float32 before it is squared: 2^-24 of each element.
            assert story.value("update_norm", t, layer) == pytest.approx(moved, rel=2**-23)
            ratio = moved / float(old.norm())
            assert story.value("update_ratio", t, layer) == pytest.approx(ratio, rel=2**-23)


@pytest.mark.slow
def test_a_diverged_member_has_no_records_after_it_and_its_neighbours_do(tmp_path: Path) -> None:
    base = watched(even(trainer__epochs=2), "full", every_n_steps=1)
    members = [
        vary(base, init="uniform", optimizer="sgd", optimizer__lr=1e30),
        vary(base, init="normal", init__std=1e30),
        vary(base, seed=2),
    ]
    found = train(members, tmp_path)
    assert [member.record["step"] for member in found] == [1, 0, 8]
    # Both were seen at the step whose loss is not finite, and whose update was never made.
    assert [steps(member) for member in found] == [[0, 1], [0], list(range(9))]
    assert list(Story(records(found[0])).curve("update_norm", 1)) == [0]
    assert [bool(member.record["verdict"]) for member in found] == [True] * 3
    for k, one in enumerate(found):
        (alone,) = train([members[k]], tmp_path / str(k))
        assert records(alone) == records(one)


def test_a_look_at_an_epochs_end_whose_validation_is_not_finite(tmp_path: Path) -> None:
    """One batch an epoch: after the first update, of 1e30, the weights are looked at."""
    base = watched(even(trainer__epochs=3, trainer__steps_per_epoch=1), "full")
    far = vary(base, init="uniform", optimizer="sgd", optimizer__lr=1e30)
    found = train([far, vary(base, init="he")], tmp_path)
    assert [member.record["step"] for member in found] == [1, 3]
    assert [steps(member) for member in found] == [[0, 1], [0, 1, 2, 3]]
    assert Story(records(found[0])).value("weight_norm", 1, 1) > 1e20  # type: ignore[operator]


@pytest.mark.parametrize(("tier", "judged"), [("off", False), ("light", True)])
def test_divergence_is_judged_without_a_record(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, tier: str, judged: bool
) -> None:
    monkeypatch.setattr(table, "of", lambda *_: [])
    config = vary(watched(even(), tier), init="normal", init__std=1e30)
    (member,) = train([config], tmp_path)
    assert records(member) == []
    verdict = member.record["verdict"]
    assert (verdict is not None and verdict["primary"] == "diverged") == judged


def test_more_samples_than_examples(tmp_path: Path) -> None:
    """All of them are looked at, in an order of their own: the loss is that of the whole split."""
    base = even(trainer__epochs=0)
    many = train([watched(base, "light", samples=1_000_000)], tmp_path / "many")
    exact = train([watched(base, "light", samples=64)], tmp_path / "exact")
    assert records(many[0]) == records(exact[0]) != []
