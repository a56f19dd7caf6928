"""Words and numbers of captions and axes."""

import math
from collections.abc import Callable, Collection, Iterable, Mapping

from src.report.analysis import Analysis
from src.report.metrics import higher_is_better
from src.report.wording import listed, plural, spoken, words

MOST = 4  # names of a list


def scale(metric: str) -> float:
    """Accuracies are shown in per cent."""
    return 100.0 if higher_is_better(metric) else 1.0


def label(metric: str) -> str:
    return words(metric) + (" / %" if higher_is_better(metric) else "")


def number(value: float, metric: str) -> str:
    """88.31 % or 0.3512."""
    if math.isnan(value):
        return "no number"
    return f"{100 * value:.2f} %" if higher_is_better(metric) else f"{value:.4g}"


def arms(analysis: Analysis, places: Iterable[int]) -> str:
    """he, (xavier, relu) and 5 more."""
    return listed([spoken(analysis.arms[place]) for place in places], MOST)


def extreme(
    analysis: Analysis, values: Mapping[int, float], told: Callable[[float], str], *, highest: bool
) -> tuple[str, str]:
    """Whose value, by place, is the highest or the lowest, and that value as it is told: all
    whose value is told alike. Those that have none, NaN, count where no other is."""
    known = [value for value in values.values() if not math.isnan(value)]
    end = told((max if highest else min)(known or values.values()))
    return arms(analysis, [place for place in values if told(values[place]) == end]), end


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


def told_diverged(analysis: Analysis, drawn: Collection[int]) -> str:
    """Sentences with a blank before each, or nothing. drawn: places of arms that the picture has;
    what diverged of them is crossed there."""
    found = dict(diverged(analysis))
    told = []
    if crossed := [place for place in found if place in drawn]:
        count = sum(found[place] for place in crossed)
        told.append(
            f" {plural(count, 'member')} of {arms(analysis, crossed)} diverged (crosses); what"
            " they count as stands among the notes."
        )
    if hidden := [place for place in found if place not in drawn]:
        count = sum(found[place] for place in hidden)
        told.append(
            f" Not drawn: {arms(analysis, hidden)}, of which {plural(count, 'member')} diverged."
        )
    return "".join(told)
