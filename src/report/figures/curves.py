"""What was learnt by epoch: validation accuracy, and both losses on a log axis."""

from collections.abc import Mapping, Sequence

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from src.report.analysis import Analysis
from src.report.figures import words
from src.report.figures.drawing import Drawing
from src.report.figures.layout import DOUBLE, heading, panel, tidy, upright
from src.report.figures.lines import draw, hover, names, room
from src.report.figures.palette import Look, looks
from src.report.figures.rows import NEAR, ZOOM
from src.report.series import Curve, by_epoch

HEIGHT, BOTTOM, TOP, LEFT = 2.35, 0.42, 0.22, 0.58  # inches
SPREAD = "Lines are means, bands reach from the lowest to the highest seed."
OTHERS = "Of many arms the best, the worst and the baseline are coloured, the rest grey."


def curves(analysis: Analysis) -> Drawing | None:
    """Validation accuracy; a second panel for those that end near the best."""
    found = found_curves(analysis, "validation_accuracy")
    if not found:
        return None
    styles = looks(analysis)
    ends = {place: 100 * float(curve.mean[-1]) for place, curve in found.items()}
    top = max(ends.values())
    near = [place for place, end in ends.items() if top - end <= 100 * NEAR]
    limits = _near(found, [place for place in near if styles[place].coloured])
    groups = [list(found), []] if limits is None else [
        [place for place in found if place not in near],
        near,
    ]  # fmt: skip
    rooms = [
        room(analysis, [place for place in group if styles[place].coloured]) for group in groups
    ]
    figure = Figure(figsize=(DOUBLE, BOTTOM + HEIGHT + TOP))
    free = DOUBLE - LEFT - rooms[0] - (0 if limits is None else 0.35 + rooms[1])
    widths = [free] if limits is None else [0.42 * free, 0.58 * free]
    boxes = []
    left = LEFT
    for where, width in enumerate(widths):
        axes = panel(figure, left, BOTTOM, width, HEIGHT)
        name = f"curves{'-near' if where else ''}"
        draw(axes, found, styles, name, scale=100)
        _epochs(axes, found)
        if where and limits:
            axes.set_ylim(*limits)
            for line in axes.lines:  # crosses, which elsewhere may stand on the frame
                line.set_clip_on(True)
        else:
            upright(axes, "validation accuracy / %")
        if limits is not None:
            heading(axes, "near the best, enlarged" if where else "all arms")
        tidy(axes, ticks=5, whole=True)
        names(axes, analysis, {place: ends[place] for place in groups[where]}, styles, name)
        boxes.append(hover(axes, analysis, found, x="epoch", unit=" %", scale=100))
        left += width + rooms[where] + 0.35
    caption = (
        f"Validation accuracy by epoch, {words.seeds(analysis)}. {SPREAD}"
        f" {_ends(analysis, found, 'validation_accuracy')}{others(styles)}"
        f"{words.told_diverged(analysis, found)}"
    )
    return Drawing("curves", "Learning curves", caption, figure, boxes)


def losses(analysis: Analysis) -> Drawing | None:
    """Training and validation loss."""
    keys = ("train_loss", "validation_loss")
    both = {key: _positive(found_curves(analysis, key)) for key in keys}
    both = {key: found for key, found in both.items() if found}
    if not both:
        return None
    styles = looks(analysis)
    last = list(both)[-1]
    named = [place for place in both[last] if styles[place].coloured]
    beside = room(analysis, named)
    figure = Figure(figsize=(DOUBLE, BOTTOM + HEIGHT + TOP))
    width = (DOUBLE - LEFT - beside - 0.45 * (len(both) - 1)) / len(both)
    boxes = []
    for where, (key, found) in enumerate(both.items()):
        axes = panel(figure, LEFT + where * (width + 0.45), BOTTOM, width, HEIGHT)
        axes.set_yscale("log")
        name = f"curves-log-{key.partition('_')[0]}"
        draw(axes, found, styles, name)
        _epochs(axes, found)
        heading(axes, f"{key.replace('_', ' ')} (log axis)")
        tidy(axes, ticks=5, whole=True)
        if key == last:
            ends = {place: float(found[place].mean[-1]) for place in named}
            names(axes, analysis, ends, styles, name)
        boxes.append(hover(axes, analysis, found, x="epoch"))
    caption = (
        f"Loss by epoch on a log axis, {words.seeds(analysis)}. {SPREAD}"
        f" {_ends(analysis, both[last], last)}{others(styles)}"
        f"{words.told_diverged(analysis, {place for found in both.values() for place in found})}"
    )
    return Drawing("curves-log", "Losses", caption, figure, boxes)


def found_curves(analysis: Analysis, key: str) -> dict[int, Curve]:
    """By the places of the arms that have one of two points or more."""
    found = {place: by_epoch(arm, key) for place, arm in enumerate(analysis.arms)}
    return {
        place: curve for place, curve in found.items() if curve is not None and len(curve.x) > 1
    }


def others(styles: Sequence[Look]) -> str:
    return "" if all(look.coloured for look in styles) else f" {OTHERS}"


def _positive(found: dict[int, Curve]) -> dict[int, Curve]:
    """What a log axis can show."""
    return {place: curve for place, curve in found.items() if (curve.low > 0).all()}


def _near(found: Mapping[int, Curve], near: Sequence[int]) -> tuple[float, float] | None:
    """What the arms that end near the best span in the second half, in per cent; None
    where that is no enlargement."""
    if not near:
        return None
    later = {place: slice(len(found[place].x) // 2, None) for place in near}
    low = min(float(found[place].low[part].min()) for place, part in later.items())
    high = max(float(found[place].high[part].max()) for place, part in later.items())
    whole = [
        float(edge) for curve in found.values() for edge in (curve.low.min(), curve.high.max())
    ]
    if high <= low or max(whole) - min(whole) < ZOOM * (high - low):
        return None
    pad = 0.05 * (high - low)
    return 100 * (low - pad), 100 * (high + pad)


def _epochs(axes: Axes, found: Mapping[int, Curve]) -> None:
    axes.set_xlim(
        min(float(curve.x[0]) for curve in found.values()),
        max(float(curve.x[-1]) for curve in found.values()),
    )
    axes.set_xlabel("epoch")


def _ends(analysis: Analysis, found: Mapping[int, Curve], key: str) -> str:
    """In words, where the curves of the best and the worst end."""
    ends = {place: float(curve.mean[-1]) for place, curve in found.items()}
    higher = not key.endswith("loss")
    (best, high), (worst, low) = (
        words.extreme(analysis, ends, lambda value: words.number(value, key), highest=highest)
        for highest in (higher, not higher)
    )
    when = f"after epoch {max(curve.x[-1] for curve in found.values()):.0f}"
    if high == low:
        return f"{best} {when}: {high}."
    return f"Best {when}: {best}, {high}; worst: {worst}, {low}."
