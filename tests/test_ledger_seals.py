"""A ledger that was changed from outside is told, and read no further."""

import sqlite3
from pathlib import Path

import pytest

from src.errors import InputError
from src.ledger.rows import COLUMNS, Row
from src.ledger.store import LEDGER, Ledger

ROWS = [Row(f"init=he,seed={k}", k, f"seed={k}", [f"seed={k}"], "ab" * 32) for k in range(3)]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    with Ledger.at(tmp_path, ["init=he", "seeds=3"]) as ledger:
        ledger.enter(ROWS)
        ledger.begin(["init=he,seed=0", "init=he,seed=1"])
        ledger.end("init=he,seed=0", "done", {"step": 7, "validation_accuracy": 0.5})
        ledger.fail("init=he,seed=1", "no room", "Traceback")
    return tmp_path / LEDGER


def change(path: Path, statement: str) -> None:
    with sqlite3.connect(path) as connection:
        connection.execute(statement)
    connection.close()


def refusal(path: Path) -> str:
    with pytest.raises(InputError) as caught, Ledger.read(path.parent) as ledger:
        ledger.rows()
    return str(caught.value)


def test_what_was_written_is_read(path: Path) -> None:
    with Ledger.read(path.parent) as ledger:
        found = {row.name: (row.status, row.attempts, row.error) for row in ledger.rows()}
        assert ledger.words == ["init=he", "seeds=3"]
    assert found == {
        "init=he,seed=0": ("done", 1, None),
        "init=he,seed=1": ("failed", 1, "no room"),
        "init=he,seed=2": ("pending", 0, None),
    }


@pytest.mark.parametrize("column", COLUMNS)
def test_a_row_that_was_changed_is_named(path: Path, column: str) -> None:
    change(path, f"UPDATE members SET {column} = 'other' WHERE number = 1")
    name = "other" if column == "name" else "init=he,seed=1"
    assert refusal(path) == f"{path}: the row of {name} was changed since it was written."


@pytest.mark.parametrize("key", ["words", "several", "begun"])
def test_facts_that_were_changed_are_told(path: Path, key: str) -> None:
    change(path, f"UPDATE sweep SET value = '[]' WHERE key = '{key}'")
    assert refusal(path) == f"{path}: was changed since it was written (checksum)."


def told(path: Path, sound: object) -> str | None:
    """The refusal; None where what is read is what was written."""
    try:
        with Ledger.read(path.parent) as ledger:
            assert (ledger.rows(), ledger.words, ledger.several, ledger.begun) == sound
    except InputError as error:
        return str(error)
    return None


@pytest.mark.slow
def test_a_flipped_byte_of_any_page_is_told_or_changes_nothing(path: Path) -> None:
    change(path, "PRAGMA wal_checkpoint(TRUNCATE)")
    content = path.read_bytes()
    with Ledger.read(path.parent) as ledger:
        sound = ledger.rows(), ledger.words, ledger.several, ledger.begun
    found = []
    for place in range(0, len(content), 61):
        path.write_bytes(content[:place] + bytes([content[place] ^ 0x10]) + content[place + 1 :])
        found.append(told(path, sound))
    refused = [sentence for sentence in found if sentence is not None]
    assert all(sentence.startswith(f"{path}: ") for sentence in refused)
    assert len(refused) > 10  # most of the pages is empty space
