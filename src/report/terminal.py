"""The table of arms on a terminal, and below it what it answers and what it leaves open."""

import math

from src.errors import printable
from src.report.analysis import Analysis
from src.report.answer import Answer
from src.report.console import INDENT, empty_table, fit, print_table, say, width
from src.report.metrics import higher_is_better
from src.report.notes import happened
from src.report.reasons import print_reasons
from src.report.statistics.summary import Summary
from src.report.statistics.survival import Arrival
from src.report.table import FIRST, LAST, LONGEST, ranked
from src.report.tally import Tally
from src.report.unsettled import unsettled

TITLES = {
    "test_accuracy": "test acc. %",
    "validation_accuracy": "val. acc. %",
    "validation_loss": "val. loss",
}
ALIKE = "not told apart"  # arms that share a letter
OPEN = "Not settled:"
UNSETTLED = 5  # sentences of what was not settled


def print_arms(analysis: Analysis, told: Answer) -> None:
    """The table, the answer, what it leaves open, the rules applied, and what was found."""
    _print_rows(analysis)
    say(f"{told.question} {told.sentence}")
    lines = unsettled(analysis, UNSETTLED)
    if lines:
        say(OPEN)
    for line in lines:
        say(INDENT + line)
    for line in happened(analysis):
        say(f"Note: {line}")
    keys = [*analysis.roles.scientific, *analysis.roles.nuisance]
    print_reasons(ranked(analysis.records), keys or ["init"])


def _print_rows(analysis: Analysis) -> None:
    table = empty_table()
    table.add_column("#", justify="right")
    lines, fancy = rows(analysis), width() is not None
    for place, (name, number) in enumerate(headings(analysis).items()):
        if number:  # A narrow terminal folds it between numbers, never within one.
            longest = max(len(word) for cells in lines for word in cells[place].split())
            table.add_column(name, justify="right", overflow="fold", min_width=longest)
        else:
            table.add_column(name, overflow="fold")
    for rank, cells in enumerate(lines, start=1):
        if len(lines) > LONGEST and FIRST < rank <= len(lines) - LAST:
            if rank == FIRST + 1:
                table.add_row(*["..."] * len(table.columns))
            continue
        table.add_row(str(rank), *map(printable, cells if fancy else map(fit, cells)))
    print_table(table)


def headings(analysis: Analysis) -> dict[str, bool]:
    """Of the columns after the rank; whether they are numbers."""
    title = TITLES[analysis.metric]
    interval = f"{title} (95 %)" if _claims(analysis) else title
    best = "best %" if higher_is_better(analysis.metric) else "best"
    return {
        **dict.fromkeys(analysis.roles.scientific or ["arm"], False),
        **{f"{key} (tuned)": False for key in analysis.roles.nuisance},
        **dict.fromkeys(["n", interval, best, "steps to 80 %"], True),
        "verdict": False,
        **({ALIKE: False} if _claims(analysis) else {}),
    }


def rows(analysis: Analysis) -> list[list[str]]:
    """A row of cells for each arm, in order of rank."""
    means = _means(analysis)
    return [
        [
            *(arm.settings.values() if analysis.roles.scientific else [arm.name]),
            *(arm.chosen[key] for key in analysis.roles.nuisance),
            str(summary.n),
            mean,
            _number(summary.best, analysis.metric),
            _steps(arrival),
            _verdicts(tally),
            *([letters] if _claims(analysis) else []),
        ]
        for arm, summary, mean, arrival, tally, letters in zip(
            analysis.arms,
            analysis.summaries,
            means,
            analysis.arrivals,
            analysis.tallies,
            analysis.letters,
            strict=True,
        )
    ]


def _claims(analysis: Analysis) -> bool:
    """Whether any arm has seeds enough for an interval."""
    return not all(math.isnan(summary.low) for summary in analysis.summaries)


def _means(analysis: Analysis) -> list[str]:
    """Mean ± half where that is true of every arm at the digits shown, else mean [low, high]."""
    name = analysis.metric
    known = [summary for summary in analysis.summaries if not math.isnan(summary.low)]
    even = all(_halves(summary, name)[0] == _halves(summary, name)[1] for summary in known)
    return [_mean(summary, name, even) for summary in analysis.summaries]


def _mean(summary: Summary, name: str, even: bool) -> str:
    mean = _number(summary.mean, name)
    if math.isnan(summary.low):
        return mean
    if even:
        return f"{mean} ± {_halves(summary, name)[0]}"
    return f"{mean} [{_number(summary.low, name)}, {_number(summary.high, name)}]"


def _halves(summary: Summary, name: str) -> tuple[str, str]:
    below, above = summary.mean - summary.low, summary.high - summary.mean
    return _number(below, name), _number(above, name)


def _number(value: float, name: str) -> str:
    """Shares as %, to two digits after the point; losses to four."""
    if math.isnan(value):
        return "-"
    return f"{100 * value:.2f}" if higher_is_better(name) else f"{value:.4f}"


def _steps(arrival: Arrival | None) -> str:
    """The first step by which half have arrived; with fewer than half there is none."""
    if arrival is None:
        return "-"
    count = sum(arrival.arrived)
    if not count:
        return "never"
    share = "" if count == arrival.n else f"{count} of {arrival.n}"
    if arrival.median is None:
        return share
    return f"{arrival.median:,.0f} ({share})" if share else f"{arrival.median:,.0f}"


def _verdicts(tally: Tally) -> str:
    """The primary ones, with counts where members differ; and how many lost a finite loss without
    being called diverged."""
    counts = tally.verdicts
    alone = len(counts) == 1
    said = ", ".join(name if alone else f"{name} {count}" for name, count in counts.items())
    others = tally.diverged - counts.get("diverged", 0)
    return f"{said} ({others} not finite)" if others > 0 else said
