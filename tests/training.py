"""What the tests of training share: composed once, varied without Hydra, trained and read back."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import Any

import torch
from hydra import compose, initialize_config_dir
from omegaconf import OmegaConf
from safetensors.torch import load_file
from torch import Tensor, nn

from src import activations
from src.config import CONF, Config, validated
from src.members import train_members
from src.report.results import read_result
from src.schema.stacks import StackLimits
from src.stacks import group
from src.tracking.files import RESULT
from tests.conftest import SMALL

# On this size a matrix of a member begins on a multiple of 64 bytes and an activation's elements
# fill whole pairs of AVX-512 registers (16 numbers each), alone as in a stack. There the CPU's
# kernels take the same path for both, and results are compared to the bit.
EVEN: dict[str, Any] = {
    "data__features": 32,
    "data__train_size": 64,
    "data__batch_size": 16,
    "data__validation_size": 32,
    "data__test_size": 32,
    "model__hidden": [32, 16],
}


@cache
def _composed() -> Config:
    overrides = (*SMALL, "quiet=true", "logger=none")
    with initialize_config_dir(str(CONF), version_base="1.3"):
        return validated(compose("config", list(overrides)))


def tiny(**changes: Any) -> Config:
    """The tiny problem of conftest. Composed once: Hydra takes longer than training it does."""
    return vary(_composed(), **changes)


def even(**changes: Any) -> Config:
    """The tiny problem at sizes where results are compared to the bit."""
    return vary(_composed(), **{**EVEN, **changes})


def options(group: str) -> list[str]:
    """The names of all YAMLs of a group, as they lie in the folder."""
    return sorted(path.stem for path in (CONF / group).glob("*.yaml"))


@cache
def option(group: str, name: str) -> Any:
    """conf/<group>/<name>.yaml as its checked dataclass."""
    with initialize_config_dir(str(CONF), version_base="1.3"):
        return OmegaConf.to_object(compose(f"{group}/{name}")[group])


def vary(base: Config, **changes: Any) -> Config:
    """A copy: init="he" takes an option, optimizer__lr=.1 sets a key, seed=1 is seed alone.

    Checked as a configuration from the command line is: each group when it is made.
    """
    keys: dict[str, dict[str, Any]] = {}
    for path, value in changes.items():
        group, _, key = path.partition("__")
        if key:
            keys.setdefault(group, {})[key] = value
        else:
            node = option(group, value) if isinstance(value, str) else value
            base = replace(base, **{group: node})
    groups = {group: replace(getattr(base, group), **values) for group, values in keys.items()}
    return replace(base, **groups)


@dataclass(frozen=True)
class Trained:
    """A member as it lies on the disk after training."""

    folder: Path
    status: str
    objective: float
    record: dict[str, Any]
    weights: dict[str, Tensor]

    @property
    def rows(self) -> list[dict[str, float]]:
        rows: list[dict[str, float]] = self.record["epochs"]
        return rows


def train(configs: Sequence[Config], folder: Path, max_stack: int = 512) -> list[Trained]:
    """Train the members, each into a folder of its own below `folder`."""
    folders = [folder / f"member={k}" for k in range(len(configs))]
    for path in folders:
        path.mkdir(parents=True)
    labels = [path.name for path in folders]
    stacks = group(configs, StackLimits(max_stack=max_stack))
    results = train_members(configs, folders, labels, stacks)
    trained = []
    for path, result in zip(folders, results, strict=True):
        file = path / "weights.safetensors"
        weights = load_file(file) if file.exists() else {}
        record = read_result(path / RESULT)
        trained.append(Trained(path, result.status, result.objective, record, weights))
    return trained


def same_weights(one: Trained, other: Trained) -> bool:
    """Equal to the bit, NaN included."""
    return one.weights.keys() == other.weights.keys() and all(
        torch.equal(tensor.view(torch.int32), other.weights[name].view(torch.int32))
        for name, tensor in one.weights.items()
    )


def same_numbers(one: Trained, other: Trained) -> bool:
    """Weights, curves, test metrics and how it began equal to the bit."""
    keys = ("status", "step", "metrics", "epochs", "first_steps", "initial_weights")
    # repr, so that NaN equals NaN
    story = [repr([trained.record.get(key) for key in keys]) for trained in (one, other)]
    return same_weights(one, other) and story[0] == story[1]


class Activation(nn.Module):
    """An activation function as a layer of a plain nn.Sequential."""

    def __init__(self, function: activations.Activation) -> None:
        super().__init__()
        self.function = function

    def forward(self, x: Tensor) -> Tensor:
        return self.function(x)
