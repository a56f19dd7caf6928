"""`python -m src.sweeps`: what lies below a folder, how it stands, what of it can go."""

import io
import json
import shutil
import sqlite3
import time
from contextlib import closing
from pathlib import Path

import pytest

from src.ledger.seals import seal_facts, seal_rows
from src.ledger.store import LEDGER
from src.sweeps.__main__ import main
from src.sweeps.found import found, homes
from src.sweeps.words import age, size
from src.tracking.files import RESULT, WEIGHTS
from tests.command import called
from tests.ledgers import sweeps, swept, trained_elsewhere
from tests.records import diverged, made, written

MULTIRUN = Path("multirun")


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "160")
    return tmp_path


def states() -> dict[str, str]:
    return {each.folder.relative_to(MULTIRUN).as_posix(): each.state for each in found([MULTIRUN])}


def test_states() -> None:
    swept(MULTIRUN / "2026-01-31" / "finished", ["done", "diverged", "pruned"])
    swept(MULTIRUN / "failed", ["done", "failed"])
    swept(MULTIRUN / "pending", ["done", "pending", "failed"])
    swept(MULTIRUN / "killed", ["done", "running"])
    (written(MULTIRUN / "old", made(), diverged()) / "multirun.yaml").touch()
    torn = swept(MULTIRUN / "torn", ["done"]) / LEDGER
    torn.write_bytes(torn.read_bytes()[:5000])
    (MULTIRUN / "refused").mkdir()
    (MULTIRUN / "refused" / "multirun.yaml").touch()
    (MULTIRUN / "single" / ".hydra").mkdir(parents=True)
    expected = {
        "2026-01-31/finished": "finished",
        "failed": "failed",
        "pending": "interrupted",
        "killed": "interrupted",
        "old": "no ledger",
        "torn": "damaged",
        "single": "no ledger",
    }
    assert states() == expected
    with trained_elsewhere(MULTIRUN / "killed"):
        assert states() == {**expected, "killed": "running"}
    outcome = sweeps()
    assert (outcome.code, outcome.err) == (0, "")
    assert outcome.out.count("\n") == len(expected)
    assert f"multirun/torn: damaged; {torn}: not a readable ledger (" in outcome.out
    assert "multirun/old: no ledger; 1 done, 1 diverged of 2; " in outcome.out
    assert "multirun/single: no ledger; 1 pending of 1; " in outcome.out
    for name, resumed in (("killed", True), ("failed", True), ("2026-01-31/finished", False)):
        command = f"python -m src.train resume=multirun/{name}\n"
        assert (command in outcome.out) == resumed


def test_the_disk_is_right_where_the_ledger_is_not() -> None:
    """Killed between the result and the row; and a result that somebody has removed."""
    sweep = swept(MULTIRUN / "s", ["done", "running", "running", "running"])
    (sweep / "seed=1" / RESULT).write_text(json.dumps(made()))
    (sweep / "seed=1" / WEIGHTS).touch()
    (sweep / "seed=2" / RESULT).write_text('{"status": "do')
    assert "; 2 done, 2 pending of 4; " in sweeps().out
    (sweep / "seed=0" / WEIGHTS).unlink()
    assert "; 1 done, 3 pending of 4; " in sweeps().out
    (sweep / "seed=0" / RESULT).unlink()
    assert "; 1 done, 3 pending of 4; " in sweeps().out


def test_newest_first_and_each_once() -> None:
    for name in ("b", "a", "c"):
        swept(MULTIRUN / name, ["done"])
    listed = [line.partition(":")[0] for line in sweeps("multirun", "multirun/a").out.splitlines()]
    assert listed == ["multirun/c", "multirun/a", "multirun/b"]
    assert list(homes([MULTIRUN / "a" / "seed=0"])) == [MULTIRUN / "a" / "seed=0"]


def test_a_sweep_that_was_moved(tmp_path: Path) -> None:
    swept(MULTIRUN / "s", ["done", "pending"])
    shutil.move("multirun/s", "elsewhere")
    assert sweeps("elsewhere").out.endswith("; python -m src.train resume=elsewhere\n")


def test_nothing_there() -> None:
    sweeps().assert_refused()
    assert sweeps().sentences == ["multirun/ and outputs/: no sweep and no run there."]
    assert sweeps("absent").sentences == ["absent: no such folder."]
    assert json.loads(sweeps("--json").out) == []
    sweeps("--yes").assert_refused()
    sweeps("--prune", "--json").assert_refused()


