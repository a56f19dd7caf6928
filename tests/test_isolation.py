"""src.isolation: a fault is one member's own, and the others have the bits that they have alone."""

import asyncio
import gc
import json
import shutil
import weakref
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from src import fit, members
from src.config import Config
from src.errors import SweepStopped
from src.isolation import Result
from src.ledger.rows import Row
from src.ledger.store import Ledger
from src.tracking.member import MemberTracker
from src.tracking.stack import StackTracker
from tests.speechless import SpeechlessError
from tests.training import Trained, even, same_numbers, train

Fit = Callable[..., Any]


@pytest.fixture(scope="module")
def configs() -> list[Config]:
    return [even(trainer__epochs=2, seed=seed) for seed in range(4)]


@pytest.fixture(scope="module")
def alone(configs: list[Config], tmp_path_factory: pytest.TempPathFactory) -> list[Trained]:
    return train(configs, tmp_path_factory.mktemp("alone"), max_stack=1)


def isolated(
    configs: Sequence[Config], home: Path, stacks: Sequence[Sequence[int]] | None = None
) -> tuple[list[Result], dict[str, Row]]:
    """Train them with a ledger; what became of each, and their rows."""
    folders = [home / f"member={k}" for k in range(len(configs))]
    for folder in folders:
        folder.mkdir(parents=True)
    rows = [Row(path.name, k, path.name, [], "") for k, path in enumerate(folders)]
    with Ledger.at(home) as ledger:
        ledger.enter(rows)
        labels = [path.name for path in folders]
        stacks = [range(len(configs))] if stacks is None else stacks
        try:
            results = members.train_members(configs, folders, labels, stacks, ledger=ledger)
        except SweepStopped:
            results = []
        return results, {row.name: row for row in ledger.rows()}


def read(folder: Path) -> Trained:
    """A member that has been trained already."""
    from safetensors.torch import load_file

    record = json.loads((folder / "result.json").read_text())
    result = Result.of(record)
    weights = load_file(folder / "weights.safetensors")
    return Trained(folder, result.status, result.objective, record, weights)


def break_in(place: str, error: BaseException, patch: pytest.MonkeyPatch) -> None:
    """Have member=1 raise there, whatever stack it is in."""
    owner: Any
    owner, name = {
        "start": (MemberTracker, "start"),
        "step": (StackTracker, "trained"),
        "evaluation": (StackTracker, "validated"),
        "weights": (members, "save_weights"),
        "finish": (MemberTracker, "finish"),
    }[place]
    sound = getattr(owner, name)

    def broken(first: Any, *rest: Any, **named: Any) -> Any:
        if isinstance(first, StackTracker):
            inside = [member.folder for member in first.members]
        else:
            inside = [first.folder if isinstance(first, MemberTracker) else first.parent]
        if any(folder.name == "member=1" for folder in inside):
            raise error
        return sound(first, *rest, **named)

    patch.setattr(owner, name, broken)


@pytest.mark.parametrize(
    ("place", "error", "sentence"),
    [
        ("start", ZeroDivisionError("by zero"), "ZeroDivisionError: by zero"),
        ("step", SystemExit(3), "SystemExit: 3"),
        ("step", asyncio.CancelledError("off"), "CancelledError: off"),
        ("step", ValueError("bad \udc80 name"), "ValueError: bad \\udc80 name"),
        ("step", SpeechlessError("\udc80"), "SpeechlessError"),
        ("evaluation", GeneratorExit(), "GeneratorExit"),
        ("step", MemoryError(), "MemoryError"),
        ("evaluation", RecursionError("too deep"), "RecursionError: too deep"),
        ("weights", OSError("no such device"), "OSError: no such device"),
        ("finish", ValueError("refused"), "ValueError: refused"),
    ],
)
@pytest.mark.slow
def test_a_fault_is_one_members_own(
    configs: list[Config],
    alone: list[Trained],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    place: str,
    error: BaseException,
    sentence: str,
) -> None:
    break_in(place, error, monkeypatch)
    results, rows = isolated(configs, tmp_path)
    assert [result.status for result in results] == ["done", "failed", "done", "done"]
    for k in (0, 2, 3):
        assert same_numbers(read(tmp_path / f"member={k}"), alone[k])
        assert (rows[f"member={k}"].status, rows[f"member={k}"].error) == ("done", None)
    folder, row = tmp_path / "member=1", rows["member=1"]
    assert results[1].error == sentence
    assert (row.status, row.error) == ("failed", sentence)
    assert "Traceback" in str(row.trace)
    assert "in broken" in str(row.trace)
    assert str(row.trace) in (folder / "train.log").read_text()
    record = json.loads((folder / "result.json").read_text())
    assert (record["status"], record["error"]) == ("failed", sentence)


