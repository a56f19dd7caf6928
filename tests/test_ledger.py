"""The ledger's file: what is written is read back, whatever is no ledger of ours is refused."""

import errno
import hashlib
import json
import sqlite3
import stat
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from src.errors import InputError
from src.ledger.rows import DONE, FAILED, PENDING, RUNNING, Row
from src.ledger.store import LEDGER, Ledger, set_aside
from src.ledger.tables import Damaged, NoLedger

ROWS = [
    Row("init=he", 0, "he", ["init=he"], "a" * 64, {"file": "b"}, {"torch": "2"}),
    Row("init=ü, x", 1, "ü", ["init=ü"], "c" * 64, status=DONE, attempts=2, started=1.0, ended=2.5),
]

CONFIG = json.dumps({"seed": 1})
DIGEST = hashlib.sha256(CONFIG.encode()).hexdigest()


def made(folder: Path, **options: Any) -> Path:
    with Ledger.at(folder, ["init=he", "-m"], **options) as ledger:
        ledger.enter(ROWS, {DIGEST: CONFIG})
    return folder / LEDGER


def test_what_is_written_is_read(tmp_path: Path) -> None:
    made(tmp_path)
    with Ledger.read(tmp_path) as ledger:
        assert ledger.rows() == ROWS
        assert (ledger.words, ledger.several) == (["init=he", "-m"], True)
        assert ledger.configurations() == {DIGEST: CONFIG}
        assert ledger.holder["process"] > 0
    # A second process makes it no anew.
    with Ledger.at(tmp_path, ["other"], several=False) as ledger:
        assert (ledger.words, ledger.several, ledger.rows()) == (["init=he", "-m"], True, ROWS)


def test_the_life_of_a_member(tmp_path: Path) -> None:
    made(tmp_path)
    with Ledger.at(tmp_path) as ledger:
        ledger.begin(["init=he"])
        assert (ledger.rows()[0].status, ledger.rows()[0].attempts) == (RUNNING, 1)
        ledger.fail("init=he", "why", "Traceback")
        row = ledger.rows()[0]
        assert (row.status, row.error, row.trace) == (FAILED, "why", "Traceback")
        ledger.begin(["init=he"])
        ledger.wait(["init=he"])
        assert (ledger.rows()[0].status, ledger.rows()[0].error) == (PENDING, None)
        ledger.end("init=he", DONE, {"step": 3})
        assert (ledger.rows()[0].attempts, ledger.rows()[0].result) == (2, {"step": 3})
        assert ledger.rows()[1] == ROWS[1]
        ledger.enter([replace(ROWS[1], number=0), replace(ROWS[0], number=1)])
        assert [row.name for row in ledger.rows()] == ["init=ü, x", "init=he"]


@pytest.mark.parametrize(("hosts", "mode"), [(False, "wal"), (True, "delete")])
def test_wal_where_one_machine_writes(tmp_path: Path, hosts: bool, mode: str) -> None:
    path = made(tmp_path, hosts=hosts)
    with Ledger.at(tmp_path):
        connection = sqlite3.connect(path)
        assert connection.execute("PRAGMA journal_mode").fetchone() == (mode,)
        connection.close()


def test_none_and_one_with_nothing_in_it(tmp_path: Path) -> None:
    with pytest.raises(NoLedger, match="holds no ledger"):
        Ledger.read(tmp_path)
    # A process that is killed between the file and its tables.
    (tmp_path / LEDGER).touch()
    with pytest.raises(NoLedger, match="has nothing in it yet"):
        Ledger.read(tmp_path)
    connection = sqlite3.connect(tmp_path / LEDGER)
    connection.execute("PRAGMA journal_mode = WAL")
    connection.close()
    with pytest.raises(NoLedger):
        Ledger.read(tmp_path)
    made(tmp_path)
    with Ledger.read(tmp_path) as ledger:
        assert ledger.rows() == ROWS


SPOILT = {
    "no database": lambda path: path.write_bytes(b"x" * 5_000),
    "cut": lambda path: path.write_bytes(path.read_bytes()[:6_000]),
    "overwritten": lambda path: path.write_bytes(path.read_bytes()[:4_096] + b"\xff" * 20_480),
}
SPOILING = [
    "CREATE VIEW more AS SELECT 1",
    "CREATE TRIGGER more AFTER INSERT ON members BEGIN DELETE FROM sweep; END",
    "DROP TABLE members",
    "UPDATE sweep SET value = '2' WHERE key = 'format'",
    "UPDATE sweep SET value = '[1]' WHERE key = 'words'",
    "UPDATE sweep SET value = '{' WHERE key = 'words'",
    "DELETE FROM sweep WHERE key = 'words'",
    "UPDATE members SET status = 'dane'",
    "UPDATE members SET attempts = 'many'",
    "UPDATE members SET overrides = '{}'",
    "UPDATE members SET data = '[' || '" + "[" * 5_000 + "'",
    "UPDATE members SET label = x'ff'",
    "UPDATE members SET label = CAST(x'ff' AS TEXT)",
    "UPDATE configurations SET config = '1'",
]


def looked_at(folder: Path) -> None:
    with Ledger.read(folder) as ledger:
        ledger.check()
        assert ledger.words
        assert ledger.rows()
        assert ledger.configurations()


@pytest.mark.parametrize("how", SPOILT)
def test_a_damaged_file(tmp_path: Path, how: str) -> None:
    SPOILT[how](made(tmp_path))
    with pytest.raises(Damaged, match=LEDGER):
        looked_at(tmp_path)
    with pytest.raises(Damaged):
        Ledger.at(tmp_path)
    aside = set_aside(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == [aside.name]
    made(tmp_path)
    looked_at(tmp_path)


@pytest.mark.parametrize("statement", SPOILING)
def test_content_that_is_not_ours(tmp_path: Path, statement: str) -> None:
    connection = sqlite3.connect(made(tmp_path))
    connection.execute(statement)
    connection.commit()
    connection.close()
    with pytest.raises(Damaged) as caught:
        looked_at(tmp_path)
    assert len(str(caught.value).splitlines()) == 1


def test_a_folder_that_cannot_be_written(tmp_path: Path) -> None:
    with pytest.raises(OSError, match=LEDGER) as caught:
        Ledger.at(tmp_path / "absent")
    assert caught.value.filename == str(tmp_path / "absent" / LEDGER)
    made(tmp_path)
    with Ledger.at(tmp_path) as ledger:
        ledger._connection.execute("PRAGMA max_page_count = 1")
        with pytest.raises(OSError, match=LEDGER) as caught:
            ledger.enter([replace(ROWS[0], name=f"{k}", label="x" * 4_000) for k in range(50)])
        assert caught.value.errno == errno.ENOSPC
        # Nothing of it is there, and the next change is made.
        assert ledger.rows() == ROWS
        ledger.begin(["init=he"])
        ledger._connection.execute("PRAGMA query_only = 1")
        with pytest.raises(OSError, match=LEDGER) as caught:
            ledger.begin(["init=he"])
        assert caught.value.errno == errno.EROFS


def test_locked_is_not_damaged(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("src.ledger.store.BUSY_SECONDS", 0.01)
    path = made(tmp_path, hosts=True)
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("BEGIN EXCLUSIVE")
    with pytest.raises(InputError, match="cannot be read") as caught:
        Ledger.read(tmp_path)
    assert not isinstance(caught.value, Damaged)
    other.close()
    assert stat.S_ISREG(path.stat().st_mode)
