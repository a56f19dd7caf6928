"""What was asked, what the numbers answer, and what they leave open; in sentences."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from src.report.analysis import Analysis
from src.report.arms import members_of
from src.report.metrics import higher_is_better
from src.report.notes import notes
from src.report.question import question
from src.report.settings import shown
from src.report.statistics.level import FEWEST
from src.report.unsettled import unsettled
from src.report.wording import Margin, decimals, listed, margin, number, plural, spoken, words

# So many arms are told apart by name and number in the answer; more are counted.
NAMED = 2
# So many arms are named without numbers.
LISTED = 3


@dataclass(frozen=True)
class Answer:
    """question and sentence: one each. unsettled: what no claim is made of. notes: rules applied,
    members left out."""

    question: str
    sentence: str
    unsettled: list[str]
    notes: list[str]


def answer(analysis: Analysis) -> Answer:
    return Answer(question(analysis), _sentence(analysis), unsettled(analysis), notes(analysis))


def _sentence(analysis: Analysis) -> str:
    """Claims are made of pairs that are told apart, and of nothing else."""
    if len(analysis.arms) == 1:
        return _one_arm(analysis)
    if all(record["status"] == "diverged" for record in members_of(analysis.arms)):
        return f"Every compared member of {_all(analysis)} diverged: no arm beats another."
    tested = [pair for pair in analysis.pairs if not math.isnan(pair.p)]
    if not tested:
        found = {pair.n for pair in analysis.pairs}
        most = "at most " if len(found) > 1 else ""
        shared = f"{plural(max(found), 'seed')} in common" if any(found) else "no seed in common"
        return f"No claim can be made: arms have {most}{shared}, and at least {FEWEST} are needed."
    if all(pair.difference == pair.low == pair.high == 0 for pair in analysis.pairs):
        equal = f"equal {words(analysis.metric)} in every seed that they share"
        return f"{_all(analysis).capitalize()} have {equal}."
    claims = [margin(pair, analysis.metric) for pair in tested if pair.claimed]
    return _claims(analysis, claims) if claims else _nothing(analysis)


def _all(analysis: Analysis) -> str:
    count = len(analysis.arms)
    return "both arms" if count == 2 else f"all {count} arms"


def _one_arm(analysis: Analysis) -> str:
    arm, summary = analysis.arms[0], analysis.summaries[0]
    settings = arm.settings or {"init": shown(next(iter(arm.members.values())), "init")}
    name = ", ".join(f"{key}={value}" for key, value in settings.items())
    text = f"One arm only ({name}): nothing is compared"
    if math.isnan(summary.low):
        return f"{text}."
    scale, unit = (100, " %") if higher_is_better(analysis.metric) else (1, "")
    places = decimals(scale * (summary.high - summary.low), scale * summary.mean)
    mean, low, high = (
        number(scale * value, places) for value in (summary.mean, summary.low, summary.high)
    )
    return f"{text}; its mean is {mean}{unit} (95 % interval {low} to {high}, n = {summary.n})."


def _nothing(analysis: Analysis) -> str:
    if len(analysis.pairs) == 1:
        return f"{_not_apart(analysis, margin(analysis.pairs[0], analysis.metric))}."
    clearest = min(
        (pair for pair in analysis.pairs if not math.isnan(pair.p)),
        key=lambda pair: (pair.p, -abs(pair.difference)),
    )
    found = margin(clearest, analysis.metric)
    return (
        f"None of the {len(analysis.arms)} arms is told apart from another; the clearest "
        f"difference, too small or too uncertain for a claim, is that of "
        f"{_name(analysis, found.winner)} over {_name(analysis, found.loser)} by {found.in_full}."
    )


def _not_apart(analysis: Analysis, found: Margin) -> str:
    pair = f"{_name(analysis, found.winner)} and {_name(analysis, found.loser)}"
    return f"{pair} are not told apart ({found.about})"


def _claims(analysis: Analysis, claims: Sequence[Margin]) -> str:
    leader = _leader(analysis, claims)
    wins = [claim for claim in claims if claim.winner == leader]
    text = f"{_name(analysis, leader)} beats {_beaten(analysis, wins)}"
    rest = _rest(analysis, leader, claims)
    if leader == 0:
        return f"{text}{rest}."
    first = _name(analysis, 0)
    return f"{text}{rest}; that {first} has the best mean is no claim."


def _leader(analysis: Analysis, claims: Sequence[Margin]) -> int:
    """The best by mean where it beats any and none beats it, else who beats most on balance.

    Arms that lack seeds may be ranked otherwise than the seeds in common tell.
    """
    balance = [0] * len(analysis.arms)
    for claim in claims:
        balance[claim.winner] += 1
        balance[claim.loser] -= 1
    lost = {claim.loser for claim in claims}
    if balance[0] > 0 and 0 not in lost:
        return 0
    unbeaten = [k for k in range(len(balance)) if k not in lost]
    return max(unbeaten or range(len(balance)), key=lambda k: (balance[k], -k))


def _beaten(analysis: Analysis, wins: Sequence[Margin]) -> str:
    others = len(analysis.arms) - 1
    if len(wins) <= NAMED:
        return listed([f"{_name(analysis, win.loser)} by {win.in_full}" for win in wins])
    nearest = min(wins, key=lambda win: win.gain)
    count = f"all {others}" if len(wins) == others else f"{len(wins)} of the {others}"
    return (
        f"{count} other arms, the nearest of them, {_name(analysis, nearest.loser)}, "
        f"by {nearest.in_full}"
    )


def _rest(analysis: Analysis, leader: int, claims: Sequence[Margin]) -> str:
    """The arms of which the leader is not told apart."""
    settled = {frozenset((claim.winner, claim.loser)) for claim in claims}
    open_pairs = [
        pair
        for pair in analysis.pairs
        if leader in (pair.first, pair.second)
        and frozenset((pair.first, pair.second)) not in settled
    ]
    if not open_pairs:
        return ""
    others = [pair.second if pair.first == leader else pair.first for pair in open_pairs]
    if len(open_pairs) == 1:
        found = margin(open_pairs[0], analysis.metric)
        both = f"; {_name(analysis, leader)} and {_name(analysis, others[0])} are not told apart"
        told = found.about if found.level else f"{found.size}, {found.interval}"
        return f"{both} ({told})" if found.n >= FEWEST else both
    names = listed([_name(analysis, k) for k in others], LISTED)
    return f"; it is not told apart from {names}"


def _name(analysis: Analysis, place: int) -> str:
    return spoken(analysis.arms[place])
