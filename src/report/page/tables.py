"""A table of the page, and the one of the arms: numbers of the analysis, written out."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import compress

from src.report.analysis import Analysis
from src.report.page.numerals import (
    MISSING,
    fixed,
    interval,
    score,
    unit,
)
from src.report.statistics.survival import Arrival
from src.report.tally import Tally
from src.report.wording import words

# Longer ones begin behind a line that opens them.
FOLDED = 15


@dataclass(frozen=True)
class Column:
    """kind: arm (the row's heading, beside the arm's colour), text or number."""

    heading: str
    kind: str = "number"
    explained: str = ""


@dataclass(frozen=True)
class Row:
    """arm: its place, where the row speaks of one."""

    cells: Sequence[str]
    arm: int | None = None


@dataclass(frozen=True)
class Table:
    """folded: behind a line that opens it, for all that is longer than a screen."""

    name: str
    caption: str
    columns: Sequence[Column]
    rows: Sequence[Row]
    folded: bool = False

    def __post_init__(self) -> None:
        """Columns in which nothing is known are left out."""
        kept = [
            any(row.cells[place] != MISSING for row in self.rows) or not self.rows
            for place in range(len(self.columns))
        ]
        object.__setattr__(self, "columns", list(compress(self.columns, kept)))
        rows = [Row(list(compress(row.cells, kept)), row.arm) for row in self.rows]
        object.__setattr__(self, "rows", rows)


def ranking(analysis: Analysis) -> Table:
    percent = unit(analysis.metric)
    columns = [
        Column("arm", "arm"),
        Column("group", "text", "arms that share a letter are not told apart"),
        Column("n", explained="seeds"),
        Column(f"mean{percent}"),
        Column("95 % interval", explained="of the mean"),
        Column("median"),
        Column("IQM", explained="mean of the middle half"),
        Column("sd", explained="over seeds"),
        Column("best"),
        Column("to 80 %", explained="median of steps; members that never arrive count"),
        Column("rank", explained="mean of the ranks within each seed"),
        Column("verdict", "text", "of its members, by number"),
    ]
    name = analysis.metric
    compared = any(not math.isnan(pair.p) for pair in analysis.pairs)
    ranks = analysis.ranking.means if analysis.ranking else [math.nan] * len(analysis.arms)
    rows = [
        Row(
            [
                arm.name,
                letters if compared else MISSING,
                str(summary.n),
                score(summary.mean, name),
                interval(summary.low, summary.high, name),
                score(summary.median, name),
                score(summary.iqm, name),
                score(summary.sd, name),
                score(summary.best, name),
                _arrival(arrived),
                fixed(rank, 2),
                _verdicts(tally),
            ],
            place,
        )
        for place, (arm, letters, summary, arrived, rank, tally) in enumerate(
            zip(
                *(analysis.arms, analysis.letters, analysis.summaries, analysis.arrivals, ranks),
                analysis.tallies,
                strict=True,
            )
        )
    ]
    return Table("arms", f"Arms in order of their mean {words(name)}.", columns, rows)


def _arrival(found: Arrival | None) -> str:
    """The median, and how many ever came so far where not all did."""
    if found is None:
        return MISSING
    count = sum(found.arrived)
    some = "" if count == found.n else f" ({count} of {found.n})"
    return (MISSING if found.median is None else f"{found.median:,.0f}") + some


def _verdicts(tally: Tally) -> str:
    """healthy; or, where members differ, healthy 9, dead 1."""
    if len(tally.verdicts) == 1:
        return MISSING if tally.verdict == "-" else tally.verdict
    return ", ".join(f"{name} {count}" for name, count in tally.verdicts.items())
