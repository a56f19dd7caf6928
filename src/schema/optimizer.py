"""conf/optimizer: a torch.optim class and its hyperparameters, named as torch names them."""

from dataclasses import dataclass, field
from typing import Any

from omegaconf import MISSING

from src.errors import require
from src.schema.ranges import below_one, not_negative, plain_parameters, positive


@dataclass
class OptimizerConfig:
    name: str = MISSING
    algorithm: str = MISSING
    lr: float = MISSING
    weight_decay: float = 0.0
    # Largest 2-norm of a member's gradient, as torch.nn.utils.clip_grad_norm_; null: no clipping.
    # A gradient with an infinite norm becomes 0, and NaN where it is infinite itself.
    clip_norm: float | None = None

    def __post_init__(self) -> None:
        positive("optimizer.lr", self.lr)
        not_negative("optimizer.weight_decay", self.weight_decay)
        if self.clip_norm is not None:
            positive("optimizer.clip_norm", self.clip_norm)

    def hyperparameters(self) -> dict[str, Any]:
        """The keyword arguments of the torch.optim class."""
        hyperparameters = plain_parameters(self, OptimizerConfig)
        if "betas" in hyperparameters:
            hyperparameters["betas"] = tuple(hyperparameters["betas"])
        return {"lr": self.lr, "weight_decay": self.weight_decay, **hyperparameters}


@dataclass
class SGDConfig(OptimizerConfig):
    algorithm: str = "sgd"
    momentum: float = 0.0
    dampening: float = 0.0
    nesterov: bool = False

    def __post_init__(self) -> None:
        super().__post_init__()
        not_negative("optimizer.momentum", self.momentum)
        not_negative("optimizer.dampening", self.dampening)
        possible = not self.nesterov or (self.momentum > 0 and self.dampening == 0)
        require(
            possible,
            "optimizer.nesterov",
            self.nesterov,
            "false unless optimizer.momentum is above 0 and optimizer.dampening is 0",
        )


@dataclass
class RMSpropConfig(OptimizerConfig):
    algorithm: str = "rmsprop"
    alpha: float = 0.99
    eps: float = 1e-8
    momentum: float = 0.0
    centered: bool = False

    def __post_init__(self) -> None:
        super().__post_init__()
        below_one("optimizer.alpha", self.alpha)
        positive("optimizer.eps", self.eps)
        not_negative("optimizer.momentum", self.momentum)


@dataclass
class AdagradConfig(OptimizerConfig):
    algorithm: str = "adagrad"
    lr_decay: float = 0.0
    initial_accumulator_value: float = 0.0
    eps: float = 1e-10

    def __post_init__(self) -> None:
        super().__post_init__()
        not_negative("optimizer.lr_decay", self.lr_decay)
        not_negative("optimizer.initial_accumulator_value", self.initial_accumulator_value)
        positive("optimizer.eps", self.eps)


@dataclass
class AdamFamilyConfig(OptimizerConfig):
    betas: list[float] = field(default_factory=lambda: [0.9, 0.999])
    eps: float = 1e-8

    def __post_init__(self) -> None:
        super().__post_init__()
        require(len(self.betas) == 2, "optimizer.betas", self.betas, "a list of two numbers")
        for position, beta in enumerate(self.betas):
            below_one(f"optimizer.betas[{position}]", beta)
        positive("optimizer.eps", self.eps)


@dataclass
class AdamConfig(AdamFamilyConfig):
    algorithm: str = "adam"
    amsgrad: bool = False


@dataclass
class AdamWConfig(AdamConfig):
    algorithm: str = "adamw"


@dataclass
class NAdamConfig(AdamFamilyConfig):
    algorithm: str = "nadam"
    momentum_decay: float = 0.004
    decoupled_weight_decay: bool = False

    def __post_init__(self) -> None:
        super().__post_init__()
        not_negative("optimizer.momentum_decay", self.momentum_decay)


@dataclass
class RAdamConfig(AdamFamilyConfig):
    algorithm: str = "radam"
    decoupled_weight_decay: bool = False


SCHEMAS: dict[str, type] = {
    "sgd": SGDConfig,
    "rmsprop": RMSpropConfig,
    "adagrad": AdagradConfig,
    "adam": AdamConfig,
    "adamw": AdamWConfig,
    "nadam": NAdamConfig,
    "radam": RAdamConfig,
}
