"""reuse=true: what earlier sweeps have trained is taken over, and only where it is the same."""

import csv
import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from safetensors.torch import load_file

from src.diagnostics.records import RECORDS, read
from src.ledger.store import Ledger
from src.tracking.files import LOG, RESULT, WEIGHTS
from tests.command import Command, command_in
from tests.conftest import SMALL

QUICK = (*SMALL, "diagnostics.early_steps=[0]")
ASKED = ("-m", *QUICK, "init=he,zeros,xavier", "seeds=3")


@pytest.fixture(scope="module")
def earlier(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Command]:
    """multirun/a with six of those nine, outputs/one with a seventh; multirun/anew with all."""
    with command_in(tmp_path_factory.mktemp("earlier")) as command:
        for typed in (
            ("-m", "init=he,zeros", "seeds=3", "hydra.sweep.dir=multirun/a"),
            ("init=xavier", "seed=1", "hydra.run.dir=outputs/one"),
            ("-m", "init=he,zeros,xavier", "seeds=3", "hydra.sweep.dir=elsewhere/anew"),
        ):
            outcome = command(*QUICK, "quiet=true", *typed)
            assert (outcome.code, outcome.err) == (0, "")
        yield command


def result(folder: Path) -> dict[str, Any]:
    return dict(json.loads((folder / RESULT).read_text()))


def members(sweep: Path) -> list[Path]:
    return sorted(path.parent for path in sweep.glob(f"*/{RESULT}"))


@pytest.mark.slow
def test_a_sweep_of_which_some_is_there(earlier: Command) -> None:
    """To the byte and the bit what a sweep is that trained all of it."""
    outcome = earlier(*ASKED, "quiet=false", "reuse=true", "hydra.sweep.dir=multirun/b")
    assert (outcome.code, outcome.err) == (0, "")
    assert "reused: 7 of 9 members, from multirun/a (6), outputs/one (1)\n" in outcome.out
    reused, anew = earlier.folder / "multirun" / "b", earlier.folder / "elsewhere" / "anew"
    assert (reused / "summary.csv").read_bytes() == (anew / "summary.csv").read_bytes()
    taken = 0
    for one, other in zip(members(reused), members(anew), strict=True):
        found, expected = result(one), result(other)
        for key in ("status", "step", "metrics", "epochs", "verdict", "label", "data_sha256"):
            assert found[key] == expected[key], key
        assert read(one / RECORDS) == read(other / RECORDS)
        weights = load_file(other / WEIGHTS)
        assert {name: each.tolist() for name, each in load_file(one / WEIGHTS).items()} == {
            name: each.tolist() for name, each in weights.items()
        }
        source = found.get("reused_from")
        taken += source is not None
        if source is not None:
            assert (reused / source / RESULT).is_file()
            assert (one / LOG).read_text().endswith(f" reused from {source}\n")
        assert len([*one.glob("events.out.tfevents.*")]) == 1
    assert taken == 7
    with Ledger.read(reused) as ledger:
        attempts = [(row.status, row.attempts) for row in ledger.rows()]
    assert sorted(attempts) == [("done", 0)] * 7 + [("done", 1)] * 2
    again = earlier(f"resume={reused}")
    assert (again.code, again.err) == (0, "")
    assert (reused / "summary.csv").read_bytes() == (anew / "summary.csv").read_bytes()
    shutil.rmtree(reused)


@pytest.mark.slow
def test_without_the_word_all_is_trained(earlier: Command) -> None:
    outcome = earlier("-m", *QUICK, "init=he", "seeds=1", "hydra.sweep.dir=multirun/c")
    assert outcome.code == 0
    (member,) = members(earlier.folder / "multirun" / "c")
    assert "reused_from" not in result(member)
    shutil.rmtree(earlier.folder / "multirun" / "c")


@pytest.mark.slow
def test_a_single_run(earlier: Command) -> None:
    outcome = earlier(*QUICK, "init=he", "seed=2", "reuse=true", "hydra.run.dir=outputs/two")
    assert (outcome.code, outcome.err) == (0, "")
    two = result(earlier.folder / "outputs" / "two")
    assert two["reused_from"].startswith("../../multirun/a/")
    assert two["label"] == "he"
    assert two["metrics"]["test"] is not None
    shutil.rmtree(earlier.folder / "outputs" / "two")


@pytest.mark.slow
def test_the_test_set_is_held_out_all_the_same(earlier: Command) -> None:
    """Members that were tested are not, in a sweep that chooses among them, until they are."""
    typed = ("init=he,zeros", "optimizer=adam,sgd", "seeds=3")
    folders = []
    for name, word in (("tuned", "reuse=true"), ("tuned_anew", "reuse=false")):
        outcome = earlier("-m", *QUICK, *typed, word, f"hydra.sweep.dir=multirun/{name}")
        assert (outcome.code, outcome.err) == (0, "")
        folders.append(earlier.folder / "multirun" / name)
    rows = [
        list(csv.DictReader((each / "summary.csv").read_text().splitlines())) for each in folders
    ]
    assert rows[0] == rows[1]
    assert sum(row["test_accuracy"] != "" for row in rows[0]) == 6
    assert sum("reused_from" in result(each) for each in members(folders[0])) == 6
    for each in folders:
        shutil.rmtree(each)


@pytest.mark.slow
def test_interrupted_while_it_copies(earlier: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    """What has no result yet is taken or trained at the next attempt."""
    folder = "multirun/d"
    with monkeypatch.context() as patch:

        def full(*_: object) -> None:
            raise OSError(28, "No space left on device", "records.parquet")

        patch.setattr("src.ledger.taken.write_records", full)
        typed = ("init=he", "seeds=3", "reuse=true", f"hydra.sweep.dir={folder}")
        outcome = earlier("-m", *QUICK, *typed)
        assert outcome.code != 0
    assert members(earlier.folder / folder) == []
    begun = next(path for path in (earlier.folder / folder).iterdir() if path.is_dir())
    (begun / "events.out.tfevents.0").touch()  # as an attempt to train it would have left
    assert earlier(f"resume={folder}").code == 0
    assert len(members(earlier.folder / folder)) == 3
    for each in members(earlier.folder / folder):
        assert len([*each.glob("events.out.tfevents.*")]) == 1
    shutil.rmtree(earlier.folder / folder)


@pytest.mark.slow
def test_a_member_that_is_a_link_to_itself(command: Command, tmp_path: Path) -> None:
    sweep = ("-m", *QUICK, "trainer.epochs=0", "logger=none", "seed=0,1")
    assert command(*sweep, "hydra.sweep.dir=multirun/a").code == 0
    one, _ = members(tmp_path / "multirun" / "a")
    shutil.rmtree(one)
    one.symlink_to(one)
    outcome = command(*sweep, "quiet=false", "reuse=true", "hydra.sweep.dir=multirun/b")
    assert (outcome.code, outcome.err) == (0, "")
    assert "reused: 1 of 2 members, from multirun/a\n" in outcome.out
