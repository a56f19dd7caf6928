"""The files of a report. All replace those of an earlier one; what it had besides is removed."""

import json
import logging
from collections.abc import Callable
from pathlib import Path
from typing import Any

from src.errors import InputError
from src.report.analysis import Analysis
from src.report.answer import answer
from src.report.document import document
from src.report.figures.drawing import write as write_drawing
from src.report.figures.table import drawings
from src.report.page.build import page
from src.tracking.files import write_atomically

PAGE, DATA, FIGURES, TABLES = "index.html", "report.json", "figures", "tables"
KINDS = {FIGURES: (".png", ".pdf"), TABLES: (".csv", ".parquet", ".tex", ".md")}


def write(
    analysis: Analysis, folder: Path, doing: Callable[[str], None] = lambda stage: None
) -> Path:
    """index.html, report.json, figures/ as PNG and PDF, tables/; the path of the page.

    doing: told of each stage. InputError where the folder cannot hold a report, or holds another
    page.
    """
    # Of each PDF it tells a page of what it leaves out of a font, wherever a log is open.
    logging.getLogger("fontTools").setLevel(logging.WARNING)
    former = _former(folder)
    doing("drawing the figures")
    drawn = drawings(analysis)
    doing("making the page")
    html = page(analysis, drawn).encode()
    names = [f"{FIGURES}/{each.name}{kind}" for each in drawn for kind in KINDS[FIGURES]]
    content = {**document(analysis, answer(analysis)), "files": [PAGE, *names]}
    _make(folder)
    # In this order no interruption leaves a file that the next report would not know as ours.
    _remove(folder, former - set(names))
    write_atomically(folder / DATA, json.dumps(content, allow_nan=False).encode())
    for place, drawing in enumerate(drawn, start=1):
        doing(f"writing figure {place} of {len(drawn)}")
        write_drawing(drawing, folder / FIGURES)
    write_atomically(folder / PAGE, html)
    return folder / PAGE


def _make(folder: Path) -> None:
    for place in (folder / FIGURES, folder / TABLES):
        try:
            place.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise InputError(f"{folder}: cannot hold a report ({error.strerror}).") from error


def _former(folder: Path) -> set[str]:
    """The files under figures/ and tables/ that an earlier report says it wrote."""
    there = [name for name in (PAGE, DATA) if (folder / name).exists()]
    if not there:
        return set()
    try:
        listed: Any = json.loads((folder / DATA).read_bytes())["files"]
        return {name for name in listed if isinstance(name, str) and _ours(name)}
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise InputError(
            f"{folder}: holds a file {there[0]} that is not of a report; choose another folder."
        ) from error


def _ours(name: str) -> bool:
    """Whether a report could have written it; a list may have been written by anyone."""
    place, _, file = name.partition("/")
    return place in KINDS and Path(file).name == file and Path(file).suffix in KINDS[place]


def _remove(folder: Path, names: set[str]) -> None:
    for name in names:
        (folder / name).unlink(missing_ok=True)
