"""Folders of results, read into records."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from src.errors import InputError
from src.tracking.files import RESULT

# Keys whose default is ${seed}.
SEED_FOLLOWERS = ("data.order_seed", "model.dropout_seed")
# Of a configuration, what is no property of a member.
SWEEP_WIDE = ("report",)

Record = dict[str, Any]


def read(*folders: Path) -> list[Record]:
    """The records of all members under the folders, with their path as `folder`.

    The folder of a single member gives that member, whatever else lies below it. InputError for
    one that is not there or holds no result.
    """
    records = []
    for folder in folders:
        found = load(folder)
        if not found:
            raise InputError(f"{folder}: holds no {RESULT}; a sweep leaves one for each member.")
        records += found
    return records


def load(folder: Path) -> list[Record]:
    """As read, of one folder that may yet be empty."""
    if not folder.is_dir():
        raise InputError(f"{folder}: no such folder.")
    if (folder / RESULT).is_file():
        return [_read(folder / RESULT) | {"folder": str(folder)}]
    return [_read(path) | {"folder": str(path.parent)} for path in sorted(_results(folder))]


def _results(folder: Path) -> Iterator[Path]:
    return (path for path in folder.rglob(RESULT) if path.is_file())


def _read(path: Path) -> Record:
    try:
        record = json.loads(path.read_text())
    except (OSError, ValueError) as error:
        raise InputError(f"{path}: not a readable result ({error}).") from error
    if not isinstance(record, dict) or not {"status", "label", "config"} <= record.keys():
        raise InputError(f"{path}: not a result of this program.")
    return record


def setting(record: Record, key: str) -> Any:
    """A dotted key of the member's configuration; a group is told by its name."""
    node: Any = record["config"]
    for part in key.split("."):
        node = node[part]
    return node["name"] if isinstance(node, dict) and "name" in node else node


def verdict(record: Record) -> str:
    """The primary one; - where nothing was measured, as of runs from before there were verdicts."""
    return str((record.get("verdict") or {}).get("primary", "-"))


def varied(records: list[Record]) -> list[str]:
    """Dotted keys in which the members differ; a group that differs in name stands for its keys."""
    keys = sorted({key for record in records for key in _leaves(record["config"], "")})
    differing = [key for key in keys if len({_value(record, key) for record in records}) > 1]
    named = sorted(key.rpartition(".")[0] for key in differing if key.endswith(".name"))
    leaders = [*named, *(["seed"] if "seed" in differing else [])]
    rest = [
        key
        for key in differing
        if not any(_follows(key, by, records) for by in leaders if by != key)
    ]
    return named + rest


def _follows(key: str, by: str, records: list[Record]) -> bool:
    """Whether a key that differs only does what another one decides: init.scale after init,
    data.order_seed after seed."""
    if not key.startswith(f"{by}.") and (by != "seed" or key not in SEED_FOLLOWERS):
        return False
    pairs = {(_value(record, by), _value(record, key)) for record in records}
    return len(pairs) == len({value for value, _ in pairs})


def _leaves(node: Any, prefix: str) -> Iterator[str]:
    if not isinstance(node, dict):
        yield prefix
        return
    for key, child in node.items():
        if prefix or key not in SWEEP_WIDE:
            yield from _leaves(child, f"{prefix}.{key}".lstrip("."))


def _value(record: Record, key: str) -> str:
    try:
        return json.dumps(setting(record, key))
    except (KeyError, TypeError):
        return "absent"
