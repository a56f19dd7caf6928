"""The rules by which a report was made, and what they did to this sweep; a sentence each."""

import math
from collections import Counter
from collections.abc import Iterator

from src.report.analysis import Analysis
from src.report.arms import CHOSEN_BY, members_of, notes_of_arms, notes_of_draws
from src.report.metrics import higher_is_better, notes_of_metric, rule_of_diverged
from src.report.protocol import notes_of_origin
from src.report.results import Members, verdict
from src.report.roles import notes_of_roles
from src.report.statistics import families
from src.report.statistics.level import FEWEST
from src.report.statistics.power import POWER
from src.report.unread import unread
from src.report.wording import listed, plural, spoken, words

TESTS = {
    families.PERMUTATION: "permutation tests (signs of paired differences)",
    families.STUDENT: "paired t tests",
    families.BOUNDED: "paired t tests bounded by permutations of labels (where members diverged)",
}
# Arms named in a note; more are counted.
NAMED = 3


def notes(analysis: Analysis) -> list[str]:
    return [
        *_compared(analysis),
        *_claims(analysis),
        *_beyond(analysis),
        *happened(analysis),
        *_arrivals(analysis),
        *_plans(analysis),
    ]


def happened(analysis: Analysis) -> list[str]:
    """What is of this sweep, and no standing rule of reports."""
    read = analysis.records.notes if isinstance(analysis.records, Members) else []
    return [
        *read,
        *notes_of_origin(analysis.records),
        *unread(members_of(analysis.arms)),
        *notes_of_roles(analysis.roles, analysis.records),
        *notes_of_arms(analysis.arms),
        *notes_of_draws(analysis.seeds, analysis.roles.seeds),
        *notes_of_metric(members_of(analysis.arms), analysis.metric),
        *_diverged(analysis),
        *_grown(analysis),
        *_failed(analysis),
        *_without(analysis),
        *_seeds(analysis),
        *_tuned(analysis),
    ]


def _compared(analysis: Analysis) -> Iterator[str]:
    unit = (
        "points are percentage points" if higher_is_better(analysis.metric) else "lower is better"
    )
    yield f"Arms are compared by {words(analysis.metric)} after the last epoch; {unit}."


def _claims(analysis: Analysis) -> Iterator[str]:
    tests = Counter(pair.test for pair in analysis.pairs if not math.isnan(pair.p))
    family = tests.total()
    if not family:
        return
    by = listed([TESTS[name] for name in tests])
    if family == 1:
        yield (
            f"A claim is made by {by} of the seeds in common, at 5 %: of two arms that do not "
            "differ, it would be made in 5 % of sweeps at most."
        )
        return
    yield (
        f"Claims are made by {by} of the seeds in common, of all {family:,} pairs of arms as one "
        "family, Holm-corrected: the chance of even one false claim among them is 5 % at most. "
        "Nothing is claimed beyond these pairs."
    )
    yield (
        "Each interval is of its own pair alone: that of a pair that is not told apart may leave "
        "out 0, as a claim has to stand against the whole family."
    )


def _beyond(analysis: Analysis) -> Iterator[str]:
    bounds = [bound for each in analysis.summaries for bound in (each.low, each.high)]
    if higher_is_better(analysis.metric) and any(bound < 0 or bound > 1 for bound in bounds):
        yield (
            "An interval of an accuracy may reach below 0 or above 100 %: it is made of the seeds' "
            "mean and spread, which know no bounds; what lies beyond them is to be left out."
        )


def _diverged(analysis: Analysis) -> Iterator[str]:
    counts = [tally.diverged for tally in analysis.tallies]
    if not any(counts):
        return
    rule = rule_of_diverged(members_of(analysis.arms), analysis.metric)
    where = _counted(analysis, counts)
    yield (
        f"Stopped, as the loss was no longer finite (status diverged): "
        f"{plural(sum(counts), 'member')} ({where}); each counts as {rule}."
    )


def _grown(analysis: Analysis) -> Iterator[str]:
    """The verdict of the same name is wider than the status, and both are counted on a page."""
    counts = [
        sum(
            verdict(record) == "diverged" and record["status"] != "diverged"
            for record in arm.members.values()
        )
        for arm in analysis.arms
    ]
    if any(counts):
        yield (
            f"The verdict diverged is also that of {plural(sum(counts), 'member')} "
            f"({_counted(analysis, counts)}) whose loss grew tenfold and stayed finite; these "
            "count as what they came to."
        )


