"""A StackTracker's state, as it is of other members: some of a stack, or those of several."""

from collections.abc import Sequence
from typing import Any

import numpy as np

State = dict[str, Any]  # as StackTracker.state() gives it

_LISTS = ("rows", "diverged_at", "loss", "hits")
_ARRAYS = ("pending", "first_steps")  # [2, t, m]
_OF_ALL = ("window_start", "examples")


def joined(parts: Sequence[tuple[State, int]]) -> State:
    """Of members that stand at one step: each has a position in a state."""
    first, _ = parts[0]
    found: State = {name: first[name] for name in _OF_ALL}
    for name in _LISTS:
        found[name] = [state[name][k] for state, k in parts]
    for name in _ARRAYS:
        columns = [
            np.array(state[name], np.float64).reshape(2, -1, len(state["rows"]))[..., k]
            for state, k in parts
        ]
        found[name] = np.stack(columns, axis=-1).tolist()
    return {**found, "pace": _pace([(state["pace"], k) for state, k in parts])}


def _pace(parts: Sequence[tuple[State, int]]) -> State:
    """A stack whose members have all reached the target has not followed them any further."""
    reached = [state["reached"][k] for state, k in parts]
    due = [state["tail"] for (state, _), when in zip(parts, reached, strict=True) if when is None]
    tail = []
    for t in range(len(due[0]) if due else 0):
        hits = [
            state["tail"][t][k] if when is None else 0.0
            for (state, k), when in zip(parts, reached, strict=True)
        ]
        tail.append([*hits, due[0][t][-1]])  # the examples of the step stand last
    return {"reached": reached, "tail": tail}
