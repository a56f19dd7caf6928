"""A picture, and what makes one of it: SVG for the page, PNG and PDF for a paper."""

import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import matplotlib as mpl
from matplotlib.figure import Figure

from src.tracking.files import write_atomically

DPI = 300  # of the PNG
RC: Mapping[str, Any] = {
    "svg.fonttype": "none",  # text stays text: searchable, small, in the reader's font
    "svg.hashsalt": "starting-strength",  # the same figure gives the same bytes
    "pdf.fonttype": 42,  # journals refuse Type 3
    "font.family": "sans-serif",
    "font.size": 8,
    "axes.spines.top": False,
    "axes.spines.right": False,
}
WIDTH = 6.5  # inches, the text width of a common paper


@dataclass(frozen=True)
class Drawing:
    """name: of its files, and of the page's anchor. caption: what is seen, in words, as a reader
    without eyes needs it. Artists of the arm in place k have a gid that begins with arm-k-.

    hover: for each axes that answers the pointer, {"box": [left, top, right, bottom] as shares of
    the figure, "x": [low, high], "y": [low, high], "log": [x, y], "series": [{"arm": k, "name",
    "x", "y", "text"}]}, in data's units.
    """

    name: str
    title: str
    caption: str
    figure: Figure
    hover: Sequence[Mapping[str, Any]] = field(default_factory=list)


def svg(drawing: Drawing) -> str:
    """The <svg> element alone."""
    out = io.StringIO()
    with mpl.rc_context(dict(RC)):
        drawing.figure.savefig(out, format="svg", metadata={"Date": None}, transparent=True)
    text = out.getvalue()
    return text[text.index("<svg") :]


def write(drawing: Drawing, folder: Path) -> None:
    """<name>.png and <name>.pdf."""
    metadata: dict[str, dict[str, Any]] = {"png": {}, "pdf": {"CreationDate": None}}
    for kind in ("png", "pdf"):
        out = io.BytesIO()
        with mpl.rc_context(dict(RC)):
            drawing.figure.savefig(out, format=kind, dpi=DPI, metadata=metadata[kind])
        write_atomically(folder / f"{drawing.name}.{kind}", out.getvalue())
