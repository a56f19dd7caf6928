"""Sweeps as a ledger and its folders have them, made without training."""

import fcntl
import json
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

from src.ledger.rows import DONE, ENDED, FAILED, PENDING, RUNNING, Row
from src.ledger.store import Ledger
from src.sweeps.__main__ import main
from src.tracking.files import RESULT, WEIGHTS
from tests.command import Outcome, called
from tests.records import diverged, failed, made

WORDS = ("-m", "init=he", "seeds=9")


def swept(folder: Path, statuses: Sequence[str], **changes: Any) -> Path:
    """A sweep whose members have come so far; changes: to the last row."""
    folder.mkdir(parents=True)
    rows = [row(folder, number, status) for number, status in enumerate(statuses)]
    with Ledger.at(folder, WORDS) as ledger:
        ledger.enter([*rows[:-1], replace(rows[-1], **changes)] if rows else [])
    return folder


def row(folder: Path, number: int, status: str) -> Row:
    """A member's, and what it has left in its folder."""
    name = f"seed={number}"
    place = folder / name
    place.mkdir()
    if status in (*ENDED, FAILED):
        record = {DONE: made, FAILED: failed}.get(status, diverged)(seed=number)
        (place / RESULT).write_text(json.dumps(record))
        (place / WEIGHTS).touch()
    begun = status != PENDING
    ended = begun and status != RUNNING
    return Row(
        name,
        number,
        name,
        [name],
        digest=f"{number:064}",
        status=status,
        attempts=int(begun),
        started=1_000.0 if begun else None,
        ended=1_002.5 if ended else None,
        error="OSError: full" if status == FAILED else None,
        result={"validation_accuracy": 0.8} if status == DONE else None,
    )


def sweeps(*arguments: str) -> Outcome:
    """The command, in this process."""
    return called(main, arguments)


@contextmanager
def trained_elsewhere(folder: Path) -> Iterator[None]:
    """As if another process had claimed it."""
    held = os.open(folder, os.O_RDONLY)
    fcntl.flock(held, fcntl.LOCK_EX)
    try:
        yield
    finally:
        os.close(held)
