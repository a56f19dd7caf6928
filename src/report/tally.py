"""What is counted of an arm's members beside their scores."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from src.report.arms import Arm, Values
from src.report.names import names
from src.report.results import Record, verdict
from src.report.settings import shown


@dataclass(frozen=True)
class Tally:
    """verdicts: primary ones, the most frequent first. diverged: members, see metrics.score.
    failed: members with the arm's settings, who are left out. missing: seeds of other arms."""

    verdicts: Mapping[str, int]
    diverged: int
    failed: int
    missing: list[Values]

    @property
    def verdict(self) -> str:
        """The most frequent."""
        return next(iter(self.verdicts), "-")


def tallies(arms: Sequence[Arm], seeds: Sequence[Values], records: Sequence[Record]) -> list[Tally]:
    """records: all of the sweep; seeds: all that any arm has."""
    failed = [record for record in records if record["status"] == "failed"]
    return [
        Tally(
            dict(Counter(verdict(record) for record in arm.members.values()).most_common()),
            sum(record["status"] == "diverged" for record in arm.members.values()),
            sum(_of(record, {**arm.settings, **arm.chosen}) for record in failed),
            [seed for seed in seeds if seed not in arm.members],
        )
        for arm in arms
    ]


def lost(arms: Sequence[Arm], records: Sequence[Record], scientific: Sequence[str]) -> list[str]:
    """Names of arms of which every member failed, so that nothing is known of them."""
    known = [tuple(arm.settings.values()) for arm in arms]
    failed = [
        tuple(shown(record, key) for key in scientific)
        for record in records
        if record["status"] == "failed"
    ]
    gone = [values for values in dict.fromkeys(failed) if values not in known]
    return names([*known, *gone], scientific, records)[len(known) :]


def _of(record: Record, settings: Mapping[str, str]) -> bool:
    return all(shown(record, key) == value for key, value in settings.items())
