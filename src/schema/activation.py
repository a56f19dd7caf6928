"""conf/activation: the nonlinearity of the hidden layers."""

from dataclasses import dataclass
from enum import Enum
from typing import Any

from omegaconf import MISSING

from src.schema.ranges import finite, plain_parameters, positive


@dataclass
class ActivationConfig:
    name: str = MISSING

    def parameters(self) -> dict[str, Any]:
        return plain_parameters(self, ActivationConfig)


@dataclass
class LeakyReluConfig(ActivationConfig):
    negative_slope: float = 0.01

    def __post_init__(self) -> None:
        finite("activation.negative_slope", self.negative_slope)


@dataclass
class EluConfig(ActivationConfig):
    alpha: float = 1.0

    def __post_init__(self) -> None:
        positive("activation.alpha", self.alpha)


class GeluApproximation(Enum):
    none = "none"
    tanh = "tanh"


@dataclass
class GeluConfig(ActivationConfig):
    approximate: GeluApproximation = GeluApproximation.none


@dataclass
class SoftplusConfig(ActivationConfig):
    beta: float = 1.0

    def __post_init__(self) -> None:
        positive("activation.beta", self.beta)


SCHEMAS: dict[str, type] = {
    "plain": ActivationConfig,
    "leaky_relu": LeakyReluConfig,
    "elu": EluConfig,
    "gelu": GeluConfig,
    "softplus": SoftplusConfig,
}
