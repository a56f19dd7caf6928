"""A member as the ledger knows it."""

import json
import sys
from dataclasses import dataclass, field
from types import NoneType
from typing import Any, TypeGuard

PENDING, RUNNING, DONE, DIVERGED, FAILED, PRUNED = (
    "pending",
    "running",
    "done",
    "diverged",
    "failed",
    "pruned",
)
STATUSES = (PENDING, RUNNING, DONE, DIVERGED, FAILED, PRUNED)
ENDED = (DONE, DIVERGED, PRUNED)  # what no resumption repeats


@dataclass(frozen=True)
class Row:
    """One member. name: its folder, below the ledger's; . for a run of one."""

    name: str
    number: int
    label: str
    overrides: list[str]
    digest: str  # src.identity.digest of its configuration
    data: dict[str, str] = field(default_factory=dict)  # SHA-256 of what it is trained on
    code: dict[str, str] = field(default_factory=dict)  # versions, and the revision of the code
    status: str = PENDING
    attempts: int = 0
    started: float | None = None  # seconds since 1970
    ended: float | None = None
    error: str | None = None  # the sentence
    trace: str | None = None
    result: dict[str, Any] | None = None  # a few numbers of result.json

    def columns(self) -> dict[str, Any]:
        """As SQLite holds it."""
        found = {name: getattr(self, name) for name in COLUMNS}
        return {
            name: json.dumps(value) if name in _JSON and value is not None else value
            for name, value in found.items()
        }

    @classmethod
    def of(cls, found: dict[str, Any]) -> "Row":
        """From such columns; ValueError or TypeError where they hold something else."""
        _check_name(found["name"])
        loaded = {
            name: json.loads(value) if name in _JSON and value is not None else value
            for name, value in found.items()
        }
        row = cls(**loaded)
        for name, kinds in _KINDS.items():
            value = getattr(row, name)
            if not isinstance(value, kinds):
                raise ValueError(f"{name}={value}: not what this column holds")
        if row.status not in STATUSES:
            raise ValueError(f"status={row.status}: must be {', '.join(STATUSES)}")
        told = {f"result.{name}": (row.result or {}).get(name) for name in _NUMBERS}
        for name, value in {"started": row.started, "ended": row.ended, **told}.items():
            if value is not None:
                finite(name, value)
        return row


def finite(name: str, value: object) -> float:
    """ValueError for what is no finite number."""
    if not is_finite(value):
        raise ValueError(f"{name}={value}: must be a finite number")
    return float(value)


def is_finite(value: object) -> TypeGuard[float]:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return False
    return abs(value) <= sys.float_info.max  # neither NaN nor an int too large for a float


_KINDS: dict[str, type | tuple[type, ...]] = {
    **dict.fromkeys(("name", "label", "digest"), str),
    **dict.fromkeys(("number", "attempts"), int),
    **dict.fromkeys(("data", "code"), dict),
    **dict.fromkeys(("started", "ended"), (float, int, NoneType)),
    **dict.fromkeys(("error", "trace"), (str, NoneType)),
    "overrides": list,
    "result": (dict, NoneType),
}
_NUMBERS = ("step", "seconds", "validation_accuracy")  # or null, of a result
_JSON = ("overrides", "data", "code", "result")
COLUMNS = tuple(Row.__dataclass_fields__)


def _check_name(name: object) -> None:
    """A member stands below its ledger, whoever wrote that."""
    below = isinstance(name, str) and not name.startswith("/") and ".." not in name.split("/")
    if not below:
        raise ValueError(f"a member is called {name!r}")
