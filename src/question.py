"""What a sweep asks, known before its first step: its arms, and what is tuned for each of them."""

import json
from collections.abc import Iterable, Sequence
from dataclasses import fields
from enum import Enum
from typing import Any

from src.config import Config, as_plain
from src.errors import require
from src.report.results import Record
from src.report.roles import SEEDS, Roles, check_asked, roles
from src.schema.report import ReportConfig


def asked(configs: Sequence[Config], overrides: Sequence[Sequence[str]]) -> Roles:
    """The roles of what varies in a whole sweep, its seeds left out.

    overrides: of each member. InputError where `report` asks for what this sweep has not.
    """
    report = shared(configs)
    planned = [_as_record(configs[k]) for k in _distinct(overrides)]
    scientific = report.scientific
    require(scientific != [], "report.scientific", "[]", "one setting or more, or null")
    found = roles(planned, scientific)
    check_asked(found)
    if report.baseline is not None:
        _check_baseline(report.baseline, planned, found)
    return found


def shared(configs: Sequence[Config]) -> ReportConfig:
    """What all members of a sweep ask of its report; InputError where they do not agree."""
    first = configs[0].report
    for item in fields(ReportConfig):
        for config in configs:
            one, other = getattr(first, item.name), getattr(config.report, item.name)
            if one != other:
                everyone = f"{_typed(one)} for all members of the sweep"
                require(False, f"report.{item.name}", _typed(other), everyone)
    return first


def alike(configs: Sequence[Config]) -> None:
    """InputError where members of one sweep ask for different things of the whole of it."""
    for key in ("on_failure", "reuse"):
        first = getattr(configs[0], key)
        for config in configs:
            other = getattr(config, key)
            require(other == first, key, _typed(other), f"{_typed(first)} for all members")


def _typed(value: Any) -> str:
    """As a command line would have it."""
    plain = value.value if isinstance(value, Enum) else value
    return plain if isinstance(plain, str) else json.dumps(plain)


def _distinct(overrides: Sequence[Sequence[str]]) -> Iterable[int]:
    """Of members that differ in seeds alone one each: a sweep of many seeds is looked at as fast
    as one of few."""
    first: dict[tuple[str, ...], int] = {}
    for position, items in enumerate(overrides):
        kept = tuple(item for item in items if item.lstrip("+").partition("=")[0] not in SEEDS)
        first.setdefault(kept, position)
    return first.values()


def _as_record(config: Config) -> Record:
    """As its result will be read, without a number yet."""
    plain = as_plain(config)
    return {"status": "done", "label": "", "folder": "", "config": plain, "metrics": {}}


def _check_baseline(baseline: str, planned: Sequence[Record], found: Roles) -> None:
    from src.report.arms import arms_of, find  # of NumPy

    find(arms_of(planned, found), baseline)


def labels(overrides: Sequence[Sequence[str]], inits: Sequence[str]) -> list[str]:
    """What tells each member from the others: the overrides that not all of them share."""
    shared = set(overrides[0]).intersection(*overrides) if len(overrides) > 1 else set()
    own = [[item for item in items if item not in shared] for items in overrides]
    return [",".join(items) or init or "member" for items, init in zip(own, inits, strict=True)]
