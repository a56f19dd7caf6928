"""What a command says before it trains: how its members were divided, what is left out."""

import json
import re
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from src.config import Config
from src.schema.run import MOST_IN_FULL, Detail
from src.stacks import alike, stack_key

# TensorBoard ticks the runs of its Scalars and Custom Scalars by itself up to so many (2.21).
MOST_UNASKED = 40
_PLAIN = re.compile(r"[\w.]+=[\w.-]+")  # what as a regular expression finds itself


def division(configs: Sequence[Config], stacks: Sequence[Sequence[int]]) -> str | None:
    """What to say of how many members were divided, in one line; None where there is nothing."""
    whole = alike(configs)
    if len(configs) > 1 and len(whole) == len(configs):
        return (
            f"No two members can train together: they differ in {', '.join(separating(configs))}."
        )
    if len(stacks) > len(whole):
        largest = max(map(len, stacks))
        return f"{len(configs):,} members train in {len(stacks):,} stacks of at most {largest}."
    return None


def left_out(configs: Sequence[Config]) -> str | None:
    """What to say where so many members have only their metrics shown; None where all is."""
    loggers = [config.logger for config in configs if config.logger.tensorboard]
    if all(logger.in_full(len(configs)) or logger.detail is Detail.few for logger in loggers):
        return None
    return (
        f"{len(configs):,} members: TensorBoard gets their metrics alone, not their curves, "
        f"histograms and pictures (more than {MOST_IN_FULL}); logger.detail=all writes everything."
    )


def crowded(configs: Sequence[Config], folders: Sequence[Path]) -> str | None:
    """What to say where TensorBoard has curves of more members than it draws unasked; else None.

    folders: the members', which TensorBoard names their runs after.
    """
    loggers = [config.logger for config in configs]
    drawn = sum(logger.tensorboard and logger.in_full(len(configs)) for logger in loggers)
    if drawn <= MOST_UNASKED:
        return None
    found = _filter([folder.name for folder in folders])
    such = f", such as {found}" if found else ""
    return (
        f"{len(configs):,} members: TensorBoard's HParams tab shows all; it draws curves of more "
        f"than {MOST_UNASKED} only once its box 'filter runs' leaves fewer{such}."
    )


def _filter(names: Sequence[str]) -> str | None:
    """The part of a name that leaves the most that are drawn; None where none leaves so few."""
    parts = dict.fromkeys(part for name in names for part in name.split(","))
    left = {part: sum(part in name for name in names) for part in parts if _PLAIN.fullmatch(part)}
    return max(
        (part for part, count in left.items() if count <= MOST_UNASKED),
        key=left.__getitem__,
        default=None,
    )


def separating(configs: Sequence[Config]) -> list[str]:
    """Dotted settings in which members differ and those of a stack may not; a group by its name."""
    values: dict[str, set[str]] = {}
    for config in configs:
        for key, value in _leaves(json.loads(stack_key(config))):
            values.setdefault(key, set()).add(json.dumps(value))
    # A key that only some members have differs, too.
    found = sorted(key for key, seen in values.items() if len(seen) > 1)
    named = {key.removesuffix(".name") for key in found if key.endswith(".name")}
    return sorted(named | {key for key in found if key.partition(".")[0] not in named})


def _leaves(node: dict[str, Any], prefix: str = "") -> Iterable[tuple[str, Any]]:
    for key, value in node.items():
        if isinstance(value, dict):
            yield from _leaves(value, f"{prefix}{key}.")
        else:
            yield f"{prefix}{key}", value
