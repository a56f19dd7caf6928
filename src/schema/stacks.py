"""conf/hydra/launcher/stacked.yaml: how a command divides its members; no property of a member."""

import os
from dataclasses import dataclass, fields
from math import isfinite

from src.errors import require


@dataclass
class StackLimits:
    """Bounds of a stack; None leaves the choice to the device."""

    max_stack: int | None = None  # members that train together
    memory_gb: float | None = None  # 10⁹ bytes that a stack may take
    threads: int | None = None  # of torch, while it trains

    def __post_init__(self) -> None:
        for item in fields(self):
            value = getattr(self, item.name)
            if value is None:
                continue
            key = f"hydra.launcher.{item.name}"
            if item.name == "memory_gb":
                number = isinstance(value, int | float) and not isinstance(value, bool)
                allowed = "a finite number above 0, or null"
                require(number and isfinite(value) and value > 0, key, value, allowed)
            else:
                integer = isinstance(value, int) and not isinstance(value, bool)
                require(integer and value >= 1, key, value, "an integer of at least 1, or null")
        cores = os.cpu_count() or 1
        few = self.threads is None or self.threads <= cores
        require(few, "hydra.launcher.threads", self.threads, f"at most {cores}, the cores here")
