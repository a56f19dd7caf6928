"""Somebody else's sweep folder is data: whatever stands in it, nothing of it is run."""

import json
import os
import pickle
import sqlite3
from pathlib import Path

import pytest
import torch

from src import held_out
from src.errors import InputError
from src.ledger.resumption import command as resuming
from src.ledger.rows import Row
from src.ledger.store import LEDGER, Ledger
from src.ledger.words import check_contents
from src.report import __main__ as report
from src.tracking.files import CHECKSUM, write_result
from tests.command import Command, called
from tests.own import EXAMPLE, MY_CONF, TYPED

MARKER = "sprung"
SAID = "trust=true lets it be used."


class Planted:
    """What a pickle can have done: here, a file is made."""

    def __init__(self, marker: Path) -> None:
        self.marker = marker

    def __reduce__(self) -> tuple[object, ...]:
        return Path.touch, (self.marker,)


def trap(folder: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """A module that makes the same file when it is imported."""
    monkeypatch.syspath_prepend(str(folder))
    name = f"trap_{abs(hash(folder))}"
    (folder / f"{name}.py").write_text(f"from pathlib import Path\nPath({MARKER!r}).touch()\n")
    return f"{name}.start"


def hostile(command: Command, target: str) -> Path:
    """A sweep as the program leaves it, of which every file has then been tampered with."""
    outcome = command("-m", *TYPED, "report.page=false", "init=he,zeros", "hydra.sweep.dir=theirs")
    assert (outcome.code, outcome.err) == (0, "")
    sweep = command.folder / "theirs"
    for path in sweep.glob("*/result.json"):
        record = json.loads(path.read_text())
        for group in ("init", "activation", "optimizer"):
            record["config"][group] |= {"name": "evil", "_target_": target, "arguments": {}}
        (record.get("metrics") or {}).pop("test", None)
        record["_target_"] = target
        write_result(path, {key: record[key] for key in record if key != CHECKSUM})
        payload = pickle.dumps(Planted(command.folder / MARKER))
        (path.parent / "weights.safetensors").write_bytes(payload)
        (path.parent / ".hydra" / "config.yaml").write_text(f"init: {{_target_: {target}}}\n")
    torch.save({"starting_strength": Planted(command.folder / MARKER)}, sweep / "stack-0.ckpt")
    (sweep / "stack-1.ckpt").write_bytes(payload)
    return sweep


def write_words(sweep: Path, *words: str) -> None:
    """A ledger as sound as any, whoever wrote it."""
    for path in sweep.glob(f"{LEDGER}*"):
        path.unlink()
    Ledger.at(sweep, words).close()


@pytest.mark.slow
def test_a_hostile_sweep(command: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    target = trap(command.folder, monkeypatch)
    sweep = hostile(command, target)
    member = next(sweep.glob("*init=he*"))
    write_words(sweep, "-m", *TYPED, f"+evil._target_={target}")
    outcome = command("resume=theirs")
    outcome.assert_refused()
    assert outcome.sentences == [f"+evil._target_={target}: comes from theirs/{LEDGER}; {SAID}"]
    write_words(sweep, "-m", *TYPED, "init=he,zeros", "report.page=false")
    for refused in (
        [*TYPED, f"model.weights={member}/weights.safetensors"],
        [*TYPED, f"trainer.ckpt_path={sweep}/stack-0.ckpt"],
        [*TYPED, f"trainer.ckpt_path={sweep}/stack-1.ckpt"],
        [*TYPED, "--config-dir", str(member / ".hydra"), "--config-name", "config"],
        [*TYPED, "--config-path", str(member / ".hydra"), "--config-name", "config"],
        [*TYPED, "--experimental-rerun", str(sweep / "stack-1.ckpt")],
    ):
        command(*refused).assert_refused()
        assert not (command.folder / MARKER).exists(), refused
    for told in (report.main, held_out.main):
        called(told, [str(sweep)])
        assert not (command.folder / MARKER).exists(), told
    resumed = command("resume=theirs")
    assert resumed.code in (0, 2), resumed.err
    assert not (command.folder / MARKER).exists()
    # The payload is one: unpickled as code, it does what the test looks for.
    pickle.loads((sweep / "stack-1.ckpt").read_bytes())
    assert (command.folder / MARKER).exists()


@pytest.mark.slow
def test_own_pieces_are_resumed_with_trust(
    command: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.syspath_prepend(str(EXAMPLE))
    own = ("--config-dir", str(MY_CONF), "init=checkerboard,he", "report.page=false")
    assert command("-m", *own, *TYPED, "hydra.sweep.dir=mine").code == 0
    next((command.folder / "mine").glob("*he*/result.json")).unlink()
    assert resuming(Path("mine")) == "python -m src.train resume=mine trust=true"
    outcome = command("resume=mine")
    outcome.assert_refused()
    assert outcome.sentences == [f"--config-dir {MY_CONF}: comes from mine/{LEDGER}; {SAID}"]
    outcome = command("resume=mine", "trust=true")
    assert outcome.code == 0, outcome.err
    assert len(command.results()) == 2


@pytest.mark.parametrize(
    "made", ["VIEW v AS SELECT 1", "TABLE more (x)", "INDEX i ON members (name)"]
)
def test_a_ledger_with_more_in_it(tmp_path: Path, made: str) -> None:
    Ledger.at(tmp_path, ["seed=1"]).close()
    trigger = "CREATE TRIGGER t AFTER UPDATE ON members BEGIN DELETE FROM members; END"
    for statement in (f"CREATE {made}", trigger):
        with sqlite3.connect(tmp_path / LEDGER) as connection:
            connection.execute(statement)
        connection.close()
        for opened in (Ledger.read, Ledger.at):
            with pytest.raises(InputError, match="not a ledger of this program"):
                opened(tmp_path)


@pytest.mark.parametrize("name", ["../x", "/tmp/x", "a/../../x", ".."])
def test_members_elsewhere(tmp_path: Path, name: str) -> None:
    with Ledger.at(tmp_path, ["seed=1"]) as ledger:
        ledger.enter([Row(name, 0, "a", [], "0")])
    with Ledger.read(tmp_path) as ledger, pytest.raises(InputError, match="a member is called"):
        ledger.rows()


@pytest.mark.slow
def test_links_and_pipes(command: Command, tmp_path: Path) -> None:
    assert command("-m", *TYPED, "report.page=false", "seed=1,2", "hydra.sweep.dir=s").code == 0
    sweep, outside = tmp_path / "s", tmp_path / "outside"
    member = next(sweep.glob("*seed=1*"))
    (sweep / "within").symlink_to(member)
    (sweep / "loop").symlink_to("loop")
    check_contents(sweep, [])
    member.rename(outside)
    (outside / "result.json").unlink()
    member.symlink_to(outside)
    before = sorted(outside.iterdir())
    outcome = command("resume=s")
    outcome.assert_refused()
    assert (
        f"s/{member.name}: is a link out of s; trust=true lets it be followed." in outcome.sentences
    )
    assert sorted(outside.iterdir()) == before
    outcome = command("resume=s", "trust=true")
    assert outcome.code == 0, outcome.err
    assert (outside / "result.json").exists()
    member.unlink()
    (sweep / "within").unlink()
    os.mkfifo(sweep / "result.json")
    outcome = command("resume=s", "trust=true")
    outcome.assert_refused()
    assert outcome.sentences == ["s/result.json: is neither a file nor a folder; remove it."]


@pytest.mark.slow
def test_a_record_is_no_set_of_options(command: Command, tmp_path: Path) -> None:
    """Hydra would take its own config.yaml, and train the default without a word."""
    assert command(*TYPED, "hydra.run.dir=first").code == 0
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "config.yaml").write_text("seed: 3\n")
    for flag in ("--config-dir", "--config-path"):
        outcome = command(
            *TYPED, flag, str(tmp_path / "first" / ".hydra"), "--config-name", "config"
        )
        outcome.assert_refused()
        (sentence,) = outcome.sentences
        assert "is the record of a run" in sentence
        assert f"resume={tmp_path / 'first'} goes on with it" in sentence
    outcome = command(*TYPED, "--config-dir", "mine")
    outcome.assert_refused()
    assert "its config.yaml is hidden" in outcome.err