def _failed(analysis: Analysis) -> Iterator[str]:
    failed = sum(record["status"] == "failed" for record in analysis.records)
    if failed:
        where = _counted(analysis, [tally.failed for tally in analysis.tallies])
        told = f" ({where})" if where else ""
        yield f"Failed: {plural(failed, 'member')}{told}, left out: that says nothing of a start."
    if analysis.lost:
        names = listed(analysis.lost, NAMED)
        yield f"Every member of {names} failed; nothing is said of {_them(analysis.lost)}."


def _them(names: list[str]) -> str:
    return "it" if len(names) == 1 else "them"


def _seeds(analysis: Analysis) -> Iterator[str]:
    lacking = [len(tally.missing) for tally in analysis.tallies]
    if any(lacking):
        yield (
            f"Not all arms have all {len(analysis.seeds)} seeds (lacking: "
            f"{_counted(analysis, lacking)}); a pair is compared by the seeds that both have, "
            "ranks by those that all have."
        )
    few = [
        spoken(arm)
        for arm, summary in zip(analysis.arms, analysis.summaries, strict=True)
        if summary.n < FEWEST
    ]
    if few and len(few) < len(analysis.arms):
        yield f"Fewer than {FEWEST} seeds, so no interval and no claim: {listed(few, NAMED)}."


def _without(analysis: Analysis) -> Iterator[str]:
    """Members that came to their end and lack the metric all the same."""
    both = zip(analysis.arms, analysis.summaries, strict=True)
    counts = [len(arm.members) - summary.n for arm, summary in both]
    if any(counts):
        lacking = f"{plural(sum(counts), 'member')} ({_counted(analysis, counts)})"
        yield f"Without {words(analysis.metric)}: {lacking}, left out."


def _counted(analysis: Analysis, counts: list[int]) -> str:
    """he 2, zeros 1 and 3 arms more"""
    found = [(spoken(arm), n) for arm, n in zip(analysis.arms, counts, strict=True) if n]
    found.sort(key=lambda item: -item[1])
    told = ", ".join(f"{name} {count}" for name, count in found[:NAMED])
    more = len(found) - NAMED
    return f"{told} and {plural(more, 'arm')} more" if more > 0 else told


def _tuned(analysis: Analysis) -> Iterator[str]:
    if not analysis.roles.nuisance:
        return
    given = {arm.tried: spoken(arm) for arm in reversed(analysis.arms)}
    if len(given) > 1:
        most, least = max(given), min(given)
        yield (
            f"Careful: arms were tuned unequally, {given[most]} over {plural(most, 'combination')} "
            f"of settings and {given[least]} over {least}. Who may choose among more looks better: "
            "of like arms with 6 against 1, 6 to 8 % of sweeps have a false claim, not 5 %."
        )
    for key in analysis.roles.nuisance:
        counts = Counter(arm.chosen[key] for arm in analysis.arms)
        told = [f"{value} for {plural(count, 'arm')}" for value, count in counts.most_common()]
        yield f"Tuned for each arm on {words(CHOSEN_BY)}: {key}, {listed(told, NAMED)}."
    if analysis.metric == CHOSEN_BY and any(arm.tried > 1 for arm in analysis.arms):
        yield (
            f"{words(CHOSEN_BY).capitalize()} both chose the settings and compares the arms, which "
            "flatters them; test accuracy would not."
        )


def _arrivals(analysis: Analysis) -> Iterator[str]:
    counted = [arrival for arrival in analysis.arrivals if arrival is not None]
    never = sum(not came for arrival in counted for came in arrival.arrived)
    if never:
        yield (
            f"Steps to 80 %: {plural(never, 'member')} never came so far and "
            f"{'is' if never == 1 else 'are'} censored at the last step planned, diverged ones "
            "too; the median is that of Kaplan and Meier."
        )


def _plans(analysis: Analysis) -> Iterator[str]:
    if any(plan is not None for plan in analysis.plans):
        yield (
            "Seeds that would settle a pair are those of a paired t test that finds a difference "
            f"with probability {POWER:.0%}".replace("%", " %")
            + ", if difference and spread are as seen, at the level that the next claim must "
            "meet. What was seen is itself uncertain, so this is a rough guide."
        )
