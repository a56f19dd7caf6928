"""The ranked table at the end of a sweep, on the terminal and as summary.csv."""

import csv
import io
import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from src.errors import printable
from src.report.console import empty_table, print_table
from src.report.metrics import METRICS, metric
from src.report.reasons import print_reasons
from src.report.results import Record, setting, varied, verdict
from src.tracking.files import write_atomically

HEADINGS = {
    "validation_accuracy": "val. acc. %",
    "best_validation_accuracy": "best %",
    "validation_loss": "val. loss",
    "train_loss": "train loss",
    "test_accuracy": "test acc. %",
}

SUMMARY = "summary.csv"
# Rows of the table on a terminal; of more, the first and the last few are shown.
LONGEST, FIRST, LAST = 60, 20, 5


def ranked(records: Sequence[Record]) -> list[Record]:
    """Best last validation accuracy first; members without one at the end."""

    def place(record: Record) -> tuple[bool, float, str]:
        accuracy = metric(record, "validation_accuracy")
        missing = math.isnan(accuracy)
        return missing, 0.0 if missing else -accuracy, record["label"]

    return sorted(records, key=place)


def keep(records: Sequence[Record], folder: Path) -> None:
    """summary.csv, of members in order of rank."""
    write_atomically(folder / SUMMARY, summary(records, _settings(records)).encode())


def print_members(records: Sequence[Record], folder: Path) -> None:
    """The table, in order of rank, and what was found of its members."""
    settings = _settings(records)
    _print_rows(records, settings)
    print_reasons(records, settings)
    if len(records) > LONGEST:
        print(f"all {len(records):,} rows are in {folder / SUMMARY}")
    print(f"{len(records)} member(s) in {folder}")


def _settings(records: Sequence[Record]) -> list[str]:
    return varied(list(records)) or ["init"]


def summary(records: Sequence[Record], settings: Sequence[str]) -> str:
    """CSV: rank, the varied settings, status, metrics, folder.

    No times: a sweep that was interrupted and resumed has the same, to the byte.
    """
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    own = ("status", "step", "verdict", *METRICS, "steps_to_80", "folder")
    writer.writerow(["rank", *settings, *own])
    for rank, record in enumerate(records, start=1):
        numbers = [metric(record, name) for name in METRICS]
        writer.writerow(
            [
                rank,
                *(_setting(record, key) for key in settings),
                record["status"],
                record.get("step", ""),
                verdict(record),
                *("" if math.isnan(number) else f"{number:.6g}" for number in numbers),
                "" if record.get("steps_to_80") is None else record["steps_to_80"],
                Path(record["folder"]).name,
            ]
        )
    return out.getvalue()


def _setting(record: Record, key: str) -> Any:
    try:
        return setting(record, key)
    except (KeyError, TypeError):
        return ""


def _print_rows(records: Sequence[Record], settings: Sequence[str]) -> None:
    table = empty_table()
    table.add_column("#", justify="right")
    for key in settings:
        table.add_column(key, overflow="fold")
    for heading in HEADINGS.values():
        table.add_column(heading, justify="right", overflow="fold", min_width=len("100.00"))
    table.add_column("status", overflow="fold")
    table.add_column("verdict", overflow="fold")
    for rank, record in enumerate(records, start=1):
        if len(records) > LONGEST and FIRST < rank <= len(records) - LAST:
            if rank == FIRST + 1:
                table.add_row(*["..."] * len(table.columns))
            continue
        cells = [printable(str(_setting(record, key))) for key in settings]
        table.add_row(str(rank), *cells, *_metrics(record), _status(record), verdict(record))
    print_table(table)


def _metrics(record: Record) -> list[str]:
    cells = []
    for name, heading in HEADINGS.items():
        value = metric(record, name)
        percent = heading.endswith("%")
        cells.append(
            "-" if math.isnan(value) else f"{100 * value:.2f}" if percent else f"{value:.4g}"
        )
    return cells


def _status(record: Record) -> str:
    if record["status"] == "diverged":
        return f"diverged at step {record['step']}"
    return str(record["status"])
