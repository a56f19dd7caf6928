"""Curves of arms: what their members went through, as a mean and its spread over seeds."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from src.report.arms import Arm
from src.report.metrics import guessing

Array = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Curve:
    """mean over n members at each x; low and high: the lowest and the highest of them.

    diverged: (x, y) where members did; from there on they count as guessing.
    """

    x: Array
    mean: Array
    low: Array
    high: Array
    n: int
    diverged: Sequence[tuple[float, float]] = field(default_factory=list)


def by_epoch(arm: Arm, key: str) -> Curve | None:
    """key: of a result's `epochs`. Epochs that all members reached that did not diverge."""
    members = list(arm.members.values())
    found = [
        {
            int(row["epoch"]): float(row[key])
            for row in member.get("epochs") or []
            if row.get(key) is not None and math.isfinite(row[key])
        }
        for member in members
    ]
    known = [
        (member, values)
        for member, values in zip(members, found, strict=True)
        if values or member["status"] == "diverged"
    ]
    whole = [set(values) for member, values in known if member["status"] != "diverged"]
    epochs = sorted(set.intersection(*whole) if whole else set().union(*found))
    if not epochs:
        return None
    rows, crosses = [], []
    for member, values in known:
        guess = guessing(member, key)
        rows.append([values.get(epoch, guess) for epoch in epochs])
        missing = [epoch for epoch in epochs if epoch not in values]
        if member["status"] == "diverged":
            crosses.append((float(missing[0] if missing else epochs[-1]), guess))
    return _curve(np.array(epochs, float), np.array(rows), crosses)


def by_step(arm: Arm, key: str = "train_loss") -> Curve | None:
    """The first steps, where results tell of them; index 0 is the first batch's loss."""
    members = [
        member for member in arm.members.values() if (member.get("first_steps") or {}).get(key)
    ]
    if not members:
        return None
    rows = [
        [math.nan if value is None else float(value) for value in member["first_steps"][key]]
        for member in members
    ]
    length = max(map(len, rows))
    table = np.array([row + [math.nan] * (length - len(row)) for row in rows])
    table[~np.isfinite(table)] = np.nan
    reached = ~np.isnan(table).all(axis=0)
    crosses = [
        (float(end), float(row[end]))
        for row, member in zip(table, members, strict=True)
        if member["status"] == "diverged" and 0 < (~np.isnan(row)).sum() < length
        for end in [int(np.flatnonzero(~np.isnan(row))[-1])]
    ]
    return _curve(np.flatnonzero(reached).astype(float), table[:, reached], crosses)


def _curve(x: Array, table: Array, crosses: Sequence[tuple[float, float]]) -> Curve:
    return Curve(
        x,
        np.nanmean(table, axis=0),
        np.nanmin(table, axis=0),
        np.nanmax(table, axis=0),
        len(table),
        crosses,
    )
