"""What becomes of a run that is looked at, where it is resumed, interrupted or a probe fails."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch

from src.config import Config
from src.diagnostics.observer import Observer
from src.diagnostics.probes import table
from src.module import StackModule
from src.schema.diagnostics import Tier
from tests.looking import mixed, records, steps, watched
from tests.training import even, same_numbers, same_weights, train, vary


@pytest.mark.parametrize(
    "changes",
    [{}, pytest.param({"every_n_steps": 3}, marks=pytest.mark.slow), {"epochs": False}],
    ids=str,
)
@pytest.mark.slow
def test_records_of_a_resumed_run(tmp_path: Path, changes: dict[str, Any]) -> None:
    def configs(**trainer: Any) -> list[Config]:
        base = even(**{f"trainer__{key}": value for key, value in trainer.items()})
        # A cosine is spread over the run, whose length is not the same here.
        members = mixed(watched(base, "light", **changes))
        return [vary(member, schedule="warmup") for member in members]

    whole = train(configs(epochs=4), tmp_path / "whole")
    train(configs(epochs=2, checkpoint=True), tmp_path / "first")
    (path,) = (tmp_path / "first").glob("*.ckpt")
    resumed = train(configs(epochs=4, ckpt_path=str(path)), tmp_path / "resumed")
    for k, (one, other) in enumerate(zip(resumed, whole, strict=True)):
        assert same_numbers(one, other), k
        assert records(one) == records(other), k


def test_a_run_may_be_resumed_with_other_diagnostics(tmp_path: Path) -> None:
    base = even(trainer__epochs=2)
    (whole,) = train([watched(base, "off")], tmp_path / "whole")
    for first, then, expected in [("off", "light", [4, 5, 8]), ("light", "off", [0, 1, 2, 4])]:
        folder = tmp_path / first
        train([watched(even(trainer__checkpoint=True), first)], folder / "first")
        (path,) = (folder / "first" / "member=0").glob("*.ckpt")
        config = vary(watched(base, then), trainer__ckpt_path=str(path))
        (resumed,) = train([config], folder / "then")
        assert same_weights(resumed, whole)
        assert steps(resumed) == expected


@pytest.mark.slow
def test_a_stack_tried_again_in_halves_has_no_row_twice(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    members = [vary(watched(even(trainer__epochs=2), "light"), seed=k) for k in range(4)]
    whole = train(members, tmp_path / "whole")
    trains = StackModule.training_step

    def failing(self: StackModule, *arguments: Any) -> None:
        trains(self, *arguments)
        if len(self.model) > 2 and self.steps_done > 4:
            raise RuntimeError("planted")

    monkeypatch.setattr(StackModule, "training_step", failing)
    halves = train(members, tmp_path / "halves")
    assert [member.record["members_in_stack"] for member in halves] == [2] * 4
    for one, other in zip(halves, whole, strict=True):
        assert records(one) == records(other)


@pytest.mark.slow
def test_a_probe_that_raises_costs_its_own_records_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    members = mixed(watched(even(trainer__epochs=2), "light"))
    whole = train(members, tmp_path / "whole")

    def weight_norm(_: object) -> torch.Tensor:
        raise ZeroDivisionError("planted\nin two lines")

    def update_norm(_: object) -> torch.Tensor:
        return torch.zeros(7, 7)  # of seven members, where there is one

    probe = replace(table.PROBES["weight_norm"], measure=weight_norm)
    monkeypatch.setitem(table.PROBES, "weight_norm", probe)
    monkeypatch.setitem(table.OF_STEPS, "update_norm", update_norm)
    broken = train(members, tmp_path / "broken")
    for one, other in zip(broken, whole, strict=True):
        assert same_numbers(one, other)
        rows = [row for row in records(other) if row.probe not in ("weight_norm", "update_norm")]
        assert records(one) == rows
    said = sorted(record.getMessage() for record in caplog.records)
    assert len(said) == 2
    assert said[1] == (
        "diagnostics: the probe weight_norm failed at step 0 "
        "(ZeroDivisionError: planted in two lines); the training goes on without it"
    )
    assert not any("\n" in line for line in said)


@pytest.mark.parametrize("place", ["snapshots", "changes", "sample_of"])
@pytest.mark.slow
def test_a_look_that_raises_harms_nothing(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    place: str,
) -> None:
    """As where memory runs out."""
    members = [vary(watched(even(), "light"), seed=k) for k in range(2)]
    whole = train(members, tmp_path / "whole")

    def full(*_: object) -> None:
        raise MemoryError

    monkeypatch.setattr(f"src.diagnostics.observer.{place}", full)
    found = train(members, tmp_path / "found")
    assert all(same_numbers(*pair) for pair in zip(found, whole, strict=True))
    assert len(caplog.records) == 1
    probes = {row.probe for row in records(found[0])}
    light = {probe.name for probe in table.of(Tier.light, 0)}
    assert probes == (light if place == "changes" else set(table.OF_STEPS))


@pytest.mark.parametrize("place", ["judge", "write_records"])
def test_a_verdict_or_a_file_that_fails_loses_no_member(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, place: str
) -> None:
    def broken(*_: object) -> None:
        raise KeyError("planted")

    monkeypatch.setattr(f"src.tracking.member.{place}", broken)
    found = train([vary(watched(even(), "light"), seed=k) for k in range(2)], tmp_path)
    for member in found:
        assert member.status == "done"
        assert member.record["members_in_stack"] == 2  # it was not trained again
        log = (member.folder / "train.log").read_text()
        assert log.count("KeyError: 'planted'") == 1
        assert (member.record["verdict"] is None) == (place == "judge")


@pytest.mark.parametrize(
    "place", ["src.tracking.board.verdict_as_markdown", "src.diagnostics.gallery.predictions"]
)
@pytest.mark.slow
def test_a_dashboard_that_fails_loses_no_member(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    place: str,
) -> None:
    def broken(*_: object) -> None:
        raise KeyError("planted")

    monkeypatch.setattr(place, broken)
    base = vary(watched(even(), "light"), logger="tensorboard")
    found = train([vary(base, seed=k) for k in range(2)], tmp_path)
    said = caplog.text
    for member in found:
        assert member.status == "done"
        assert member.record["members_in_stack"] == 2  # it was not trained again
        assert member.record["verdict"] is not None
        said += (member.folder / "train.log").read_text()
    assert "KeyError: 'planted'" in said


@pytest.mark.slow
def test_pictures_that_fail_cost_no_others(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    drawn: list[int] = []

    def broken(_: object, k: int, *__: object) -> Iterator[tuple[str, Any]]:
        if k == 0:
            raise KeyError("planted")
        drawn.append(k)
        return iter(())

    monkeypatch.setattr("src.diagnostics.gallery._drawn", broken)
    base = vary(watched(even(), "light"), logger="tensorboard")
    train([vary(base, seed=k) for k in range(3)], tmp_path)
    assert drawn == [1, 2]
    assert [record.getMessage() for record in caplog.records] == [
        "diagnostics: the pictures of member=0 failed (KeyError: 'planted'); "
        "the results do without them"
    ]


@pytest.mark.slow
def test_a_dashboard_that_fails_does_not_hide_why_a_member_failed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def failing(self: StackModule, *_: Any) -> None:
        raise RuntimeError("the member's own")

    def broken(*_: object) -> None:
        raise KeyError("planted")

    monkeypatch.setattr(StackModule, "training_step", failing)
    monkeypatch.setattr("src.tracking.board.EventFile.hparams_session", broken)
    base = vary(watched(even(), "light"), logger="tensorboard")
    for member in train([vary(base, seed=k) for k in range(2)], tmp_path):
        assert member.status == "failed"
        assert member.record["error"] == "RuntimeError: the member's own"
        log = (member.folder / "train.log").read_text()
        assert log.count("TensorBoard is not told the end: KeyError: 'planted'") == 1


@pytest.mark.parametrize("step", [0, 2])
def test_an_interrupt_during_a_look_ends_the_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, step: int
) -> None:
    look = Observer.look

    def interrupted(self: Observer, *arguments: Any) -> Any:
        if arguments[1] == step:
            raise KeyboardInterrupt
        return look(self, *arguments)

    monkeypatch.setattr(Observer, "look", interrupted)
    with pytest.raises(KeyboardInterrupt):
        train([watched(even(), "light")], tmp_path)


def test_an_interrupt_inside_a_probe_is_not_swallowed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted(_: object) -> torch.Tensor:
        raise KeyboardInterrupt

    probe = replace(table.PROBES["loss"], measure=interrupted)
    monkeypatch.setitem(table.PROBES, "loss", probe)
    with pytest.raises(KeyboardInterrupt):
        train([watched(even(), "light")], tmp_path)
