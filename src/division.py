"""What a command says before it trains: how its members were divided, what is left out."""

import json
from collections.abc import Iterable, Sequence
from typing import Any

from src.config import Config
from src.schema.run import MOST_IN_FULL, Detail
from src.stacks import alike, stack_key


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
