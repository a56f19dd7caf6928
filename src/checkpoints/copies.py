"""Copies of tensors in memory that is used again: the system hands out new pages one by one."""

from typing import Any

import torch
from torch import Tensor


class Copies:
    """Those of one checkpoint, on the CPU. spare: of one that is written, in the same order."""

    def __init__(self, spare: "Copies | None" = None) -> None:
        self._spare = [] if spare is None else spare.made
        self.made: list[Tensor] = []

    def of(self, tensor: Tensor) -> Tensor:
        """No later step changes it."""
        place = len(self.made)
        found = self._spare[place] if place < len(self._spare) else None
        if found is None or found.shape != tensor.shape or found.dtype != tensor.dtype:
            found = torch.empty(tensor.shape, dtype=tensor.dtype)
        self.made.append(found.copy_(tensor.detach()))
        return found

    def of_all(self, value: Any) -> Any:
        """Of all in a state_dict; TypeError of what is not data."""
        if isinstance(value, Tensor):
            return self.of(value)
        if isinstance(value, dict):
            return {key: self.of_all(item) for key, item in value.items()}
        if isinstance(value, (list, tuple)):
            items = [self.of_all(item) for item in value]
            return tuple(items) if isinstance(value, tuple) else items
        if value is None or isinstance(value, (bool, int, float, str)):
            return value
        raise TypeError(f"the state of an optimizer holds a {type(value).__name__}")
