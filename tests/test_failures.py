"""What a command says and leaves behind where members fail, and what resuming it makes of that."""

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from src import fit, members
from src.ledger.deaths import cut, deaths
from src.ledger.store import Ledger
from src.tracking.stack import StackTracker
from tests.command import Command
from tests.conftest import SMALL

ASKED = ("-m", *SMALL, "quiet=true", "logger=none", "hydra.sweep.dir=here")
TRY_AGAIN = "python -m src.train resume=here tries again."


def failing(patch: pytest.MonkeyPatch, *seeds: int) -> list[list[int]]:
    """Have every stack with one of these seeds raise; the seeds of all stacks that begin."""
    begun: list[list[int]] = []

    def fit_or_raise(model: Any, recipes: Any, tracker: StackTracker, *rest: Any) -> Any:
        begun.append([member.config.seed for member in tracker.members])
        if {*seeds} & {*begun[-1]}:
            raise RuntimeError("on fire")
        return fit.fit_stack(model, recipes, tracker, *rest)

    patch.setattr(members, "fit_stack", fit_or_raise)
    return begun


def died(home: Path) -> dict[int, int]:
    with Ledger.read(home) as ledger:
        rows = ledger.rows()
        return deaths(rows, [row.name for row in rows])


def statuses(home: Path) -> list[str]:
    with Ledger.read(home) as ledger:
        return [row.status for row in ledger.rows()]


def seconds_of_the_first(command: Command) -> float:
    """Of the member with seed 0: what is trained anew takes another time."""
    (path,) = (path for path in command.results() if "seed=0" in path.parent.name)
    return float(json.loads(path.read_text())["seconds"])


@pytest.mark.slow
def test_one_sentence_for_many_members(
    command: Command, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    with monkeypatch.context() as patch:
        failing(patch, 1, 2)
        outcome = command(*ASKED, "seeds=4")
    outcome.assert_refused(code=1)
    assert outcome.sentences == [
        "2 members, seed=1 among them: RuntimeError: on fire.",
        "2 of 4 member(s) failed; their train.log says more.",
        TRY_AGAIN,
    ]
    assert statuses(tmp_path / "here") == ["done", "failed", "failed", "done"]
    assert command("resume=here").code == 0
    assert statuses(tmp_path / "here") == ["done"] * 4


@pytest.mark.parametrize("launcher", ["stacked", "basic"])
@pytest.mark.slow
def test_the_first_failure_stops_the_sweep(
    command: Command, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, launcher: str
) -> None:
    asked = [*ASKED, "seed=0,1,2,3", "on_failure=stop", f"hydra/launcher={launcher}"]
    with monkeypatch.context() as patch:
        begun = failing(patch, 1)
        outcome = command(*asked, *(["hydra.launcher.max_stack=1"] * (launcher == "stacked")))
    assert begun == [[0], [1]]
    outcome.assert_refused(code=1)
    assert outcome.sentences[0] == "on_failure=stop: the first member that failed ended it."
    assert outcome.sentences[1].endswith("RuntimeError: on fire.")
    assert outcome.sentences[-1] == TRY_AGAIN
    assert len(command.results()) == 2
    before = seconds_of_the_first(command)
    assert command("resume=here").code == 0
    assert statuses(tmp_path / "here") == ["done"] * 4
    assert seconds_of_the_first(command) == before


@pytest.mark.slow
def test_a_member_without_a_folder_is_told_from_the_ledger(
    command: Command, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    def losing(model: Any, recipes: Any, tracker: StackTracker, *rest: Any) -> Any:
        for member in tracker.members:
            if member.config.seed == 1 and member.folder.is_dir():
                shutil.rmtree(member.folder)
        return fit.fit_stack(model, recipes, tracker, *rest)

    with monkeypatch.context() as patch:
        patch.setattr(members, "fit_stack", losing)
        outcome = command(*ASKED, "seeds=3")
    outcome.assert_refused(code=1)
    assert outcome.sentences[0].startswith("seed=1: ")
    assert outcome.sentences[1:] == [
        "1 of 3 member(s) failed; their train.log says more.",
        TRY_AGAIN,
    ]
    assert len(command.results()) == 2
    assert command("resume=here").code == 0
    assert statuses(tmp_path / "here") == ["done"] * 3


@pytest.mark.slow
def test_members_that_have_ended_two_processes_begin_in_halves(
    command: Command, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Killed in training, once and then again: nobody was left to say why."""

    class Killed(KeyboardInterrupt):
        """As nothing is written after it."""

    def killed(*_: Any) -> Any:
        raise Killed

    asked = [item for item in ASKED if item != "quiet=true"]
    for attempt in range(2):
        with monkeypatch.context() as patch:
            patch.setattr(members, "fit_stack", killed)
            patch.setattr(Ledger, "wait", lambda *_: None)
            again = ["resume=here"] if attempt else [*asked, "seeds=4"]
            assert command(*again).code == 130
    home = tmp_path / "here"
    assert list(died(home).values()) == [2] * 4
    begun = failing(monkeypatch)
    outcome = command("resume=here")
    assert outcome.code == 0, outcome.err
    assert begun == [[0, 1], [2, 3]]
    assert outcome.out.count("4 member(s) were left running twice") == 1
    sizes = [json.loads(path.read_text())["members_in_stack"] for path in command.results()]
    assert sizes == [2] * 4
    assert died(home) == {}


def test_stacks_are_cut_further_the_more_often_they_end_a_process() -> None:
    stacks = [[0, 1, 2, 3, 4], [5, 6, 7], [8]]
    assert cut(stacks, {}) == stacks
    assert cut(stacks, {1: 2, 8: 3}) == [[0, 1], [2, 3, 4], [5, 6, 7], [8]]
    assert cut(stacks, {7: 5}) == [stacks[0], [5], [6], [7], [8]]
    assert cut(stacks, {7: 500}) == [stacks[0], [5], [6], [7], [8]]
