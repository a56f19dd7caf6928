"""All that a report says of a sweep, computed once; table, figures, page and exports show it."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from src.errors import InputError
from src.report.arms import Arm, Array, Values, arms_of, diverged, find, members_of, order, scores
from src.report.arrivals import arrivals
from src.report.marginals import Marginal, marginals
from src.report.metrics import SCORES, default_score, higher_is_better
from src.report.protocol import check
from src.report.results import Record
from src.report.roles import Roles, roles
from src.report.statistics import families
from src.report.statistics.letters import letters
from src.report.statistics.level import LEVEL
from src.report.statistics.pairs import Pair, all_pairs, paired
from src.report.statistics.power import Plan, level_of_next, plans
from src.report.statistics.profiles import Profiles, profiles
from src.report.statistics.ranks import Ranking, ranking
from src.report.statistics.rows import levelled
from src.report.statistics.summary import Summary, summaries
from src.report.statistics.survival import Arrival, LogRank, log_rank
from src.report.tally import Tally, lost, tallies


@dataclass(frozen=True)
class Options:
    """What a user may ask of a report; None leaves it to the sweep."""

    scientific: tuple[str, ...] | None = None
    baseline: str | None = None  # an arm's name; "" for none
    metric: str | None = None  # one of SCORES


@dataclass(frozen=True)
class Analysis:
    """arms, and all lists with an entry for each, are in order of rank, and so are rows of table
    and arms of pairs."""

    records: Sequence[Record]
    roles: Roles
    metric: str
    arms: list[Arm]
    seeds: list[Values]
    table: Array  # [arm, seed] of the metric, levelled; NaN where there is no member
    summaries: list[Summary]
    pairs: list[Pair]
    letters: list[str]
    baseline: int | None  # an arm's place
    ranking: Ranking | None  # by ranks within seeds; claims are made by pairs alone
    arrivals: list[Arrival | None]  # steps to 80 % of each arm; None where they were not counted
    log_rank: LogRank | None  # of the arrivals of all arms
    plans: list[Plan | None]  # for each pair, seeds that would settle it; None where it is settled
    tallies: list[Tally]  # of each arm
    lost: list[str]  # arms of which every member failed
    profiles: Profiles  # of each arm
    marginals: list[Marginal]  # of each of two or more scientific settings


def analyse(records: Sequence[Record], options: Options = Options()) -> Analysis:
    """InputError where the options do not fit the sweep."""
    check(records, options.scientific)
    sorted_out = roles(records, options.scientific)
    arms = arms_of(records, sorted_out)
    if not arms:
        raise InputError("no member came so far that it can be compared; see each train.log.")
    metric = options.metric or default_score(members_of(arms))
    if metric not in SCORES:
        raise InputError(f"report.metric={metric}: must be one of {', '.join(SCORES)}.")
    seeds, unordered = scores(arms, metric)
    if np.isnan(unordered).all():
        raise InputError(f"no member has a {metric.replace('_', ' ')}, so nothing can be compared.")
    places = order(levelled(unordered), metric, diverged(arms, seeds))
    arms, table = [arms[k] for k in places], levelled(unordered)[places]
    higher = higher_is_better(metric)
    pairs = all_pairs(table, diverged(arms, seeds), higher_is_better=higher)
    apart = {(pair.first, pair.second) for pair in pairs if pair.claimed}
    arrived = arrivals(arms)
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
        ranking(table, higher_is_better=higher),
        arrived,
        log_rank([arm for arm in arrived if arm is not None]),
        _plans(table, pairs),
        tallies(arms, seeds, records),
        lost(arms, records, sorted_out.scientific),
        profiles(table, higher_is_better=higher),
        marginals(arms, table, records, sorted_out.scientific, higher_is_better=higher),
    )


def _plans(table: Array, pairs: Sequence[Pair]) -> list[Plan | None]:
    """None as well for pairs with too few seeds for a test."""
    tested = [k for k, pair in enumerate(pairs) if not math.isnan(pair.p)]
    unsettled = [k for k in tested if not pairs[k].claimed]
    differences = paired(table)[unsettled]
    level = level_of_next(len(unsettled), 1 - LEVEL)
    found = plans([row[~np.isnan(row)] for row in differences], level)
    by_pair = {k: _bounded(plan, pairs[k], level) for k, plan in zip(unsettled, found, strict=True)}
    return [by_pair.get(k) for k in range(len(pairs))]


def _bounded(plan: Plan | None, pair: Pair, level: float) -> Plan | None:
    """What is bounded must have the seeds whose labels can reach the level."""
    if plan is None or plan.more is None or pair.test != families.BOUNDED:
        return plan
    return Plan(max(plan.more, families.seeds_of_labels(level) - pair.n))


def _baseline(arms: Sequence[Arm], asked: str | None) -> int | None:
    """The place of the named arm; torch's own start where none is named and that is among them."""
    if asked is not None:
        return find(arms, asked) if asked else None
    return next((k for k, arm in enumerate(arms) if arm.name == "default"), None)
