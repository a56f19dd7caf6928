"""The weights that training began from: a ridge for each arm, a panel for each layer."""

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from src.report.analysis import Analysis
from src.report.figures import words
from src.report.figures.curves import others
from src.report.figures.drawing import Drawing
from src.report.figures.layout import DOUBLE, heading, panel, shortened, text_width, tidy
from src.report.figures.palette import Look, looks
from src.report.initial_weights import Histogram, by_layer

LAYERS = 5  # panels; of more layers the first, the last and some between
ROW, RIDGE = 0.3, 1.35  # inches of an arm; its highest bin in rows
BOTTOM, TOP, GAP = 0.32, 0.25, 0.14
WIDEST = 6.0  # a panel ends at so many times the median width; wider histograms are cut


def weights(analysis: Analysis) -> Drawing | None:
    """None of results that do not tell of their weights. Of many arms, those that are coloured."""
    styles = looks(analysis)
    found = {
        place: by_layer(arm) for place, arm in enumerate(analysis.arms) if styles[place].coloured
    }
    found = {place: held for place, held in found.items() if held}
    if not found:
        return None
    every = sorted({layer for held in found.values() for layer in held})
    picked = np.unique(np.linspace(0, len(every) - 1, LAYERS).round().astype(int))
    shown = [every[k] for k in picked] if len(every) > LAYERS else every
    names = {place: shortened(analysis.arms[place].name, 26) for place in found}
    left = max(map(text_width, names.values())) + 0.2
    height = ROW * (len(found) - 1 + RIDGE) + 0.05
    figure = Figure(figsize=(DOUBLE, BOTTOM + height + TOP))
    width = (DOUBLE - left - 0.1 - GAP * (len(shown) - 1)) / len(shown)
    cut = False
    for column, layer in enumerate(shown):
        axes = panel(figure, left + column * (width + GAP), BOTTOM, width, height)
        held = {place: of[layer] for place, of in found.items() if layer in of}
        reach, some = _reach(held)
        cut = cut or some
        axes.set_xlim(-reach, reach)
        axes.set_ylim(0, height / ROW)
        axes.set_yticks([])
        axes.spines["left"].set_visible(False)
        for row, place in enumerate(found):
            base = len(found) - 1 - row
            if place in held:
                _ridge(axes, held[place], base, styles[place], f"arm-{place}-weights-{layer}")
        if not column:
            _names(axes, analysis, names, styles)
        heading(axes, f"layer {layer}")
        tidy(axes, ticks=3)
    caption = _caption(analysis, found, shown, len(every), cut) + others(styles)
    return Drawing("weights", "Initial weights", caption, figure)


def _names(axes: Axes, analysis: Analysis, names: dict[int, str], styles: Sequence[Look]) -> None:
    """At the left of their ridges, from the top."""
    width = axes.get_window_extent().width / axes.figure.dpi
    for row, place in enumerate(names):
        axes.text(
            *(-0.1 / width, len(names) - 1 - row + 0.12, names[place]),
            transform=axes.get_yaxis_transform(),
            ha="right",
            color=styles[place].colour,
            weight="bold" if place == analysis.baseline else "normal",
            gid=f"arm-{place}-weights-name",
        )


def _reach(held: dict[int, Histogram]) -> tuple[float, bool]:
    """Half the width of a panel, and whether some histogram is wider."""
    ends = [max(abs(of.edges[0]), abs(of.edges[-1])) for of in held.values()]
    widths = [end for end in ends if end > 0]
    if not widths:
        return 1.0, False
    reach = min(max(widths), WIDEST * float(np.median(widths)))
    return 1.04 * reach, max(widths) > reach


def _ridge(axes: Axes, found: Histogram, base: int, look: Look, gid: str) -> None:
    """Bins by their share of the highest; equal weights as one spike."""
    axes.axhline(base, color=look.colour, lw=0.4, gid=f"{gid}-base")
    if found.edges[-1] == found.edges[0]:
        at = float(found.edges[0])
        axes.plot(
            [at, at], [base, base + RIDGE * 0.9], lw=1.4, color=look.colour, gid=f"{gid}-spike"
        )
        return
    heights = base + 0.9 * RIDGE * found.counts / found.counts.max()
    steps = axes.stairs(heights, found.edges, baseline=base, color=look.colour, lw=0.9)
    steps.set_gid(f"{gid}-line")
    filled = axes.stairs(heights, found.edges, baseline=base, fill=True, color=look.colour)
    filled.set(alpha=0.22, gid=f"{gid}-fill", lw=0)


def _caption(
    analysis: Analysis,
    found: dict[int, dict[int, Histogram]],
    shown: list[int],
    layers: int,
    cut: bool,
) -> str:
    first = shown[0]
    sds = {place: held[first].sd for place, held in found.items() if first in held}
    (least, low), (most, high) = (
        words.extreme(analysis, sds, "{:.3g}".format, highest=highest) for highest in (False, True)
    )
    ends = f"{low} in {least}" if low == high else f"from {low} in {least} to {high} in {most}"
    parts = [
        f"Histograms of the weights before the first step, all seeds together,"
        f" {words.seeds(analysis)}; each is scaled to its highest bin."
        f" Standard deviation in layer {first}: {ends}.",
    ]
    if layers > len(shown):
        parts.append(f"Of {layers} layers {len(shown)} are shown.")
    if cut:
        parts.append("The widest are cut at the edge of a panel.")
    return " ".join(parts)
