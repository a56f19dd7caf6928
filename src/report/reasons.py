"""Below the table: each verdict in words, with what to try, however many members share it."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from src.report.console import INDENT, say
from src.report.results import Record, setting
from src.report.roles import SEEDS

# Of one verdict, so many sentences (those of different arms) and values of a setting are shown.
SENTENCES, VALUES = 3, 6


def print_reasons(records: Sequence[Record], settings: Sequence[str]) -> None:
    """records: in the order of the table; nothing of those in which nothing was measured."""
    for line in reasons(records, settings):
        say(line)


def reasons(records: Sequence[Record], settings: Sequence[str]) -> Iterator[str]:
    """A line for each primary verdict, below it its sentences and remedies, indented."""
    for reason in grouped(records, settings):
        count = f"{reason.members:,} member{'s' if reason.members > 1 else ''}"
        yield f"{reason.verdict} ({': '.join(filter(None, [count, reason.shared]))})"
        yield from (INDENT + sentence for sentence in reason.sentences)
        yield from (f"{INDENT}Try: {remedy}" for remedy in reason.remedies)


@dataclass(frozen=True)
class Reason:
    """Members of one primary verdict. shared: settings that are theirs and not all members'."""

    verdict: str
    members: int
    shared: str
    sentences: list[str]
    remedies: list[str]


def grouped(records: Sequence[Record], settings: Sequence[str]) -> Iterator[Reason]:
    """In the order in which the records come to them."""
    judged = [record for record in records if found(record)]
    arms = [key for key in settings if key not in SEEDS]
    seed = next((key for key in SEEDS if len({_value(each, key) for each in judged}) > 1), "seed")
    for name in dict.fromkeys(found(record)[0]["name"] for record in judged):
        members = [record for record in judged if found(record)[0]["name"] == name]
        remedies = dict.fromkeys(found(member)[0]["remedy"] for member in members)
        yield Reason(
            name,
            len(members),
            _shared(members, judged, arms),
            list(_sentences(members, arms, seed)),
            [remedy for remedy in remedies if remedy],
        )


def found(record: Record) -> list[dict[str, Any]]:
    """The verdicts of a member, the primary one first."""
    verdicts: list[dict[str, Any]] = (record.get("verdict") or {}).get("found") or []
    return verdicts


def _sentences(members: Sequence[Record], arms: Sequence[str], seed: str) -> Iterator[str]:
    """One of each arm, that of its first member in the table; equal ones once. Where others of the
    arm say otherwise its seed is told: numbers are of that member alone."""
    by_arm: dict[str, list[Record]] = {}
    for member in members:
        by_arm.setdefault(_arm(member, arms), []).append(member)
    shown: dict[str, str] = {}
    for arm, own in by_arm.items():
        alike = len({_told(member) for member in own}) == 1
        whose = [
            arm if len(by_arm) > 1 else "",
            "" if alike else f"e.g. {seed}={_value(own[0], seed)}",
        ]
        shown.setdefault(_told(own[0]), ", ".join(filter(None, whose)))
    for sentence, teller in list(shown.items())[:SENTENCES]:
        yield f"{teller}: {sentence}" if teller else sentence
    if len(shown) > SENTENCES:
        more = len(shown) - SENTENCES
        yield f"... and {more:,} arm{'s' if more > 1 else ''} more; see each result.json."


def _told(member: Record) -> str:
    primary, *others = found(member)
    names = list(dict.fromkeys(verdict["name"] for verdict in others))
    return str(primary["sentence"]) + (f" Besides: {', '.join(names)}." if names else "")


def _arm(record: Record, arms: Sequence[str]) -> str:
    return ", ".join(f"{key}={_value(record, key)}" for key in arms)


def _shared(members: Sequence[Record], judged: Sequence[Record], arms: Sequence[str]) -> str:
    """init=zeros, ones; optimizer=sgd. A setting of which all values occur is left out."""
    parts = []
    for key in arms:
        values = list(dict.fromkeys(_value(member, key) for member in members))
        every = {_value(record, key) for record in judged}
        if len(every) == len(values) > 1:
            continue
        more = f" and {len(values) - VALUES} more" if len(values) > VALUES else ""
        parts.append(f"{key}={', '.join(values[:VALUES])}{more}")
    return "; ".join(parts)


def _value(record: Record, key: str) -> str:
    try:
        return str(setting(record, key))
    except (KeyError, TypeError):
        return "absent"
