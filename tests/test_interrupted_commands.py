"""A sweep that is interrupted at some moment, and resumed, is the sweep that never was."""

import json
import re
import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from safetensors.numpy import load_file

from src.ledger.store import Ledger
from tests.command import Command
from tests.conftest import SMALL

SWEEP = (
    *("-m", *SMALL, "trainer.epochs=2", "trainer.chunk_steps=2", "diagnostics=off"),
    *("model.hidden=[8],[6]", "init=he,lsuv"),
)
CHUNKS = 6  # of each of its two stacks


def results(folder: Path) -> dict[str, tuple[Any, ...]]:
    """By label: weights and numbers, without times."""
    found = {}
    for path in sorted(folder.rglob("result.json")):
        told = json.loads(path.read_text())
        # The order of a file's metadata is left to chance.
        weights = load_file(path.with_name("weights.safetensors"))
        bits = {name: tensor.tobytes() for name, tensor in weights.items()}
        found[told["label"]] = bits, told["metrics"], told["epochs"]
    return found


def states(folder: Path) -> list[str]:
    with Ledger.read(folder) as ledger:
        return [row.status for row in ledger.rows()]


def interrupting(
    monkeypatch: pytest.MonkeyPatch, place: str, number: int, call: int, method: bool = False
) -> None:
    """The signal arrives when so many calls have been made of a function, before it does more."""
    module, _, name = place.rpartition(".")
    owner: Any = pytest.importorskip(module.rpartition(".")[0] if method else module)
    if method:
        owner = getattr(owner, module.rpartition(".")[2])
    original: Callable[..., Any] = getattr(owner, name)
    calls = 0

    def called(*arguments: Any, **options: Any) -> Any:
        nonlocal calls
        calls += 1
        if calls == call:
            signal.raise_signal(number)
        return original(*arguments, **options)

    monkeypatch.setattr(owner, name, called)


@pytest.fixture(scope="module")
def uninterrupted(tmp_path_factory: pytest.TempPathFactory) -> dict[str, tuple[Any, ...]]:
    from tests.command import command_in

    with command_in(tmp_path_factory.mktemp("uninterrupted")) as command:
        assert command(*SWEEP, "hydra.sweep.dir=here").code == 0
        return results(command.folder)


@pytest.mark.parametrize(
    ("place", "method", "call", "finished", "number"),
    [
        ("argparse.ArgumentParser.format_usage", True, 1, 0, signal.SIGINT),
        ("src.sweep.validated", False, 3, 0, signal.SIGTERM),
        ("src.tuned._member", False, 1, 0, signal.SIGINT),
        ("src.tracking.stack.StackTracker.validated", True, 1, 0, signal.SIGTERM),
        ("src.tracking.stack.StackTracker.trained", True, 2, 0, signal.SIGINT),
        ("src.tracking.stack.StackTracker.trained", True, CHUNKS + 1, 2, signal.SIGTERM),
        ("src.tracking.stack.StackTracker.tested", True, 1, 0, signal.SIGINT),
        ("src.tracking.member.MemberTracker.finish", True, 1, 1, signal.SIGTERM),
        ("src.report.conclusion.keep", False, 1, 4, signal.SIGINT),
    ],
)
@pytest.mark.slow
def test_interrupted_and_resumed(
    command: Command,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    uninterrupted: dict[str, tuple[Any, ...]],
    place: str,
    method: bool,
    call: int,
    finished: int,
    number: signal.Signals,
) -> None:
    code = 128 + number
    with monkeypatch.context() as within:
        within.setattr("src.interruption.ECHO", 0.0)
        interrupting(within, place, number, call, method)
        outcome = command(*SWEEP, "hydra.sweep.dir=here")
    said = "interrupted" if code == 130 else "terminated"
    begun = (tmp_path / "here" / "ledger.sqlite").exists()
    resume = " python -m src.train resume=here goes on from here." if begun else ""
    if finished == 4:
        resume = " All members are finished; python -m src.report here makes the report."
    assert (outcome.code, outcome.err) == (code, f"error: {said}.{resume}\n")
    assert len(results(tmp_path)) == finished
    assert begun == (place not in ("src.sweep.validated", "argparse.ArgumentParser.format_usage"))
    if begun:
        assert sorted(states(tmp_path / "here")) == ["done"] * finished + ["pending"] * (
            4 - finished
        )
        outcome = command("resume=here")
    else:
        outcome = command(*SWEEP, "hydra.sweep.dir=here")
    assert (outcome.code, outcome.err) == (0, "")
    assert results(tmp_path) == uninterrupted
    assert states(tmp_path / "here") == ["done"] * 4


def test_a_single_run(command: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    words = (*SMALL, "hydra.run.dir=here", "trainer.chunk_steps=2")
    with monkeypatch.context() as within:
        place = "src.tracking.stack.StackTracker.trained"
        interrupting(within, place, signal.SIGTERM, 1, method=True)
        outcome = command(*words)
    assert outcome.code == 143
    said, resume, *rest = outcome.sentences[0].partition(" python -m src.train resume=")
    assert (said, resume != "", rest[0].endswith("here goes on from here.")) == (
        "terminated.",
        True,
        True,
    )
    assert states(tmp_path / "here") == ["pending"]
    assert not results(tmp_path)
    assert command("resume=here").code == 0
    assert len(results(tmp_path)) == 1


@pytest.mark.slow
def test_the_basic_launcher_ends_the_sweep(
    command: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as within:
        place = "src.tracking.stack.StackTracker.trained"
        interrupting(within, place, signal.SIGINT, CHUNKS + 1, method=True)
        outcome = command(*SWEEP, "hydra.sweep.dir=here", "hydra/launcher=basic")
    assert outcome.code == 130
    assert re.fullmatch(
        r"interrupted\. python -m src\.train resume=\S*here goes on from here\.",
        outcome.sentences[-1],
    )
    assert len(results(tmp_path)) == 1
    assert states(tmp_path / "here")[:2] == ["done", "pending"]


@pytest.mark.slow
def test_pictures_wait_for_no_member(
    command: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as within:
        interrupting(within, "src.diagnostics.gallery._drawn", signal.SIGTERM, 1)
        drawn: list[int] = []
        original = __import__("src.diagnostics.gallery", fromlist=["_drawn"])._drawn

        def counted(*arguments: Any) -> Any:
            drawn.append(1)
            return original(*arguments)

        within.setattr("src.diagnostics.gallery._drawn", counted)
        outcome = command(
            "-m", *SMALL, "init=he,xavier", "hydra.sweep.dir=here", "logger=tensorboard"
        )
    assert (outcome.code, len(drawn)) == (143, 1)
    assert states(tmp_path / "here") == ["pending"] * 2
