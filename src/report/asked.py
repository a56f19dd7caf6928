"""What was asked of a report when its sweep was begun: report.* of the members' configuration."""

from collections.abc import Sequence
from typing import Any

from src.report.analysis import Options
from src.report.results import Record

AUTO = "auto"  # report.metric: the sweep decides


def options_of(records: Sequence[Record]) -> Options:
    """Of the first member that says; those of before there was report.* leave all to the sweep."""
    asked = _asked(records)
    scientific = asked.get("scientific")
    metric = asked.get("metric", AUTO)
    return Options(
        None if scientific is None else tuple(scientific),
        asked.get("baseline"),
        None if metric == AUTO else metric,
    )


def page_wanted(records: Sequence[Record]) -> bool:
    return bool(_asked(records).get("page", True))


def quiet(records: Sequence[Record]) -> bool:
    return any(record["config"].get("quiet", False) for record in records)


def _asked(records: Sequence[Record]) -> dict[str, Any]:
    for record in records:
        if isinstance(record["config"].get("report"), dict):
            found: dict[str, Any] = record["config"]["report"]
            return found
    return {}
