"""What a command says at its end of members that could not be trained, and how to go on."""

from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from src.errors import InputError
from src.ledger.resumption import command
from src.ledger.rows import ENDED, FAILED, Row
from src.ledger.store import Ledger
from src.report.results import Record
from src.standing import name_of

NAMED = 10  # of many different sentences, so many are told


def failures(folder: Path, records: Sequence[Record]) -> list[str]:
    """A line for each distinct sentence, how many members failed, and what to type; empty where
    none did.

    records: what the folder holds. A member that could not even write a result stands in the
    ledger alone.
    """
    rows = _rows(folder)
    known = {name_of(Path(record["folder"]), folder): record["status"] for record in records}
    without = [row for row in rows if row.name not in known]
    found = [(record["label"], record["error"]) for record in records if record["status"] == FAILED]
    # A result of before, of which a file was damaged, is kept though it could not be trained anew.
    failed = [row for row in rows if row.status == FAILED and known.get(row.name) != FAILED]
    found += [(row.label, str(row.error)) for row in failed]
    if not found:
        return []
    by_sentence: dict[str, list[str]] = {}
    for label, sentence in found:
        by_sentence.setdefault(sentence.rstrip("."), []).append(label)
    lines = [f"{_named(labels)}: {said}." for said, labels in by_sentence.items()]
    if len(lines) > NAMED:
        lines[NAMED:] = [f"And {len(lines) - NAMED:,} other reasons."]
    whole = len(records) + len(without)
    lines.append(f"{len(found):,} of {whole:,} member(s) failed; their train.log says more.")
    return [*lines, f"{command(folder)} tries again."] if rows else lines


def missing(folder: Path) -> bool:
    """Whether a command would train a member of this folder once more; so, too, where nothing is
    known of them."""
    rows = _rows(folder)
    return not rows or any(row.status not in ENDED for row in rows)


def _named(labels: Sequence[str]) -> str:
    return labels[0] if len(labels) == 1 else f"{len(labels):,} members, {labels[0]} among them"


def _rows(folder: Path) -> list[Row]:
    """Of its ledger; none where there is none, or where it cannot be read."""
    with suppress(InputError), Ledger.read(folder) as ledger:
        return ledger.rows()
    return []
