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
    "first_steps": (dict, "a mapping"),
    "initial_weights": (list, "a list"),
    "files": (dict, "a mapping"),
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
    if record.get("classes", 2) is None or record.get("classes", 2) < 2:
        return f"classes={record['classes']}: must be 2 or more"
    return (
        _report_fault(record["config"].get("report"))
        or _metrics_fault(record.get("metrics"))
        or _epochs_fault(record.get("epochs") or [])
        or _steps_fault(record.get("first_steps") or {})
        or _weights_fault(record.get("initial_weights") or [])
    )


def _report_fault(asked: Any) -> str | None:
    """Of the configuration's report, absent in results of before there was one."""
    if asked is None:
        return None
    if not isinstance(asked, dict):
        return "config.report: must be a mapping"
    names = asked.get("scientific")
    if names is not None and not _is_list_of(names, str):
        return f"config.report.scientific={names}: must be a list of texts or null"
    for key in ("baseline", "metric"):
        value = asked.get(key)
        if value is not None and not isinstance(value, str):
            return f"config.report.{key}={value}: must be a text"
    return None


def _epochs_fault(rows: list[Any]) -> str | None:
    for row in rows:
        if not isinstance(row, dict) or not isinstance(row.get("epoch"), int):
            return "epochs: must be mappings with an epoch"
        for key, value in row.items():
            if not _is_number(value):
                return f"epochs.{key}={value}: must be a number"
    return None


def _steps_fault(first: dict[str, Any]) -> str | None:
    for key, values in first.items():
        if values is not None and not (isinstance(values, list) and all(map(_is_number, values))):
            return f"first_steps.{key}: must be a list of numbers"
    return None


def _weights_fault(layers: list[Any]) -> str | None:
    for each in layers:
        if not isinstance(each, dict) or not isinstance(each.get("layer"), int):
            return "initial_weights: must be mappings with a layer"
        counts = each.get("counts")
        if not _is_list_of(counts, int) or not counts or min(counts) < 0:
            return "initial_weights.counts: must be a list of counts"
        for key in ("low", "high"):
            value = each.get(key)
            # Null where no weight is finite, so that there is nothing to count.
            if not _is_number(value) or (value is None and sum(counts)):
                return f"initial_weights.{key}={value}: must be a number"
    return None


def _is_number(value: Any) -> bool:
    """Or null, which stands for one that is not finite."""
    return value is None or (isinstance(value, (int, float)) and not isinstance(value, bool))


def _is_list_of(value: Any, kind: type) -> bool:
    return isinstance(value, list) and all(
        isinstance(each, kind) and not isinstance(each, bool) for each in value
    )


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
            if not _is_number(value):
                return f"metrics.{stage}.{key}={value}: must be a number"
            if value is not None and key.endswith("accuracy") and (value < 0 or value > 1):
                return f"metrics.{stage}.{key}={value}: must be from 0 to 1"
    return None
