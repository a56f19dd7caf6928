"""Below the table: each verdict in words, with what to try, however many members share it."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from src.report.console import INDENT, say
from src.report.results import Record, setting

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
    arms = [key for key in settings if key != "seed"]
    for name in dict.fromkeys(found(record)[0]["name"] for record in judged):
        members = [record for record in judged if found(record)[0]["name"] == name]
        remedies = dict.fromkeys(found(member)[0]["remedy"] for member in members)
        yield Reason(
            name,
            len(members),
            _shared(members, judged, arms),
            list(_sentences(members, arms)),
            [remedy for remedy in remedies if remedy],
        )


def found(record: Record) -> list[dict[str, Any]]:
    """The verdicts of a member, the primary one first."""
    verdicts: list[dict[str, Any]] = (record.get("verdict") or {}).get("found") or []
    return verdicts


def _sentences(members: Sequence[Record], arms: Sequence[str]) -> Iterator[str]:
    """One of each arm, that of its first member in the table; equal ones once."""
    by_arm: dict[str, Record] = {}
    for member in members:
        by_arm.setdefault(_arm(member, arms), member)
    shown: dict[str, str] = {}
    for arm, member in by_arm.items():
        shown.setdefault(_told(member), arm)
    for sentence, arm in list(shown.items())[:SENTENCES]:
        yield f"{arm}: {sentence}" if len(by_arm) > 1 else sentence
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
