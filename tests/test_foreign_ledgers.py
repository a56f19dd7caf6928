"""What lies beside somebody else's ledger: SQLite would follow it as soon as that is opened."""

import os
import sqlite3
import struct
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from src.ledger.rows import Row
from src.ledger.store import LEDGER, Ledger, set_aside
from src.ledger.tables import Damaged
from tests.ledgers import sweeps

JOURNAL = bytes.fromhex("d9d505f920a163d7")  # with it SQLite begins and ends what is in a journal


def begun(folder: Path) -> Path:
    """A ledger in rollback mode, as other launchers have theirs: beside it a journal may be hot."""
    with Ledger.at(folder, ["seed=1"], hosts=True) as ledger:
        ledger.enter([Row("seed=1", 0, "one", ["seed=1"], "a" * 64)])
    return folder / LEDGER


def journal(ledger: Path, removed: Path | None = None) -> None:
    """As a process leaves one that is killed within a change. removed: what it has SQLite remove
    after that is rolled back."""
    content = ledger.read_bytes()
    page = int.from_bytes(content[16:18], "big")
    first = content[:page]
    checksum = sum(first[k] for k in range(page - 200, 0, -200))
    numbers = struct.pack(">IIIII", 1, 0, len(content) // page, 512, page)
    told = (JOURNAL + numbers).ljust(512, b"\0") + struct.pack(">I", 1) + first
    told += struct.pack(">I", checksum)
    if removed is not None:
        name = os.fsencode(removed)
        told += struct.pack(">I", 2**30 // page + 1) + name
        told += struct.pack(">II", len(name), sum(name)) + JOURNAL
    ledger.with_name(f"{LEDGER}-journal").write_bytes(told)


@pytest.mark.parametrize("opened", [Ledger.read, Ledger.at])
def test_a_journal_removes_no_other_file(tmp_path: Path, opened: Callable[[Path], Ledger]) -> None:
    """SQLite itself does: whoever opens such a database loses the file."""
    sweep, precious = tmp_path / "theirs", tmp_path / "precious"
    sweep.mkdir()
    ledger = begun(sweep)
    precious.write_text("kept")
    journal(ledger, precious)
    with pytest.raises(Damaged, match="-journal: names another file"):
        opened(sweep)
    assert "-journal: names another file" in sweeps(str(sweep)).out
    assert precious.exists()
    with closing(sqlite3.connect(ledger)) as connection:
        connection.execute("SELECT * FROM members").fetchall()
    assert not precious.exists()


@pytest.mark.parametrize("opened", [Ledger.read, Ledger.at])
def test_a_journal_of_our_own_rolls_back(tmp_path: Path, opened: Callable[[Path], Ledger]) -> None:
    ledger = begun(tmp_path)
    journal(ledger)
    content = ledger.read_bytes()
    ledger.write_bytes(content[:100] + b"\xff" * 100 + content[200:])  # a change half made
    with opened(tmp_path) as found:
        assert found.words == ["seed=1"]
    assert ledger.read_bytes() == content
    assert not Path(f"{ledger}-journal").exists()


@pytest.mark.parametrize("end", ["", "-wal", "-shm", "-journal"])
@pytest.mark.parametrize("kind", ["link", "nowhere", "pipe", "folder"])
def test_what_is_beside_a_ledger_is_a_file(tmp_path: Path, end: str, kind: str) -> None:
    sweep, outside = tmp_path / "theirs", tmp_path / "outside"
    for folder in (sweep, outside):
        folder.mkdir()
        begun(folder)
    before = (outside / LEDGER).read_bytes()
    path = sweep / f"{LEDGER}{end}"
    path.unlink(missing_ok=True)
    makes: dict[str, Callable[[], None]] = {
        "link": lambda: path.symlink_to(outside / LEDGER),
        "nowhere": lambda: path.symlink_to(outside / "absent"),
        "pipe": lambda: os.mkfifo(path),
        "folder": path.mkdir,
    }
    makes[kind]()
    for opened in (Ledger.read, Ledger.at):
        with pytest.raises(Damaged, match=f"{LEDGER}{end}: is "):
            opened(sweep)
    assert [each.name for each in outside.iterdir()] == [LEDGER]
    assert (outside / LEDGER).read_bytes() == before
    set_aside(sweep)
    Ledger.at(sweep, ["seed=1"]).close()
