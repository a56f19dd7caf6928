"""All that a report says of a sweep, computed once; table, figures, page and exports show it."""

from collections.abc import Sequence
from dataclasses import dataclass

from src.errors import InputError
from src.report.arms import Arm, Array, Values, arms_of, order, scores
from src.report.metrics import SCORES, default_score, higher_is_better
from src.report.results import Record, varied
from src.report.roles import Roles, roles
from src.report.statistics.letters import letters
from src.report.statistics.pairs import Pair, all_pairs
from src.report.statistics.summary import Summary, summaries


@dataclass(frozen=True)
class Options:
    """What a user may ask of a report; None leaves it to the sweep."""

    scientific: tuple[str, ...] | None = None
    baseline: str | None = None  # an arm's name
    metric: str | None = None  # one of SCORES


@dataclass(frozen=True)
class Analysis:
    """arms, summaries and letters are in order of rank, and so are rows of table and pairs."""

    records: Sequence[Record]
    roles: Roles
    metric: str
    arms: list[Arm]
    seeds: list[Values]
    table: Array  # [arm, seed] of the metric, NaN where there is no member
    summaries: list[Summary]
    pairs: list[Pair]
    letters: list[str]
    baseline: int | None  # an arm's place


def analyse(records: Sequence[Record], options: Options = Options()) -> Analysis:
    """InputError where the options do not fit the sweep."""
    sorted_out = roles(varied(list(records)), options.scientific)
    arms = arms_of(records, sorted_out)
    if not arms:
        raise InputError("no member came so far that it can be compared; see each train.log.")
    chosen = [record for arm in arms for record in arm.members.values()]
    metric = options.metric or default_score(chosen)
    if metric not in SCORES:
        raise InputError(f"report.metric={metric}: must be one of {', '.join(SCORES)}.")
    _, unordered = scores(arms, metric)
    arms = [arms[k] for k in order(unordered, metric)]
    seeds, table = scores(arms, metric)
    higher = higher_is_better(metric)
    pairs = all_pairs(table, higher_is_better=higher)
    apart = {(pair.first, pair.second) for pair in pairs if pair.claimed}
    return Analysis(
        records,
        sorted_out,
        metric,
        arms,
        seeds,
        table,
        summaries(table, higher_is_better=higher),
        pairs,
        letters(len(arms), apart),
        _baseline(arms, options.baseline),
    )


def _baseline(arms: Sequence[Arm], asked: str | None) -> int | None:
    """The place of the named arm; torch's own start where none is named and that is among them."""
    names = [arm.name for arm in arms]
    if asked is None:
        return names.index("default") if "default" in names else None
    if asked not in names:
        raise InputError(f"report.baseline={asked}: no such arm; the arms are {'; '.join(names)}.")
    return names.index(asked)
