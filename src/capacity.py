"""How many members a stack may hold: what one needs, against the memory that is free."""

from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import torch

from src.config import Config
from src.data.examples import EVALUATION_BATCH
from src.diagnostics.room import AT_ONCE, snapshot_bytes
from src.optimizers import Spec
from src.residual import blocks
from src.schema.diagnostics import Tier
from src.schema.run import Accelerator, TrainerConfig
from src.schema.stacks import StackLimits
from src.trials import kept_by_own

FLOAT = 4  # bytes
MOST_ON_A_CPU = 64  # members in turn gain nothing from a larger stack
SHARE = 0.6  # of the free memory: an estimate is one, and others may ask for memory meanwhile
# Copies of the parameters beside the moments: model, flat vectors, gradients, temporaries.
GPU_COPIES, REFERENCE_COPIES = 9, 4
CURVES = 300_000  # bytes of a member's curves, events and result until its stack has ended

# Optimizer state, in copies of the parameters.
_MOMENTS = {"sgd": 0, "adagrad": 1, "rmsprop": 1, "adam": 2, "adamw": 2, "nadam": 2, "radam": 2}


@dataclass(frozen=True)
class Shape:
    """What of the data decides a member's need."""

    features: int
    classes: int


def in_turn(config: Config) -> bool:
    """On a CPU in float32: members one after another, with buffers for each process only."""
    return not on_gpu(config.trainer) and config.trainer.precision == "32-true"


def on_gpu(trainer: TrainerConfig) -> bool:
    """Where a run trains: on a GPU wherever there is one, unless it asks for the CPU."""
    return trainer.accelerator is not Accelerator.cpu and torch.cuda.is_available()


def takes_checkpoints(trainer: TrainerConfig) -> bool:
    return trainer.checkpoint or trainer.checkpoint_seconds is not None


def parameters(config: Config, shape: Shape) -> int:
    widths = [shape.features, *config.model.hidden, shape.classes]
    scales = blocks(len(widths) - 1) if config.model.residual else 0
    return sum((fan_in + 1) * fan_out for fan_in, fan_out in pairwise(widths)) + scales


def moments(config: Config) -> int:
    """Numbers that the optimizer keeps for each parameter."""
    options = config.optimizer.hyperparameters()
    if config.optimizer.algorithm == "own":
        return kept_by_own(Spec("own", options))
    extra = [options.get("amsgrad"), options.get("centered")]
    if config.optimizer.algorithm in ("sgd", "rmsprop"):
        extra.append(options.get("momentum", 0) > 0)
    return _MOMENTS[config.optimizer.algorithm] + sum(map(bool, extra))


def member_bytes(config: Config, shape: Shape) -> int:
    """What each further member of a stack takes at its peak.

    In turn: weights, three copies of them while the stack is built, which are not all given back,
    and moments, twice while they move into memory that processes share. Batched: the activations
    that members hold at once as well. Data order and curves in both, and where updates are
    measured the weights before one; on a CPU a checkpoint that is being written. Held against the
    resident memory by tests/test_capacity.py, on a CPU.
    """
    kept = moments(config)
    if in_turn(config):
        copies = 4 + 2 * kept
    else:
        copies = kept + (GPU_COPIES if on_gpu(config.trainer) else REFERENCE_COPIES)
    copies += config.diagnostics.tier is not Tier.off
    if takes_checkpoints(config.trainer) and not on_gpu(config.trainer):
        copies += 1 + kept
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


def process_bytes(config: Config, shape: Shape) -> int:
    """What each process of a stack takes: gradient, buffers, the batches and masks of a chunk.

    And the member that a thread looks at meanwhile, or all that a GPU looks at together.
    """
    seen = _seen_bytes(config, shape)
    if not in_turn(config):
        return seen
    batch, steps = config.data.batch_size, config.trainer.chunk_steps
    hidden = sum(config.model.hidden)
    # Input, masks, raw numbers of 16 bits, one-hot labels, logits.
    a_step = shape.features + hidden + hidden // 2 + 2 * shape.classes
    buffers = 4 * hidden + 3 * shape.classes
    return FLOAT * (parameters(config, shape) + batch * (steps * a_step + buffers)) + seen


def _seen_bytes(config: Config, shape: Shape) -> int:
    if config.diagnostics.tier is Tier.off:
        return 0
    sizes = [shape.features, *config.model.hidden, shape.classes]
    samples = min(config.diagnostics.samples, config.data.train_size)
    need = snapshot_bytes(sizes, samples, config.diagnostics.tier)
    return max(need, int(AT_ONCE)) if on_gpu(config.trainer) else need


def budget(config: Config, limits: StackLimits) -> float:
    """Bytes that a stack may take."""
    return limits.memory_gb * 1e9 if limits.memory_gb is not None else SHARE * free(config)


def capacity(config: Config, shape: Shape, limits: StackLimits, allowed: float) -> int:
    """The members of the largest stack in so many bytes; 0 where not even one fits."""
    each, process = member_bytes(config, shape), process_bytes(config, shape)
    # A GPU has all members in one process.
    threads = 1 if on_gpu(config.trainer) else limits.threads or torch.get_num_threads()
    most = int(allowed // (each + process))  # a process a member, as long as there are threads
    if most > threads:
        most = max(threads, int((allowed - threads * process) // each))
    limit = limits.max_stack or (MOST_ON_A_CPU if in_turn(config) else None)
    return most if limit is None else min(most, limit)


def free(config: Config) -> float:
    """Bytes of the device's memory that can be had now."""
    if on_gpu(config.trainer):
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
