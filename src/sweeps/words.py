"""How a sweep is told: its age, its size, its members, and what resumes it."""

import math
import time
from typing import Any

from src.errors import printable
from src.ledger.resumption import command
from src.ledger.rows import DIVERGED, DONE, FAILED, PENDING, PRUNED, RUNNING, Row
from src.sweeps.disk import Disk
from src.sweeps.found import Sweep

TOLD = (DONE, DIVERGED, PRUNED, FAILED, RUNNING, PENDING)
_AGES = ((86_400, "d"), (3_600, "h"), (60, "min"))  # seconds
_SIZES = ((2**30, "GiB"), (2**20, "MiB"), (2**10, "KiB"))


def age(begun: float) -> str:
    seconds = max(0, int(time.time() - begun))
    for each, unit in _AGES:
        if seconds >= each:
            return f"{seconds // each} {unit}"
    return f"{seconds} s"


def size(taken: int) -> str:
    for each, unit in _SIZES:
        if taken >= each:
            return f"{taken / each:.1f} {unit}"
    return f"{taken} B"


def members(sweep: Sweep) -> str:
    """18 done, 1 diverged, 5 pending of 24."""
    counts = [f"{sweep.counts[name]:,} {name}" for name in TOLD if sweep.counts.get(name)]
    return f"{', '.join(counts)} of {sweep.members:,}"


def line(sweep: Sweep, taken: Disk) -> str:
    """All of a sweep, where there is no table."""
    if sweep.fault is not None:
        return f"{sweep.folder}: {sweep.state}; {sweep.fault}"
    spent = size(taken.total)
    if taken.checkpoints:
        spent += f" (checkpoints {size(sum(taken.checkpoints.values()))})"
    told = f"{members(sweep)}; begun {age(sweep.begun)} ago; {spent}"
    more = f"; {command(sweep.folder)}" if sweep.resumable else ""
    return f"{sweep.folder}: {sweep.state}; {told}{more}"


def plain(sweep: Sweep, taken: Disk, rows: bool) -> dict[str, Any]:
    """For JSON. rows: with the members."""
    found: dict[str, Any] = {
        "folder": str(sweep.folder),
        "state": sweep.state,
        "members": sweep.members,
        **{name: sweep.counts.get(name, 0) for name in TOLD},
        "begun": sweep.begun,
        "bytes": taken.total,
        "checkpoint_bytes": sum(taken.checkpoints.values()),
        "resume": command(sweep.folder) if sweep.resumable else None,
        "fault": sweep.fault,
    }
    if rows:
        found["rows"] = [plain_member(row) for row in sweep.rows]
    return found


def plain_member(row: Row) -> dict[str, Any]:
    return {
        "name": row.name,
        "label": row.label,
        "status": row.status,
        "attempts": row.attempts,
        "seconds": seconds(row),
        "validation_accuracy": (row.result or {}).get("validation_accuracy"),
        "error": row.error,
    }


def seconds(row: Row) -> float | None:
    """Its own share of its stack's time; of one that failed, what passed until then."""
    own = (row.result or {}).get("seconds")
    if own is not None:
        return float(own)
    return None if row.started is None or row.ended is None else row.ended - row.started


def cells(row: Row) -> list[str]:
    """Label, status, attempts, seconds, validation accuracy in %, error: such as can be printed."""
    spent, told = seconds(row), plain_member(row)["validation_accuracy"]
    accuracy = math.nan if told is None else float(told)
    return [
        printable(row.label),
        row.status,
        str(row.attempts),
        "-" if spent is None else f"{spent:.1f}",
        "-" if math.isnan(accuracy) else f"{100 * accuracy:.2f}",
        printable(row.error or "-"),
    ]


def member_line(row: Row) -> str:
    label, status, attempts, spent, accuracy, error = cells(row)
    counted = "1 attempt" if attempts == "1" else f"{attempts} attempts"
    told = [status, counted]
    told += [] if spent == "-" else [f"{spent} s"]
    told += [] if accuracy == "-" else [f"val. acc. {accuracy} %"]
    told += [] if error == "-" else [error]
    return f"{label}: {'; '.join(told)}"
