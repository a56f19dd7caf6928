"""Places in inches instead of a layout engine: fast, and the boxes of axes are known at once."""

from collections.abc import Sequence
from functools import lru_cache
from typing import Any

import numpy as np
import numpy.typing as npt
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.font_manager import FontProperties
from matplotlib.path import Path
from matplotlib.textpath import TextToPath, text_to_path
from matplotlib.ticker import FixedLocator, FuncFormatter, LogLocator, MaxNLocator, NullLocator

from src.report.figures.palette import MUTED

SINGLE, DOUBLE = 3.5, 7.2  # inches: a column (89 mm) and the width of a page (183 mm)
SMALL = 7.0  # points: all text
UPRIGHT = 0.4  # inches from an axis to its label
NAME = 36  # characters of an arm's name


def panel(figure: Figure, left: float, bottom: float, width: float, height: float) -> Axes:
    """Axes at a place in inches from the figure's lower left corner."""
    wide, high = figure.get_size_inches()
    axes: Axes = figure.add_axes((left / wide, bottom / high, width / wide, height / high))
    return axes


def box(axes: Axes) -> list[float]:
    """Left, top, right, bottom as shares of the figure, from its upper left corner."""
    place = axes.get_position()
    return [round(float(x), 5) for x in (place.x0, 1 - place.y1, place.x1, 1 - place.y0)]


@lru_cache(4096)
def text_width(text: str, size: float = SMALL) -> float:
    """Inches."""
    if not text.strip():
        return 0.0
    font = FontProperties(family="DejaVu Sans")
    vertices, codes = text_to_path.get_text_path(font, text, ismath=False)
    return float(Path(vertices, codes).get_extents().x1) * size / TextToPath.FONT_SCALE / 72


def shortened(name: str, limit: int = NAME) -> str:
    half = (limit - 1) // 2
    return name if len(name) <= limit else f"{name[:half]}…{name[-half:]}"


def spread(wanted: Sequence[float], gap: float, low: float, high: float) -> npt.NDArray[np.float64]:
    """Places as near to the wanted ones as a gap between any two allows, within low and high.

    Least squares by pooling neighbours that collide; where all do not fit they are set evenly.
    """
    order = np.argsort(np.asarray(wanted, float), kind="stable")
    count = len(order)
    if count and gap * (count - 1) >= high - low:
        placed = np.linspace(low, high, count) if count > 1 else np.array([wanted[0]])
    else:
        # In coordinates less the gaps, places have only to be in order: isotonic regression.
        blocks: list[list[float]] = []
        for rank, k in enumerate(order):
            blocks.append([float(wanted[k]) - gap * rank, 1])
            while len(blocks) > 1 and blocks[-2][0] > blocks[-1][0]:
                mean, weight = blocks.pop()
                last = blocks[-1]
                total = last[1] + weight
                blocks[-1] = [(last[0] * last[1] + mean * weight) / total, total]
        flat = np.array([mean for mean, weight in blocks for _ in range(int(weight))])
        placed = np.clip(flat, low, high - gap * (count - 1)) + gap * np.arange(count)
    found = np.empty(count)
    found[order] = placed
    return found


def tidy(axes: Axes, *, ticks: int = 4, whole: bool = False) -> None:
    """Few ticks, thin lines. whole: x is counted, as epochs are."""
    for axis, scale in ((axes.xaxis, axes.get_xscale()), (axes.yaxis, axes.get_yscale())):
        if scale == "log":
            _plain_log(axes, axis, ticks)
        elif not isinstance(axis.get_major_locator(), FixedLocator):
            counted = whole and axis is axes.xaxis
            axis.set_major_locator(MaxNLocator(ticks, steps=[1, 2, 2.5, 5, 10], integer=counted))


def _plain_log(axes: Axes, axis: Any, ticks: int) -> None:
    """0.1, 1, 10; within one decade also what lies between. No powers, which need a second font."""
    low, high = axis.get_view_interval()
    decades = np.log10(high / low)
    subs = (1.0,) if decades > 2.5 else (1.0, 3.0) if decades > 1.2 else (1.0, 2.0, 5.0)
    if decades < 0.4:
        axis.set_major_locator(MaxNLocator(ticks, steps=[1, 2, 2.5, 5, 10]))
    else:
        axis.set_major_locator(LogLocator(subs=subs, numticks=ticks + 2))
    axis.set_major_formatter(FuncFormatter(lambda value, _: plain(value)))
    axis.set_minor_locator(NullLocator())


def plain(value: float) -> str:
    """0.001, 250, 1e6, 1e-8."""
    if value == 0 or 1e-3 <= abs(value) < 1e5:
        return f"{value:.5g}"
    mantissa, power = f"{value:.3g}".split("e") if "e" in f"{value:.3g}" else _split(value)
    return f"{mantissa}e{int(power)}"


def _split(value: float) -> tuple[str, str]:
    power = int(np.floor(np.log10(abs(value))))
    return f"{value / 10.0**power:.3g}", str(power)


def upright(axes: Axes, text: str) -> None:
    """A label of the y-axis, as far from it whatever the ticks say, so that labels of panels stand
    in one line and none is cut."""
    axes.set_ylabel(text)
    width = axes.get_window_extent().width / axes.figure.dpi
    axes.yaxis.set_label_coords(-UPRIGHT / width, 0.5)


def heading(axes: Axes, text: str) -> None:
    """Above the axes, at the left."""
    axes.set_title(text, loc="left", fontsize=SMALL, color=MUTED, pad=4)
