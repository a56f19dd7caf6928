"""A picture, and what makes one of it: SVG for the page, PNG and PDF for a paper."""

import io
import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import matplotlib as mpl
from matplotlib.figure import Figure

from src.report.figures.font import FAMILIES, WHOLE, ready
from src.report.figures.palette import INK, VARIABLES
from src.tracking.files import write_atomically

DPI = 250  # of the PNG
RC: Mapping[str, Any] = {
    "svg.fonttype": "none",  # text stays text: searchable, small, in the reader's font
    "svg.hashsalt": "starting-strength",  # the same figure gives the same bytes
    "pdf.fonttype": 42,  # journals refuse Type 3
    "font.family": list(FAMILIES),  # comes with matplotlib: the same everywhere
    "font.size": 7,
    "axes.titlesize": 7,
    "axes.labelsize": 7,
    "xtick.labelsize": 7,
    "ytick.labelsize": 7,
    "text.color": INK,
    "axes.edgecolor": INK,
    "axes.labelcolor": INK,
    "xtick.color": INK,
    "ytick.color": INK,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.linewidth": 0.6,
    "axes.facecolor": "none",
    "xtick.major.width": 0.6,
    "ytick.major.width": 0.6,
    "xtick.major.size": 2.5,
    "ytick.major.size": 2.5,
    "text.parse_math": False,  # names are names, whatever dollars are in them
    "axes.unicode_minus": True,
    "axes.formatter.useoffset": False,
    "hatch.linewidth": 0.4,
}
# Quickest that still halves the size: pictures of lines compress well at any level.
PNG = {"compress_level": 3}


@dataclass(frozen=True)
class Drawing:
    """name: of its files, and of the page's anchor. caption: what is seen, in words, as a reader
    without eyes needs it. Artists of the arm in place k have a gid that begins with arm-k-.

    hover: for each axes that answers the pointer, {"box": [left, top, right, bottom] as shares of
    the figure, "x": [low, high], "y": [low, high], "log": [x, y], "series": [{"arm": k, "name",
    "x", "y", "text"}]}, in data's units; text: one for each point.
    """

    name: str
    title: str
    caption: str
    figure: Figure
    hover: Sequence[Mapping[str, Any]] = field(default_factory=list)


@contextmanager
def styled() -> Iterator[None]:
    """What pictures are made and saved in."""
    ready()
    with mpl.rc_context(dict(RC)):
        yield


def svg(drawing: Drawing) -> str:
    """The <svg> element alone: in the page's font, its colours by the page's CSS variables (see
    palette.VARIABLES), its ids its own but for those of arms."""
    out = io.StringIO()
    with styled():
        drawing.figure.savefig(out, format="svg", metadata={"Date": None}, transparent=True)
    text = out.getvalue()
    text = text[text.index("<svg") :]
    text = re.sub(r'(\bid="|url\(#|href="#)(?!arm-)', rf"\1{drawing.name}-", text)
    text = text.replace(", ".join(f"'{name}'" for name in FAMILIES), f"var(--font, '{WHOLE}')")
    return re.sub("|".join(VARIABLES), lambda found: VARIABLES[found[0]], text)


def write(drawing: Drawing, folder: Path) -> None:
    """<name>.png and <name>.pdf."""
    kinds: dict[str, dict[str, Any]] = {
        "png": {"pil_kwargs": PNG, "dpi": DPI},
        "pdf": {"metadata": {"CreationDate": None}},
    }
    for kind, options in kinds.items():
        out = io.BytesIO()
        with styled():
            drawing.figure.savefig(out, format=kind, **options)
        write_atomically(folder / f"{drawing.name}.{kind}", out.getvalue())
