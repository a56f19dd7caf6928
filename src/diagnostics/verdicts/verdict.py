"""What a rule is told, and what it answers."""

import math
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from src.config import Config
from src.data.datasets import DATASETS
from src.diagnostics.records import Story
from src.diagnostics.verdicts.names import NAMES
from src.residual import block_begun_by


@dataclass(frozen=True)
class Facts:
    """What is known of a member beside its records."""

    activation: str
    algorithm: str  # of the optimizer
    learning_rate: float
    dropout: float
    hidden: tuple[int, ...]
    residual: bool
    diverged_at: int | None = None  # the step at which its loss was not finite
    init: str = ""
    weight_decay: float = 0.0
    clipped: bool = False  # whether its gradient's norm is held to a bound
    warmup_steps: int = 0
    classes: int | None = None  # None: not known

    @property
    def layers(self) -> int:
        """That of the logits is one of them."""
        return len(self.hidden) + 1

    def bypassed(self, layer: int) -> bool:
        """Whether a shortcut goes round a layer (from 1): where it begins a residual block."""
        return self.residual and block_begun_by(layer - 1, self.layers) is not None


def facts_of(config: Config, diverged_at: int | None = None) -> Facts:
    return Facts(
        config.activation.name,
        config.optimizer.algorithm,
        config.optimizer.lr,
        config.model.dropout,
        tuple(config.model.hidden),
        config.model.residual,
        diverged_at,
        config.init.name,
        config.optimizer.weight_decay,
        config.optimizer.clip_norm is not None,
        config.schedule.warmup_steps,
        classes_of(config.data.name, getattr(config.data, "classes", None)),
    )


def classes_of(data: str, given: int | None) -> int | None:
    """given: as the configuration has it; else it is known of the datasets that are known."""
    return DATASETS[data].classes if given is None and data in DATASETS else given


@dataclass(frozen=True)
class Evidence:
    """A number that a rule has looked at, and the bound that it was held against."""

    probe: str
    layer: int | None  # from 1; None: the whole network
    step: int
    value: float
    bound: float | None = None


@dataclass(frozen=True)
class Verdict:
    """name: one of NAMES. sentence: what is so, with its numbers. remedy: what to try."""

    name: str
    sentence: str
    remedy: str
    evidence: tuple[Evidence, ...]

    @property
    def index(self) -> int:
        return NAMES.index(self.name)


Rule = Callable[[Story, Facts], Verdict | None]


def as_plain(verdicts: Sequence[Verdict]) -> dict[str, Any]:
    """For result.json, as it is read back; the first is the primary one."""
    return {
        "primary": verdicts[0].name,
        "index": verdicts[0].index,
        "found": [
            asdict(verdict) | {"evidence": [_row(each) for each in verdict.evidence]}
            for verdict in verdicts
        ],
    }


def _row(evidence: Evidence) -> dict[str, Any]:
    """JSON has no number that is not finite."""
    row = asdict(evidence)
    return {
        key: None if isinstance(value, float) and not math.isfinite(value) else value
        for key, value in row.items()
    }