def test_json() -> None:
    sweep = swept(MULTIRUN / "s", ["done", "failed"], error="OSError: full", attempts=3)
    (sweep / "stack-0a1b2c3d.ckpt").write_bytes(bytes(50_000))
    before = time.time()
    (told,) = json.loads(sweeps("--json").out)
    assert before - 60 < told.pop("begun") <= before
    assert told.pop("bytes") > told.pop("checkpoint_bytes") >= 50_000
    assert told == {
        "folder": "multirun/s",
        "state": "failed",
        "members": 2,
        "fault": None,
        "done": 1,
        "diverged": 0,
        "pruned": 0,
        "failed": 1,
        "running": 0,
        "pending": 0,
        "resume": "python -m src.train resume=multirun/s",
    }
    (told,) = json.loads(sweeps("multirun/s", "--json", "--members").out)
    assert told["rows"] == [
        {
            "name": "seed=0",
            "label": "seed=0",
            "status": "done",
            "attempts": 1,
            "seconds": 2.5,
            "validation_accuracy": 0.8,
            "error": None,
        },
        {
            "name": "seed=1",
            "label": "seed=1",
            "status": "failed",
            "attempts": 3,
            "seconds": 2.5,
            "validation_accuracy": None,
            "error": "OSError: full",
        },
    ]


def test_members() -> None:
    swept(MULTIRUN / "s", ["done", "pending", "failed"])
    assert sweeps("multirun/s", "--members").out.splitlines()[1:] == [
        "  seed=0: done; 1 attempt; 2.5 s; val. acc. 80.00 %",
        "  seed=1: pending; 0 attempts",
        "  seed=2: failed; 1 attempt; 2.5 s; OSError: full",
    ]


def test_on_a_terminal() -> None:
    swept(MULTIRUN / "s", ["done", "pending", "failed"])
    swept(MULTIRUN / "t", ["done"])
    told = called(main, ["--members"], Terminal).out
    assert "python -m src.train resume=multirun/s" in told
    assert "resume=multirun/t" not in told
    for word in ("checkpoints", "interrupted", "finished", "val. acc. %", "80.00", "OSError: full"):
        assert word in told


@pytest.mark.parametrize(
    ("seconds", "told"),
    [(0, "0 s"), (59, "59 s"), (61, "1 min"), (7_300, "2 h"), (90_000, "1 d"), (-5, "0 s")],
)
def test_age(seconds: int, told: str) -> None:
    assert age(time.time() - seconds - 0.1) == told


def test_size() -> None:
    assert [size(n) for n in (0, 1023, 1536, 3 * 2**20, 2**30)] == [
        *("0 B", "1023 B", "1.5 KiB", "3.0 MiB", "1.0 GiB")
    ]


def test_the_newest_that_can_be_resumed() -> None:
    swept(MULTIRUN / "a", ["done", "pending"])
    swept(MULTIRUN / "b", ["failed"])
    swept(MULTIRUN / "c", ["done"])
    assert sweeps("--newest").out == "multirun/b\n"
    shutil.rmtree(MULTIRUN / "b")
    assert sweeps("--newest").out == "multirun/a\n"
    sweeps("--newest", "multirun/c").assert_refused()


def resealed(sweep: Path, *statements: str) -> None:
    """Changed by somebody who knows how a ledger is sealed."""
    with closing(sqlite3.connect(sweep / LEDGER)) as connection, connection:
        for statement in statements:
            connection.execute(statement)
        names = [name for (name,) in connection.execute("SELECT name FROM members")]
        seal_rows(connection, names)
        seal_facts(connection)


@pytest.mark.parametrize(
    "value", ["NaN", "-Infinity", '"5"', "true", "-1e308", "null", "1" + "0" * 400]
)
def test_a_ledger_begun_at_no_time(value: str) -> None:
    sweep = swept(MULTIRUN / "s", ["done"])
    resealed(sweep, f"UPDATE sweep SET value = '{value}' WHERE key = 'begun'")
    outcome = sweeps()
    assert outcome.code == 0, outcome.err
    assert outcome.out.startswith("multirun/s: damaged; multirun/s/ledger.sqlite: not a readable")


@pytest.mark.parametrize(
    "change",
    [
        """result = '{"seconds": "abc"}'""",
        """result = '{"seconds": NaN}'""",
        """result = '{"seconds": 1%s}'""" % ("0" * 400),
        """result = '{"validation_accuracy": [1]}'""",
        """result = '{"validation_accuracy": true}'""",
        "started = 9e999",
        "ended = -9e999",
    ],
)
def test_a_row_whose_numbers_are_none(change: str) -> None:
    sweep = swept(MULTIRUN / "s", ["done"])
    resealed(sweep, f"UPDATE members SET {change}")
    outcome = sweeps("multirun/s", "--members")
    assert outcome.code == 0, outcome.err
    assert outcome.out.startswith("multirun/s: damaged; multirun/s/ledger.sqlite: not a readable")


@pytest.mark.parametrize("shape", [io.StringIO, Terminal])
def test_nothing_in_a_ledger_is_a_command_to_the_terminal(shape: type[io.StringIO]) -> None:
    evil = "\x1b]0;owned\x07\x1b[2J\x9b\u202e\r\nl2"
    swept(MULTIRUN / "s", ["failed"], label=f"label{evil}", error=f"error{evil}")
    out = called(main, ["multirun/s", "--members"], shape).out
    for name in ("label", "error"):
        assert f"{name}?]0;owned??[2J????l2" in out
    assert not set("\x07\x9b\u202e\r") & set(out)
    assert "\x1b[2J" not in out
