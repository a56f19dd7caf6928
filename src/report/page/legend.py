"""The arms' legend: colour, dashes and marker, as the pictures draw them."""

from dataclasses import dataclass

from src.report.analysis import Analysis
from src.report.figures.palette import VARIABLES, looks

# Around (0, 0), about 7 units wide.
MARKERS = {
    "o": "M-3.2 0a3.2 3.2 0 1 0 6.4 0a3.2 3.2 0 1 0-6.4 0",
    "s": "M-3-3H3V3H-3Z",
    "^": "M0-3.6L3.6 2.9H-3.6Z",
    "v": "M0 3.6L3.6-2.9H-3.6Z",
    "D": "M0-4L4 0L0 4L-4 0Z",
    "d": "M0-4L2.6 0L0 4L-2.6 0Z",
    "P": "M-1.3-3.8H1.3V-1.3H3.8V1.3H1.3V3.8H-1.3V1.3H-3.8V-1.3H-1.3Z",
    "X": "M-1.8-3.6L0-1.8L1.8-3.6L3.6-1.8L1.8 0L3.6 1.8L1.8 3.6L0 1.8L-1.8 3.6L-3.6 1.8L-1.8 0"
    "L-3.6-1.8Z",
    ".": "M-1.6 0a1.6 1.6 0 1 0 3.2 0a1.6 1.6 0 1 0-3.2 0",
}
SOLID = "none"


@dataclass(frozen=True)
class Key:
    """A line of the legend. colour and dashes: in CSS; marker: a path around the origin."""

    place: int
    name: str
    colour: str
    dashes: str
    marker: str
    baseline: bool


def legend(analysis: Analysis) -> list[Key]:
    """By the arms' places."""
    return [
        Key(
            place,
            arm.name,
            VARIABLES[look.colour],
            SOLID if isinstance(look.dashes, str) else _dashes(look.dashes[1], look.width),
            MARKERS[look.marker],
            place == analysis.baseline,
        )
        for place, (arm, look) in enumerate(zip(analysis.arms, looks(analysis), strict=True))
    ]


def _dashes(lengths: tuple[float, ...], width: float) -> str:
    """matplotlib tells them in line widths."""
    return " ".join(f"{length * width:g}" for length in lengths)
