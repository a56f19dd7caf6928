"""The model, conf/trainer and conf/logger."""

from dataclasses import dataclass, field
from enum import Enum

from omegaconf import MISSING

from src.errors import require
from src.schema.ranges import at_least, below_one, check_seed, positive


@dataclass
class ModelConfig:
    hidden: list[int] = field(default_factory=lambda: [256, 128])
    residual: bool = False  # blocks of two hidden layers of one width, with a shortcut each
    dropout: float = 0.2  # probability that a hidden unit is dropped
    dropout_seed: int = 0  # ${seed} in the YAML
    label_smoothing: float = 0.0  # in the training loss alone
    weights: str | None = None  # a weights.safetensors to start from, in place of init

    def __post_init__(self) -> None:
        positive = all(width >= 1 for width in self.hidden)
        require(positive, "model.hidden", self.hidden, "a list of integers of at least 1")
        if self.residual:
            require(
                len(self.hidden) >= 3 and len(set(self.hidden)) == 1,
                "model.hidden",
                self.hidden,
                "at least 3 layers of one width where model.residual=true",
            )
        below_one("model.dropout", self.dropout)
        below_one("model.label_smoothing", self.label_smoothing)
        check_seed("model.dropout_seed", self.dropout_seed)


class Accelerator(Enum):
    auto = "auto"
    cpu = "cpu"
    gpu = "gpu"


PRECISIONS = ("32-true", "tf32", "bf16-mixed")


@dataclass
class TrainerConfig:
    name: str = MISSING
    accelerator: Accelerator = Accelerator.auto
    precision: str = "32-true"
    epochs: int = 5
    steps_per_epoch: int | None = None  # null: the whole training split
    chunk_steps: int = 48  # optimisation steps that one training_step covers
    checkpoint: bool = False  # keep stack-<digest>.ckpt after the stack has ended
    # One is written at each epoch's end, and when the last is so many seconds old; null: none is.
    checkpoint_seconds: float | None = 60.0
    ckpt_path: str | None = None  # a stack-<digest>.ckpt to go on from

    def __post_init__(self) -> None:
        require(
            self.precision in PRECISIONS,
            "trainer.precision",
            self.precision,
            "one of " + ", ".join(PRECISIONS),
        )
        require(
            self.precision != "tf32" or self.accelerator is not Accelerator.cpu,
            "trainer.precision",
            self.precision,
            "32-true or bf16-mixed where trainer.accelerator=cpu: only a GPU has tf32",
        )
        at_least("trainer.epochs", self.epochs, 0)
        if self.steps_per_epoch is not None:
            at_least("trainer.steps_per_epoch", self.steps_per_epoch, 1)
        at_least("trainer.chunk_steps", self.chunk_steps, 1)
        if self.checkpoint_seconds is not None:
            positive("trainer.checkpoint_seconds", self.checkpoint_seconds)


class Detail(Enum):
    """What TensorBoard is told of each member."""

    auto = "auto"  # all, or few where the command has more than MOST_IN_FULL members
    all = "all"
    few = "few"  # the metrics of the HParams tab


# Of a command, up to so many members are shown in full. TensorBoard asks its server once for each
# chart and run, at 5.7 ms an answer (TensorBoard 2.21, 1,000 runs, 6 requests at a time, 2 cores):
# the 15 charts of three layers take it 9 s for 100 members and 86 s for 1,000, whose histograms
# and pictures are 12,000 cards on a page.
MOST_IN_FULL = 100


@dataclass
class LoggerConfig:
    name: str = MISSING
    tensorboard: bool = True
    every_n_steps: int = 10  # one point of the step curves: the mean over so many steps
    detail: Detail = Detail.auto

    def __post_init__(self) -> None:
        at_least("logger.every_n_steps", self.every_n_steps, 1)

    def in_full(self, members: int) -> bool:
        """Whether TensorBoard is told all of a member of a command of so many."""
        if self.detail is Detail.auto:
            return members <= MOST_IN_FULL
        return self.detail is Detail.all
