"""The confusion table on a terminal, and everything as JSON."""

import sys
from dataclasses import asdict
from json import dumps
from typing import Any

from src.diagnostics.confusion.count import ENDS, Share, confusion
from src.diagnostics.confusion.judged import Judged, Runs


def show(runs: Runs, steps: int) -> None:
    """Print the table, the shares, and the members judged wrong with what was said of them."""
    outcomes = [member.outcome for member in runs.members]
    found = confusion(outcomes)
    print(f"{len(outcomes)} members, judged from the first {steps} steps, and where they ended:")
    print_table(found.counts)
    for said, share in found.shares.items():
        print(f"{said}: {share}")
    if runs.failed:
        print(f"left out, for they could not be trained: {runs.failed}")
    wrong = [member for member in runs.members if member.outcome.wrong]
    print(f"judged wrong: {len(wrong)}")
    for member in wrong:
        accuracy = member.outcome.accuracy
        end = "diverged" if accuracy is None else f"ended at {100 * accuracy:.2f} %"
        print(f"  {member.label}: {end}; {member.outcome.verdict}: {member.verdicts[0].sentence}")


def print_table(counts: dict[str, tuple[int, ...]]) -> None:
    """Aligned; in ASCII and unfolded where it is not read on a terminal."""
    from rich import box
    from rich.console import Console
    from rich.table import Table

    terminal = sys.stdout.isatty()
    table = Table(box=box.SIMPLE if terminal else box.ASCII2)
    table.add_column("verdict")
    for heading in (*ENDS, "all"):
        table.add_column(heading, justify="right")
    for name, row in counts.items():
        table.add_row(name, *map(str, row), str(sum(row)))
    table.add_section()
    totals = [sum(column) for column in zip(*counts.values(), strict=True)]
    table.add_row("all", *map(str, totals), str(sum(totals)))
    # Off a terminal rich would fold the table at 80 columns.
    width = None if terminal else 1000
    Console(file=sys.stdout, width=width, highlight=False, markup=False).print(table)


def as_json(runs: Runs, steps: int) -> str:
    found = confusion([member.outcome for member in runs.members])
    shares = {
        "failures_found": found.failures_found,
        "workers_cleared": found.workers_cleared,
        "seeds_agree": found.seeds_agree,
    }
    plain = {
        "steps": steps,
        "failed": runs.failed,
        "ends": ENDS,
        "counts": found.counts,
        "shares": {name: _share(share) for name, share in shares.items()},
        "members": [_member(member) for member in runs.members],
    }
    return dumps(plain, indent=1, ensure_ascii=False, allow_nan=False)


def _share(share: Share) -> dict[str, Any]:
    interval = list(share.interval()) if share.n else None
    return asdict(share) | {"share": share.value if share.n else None, "interval_95": interval}


def _member(member: Judged) -> dict[str, Any]:
    outcome = member.outcome
    return {
        "label": member.label,
        "folder": member.folder,
        **outcome._asdict(),
        "end": outcome.end,
        "wrong": outcome.wrong,
        "verdicts": [verdict.name for verdict in member.verdicts],
        "sentence": member.verdicts[0].sentence,
    }
