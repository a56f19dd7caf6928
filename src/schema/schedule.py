"""conf/schedule: how a member's learning rate changes over its run."""

from dataclasses import dataclass
from typing import Any

from omegaconf import MISSING

from src.errors import require
from src.schema.ranges import at_least, plain_parameters


@dataclass
class ScheduleConfig:
    name: str = MISSING
    decay: str = "none"
    warmup_steps: int = 0  # optimisation steps of linear warm-up

    def __post_init__(self) -> None:
        at_least("schedule.warmup_steps", self.warmup_steps, 0)

    def parameters(self) -> dict[str, Any]:
        return plain_parameters(self, ScheduleConfig)


@dataclass
class LinearConfig(ScheduleConfig):
    decay: str = "linear"
    final: float = 0.0  # share of optimizer.lr that is left at the end of the run

    def __post_init__(self) -> None:
        super().__post_init__()
        require(0 <= self.final <= 1, "schedule.final", self.final, "from 0 to 1")


@dataclass
class CosineConfig(LinearConfig):
    decay: str = "cosine"


@dataclass
class StepConfig(ScheduleConfig):
    decay: str = "step"
    gamma: float = 0.1
    every_epochs: int = 2

    def __post_init__(self) -> None:
        super().__post_init__()
        require(0 < self.gamma <= 1, "schedule.gamma", self.gamma, "above 0 and at most 1")
        at_least("schedule.every_epochs", self.every_epochs, 1)


SCHEMAS: dict[str, type] = {
    "plain": ScheduleConfig,
    "linear": LinearConfig,
    "cosine": CosineConfig,
    "step": StepConfig,
}
