"""How many members a stack may hold: what one needs, against the memory that is free."""

from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import torch

from src.config import Config
from src.data.examples import EVALUATION_BATCH
from src.schema.run import Accelerator
from src.schema.stacks import StackLimits

FLOAT = 4  # bytes
MOST_ON_A_CPU = 64  # members in turn gain nothing from a larger stack
SHARE = 0.6  # of the free memory: an estimate is one, and others may ask for memory meanwhile
COPIES = 6  # of the parameters at the peak, moments apart; 5.0 were measured with 26 members
CURVES = 300_000  # bytes of a member's curves, events and result until its stack has ended

# Optimizer state, in copies of the parameters.
_MOMENTS = {"sgd": 0, "adagrad": 1, "rmsprop": 1, "adam": 2, "adamw": 2, "nadam": 2, "radam": 2}


@dataclass(frozen=True)
class Shape:
    """What of the data decides a member's need."""

    features: int
    classes: int


@dataclass(frozen=True)
class Capacity:
    """The largest stack for a configuration, and which bound that is."""

    members: int
    bound: str


def in_turn(config: Config) -> bool:
    """On a CPU in float32: members one after another, with buffers for each thread only."""
    gpu = config.trainer.accelerator is not Accelerator.cpu and torch.cuda.is_available()
    return not gpu and config.trainer.precision == "32-true"


def parameters(config: Config, shape: Shape) -> int:
    widths = [shape.features, *config.model.hidden, shape.classes]
    return sum((fan_in + 1) * fan_out for fan_in, fan_out in pairwise(widths))


def moments(config: Config) -> int:
    """Numbers that the optimizer keeps for each parameter."""
    options = config.optimizer.hyperparameters()
    extra = [options.get("amsgrad"), options.get("centered")]
    if config.optimizer.algorithm in ("sgd", "rmsprop"):
        extra.append(options.get("momentum", 0) > 0)
    return _MOMENTS[config.optimizer.algorithm] + sum(map(bool, extra))


def member_bytes(config: Config, shape: Shape) -> int:
    """What each further member of a stack takes at its peak.

    Weights, gradients and moments, twice the copies that are evaluated, and the stack as it was
    before it was flattened; the activations that members hold at once where they are batched; its
    data order and curves. Held against the resident memory by tests/test_capacity.py.
    """
    copies = COPIES + moments(config)
    need = copies * parameters(config, shape) + _order(config)
    if not in_turn(config):
        hidden = sum(config.model.hidden)
        # Input, and three tensors a layer: what is kept for the backward pass, and its gradient.
        row = shape.features + 3 * (hidden + shape.classes)
        need += row * max(config.data.batch_size, EVALUATION_BATCH)
    return need * FLOAT + CURVES


def _order(config: Config) -> int:
    """The epoch's permutation, int64, and the chunks cut from it; in numbers of 4 bytes."""
    return 2 * 2 * config.data.train_size


def stack_bytes(config: Config, shape: Shape, threads: int) -> int:
    """What a stack takes whatever its size: the batches and random numbers of a chunk."""
    if not in_turn(config):
        return 0
    batch, steps = config.data.batch_size, config.trainer.chunk_steps
    hidden = sum(config.model.hidden)
    a_step = shape.features + hidden + 2 * shape.classes
    buffers = 4 * hidden + 3 * shape.classes
    return FLOAT * threads * batch * (steps * a_step + buffers)


def capacity(config: Config, shape: Shape, limits: StackLimits) -> Capacity:
    """0 members where not even one fits."""
    budget = limits.memory_gb * 1e9 if limits.memory_gb is not None else SHARE * free(config)
    threads = limits.threads or torch.get_num_threads()
    rest = budget - stack_bytes(config, shape, threads)
    bounds = [Capacity(max(0, int(rest // member_bytes(config, shape))), "memory")]
    if limits.max_stack is not None:
        bounds.append(Capacity(limits.max_stack, "hydra.launcher.max_stack"))
    elif in_turn(config):
        bounds.append(Capacity(MOST_ON_A_CPU, "hydra.launcher.max_stack"))
    return min(bounds, key=lambda each: each.members)


def free(config: Config) -> float:
    """Bytes of the device's memory that can be had now."""
    if config.trainer.accelerator is not Accelerator.cpu and torch.cuda.is_available():
        return float(torch.cuda.mem_get_info()[0])
    return min([_available(), *_left_to_the_group()])


def _available() -> float:
    try:
        lines = Path("/proc/meminfo").read_text().splitlines()
    except OSError:
        return float("inf")  # not Linux: nothing is known, a stack that fails is halved
    found = [line.split()[1] for line in lines if line.startswith("MemAvailable:")]
    return float(found[0]) * 1024 if found else float("inf")


def _left_to_the_group(root: Path = Path("/sys/fs/cgroup")) -> list[float]:
    """What a container's limit leaves; empty where there is none."""
    left = []
    for limit, usage in (
        ("memory.max", "memory.current"),
        ("memory/memory.limit_in_bytes", "memory/memory.usage_in_bytes"),
    ):
        try:
            left.append(float((root / limit).read_text()) - float((root / usage).read_text()))
        except (OSError, ValueError):  # no such file, or "max"
            continue
    return left
