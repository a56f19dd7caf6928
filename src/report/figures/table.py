"""All pictures of a report, in the order of the page."""

from collections.abc import Callable

from src.report.analysis import Analysis
from src.report.figures.curves import curves, losses
from src.report.figures.differences import differences
from src.report.figures.drawing import Drawing, styled
from src.report.figures.early import early
from src.report.figures.heatmap import heatmap
from src.report.figures.layers import layers
from src.report.figures.profiles import profiles
from src.report.figures.ranking import ranking
from src.report.figures.ranks import ranks
from src.report.figures.survival import survival
from src.report.figures.weights import weights

# None: there is nothing to draw, as no heatmap of one setting.
FIGURES: tuple[Callable[[Analysis], Drawing | None], ...] = (
    ranking,
    differences,
    curves,
    losses,
    early,
    survival,
    heatmap,
    layers,
    weights,
    ranks,
    profiles,
)


def drawings(analysis: Analysis) -> list[Drawing]:
    with styled():
        found = [make(analysis) for make in FIGURES]
    return [drawing for drawing in found if drawing is not None]
