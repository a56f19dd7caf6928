"""The test set is looked at once for each arm: at the end of a sweep, or by its own command."""

import fcntl
import json
import os
from pathlib import Path
from typing import Any

import pytest
from hydra.core.global_hydra import GlobalHydra

from src.fit import fit_stack
from src.held_out import main
from src.report.results import read
from tests.command import Command
from tests.conftest import SMALL
from tests.own import EXAMPLE, MY_CONF

QUICK = (*SMALL, "quiet=true", "logger=none", "hydra.sweep.dir=here")
TUNED = ("init=he,zeros", "optimizer=sgd,adam", "seeds=2")


def were_tested(folder: Path) -> dict[str, bool]:
    return {
        Path(record["folder"]).name: record["metrics"]["test"] is not None
        for record in read(folder)
    }


def chosen_by_hand(folder: Path) -> set[str]:
    """Of each init the optimizer with the better mean validation accuracy; the first of equals."""
    means: dict[str, dict[str, list[float]]] = {}
    for record in read(folder):
        init, optimizer = (record["config"][key]["name"] for key in ("init", "optimizer"))
        accuracy = record["metrics"]["last"]["validation_accuracy"]
        means.setdefault(init, {}).setdefault(optimizer, []).append(accuracy)
    best = {init: max(found, key=lambda k: sum(found[k])) for init, found in means.items()}
    return {
        Path(record["folder"]).name
        for record in read(folder)
        if best[record["config"]["init"]["name"]] == record["config"]["optimizer"]["name"]
    }


@pytest.fixture(scope="module")
def never() -> Any:
    def fail(*_: object, **__: object) -> None:
        raise AssertionError("tested again")

    return fail


@pytest.mark.slow
def test_where_settings_are_tuned_the_chosen_are_tested(command: Command, never: Any) -> None:
    outcome = command("-m", *QUICK, *TUNED)
    assert (outcome.code, outcome.err) == (0, "")
    folder = command.folder / "here"
    found = were_tested(folder)
    assert len(found) == 8
    assert {name for name, is_tested in found.items() if is_tested} == chosen_by_hand(folder)
    assert "test set: looked at once, for 4 chosen member(s) of 8" in outcome.out
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("src.finished.complete", never)
        main([str(folder)])


@pytest.mark.slow
def test_the_numbers_are_those_of_their_own_runs(command: Command) -> None:
    assert command("-m", *QUICK, *TUNED).code == 0
    for record in read(command.folder / "here"):
        if record["metrics"]["test"] is None:
            continue
        names = [f"{key}={record['config'][key]['name']}" for key in ("init", "optimizer")]
        seed = f"seed={record['config']['seed']}"
        alone = command.folder / "-".join([*names, seed]).replace("=", "-")
        assert command(*QUICK, *names, seed, f"hydra.run.dir={alone}").code == 0
        path = alone / "result.json"
        assert json.loads(path.read_text())["metrics"] == record["metrics"]


