"""Facts from a configuration as result.json holds it, so that finished runs are judged anew."""

from collections.abc import Mapping
from typing import Any, TypeVar

from src.diagnostics.verdicts.verdict import Facts, classes_of
from src.errors import require

T = TypeVar("T")


def facts_of_stored(config: Mapping[str, Any], diverged_at: int | None = None) -> Facts:
    """As facts_of, of plain values. InputError names a key that is absent or of another type."""
    hidden = _stored(config, "model.hidden", list, "a list of whole numbers")
    whole = all(isinstance(width, int) for width in hidden)
    require(whole, "model.hidden", hidden, "a list of whole numbers")
    return Facts(
        activation=_stored(config, "activation.name", str, "a name"),
        algorithm=_stored(config, "optimizer.algorithm", str, "a name"),
        learning_rate=_number(config, "optimizer.lr"),
        dropout=_number(config, "model.dropout"),
        hidden=tuple(hidden),
        residual=_stored(config, "model.residual", bool, "true or false"),
        diverged_at=diverged_at,
        init=str(_if_there(config, "init.name", "")),
        weight_decay=float(_if_there(config, "optimizer.weight_decay", 0.0)),
        clipped=_if_there(config, "optimizer.clip_norm", None) is not None,
        warmup_steps=int(_if_there(config, "schedule.warmup_steps", 0)),
        classes=classes_of(
            str(_if_there(config, "data.name", "")), _if_there(config, "data.classes", None)
        ),
    )


def _if_there(config: Mapping[str, Any], key: str, otherwise: Any) -> Any:
    """What verdicts are worded by may be absent."""
    group, _, name = key.partition(".")
    return config.get(group, {}).get(name, otherwise)


def _number(config: Mapping[str, Any], key: str) -> float:
    """JSON writes 1.0 and 1 alike for some writers."""
    found = _found(config, key)
    right = isinstance(found, (int, float)) and not isinstance(found, bool)
    require(right, key, found, "a number")
    return float(found)


def _stored(config: Mapping[str, Any], key: str, kind: type[T], said: str) -> T:
    found = _found(config, key)
    require(isinstance(found, kind), key, found, said)
    return found  # type: ignore[no-any-return]


def _found(config: Mapping[str, Any], key: str) -> Any:
    node: Any = config
    for part in key.split("."):
        require(isinstance(node, Mapping) and part in node, key, "absent", "in the configuration")
        node = node[part]
    return node
