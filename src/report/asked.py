"""What was asked of a report: when its sweep was begun (report.* of the members' configuration),
and by a command's flags, which win."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from src.errors import InputError
from src.report.analysis import Options
from src.report.arms import arms_of, find
from src.report.metrics import AUTO
from src.report.results import Members, Record
from src.report.roles import roles
from src.report.settings import asked_of, shown


def options_of(records: Sequence[Record], flags: Mapping[str, Any] | None = None) -> Options:
    """Of the first member that says; those of before there was report.* leave all to the sweep.

    flags: of Options, what is asked for now. A baseline of the sweep's own that is no arm, as
    where flags make other arms or its members are not there, is left out, and a note of the
    records says so.
    """
    asked = asked_of(records)
    scientific = asked.get("scientific")
    metric = asked.get("metric", AUTO)
    told = Options(
        tuple(scientific) if scientific else None,
        asked.get("baseline"),
        None if metric == AUTO else metric,
    )
    options = replace(told, **(flags or {}))
    if options.baseline is not None and "baseline" not in (flags or {}):
        options = replace(options, baseline=_fitting(options, records))
    return options


def _fitting(options: Options, records: Sequence[Record]) -> str | None:
    baseline = options.baseline
    assert baseline is not None
    sorted_out = roles(records, options.scientific)
    arms = arms_of(records, sorted_out)
    if baseline in {shown(record, name) for record in records for name in sorted_out.single}:
        return None  # the one arm itself
    try:
        find(arms, baseline)
    except InputError:
        note = f"The baseline {baseline}, which the sweep was told, is no arm here and is left out."
        if arms and isinstance(records, Members) and note not in records.notes:
            records.notes.append(note)
        return None
    return baseline


def page_wanted(records: Sequence[Record]) -> bool:
    return bool(asked_of(records).get("page", True))


def quiet(records: Sequence[Record]) -> bool:
    return any(record["config"].get("quiet", False) for record in records)