@pytest.mark.parametrize(
    "typed",
    [
        ("init=he,zeros",),
        ("optimizer=sgd,adam",),  # then they are the question
        ("init=he,zeros", "optimizer=sgd,adam", "report.scientific=[init,optimizer]"),
    ],
    ids=str,
)
@pytest.mark.slow
def test_where_nothing_is_tuned_each_is_tested_at_its_end(
    command: Command, typed: tuple[str, ...], never: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("src.finished.complete", never)
    outcome = command("-m", *QUICK, *typed)
    assert (outcome.code, outcome.err) == (0, "")
    assert all(were_tested(command.folder / "here").values())
    assert "test set" not in outcome.out


@pytest.mark.parametrize("how", ["hydra.sweeper.max_batch_size=3", "hydra/launcher=basic"])
@pytest.mark.slow
def test_where_the_sweep_is_not_seen_as_a_whole(command: Command, how: str) -> None:
    outcome = command("-m", *QUICK, *TUNED, how)
    assert (outcome.code, outcome.err) == (0, "")
    folder = command.folder / "here"
    assert {name for name, yes in were_tested(folder).items() if yes} == chosen_by_hand(folder)


@pytest.mark.slow
def test_what_report_scientific_leaves_out_is_tuned(command: Command) -> None:
    typed = ("init=he,zeros", "activation=relu,tanh", "report.scientific=[init]")
    assert command("-m", *QUICK, *typed).code == 0
    assert sorted(were_tested(command.folder / "here").values()) == [False, False, True, True]
    names = [path.name for path in (command.folder / "here").iterdir() if path.is_dir()]
    assert not any("report" in name for name in names)


@pytest.mark.slow
def test_an_interrupted_sweep_is_told_the_command(
    command: Command, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    whole, calls = fit_stack, []

    def interrupted(*arguments: Any) -> Any:
        calls.append(arguments)
        if len(calls) == 3:
            raise KeyboardInterrupt
        return whole(*arguments)

    typed = ("optimizer=sgd,adam,rmsprop", "init=he,zeros", "report.page=true")
    monkeypatch.setattr("src.members.fit_stack", interrupted)
    outcome = command("-m", *QUICK, *typed, "hydra.launcher.max_stack=2")
    assert outcome.code == 130
    hint = "test set: not looked at yet for 2 member(s); python -m src.held_out here does so"
    assert f"4 member(s) in here\n{hint}\nreport: " in outcome.out
    folder = command.folder / "here"
    main([str(folder)])
    said = capsys.readouterr().out
    assert said == "test set: looked at once, for 2 chosen member(s) of 4\n"
    assert {name for name, yes in were_tested(folder).items() if yes} == chosen_by_hand(folder)
    main([str(folder)])
    assert capsys.readouterr().out == f"{folder}: all chosen members have their test numbers\n"


def test_interrupted_while_it_tests(command: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("src.finished.complete", interrupt)
    outcome = command("-m", *QUICK, *TUNED)
    assert outcome.code == 130
    resume = "python -m src.train resume=here goes on from here."
    assert outcome.sentences == [f"interrupted. {resume}"]
    assert outcome.out.count("val. acc. %") == 1
    assert "python -m src.held_out here does so" in outcome.out


@pytest.mark.slow
def test_what_cannot_be_tested_is_told_at_the_end(
    command: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("src.members.save_weights", lambda *_: None)
    outcome = command("-m", *QUICK, *TUNED)
    outcome.assert_refused(code=1)
    assert len(outcome.sentences) == 4
    assert all("weights.safetensors: not a readable" in each for each in outcome.sentences)
    assert outcome.out.count("val. acc. %") == 1


@pytest.mark.slow
def test_code_of_the_command_itself_is_trusted(
    command: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.syspath_prepend(str(EXAMPLE))
    own = ("--config-dir", str(MY_CONF), "activation=squareplus")
    outcome = command("-m", *own, *QUICK, "init=he,zeros", "optimizer=sgd,adam")
    GlobalHydra.instance().clear()
    assert (outcome.code, outcome.err) == (0, "")
    assert sum(were_tested(command.folder / "here").values()) == 2


# --- the command, and what is due -----------------------------------------------------------


@pytest.mark.parametrize(
    ("typed", "words"),
    [
        ([], "FOLDER"),
        (["nowhere"], "nowhere: no such folder."),
        (["notes.txt"], "notes.txt: is a file; name its folder."),
        (["."], ".: holds no result.json; a sweep leaves one for each member."),
        ([".", "--what"], "--what"),
    ],
)
def test_bad_input_of_the_command(
    typed: list[str],
    words: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "notes.txt").touch()
    with pytest.raises(SystemExit) as end:
        main(typed)
    assert end.value.code == 2
    assert words in capsys.readouterr().err


@pytest.mark.slow
def test_not_beside_a_process_that_trains(command: Command, capsys: Any) -> None:
    """The test set stays closed until it is known who is chosen."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("src.train.settle", lambda folder: [])
        assert command("-m", *QUICK, *TUNED).code == 0
    folder = command.folder / "here"
    held = os.open(folder, os.O_RDONLY)
    fcntl.flock(held, fcntl.LOCK_EX)
    capsys.readouterr()
    with pytest.raises(SystemExit) as ended:
        main([str(folder)])
    assert ended.value.code == 2
    (said,) = capsys.readouterr().err.splitlines()
    assert "it can be resumed when that has ended." in said
    assert not any(were_tested(folder).values())
    os.close(held)
    main([str(folder)])
    assert sum(were_tested(folder).values()) == 4
