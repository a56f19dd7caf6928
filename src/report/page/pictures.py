"""Drawings made ready for the page: embedded, those of one thing put together."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from src.report.figures.drawing import Drawing, svg
from src.report.page.svg import Embedded, embedded

LOG = "-log"
# Of drawings that stand together: what each shows, and how.
LABELS = {"curves": "Accuracy (linear)", "curves-log": "Loss (log)"}


@dataclass(frozen=True)
class Plot:
    """One <svg>. label: what sets it apart from the others of its picture; "" where it is alone."""

    name: str
    label: str
    drawing: Drawing
    svg: Embedded


@dataclass(frozen=True)
class Picture:
    """name: of the section's first drawing. plots: one of them is shown at a time."""

    name: str
    title: str
    plots: list[Plot]


def pictures(drawings: Sequence[Drawing]) -> list[Picture]:
    """In the order of the drawings; NAME-log stands with NAME."""
    names = {drawing.name for drawing in drawings}
    found: dict[str, list[Drawing]] = {}
    for drawing in drawings:
        plain = drawing.name.removesuffix(LOG)
        found.setdefault(plain if plain in names else drawing.name, []).append(drawing)
    return [
        Picture(name, group[0].title, [_plot(drawing, len(group) > 1) for drawing in group])
        for name, group in found.items()
    ]


def _plot(drawing: Drawing, several: bool) -> Plot:
    return Plot(
        drawing.name,
        LABELS.get(drawing.name, drawing.title) if several else "",
        drawing,
        embedded(svg(drawing), drawing.name),
    )


def hover(shown: Sequence[Picture]) -> dict[str, Any]:
    """Drawing.hover by the drawing's name, fit for JSON: five digits, null for what is missing."""
    plots = [plot for picture in shown for plot in picture.plots]
    return {plot.name: _plain(plot.drawing.hover) for plot in plots if plot.drawing.hover}


def _plain(node: Any) -> Any:
    if isinstance(node, Mapping):
        return {key: _plain(child) for key, child in node.items()}
    if hasattr(node, "tolist"):  # of numpy
        return _plain(node.tolist())
    if isinstance(node, list | tuple):
        return [_plain(child) for child in node]
    if isinstance(node, float):
        return float(f"{node:.5g}") if math.isfinite(node) else None
    return node
