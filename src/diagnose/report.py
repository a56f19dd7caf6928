"""What was found, shown on the terminal, drawn as a picture, or told as JSON."""

import io
import json
import math
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from rich.console import Console

from src.config import as_plain
from src.diagnose.examine import Examined
from src.diagnose.page import page
from src.diagnose.table import table
from src.diagnose.words import outlook
from src.diagnostics.records import Story
from src.diagnostics.verdicts.verdict import as_plain as as_plain_verdicts
from src.tracking.files import write_atomically

WIDTH = 80  # of a page off a terminal, and of a picture
WHOLE = "network"  # the layer of what is of the whole network


def show(members: Sequence[Examined], pages: bool) -> None:
    """A table of several members; a page of each where pages are asked for."""
    terminal = sys.stdout.isatty()
    # Off a terminal rich would fold the table.
    width = None if terminal else WIDTH if len(members) == 1 else 1000
    _print(Console(file=sys.stdout, width=width, highlight=False, markup=False), members, pages)


def draw(members: Sequence[Examined], pages: bool, path: Path, title: str) -> None:
    """The same as an SVG, in the colours of a terminal."""
    console = Console(
        file=io.StringIO(),
        width=WIDTH,
        record=True,
        force_terminal=True,
        color_system="truecolor",
        highlight=False,
        markup=False,
    )
    _print(console, members, pages)
    write_atomically(path, console.export_svg(title=title).encode())


def _print(console: Console, members: Sequence[Examined], pages: bool) -> None:
    if len(members) > 1:
        table(console, members)
    if pages:
        for place, member in enumerate(members):
            if place:
                console.print()
            page(console, member)


def as_json(members: Sequence[Examined]) -> str:
    """All of it. Infinite numbers are the text "infinity", what is not defined is null."""
    content = {"steps": members[0].steps, "members": [_member(member) for member in members]}
    return json.dumps(_strict(content), indent=1, ensure_ascii=False, allow_nan=False)


def _member(member: Examined) -> dict[str, Any]:
    return {
        "label": member.label,
        "outlook": outlook(member)[1],
        "verdict": as_plain_verdicts(member.verdicts) if member.verdicts else None,
        "error": member.error,
        "diverged_at": member.diverged_at,
        "run_steps": member.run_steps,
        "config": as_plain(member.config),
        "records": _records(member.story),
    }


def _records(story: Story) -> dict[str, dict[str, dict[int, float]]]:
    """By probe, layer and step."""
    found: dict[str, dict[str, dict[int, float]]] = {}
    for row in story.rows:
        layer = WHOLE if row.layer is None else str(row.layer)
        found.setdefault(row.probe, {}).setdefault(layer, {})[row.step] = row.value
    return found


def _strict(node: Any) -> Any:
    """JSON has neither NaN nor infinity."""
    if isinstance(node, dict):
        return {key: _strict(child) for key, child in node.items()}
    if isinstance(node, list | tuple):
        return [_strict(child) for child in node]
    if isinstance(node, float) and math.isnan(node):
        return None
    if isinstance(node, float) and math.isinf(node):
        return "infinity" if node > 0 else "-infinity"
    return node