@pytest.mark.parametrize("how", ["gone", "a file"])
@pytest.mark.slow
def test_a_folder_that_cannot_be_written_is_one_members_own(
    configs: list[Config],
    alone: list[Trained],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    how: str,
) -> None:
    folder, sound = tmp_path / "member=1", StackTracker.validated

    def validated(tracker: StackTracker, step: int, *rest: Any) -> None:
        if folder.is_dir():
            shutil.rmtree(folder)
            if how == "a file":
                folder.touch()
        sound(tracker, step, *rest)

    monkeypatch.setattr(StackTracker, "validated", validated)
    results, rows = isolated(configs, tmp_path)
    assert [result.status for result in results] == ["done", "failed", "done", "done"]
    assert all(same_numbers(read(tmp_path / f"member={k}"), alone[k]) for k in (0, 2, 3))
    assert rows["member=1"].status == "failed"
    assert "/member=1/" in str(rows["member=1"].error)


@pytest.mark.slow
def test_a_stack_too_large_for_the_memory_finds_its_size(
    configs: list[Config],
    alone: list[Trained],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """What a failed attempt held is free before the next begins."""
    sizes: list[int] = []
    held: list[weakref.ref[Any]] = []

    def limited(model: Any, recipes: Any, tracker: StackTracker, *rest: Any) -> Any:
        assert [each() for each in held] == [None] * len(held)
        sizes.append(len(tracker.members))
        if len(tracker.members) > 2:
            held.append(weakref.ref(model))
            held.append(weakref.ref(tracker))
            circle = [tracker, model]
            circle.append(circle)
            raise MemoryError
        return fit.fit_stack(model, recipes, tracker, *rest)

    monkeypatch.setattr(members, "fit_stack", limited)
    gc.collect()
    results, rows = isolated(configs, tmp_path)
    assert sizes == [4, 2, 2]
    assert [result.status for result in results] == ["done"] * 4
    assert all(same_numbers(read(tmp_path / f"member={k}"), alone[k]) for k in range(4))
    assert [row.attempts for row in rows.values()] == [1] * 4


def failing(times: int, patch: pytest.MonkeyPatch) -> list[int]:
    """Have stacks with member=1 raise so often; the sizes of all stacks that begin."""
    sizes: list[int] = []
    left = [times]

    def fit_or_raise(model: Any, recipes: Any, tracker: StackTracker, *rest: Any) -> Any:
        sizes.append(len(tracker.members))
        if left[0] and any(member.folder.name == "member=1" for member in tracker.members):
            left[0] -= 1
            raise RuntimeError("not today")
        return fit.fit_stack(model, recipes, tracker, *rest)

    patch.setattr(members, "fit_stack", fit_or_raise)
    return sizes


def test_a_member_is_retried_alone(
    configs: list[Config],
    alone: list[Trained],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    sizes = failing(5, monkeypatch)  # in the stack of 4, in that of 2, and 3 times alone
    asked = [replace(config, on_failure="retry:3") for config in configs]
    results, rows = isolated(asked, tmp_path)
    assert [result.status for result in results] == ["done"] * 4
    assert sizes == [4, 2, 1, 1, 1, 1, 1, 2]
    assert same_numbers(read(tmp_path / "member=1"), alone[1])
    assert [row.attempts for row in rows.values()] == [1, 4, 1, 1]
    assert "member=1: failed: RuntimeError: not today; retry 3 of 3" in caplog.text
    assert (tmp_path / "member=1" / "train.log").read_text().count("Traceback") == 3


@pytest.mark.slow
def test_retries_end(
    configs: list[Config], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sizes = failing(100, monkeypatch)
    asked = [replace(config, on_failure="retry:2") for config in configs[:2]]
    results, rows = isolated(asked, tmp_path)
    assert [result.status for result in results] == ["done", "failed"]
    assert sizes == [2, 1, 1, 1, 1]
    assert rows["member=1"].attempts == 3


@pytest.mark.slow
def test_the_first_failure_stops_what_has_not_begun(
    configs: list[Config], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A stack is halved until it is known who it is that fails; no more."""
    sizes = failing(100, monkeypatch)
    asked = [replace(config, on_failure="stop") for config in configs]
    results, rows = isolated(asked, tmp_path, [[0, 1, 2], [3]])
    assert results == []
    assert sizes == [3, 1, 2, 1]
    statuses = [row.status for row in rows.values()]
    assert statuses == ["done", "failed", "pending", "pending"]
