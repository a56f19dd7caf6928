"""Members as one tidy table."""

from collections.abc import Sequence

import pandas as pd

from src.report.metrics import METRICS, metric
from src.report.results import Record, setting, varied, verdict


def framed(records: Sequence[Record]) -> pd.DataFrame:
    """A row for each member: folder, label, the settings that vary, status and its step, verdict,
    the metrics (NaN where the member never got so far), steps to 80 % and seconds."""
    settings = varied(list(records))
    rows = [
        {
            "folder": record["folder"],
            "label": record["label"],
            **{key: _setting(record, key) for key in settings},
            "status": record["status"],
            "step": record.get("step"),
            "verdict": verdict(record),
            **{name: metric(record, name) for name in METRICS},
            "steps_to_80": record.get("steps_to_80"),
            "seconds": record.get("seconds"),
        }
        for record in records
    ]
    return pd.DataFrame(rows)


def _setting(record: Record, key: str) -> object:
    try:
        return setting(record, key)
    except (KeyError, TypeError):
        return None
