"""conf/data: which examples, how split, ordered and scaled."""

from dataclasses import dataclass, field
from enum import Enum

from omegaconf import MISSING

from src.errors import require
from src.schema.ranges import at_least, check_seed, not_negative


class Scaling(Enum):
    unit = "unit"
    standard = "standard"


@dataclass
class DataConfig:
    name: str = MISSING
    batch_size: int = 100
    train_size: int = 48_000
    validation_size: int = 12_000
    split_seed: int = 0
    order_seed: int = 0  # ${seed} in the YAML
    scaling: Scaling = Scaling.unit

    def __post_init__(self) -> None:
        at_least("data.batch_size", self.batch_size, 1)
        at_least("data.train_size", self.train_size, 1)
        at_least("data.validation_size", self.validation_size, 1)
        require(
            self.batch_size <= self.train_size,
            "data.batch_size",
            self.batch_size,
            f"at most data.train_size={self.train_size}",
        )
        check_seed("data.split_seed", self.split_seed)
        check_seed("data.order_seed", self.order_seed)


@dataclass
class IdxDataConfig(DataConfig):
    root: str = MISSING
    mirrors: list[str] = field(default_factory=list)  # tried before torchvision's own

    def __post_init__(self) -> None:
        super().__post_init__()
        for url in self.mirrors:
            require(url.startswith(("http://", "https://")), "data.mirrors", url, "an http(s) URL")


@dataclass
class SyntheticDataConfig(DataConfig):
    train_size: int = 4_000
    validation_size: int = 1_000
    test_size: int = 1_000
    features: int = 784
    classes: int = 10
    noise: float = 0.25  # std of the pixels around their class's mean
    generator_seed: int = 0

    def __post_init__(self) -> None:
        super().__post_init__()
        at_least("data.test_size", self.test_size, 1)
        at_least("data.features", self.features, 1)
        require(2 <= self.classes <= 256, "data.classes", self.classes, "from 2 to 256")
        not_negative("data.noise", self.noise)
        check_seed("data.generator_seed", self.generator_seed)


SCHEMAS: dict[str, type] = {"idx": IdxDataConfig, "synthetic": SyntheticDataConfig}
