"""The page's tables: numbers of the analysis, written out."""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import compress

from src.report.analysis import Analysis
from src.report.metrics import metric
from src.report.page.numerals import (
    MISSING,
    fixed,
    interval,
    probability,
    score,
    unit,
)
from src.report.results import Record, setting, verdict
from src.report.statistics.pairs import Pair
from src.report.statistics.power import MOST, Plan
from src.report.statistics.survival import Arrival
from src.report.table import ranked
from src.report.tally import Tally

# Of more pairs than this, those of the first arm and of the baseline are shown.
MOST_PAIRS = 2000


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
    ranks = analysis.ranking.means if analysis.ranking else [math.nan] * len(analysis.arms)
    rows = [
        Row(
            [
                arm.name,
                letters,
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
    words = name.replace("_", " ")
    return Table("arms", f"Arms in order of their mean {words}.", columns, rows)


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


def pairs(analysis: Analysis) -> Table | None:
    if not analysis.pairs:
        return None
    shown = list(_pairs_shown(analysis))
    columns = [
        Column("first", "text"),
        Column("second", "text"),
        Column("n", explained="seeds that both have"),
        Column(f"difference{unit(analysis.metric)}", explained="first minus second"),
        Column("95 % interval"),
        Column("p"),
        Column("p, Holm", explained="corrected for all pairs of the sweep"),
        Column("told apart", "text"),
        Column("effect", explained="mean difference over its sd, corrected for few seeds (d_z)"),
        Column("P(first better)", explained="of a seed, ties count half"),
        Column("Wilcoxon p", explained="of signed ranks, not corrected; no claim rests on it"),
        Column("more seeds", explained="that would likely settle it"),
    ]
    total = len(analysis.pairs)
    caption = f"All {total:,} pairs of arms, seed by seed."
    if len(shown) < total:
        caption = f"{len(shown):,} of {total:,} pairs: those of the first arm and of the baseline."
    rows = [Row(_pair(pair, plan, analysis)) for pair, plan in shown]
    return Table("pairs", caption, columns, rows, folded=len(rows) > 15)


def _pairs_shown(analysis: Analysis) -> Iterator[tuple[Pair, Plan | None]]:
    few = len(analysis.pairs) <= MOST_PAIRS
    kept = {0, analysis.baseline}
    for pair, plan in zip(analysis.pairs, analysis.plans, strict=True):
        if few or {pair.first, pair.second} & kept:
            yield pair, plan


def _more(plan: Plan | None) -> str:
    if plan is None:
        return MISSING
    return f"> {MOST:,}" if plan.more is None else f"{plan.more:,}"


def _pair(pair: Pair, plan: Plan | None, analysis: Analysis) -> list[str]:
    name = analysis.metric
    return [
        analysis.arms[pair.first].name,
        analysis.arms[pair.second].name,
        str(pair.n),
        score(pair.difference, name, signed=True),
        interval(pair.low, pair.high, name, signed=True),
        probability(pair.p),
        probability(pair.adjusted),
        "yes" if pair.claimed else "no",
        fixed(pair.effect, 2, signed=True),
        fixed(pair.probability, 2),
        probability(pair.wilcoxon),
        _more(plan),
    ]


def members(analysis: Analysis) -> Table:
    roles = analysis.roles
    keys = [*roles.scientific, *roles.nuisance, *roles.seeds]
    columns = [
        Column("rank"),
        *(Column(key, "number" if key in roles.seeds else "text") for key in keys),
        *(Column(f"{name} %") for name in ("test", "validation", "best")),
        *(Column(f"{name} loss") for name in ("validation", "train")),
        Column("steps to 80 %"),
        Column("status", "text"),
        Column("verdict", "text"),
    ]
    rows = [
        Row([str(rank), *(_setting(record, key) for key in keys), *_member(record)])
        for rank, record in enumerate(ranked(analysis.records), start=1)
    ]
    caption = f"{len(rows):,} members, by their last validation accuracy."
    return Table("members", caption, columns, rows, folded=len(rows) > 15)


def _member(record: Record) -> Iterator[str]:
    for name in ("test_accuracy", "validation_accuracy", "best_validation_accuracy"):
        yield fixed(100 * metric(record, name), 2)
    for name in ("validation_loss", "train_loss"):
        yield fixed(metric(record, name), 4)
    steps = record.get("steps_to_80")
    yield MISSING if steps is None else f"{steps:,}"
    yield _status(record)
    told = verdict(record)
    yield MISSING if told == "-" else told


def _status(record: Record) -> str:
    if record["status"] == "diverged":
        return f"diverged at step {record['step']:,}"
    if record["status"] == "failed" and record.get("error"):
        return f"failed: {record['error']}"
    return str(record["status"])


def _setting(record: Record, key: str) -> str:
    try:
        return str(setting(record, key))
    except (KeyError, TypeError):
        return MISSING
