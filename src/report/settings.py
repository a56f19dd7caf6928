"""A member's configuration by dotted keys, and the keys in which members differ."""

import json
from collections.abc import Iterator, Sequence
from typing import Any

Record = dict[str, Any]

# Keys whose default is ${seed}.
SEED_FOLLOWERS = ("data.order_seed", "model.dropout_seed")
# No properties of a member: where its files lie, what it tells, how its work is cut up.
ASIDE = (
    *("report", "logger", "quiet", "trust", "data.root", "data.mirrors", "on_failure", "reuse"),
    *("trainer.checkpoint", "trainer.ckpt_path", "trainer.chunk_steps"),
    "trainer.checkpoint_seconds",
)
# What a key is where it is not.
ABSENT = (None.__class__, "absent")

# A value with its type, so that 1, 1.0 and true differ.
Token = tuple[type, Any]


def setting(record: Record, key: str) -> Any:
    """A dotted key of the member's configuration; a group is told by its name."""
    node = _node(record, key)
    return node["name"] if isinstance(node, dict) and "name" in node else node


def asked_of(records: Sequence[Record]) -> dict[str, Any]:
    """report.* as the first member that says was told; of those of before there was it, nothing."""
    for record in records:
        if isinstance(record["config"].get("report"), dict):
            found: dict[str, Any] = record["config"]["report"]
            return found
    return {}


def _node(record: Record, key: str) -> Any:
    node: Any = record["config"]
    for part in key.split("."):
        node = node[part]
    return node


def shown(record: Record, key: str) -> str:
    """As a command line would have it; - where the member has no such key."""
    try:
        value = setting(record, key)
    except (KeyError, TypeError):
        return "-"
    return value if isinstance(value, str) else json.dumps(value)


def token(record: Record, key: str) -> Token:
    try:
        return _token(setting(record, key))
    except (KeyError, TypeError):
        return ABSENT


def within(key: str, name: str) -> bool:
    """Whether a key is the named one or stands below it."""
    return key == name or key.startswith(f"{name}.")


def flat(record: Record) -> dict[str, Token]:
    """All keys but those of ASIDE."""
    return dict(_leaves(record["config"], ""))


def differing(records: Sequence[Record]) -> list[str]:
    """Dotted keys without the same value in all members, sorted."""
    flats = [flat(record) for record in records]
    first: dict[str, Token] = flats[0] if flats else {}
    keys: set[str] = set().union(*flats)
    return sorted(
        key
        for key in keys
        if any(each.get(key, ABSENT) != first.get(key, ABSENT) for each in flats)
    )


def varied(records: Sequence[Record]) -> list[str]:
    """Dotted keys in which the members differ; a group that differs in name stands for its keys."""
    keys = differing(records)
    named = sorted(key.rpartition(".")[0] for key in keys if key.endswith(".name"))
    leaders = [*named, *(["seed"] if "seed" in keys else [])]
    rest = [
        key
        for key in keys
        if key not in named
        and not any(
            _may_follow(key, by) and decided(records, key, [by]) for by in leaders if by != key
        )
    ]
    return named + rest


def _may_follow(key: str, by: str) -> bool:
    """init.scale after init, data.order_seed after seed."""
    return key.startswith(f"{by}.") or (by == "seed" and key in SEED_FOLLOWERS)


def decided(records: Sequence[Record], key: str, by: Sequence[str]) -> bool:
    """Whether members that agree in some keys agree in this one as well."""
    found: dict[tuple[Token, ...], Token] = {}
    for record in records:
        value = token(record, key)
        if found.setdefault(tuple(token(record, each) for each in by), value) != value:
            return False
    return True


def _leaves(node: dict[str, Any], prefix: str) -> Iterator[tuple[str, Token]]:
    for name, child in node.items():
        key = f"{prefix}{name}"
        if key in ASIDE:
            continue
        if isinstance(child, dict):
            yield from _leaves(child, f"{key}.")
        else:
            yield key, _token(child)


def _token(value: Any) -> Token:
    whole = isinstance(value, (list, dict))
    return value.__class__, json.dumps(value, sort_keys=True) if whole else value


def is_group(records: Sequence[Record], key: str) -> bool:
    """Whether a key stands for an option, as init, and not for a value, as init.gain."""
    for record in records:
        try:
            node = _node(record, key)
        except (KeyError, TypeError):
            continue
        if isinstance(node, dict) and "name" in node:
            return True
    return False


def swept(records: Sequence[Record], key: str) -> bool:
    """Whether one sweep had all the values that a key has here: they were meant to be compared."""
    by_sweep: dict[str, set[Token]] = {}
    for record in records:
        by_sweep.setdefault(record.get("sweep", ""), set()).add(token(record, key))
    every = set().union(*by_sweep.values())
    return any(values == every for values in by_sweep.values())
