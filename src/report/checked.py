"""Whether a file's content is a result of ours: told before anything is made of it."""

from typing import Any

STATUSES = ("done", "diverged", "failed")
STAGES = ("initial", "best", "last", "test")
# Other keys that are read, what they hold where they are there, and in words.
OPTIONAL: dict[str, tuple[type | tuple[type, ...], str]] = {
    "step": (int, "an integer"),
    "steps_to_80": (int, "an integer"),
    "seconds": ((int, float), "a number"),
    "classes": (int, "an integer"),
    "verdict": (dict, "a mapping"),
    "epochs": (list, "a list"),
}


def fault(record: Any) -> str | None:
    """What is wrong with it, in a few words; None of a result."""
    if not isinstance(record, dict):
        return "not a mapping"
    missing = [key for key in ("status", "label", "config") if key not in record]
    if missing:
        return f"without {', '.join(missing)}"
    if record["status"] not in STATUSES:
        return f"status={record['status']}: must be {', '.join(STATUSES)}"
    if not isinstance(record["config"], dict):
        return "config: must be a mapping"
    for key, (kind, words) in OPTIONAL.items():
        value = record.get(key)
        if value is not None and (not isinstance(value, kind) or isinstance(value, bool)):
            return f"{key}={value}: must be {words}"
    return _metrics_fault(record.get("metrics"))


def _metrics_fault(metrics: Any) -> str | None:
    if metrics is None:
        return None
    if not isinstance(metrics, dict):
        return "metrics: must be a mapping"
    for stage in STAGES:
        numbers = metrics.get(stage)
        if numbers is None:
            continue
        if not isinstance(numbers, dict):
            return f"metrics.{stage}: must be a mapping"
        for key, value in numbers.items():
            if value is not None and not isinstance(value, (int, float)):
                return f"metrics.{stage}.{key}={value}: must be a number"
    return None
