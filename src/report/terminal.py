"""The table of arms on a terminal, and below it what it answers and what it leaves open."""

import math
from collections import Counter
from statistics import median

from src.report.analysis import Analysis
from src.report.answer import Answer
from src.report.arms import Arm
from src.report.console import INDENT, empty_table, print_table, say, width
from src.report.metrics import higher_is_better
from src.report.reasons import print_reasons
from src.report.results import varied, verdict
from src.report.statistics.summary import FEWEST, Summary
from src.report.table import FIRST, LAST, LONGEST, ranked

TITLES = {
    "test_accuracy": "test acc. %",
    "validation_accuracy": "val. acc. %",
    "validation_loss": "val. loss",
}
ALIKE = "not told apart"  # arms that share a letter
UNSETTLED = 5  # sentences of what was not settled; the page has all


def print_arms(analysis: Analysis, told: Answer) -> None:
    """The table, the answer, what it leaves open, the rules applied, and what was found."""
    _print_rows(analysis)
    say(f"{told.question} {told.sentence}")
    if min(summary.n for summary in analysis.summaries) < FEWEST:
        say(f"{INDENT}seeds=10 in the sweep's command gives each arm ten seeds.")
    for line in told.unsettled[:UNSETTLED]:
        say(f"{INDENT}Not settled: {line}")
    if len(told.unsettled) > UNSETTLED:
        say(f"{INDENT}... and {len(told.unsettled) - UNSETTLED:,} more are not settled.")
    for line in told.notes:
        say(f"Note: {line}")
    records = ranked(analysis.records)
    print_reasons(records, varied(records) or ["init"])


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
        table.add_row(str(rank), *(cells if fancy else [cell.replace("±", "+-") for cell in cells]))
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
            _steps(arm),
            _verdicts(arm),
            *([letters] if _claims(analysis) else []),
        ]
        for arm, summary, mean, letters in zip(
            analysis.arms, analysis.summaries, means, analysis.letters, strict=True
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


def _steps(arm: Arm) -> str:
    """The median; members that never arrive come last, so with most of them there is none."""
    members = list(arm.members.values())
    if not all("steps_to_80" in member for member in members):
        return "-"
    taken = [member["steps_to_80"] for member in members]
    arrived = [steps for steps in taken if steps is not None]
    if not arrived:
        return "never"
    middle = median(math.inf if steps is None else steps for steps in taken)
    share = "" if len(arrived) == len(taken) else f"{len(arrived)} of {len(taken)}"
    if math.isinf(middle):
        return share
    return f"{middle:,.0f} ({share})" if share else f"{middle:,.0f}"


def _verdicts(arm: Arm) -> str:
    """The primary ones, with counts where members differ; and how many diverged."""
    members = list(arm.members.values())
    lost = sum(member["status"] == "diverged" for member in members)
    names = [verdict(member) for member in members]
    # Of runs from before there were verdicts, this alone is known.
    names = [
        "diverged" if name == "-" and member["status"] == "diverged" else name
        for name, member in zip(names, members, strict=True)
    ]
    counts = Counter(names).most_common()
    said = ", ".join(name if len(counts) == 1 else f"{name} {count}" for name, count in counts)
    return said if names.count("diverged") == lost else f"{said} ({lost} diverged)"
