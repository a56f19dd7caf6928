"""The records of a stack as tensors, a column each: what was converted once stays converted."""

from collections.abc import Sequence
from typing import Any

import torch

from src.diagnostics.records import Record

Growing = Sequence[list[Record]]  # of each member, to whose end alone anything is added

_TYPES = {
    "member": torch.int32,
    "step": torch.int64,
    "layer": torch.int32,  # from 1; 0, the whole network
    "probe": torch.int32,
    "value": torch.float64,
}


class Columns:
    """Follows the records of a stack, of which there may be tens of thousands a member."""

    def __init__(self) -> None:
        self._columns = {name: torch.empty(0, dtype=kind) for name, kind in _TYPES.items()}
        self._probes: dict[str, int] = {}
        self._taken: list[int] = []

    def of(self, records: Growing, counts: Sequence[int]) -> dict[str, Any]:
        """Of each member its first so many; plain, for a checkpoint."""
        self._taken = self._taken or [0] * len(records)
        found: dict[str, list[Any]] = {name: [] for name in _TYPES}
        for k, (rows, count) in enumerate(zip(records, counts, strict=True)):
            for step, layer, probe, value in rows[self._taken[k] : count]:
                number = self._probes.setdefault(probe, len(self._probes))
                for name, item in zip(_TYPES, (k, step, layer or 0, number, value), strict=True):
                    found[name].append(item)
        self._taken = list(counts)
        for name, kind in _TYPES.items():
            more = torch.tensor(found[name], dtype=kind)
            self._columns[name] = torch.cat([self._columns[name], more])
        return {**self._columns, "probes": list(self._probes)}


def rows_of(columns: dict[str, Any], member: int) -> list[Record]:
    """Of one member, in the order in which they were taken."""
    mine = columns["member"] == member
    step, layer, probe, value = (columns[name][mine].tolist() for name in list(_TYPES)[1:])
    probes: list[str] = columns["probes"]
    return [
        Record(s, number or None, probes[p], v)
        for s, number, p, v in zip(step, layer, probe, value, strict=True)
    ]
