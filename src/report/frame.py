"""Members as one tidy table."""

import json
from collections.abc import Sequence
from typing import Any

import pandas as pd

from src.report.metrics import METRICS, metric
from src.report.results import Members
from src.report.settings import Record, setting, varied


def framed(records: Sequence[Record]) -> pd.DataFrame:
    """A row for each member: folder, label, the settings that vary (dotted keys; the seed always),
    status and its step, verdict, the metrics, steps to 80 % and seconds.

    Texts are str, steps Int64, metrics and seconds float64, also where all are missing. A setting
    is Int64, float64, boolean or str, as its values are; lists, and values of several kinds, are
    told in JSON. What a member has not is missing. attrs["notes"]: what the reading left out.
    """
    keys = varied(records)
    if "seed" not in keys:
        keys.append("seed")

    def of(key: str) -> list[Any]:
        return [record.get(key) for record in records]

    frame = pd.DataFrame(
        {
            "folder": pd.Series(of("folder"), dtype="str"),
            "label": pd.Series(of("label"), dtype="str"),
            **{key: _column([_setting(record, key) for record in records]) for key in keys},
            "status": pd.Series(of("status"), dtype="str"),
            "step": pd.Series(of("step"), dtype="Int64"),
            "verdict": pd.Series([_verdict(record) for record in records], dtype="str"),
            **{
                name: pd.Series([metric(record, name) for record in records], dtype="float64")
                for name in METRICS
            },
            "steps_to_80": pd.Series(of("steps_to_80"), dtype="Int64"),
            "seconds": pd.Series(of("seconds"), dtype="float64"),
        }
    )
    frame.attrs["notes"] = records.notes if isinstance(records, Members) else []
    return frame


def _verdict(record: Record) -> str | None:
    return (record.get("verdict") or {}).get("primary")


def _setting(record: Record, key: str) -> Any:
    try:
        return setting(record, key)
    except (KeyError, TypeError):
        return None


def _column(values: Sequence[Any]) -> pd.Series:
    kinds = {type(value) for value in values if value is not None}
    if kinds == {bool}:
        return pd.Series(values, dtype="boolean")
    if kinds == {int} and all(abs(value) < 2**63 for value in values if value is not None):
        return pd.Series(values, dtype="Int64")
    if kinds and kinds <= {int, float}:
        return pd.Series(values, dtype="float64")
    return pd.Series([_text(value) for value in values], dtype="str")


def _text(value: Any) -> str | None:
    return value if value is None or isinstance(value, str) else json.dumps(value)
