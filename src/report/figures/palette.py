"""How an arm looks: by its place, the same in every picture of a report.

Seven colours found by search for pictures that stay readable: any two, and any and black, lie at
least 20 CIE Lab units apart for normal sight, protanopes and deuteranopes (Machado et al., 2009,
doi:10.1109/TVCG.2009.113, severity 1); each has a contrast of 3 or more with white (WCAG 1.4.11);
those of one line style differ by 15 or more in lightness, so that grey prints are told apart.
"""

from dataclasses import dataclass
from typing import Any

from src.report.analysis import Analysis

INK, PAPER, MUTED, FAINT = "#111111", "#fefefe", "#757575", "#c4c4c4"
SHADE = "#eef3f6"  # behind the rows of the best group
COLOURS = ("#1e8dbe", "#990075", "#ba5e07", "#00440b", "#b077fa", "#d00042", "#0da08d")
# The same on a dark page: contrast of 3 or more with #1c1c1c.
DARK = ("#27dcfa", "#fd55ae", "#fe923e", "#78f177", "#a192fe", "#fda3a6", "#f9ec4f")
DASHES: tuple[Any, ...] = (
    "-",
    (0, (5, 1.5)),
    (0, (4, 1.2, 1, 1.2)),
    "-",
    (0, (1, 1)),
    (0, (5, 1, 1, 1, 1, 1)),
    (0, (2.2, 1)),
)
MARKERS = ("o", "s", "^", "D", "v", "P", "X")
# Of more arms than there are colours: so many of the best and of the worst are coloured.
BEST, WORST = 5, 2
# Colours of a picture by the page's CSS variables, so that it follows light and dark.
VARIABLES = {
    INK: "currentColor",
    PAPER: f"var(--paper, {PAPER})",
    MUTED: f"var(--muted, {MUTED})",
    FAINT: f"var(--faint, {FAINT})",
    SHADE: f"var(--shade, {SHADE})",
    **{colour: f"var(--arm-{place}, {colour})" for place, colour in enumerate(COLOURS)},
}


@dataclass(frozen=True)
class Look:
    """coloured: among the few that are named in pictures of many arms."""

    colour: str
    dashes: Any
    marker: str
    width: float
    coloured: bool


BASELINE = Look(INK, "-", "d", 1.6, True)
OTHER = Look(FAINT, "-", ".", 0.5, False)


def looks(analysis: Analysis) -> list[Look]:
    """By the arms' places. The baseline is black."""
    named = coloured(len(analysis.arms), analysis.baseline)
    found, used = [], 0
    for place in range(len(analysis.arms)):
        if place == analysis.baseline:
            found.append(BASELINE)
        elif place in named:
            found.append(Look(COLOURS[used], DASHES[used], MARKERS[used], 1.2, True))
            used += 1
        else:
            found.append(OTHER)
    return found


def coloured(arms: int, baseline: int | None) -> set[int]:
    """Places: all, where colours suffice; else the best, the worst and the baseline."""
    others = [place for place in range(arms) if place != baseline]
    kept = others if len(others) <= len(COLOURS) else others[:BEST] + others[-WORST:]
    return {*kept, *([] if baseline is None else [baseline])}
