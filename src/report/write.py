"""The files of a report. All replace those of an earlier one; what it had besides is removed."""

import json
import logging
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from src.report.analysis import Analysis
from src.report.answer import answer
from src.report.document import document
from src.report.export import tables
from src.report.figures.drawing import write as write_drawing
from src.report.figures.table import drawings
from src.report.page.build import page
from src.report.place import DATA, FIGURES, KINDS, PAGE, TABLES, written_before
from src.tracking.files import write_atomically


def write(
    analysis: Analysis, folder: Path, doing: Callable[[str], None] = lambda stage: None
) -> Path:
    """index.html, report.json, figures/ as PNG and PDF, tables/; the path of the page.

    doing: told of each stage. InputError where the folder cannot hold a report, or holds another
    page.
    """
    # Of each PDF it tells a page of what it leaves out of a font, wherever a log is open.
    logging.getLogger("fontTools").setLevel(logging.WARNING)
    former = written_before(folder)
    doing("drawing the figures")
    drawn = drawings(analysis)
    doing("making the page")
    html = page(analysis, drawn).encode()
    told = {f"{TABLES}/{name}": content for name, content in tables(analysis).items()}
    names = [f"{FIGURES}/{each.name}{kind}" for each in drawn for kind in KINDS[FIGURES]]
    names += told
    content = document(analysis, answer(analysis))
    for inside in (FIGURES, TABLES):
        (folder / inside).mkdir(parents=True, exist_ok=True)
    _remove(folder, former - set(names))
    # It lists what is there, at any time: so the next report knows whatever an interrupted one
    # has left as ours.
    _keep_data(folder, content, names)
    try:
        for place, drawing in enumerate(drawn, start=1):
            doing(f"writing figure {place} of {len(drawn)}")
            write_drawing(drawing, folder / FIGURES)
        for name, table in told.items():
            write_atomically(folder / name, table)
        write_atomically(folder / PAGE, html)
    finally:
        _keep_data(folder, content, names)
    return folder / PAGE


def _keep_data(folder: Path, content: dict[str, Any], names: Sequence[str]) -> None:
    there = [name for name in (PAGE, *names) if (folder / name).exists()]
    text = json.dumps({**content, "files": there}, allow_nan=False)
    write_atomically(folder / DATA, text.encode())


def _remove(folder: Path, names: set[str]) -> None:
    for name in names:
        (folder / name).unlink(missing_ok=True)
