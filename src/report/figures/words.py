"""Words and numbers of captions and axes."""

import math
from collections.abc import Sequence

from src.report.analysis import Analysis
from src.report.metrics import higher_is_better

MOST = 4  # names of a list


def scale(metric: str) -> float:
    """Accuracies are shown in per cent."""
    return 100.0 if higher_is_better(metric) else 1.0


def label(metric: str) -> str:
    return metric.replace("_", " ") + (" / %" if higher_is_better(metric) else "")


def number(value: float, metric: str) -> str:
    """88.31 % or 0.3512."""
    if math.isnan(value):
        return "no number"
    return f"{100 * value:.2f} %" if higher_is_better(metric) else f"{value:.4g}"


def listing(names: Sequence[str], most: int = MOST) -> str:
    """a, b and c; a, b, c and 5 more; of names with commas, a, x; b, x; 5 more."""
    shown, more = list(names[:most]), len(names) - most
    comma, last = ("; ", "; ") if any("," in name for name in shown) else (", ", " and ")
    if more > 0:
        return f"{comma.join(shown)}{last}{more} more"
    return last.join(filter(None, [comma.join(shown[:-1]), *shown[-1:]]))


def seeds(analysis: Analysis) -> str:
    """n = 5 seeds an arm; n = 3 to 5 seeds an arm."""
    counts = {summary.n for summary in analysis.summaries}
    low, high = min(counts), max(counts)
    many = f"{low}" if low == high else f"{low} to {high}"
    return f"n = {many} seed{'' if high == 1 else 's'} an arm"


def best_group(analysis: Analysis) -> list[int]:
    """Places of the best arm and of those that are not told apart from it."""
    apart = {pair.second for pair in analysis.pairs if pair.first == 0 and pair.claimed}
    return [place for place in range(len(analysis.arms)) if place not in apart]


def diverged(analysis: Analysis) -> list[tuple[int, int]]:
    """(place, members that diverged) of the arms that have any."""
    counts = [
        (place, sum(member["status"] == "diverged" for member in arm.members.values()))
        for place, arm in enumerate(analysis.arms)
    ]
    return [(place, count) for place, count in counts if count]


def told_diverged(analysis: Analysis) -> str:
    """A sentence with a blank before it, or nothing."""
    found = diverged(analysis)
    if not found:
        return ""
    total = sum(count for _, count in found)
    names = listing([analysis.arms[place].name for place, _ in found])
    return (
        f" {total} member{'' if total == 1 else 's'} diverged (crosses; {names})"
        " and count as guessing."
    )
