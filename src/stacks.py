"""Which members can train as one stack, and whether all of them can be trained at all."""

import json
from collections.abc import Iterable, Sequence
from functools import lru_cache
from itertools import pairwise
from pathlib import Path
from typing import Any

import torch

from src.capacity import (
    Shape,
    budget,
    capacity,
    member_bytes,
    moments,
    process_bytes,
)
from src.checkpoints.faults import checkpoint_faults
from src.config import Config, as_plain
from src.data.examples import Splits, load
from src.errors import InputError
from src.initializers.draw import check
from src.precheck import Precheck
from src.schema.data import DataConfig
from src.schema.own import OwnActivation, OwnOptimizer
from src.schema.run import Accelerator
from src.schema.stacks import StackLimits
from src.starts import setting, start_of
from src.tracking.weights import load_weights

# What members of one stack may differ in. Everything else in a configuration separates stacks.
STACKABLE = (
    "init",
    "activation",
    "optimizer",
    "schedule",
    "seed",
    "quiet",
    "trust",
    "on_failure",
    "reuse",
    "report",
    "model.dropout",
    "model.dropout_seed",
    "model.label_smoothing",
    "model.weights",
    "data.order_seed",
)


def stack_key(config: Config) -> str:
    """Members with equal keys can train together; a pure function of the configuration."""
    plain = as_plain(config)
    for path in STACKABLE:
        *parents, last = path.split(".")
        node: dict[str, Any] = plain
        for parent in parents:
            node = node[parent]
        del node[last]
    # A user's own code slows a stack down: it runs in threads, and without graphs on a GPU.
    own = isinstance(config.activation, OwnActivation), isinstance(config.optimizer, OwnOptimizer)
    plain["activation._target_"], plain["optimizer._target_"] = own
    return json.dumps(plain, sort_keys=True)


def group(configs: Sequence[Config], limits: StackLimits | None = None) -> list[list[int]]:
    """Positions of the members of each stack; too large a stack becomes nearly equal ones.

    InputError where the data cannot be had, or where the memory does not bear one member.
    """
    limits = limits or StackLimits()
    stacks = []
    for positions in alike(configs):
        first = configs[positions[0]]
        # The optimizers of a stack may differ: the largest member counts.
        splits = splits_of(first)
        shape = Shape(splits.features, splits.classes)
        largest = max((configs[k] for k in positions), key=moments)
        allowed = budget(largest, limits)
        most = capacity(largest, shape, limits, allowed)
        if most < 1:
            raise InputError(_too_large(largest, shape, limits, allowed))
        stacks += _evenly(positions, most)
    return stacks


def alike(configs: Sequence[Config]) -> list[list[int]]:
    """Positions of members that could train together, whatever the memory bears."""
    by_key: dict[str, list[int]] = {}
    for position, config in enumerate(configs):
        by_key.setdefault(stack_key(config), []).append(position)
    return list(by_key.values())


def _evenly(positions: Sequence[int], most: int) -> list[list[int]]:
    parts = -(-len(positions) // most)
    cuts = [len(positions) * part // parts for part in range(parts + 1)]
    return [list(positions[start:end]) for start, end in pairwise(cuts)]


def _too_large(config: Config, shape: Shape, limits: StackLimits, allowed: float) -> str:
    need = member_bytes(config, shape) + process_bytes(config, shape)
    if limits.memory_gb is not None:
        given = f"hydra.launcher.memory_gb={limits.memory_gb:g} allows no member"
    else:
        given = f"{allowed / 1e9:.2f} GB may be used"
    return (
        f"model.hidden={config.model.hidden}: a member needs {need / 1e9:.2f} GB, but {given}; "
        "less is needed with a smaller model.hidden, data.batch_size or trainer.chunk_steps."
    )


def sizes(config: Config, splits: Splits) -> list[int]:
    """Widths of the network from its input to its logits."""
    return [splits.features, *config.model.hidden, splits.classes]


def splits_of(config: Config) -> Splits:
    """The member's data; the last two distinct ones are kept in memory."""
    return _load(_Hashable(_data_of(config), config.data))


def _data_of(config: Config) -> str:
    plain = as_plain(config)["data"]
    del plain["order_seed"]
    return json.dumps(plain, sort_keys=True)


class _Hashable:
    """A data configuration that compares by its content."""

    def __init__(self, key: str, config: DataConfig) -> None:
        self.key, self.config = key, config

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Hashable) and self.key == other.key

    def __hash__(self) -> int:
        return hash(self.key)


_checksums: dict[str, dict[str, str]] = {}  # of all data that this process has loaded


@lru_cache(maxsize=2)
def _load(data: _Hashable) -> Splits:
    splits = load(data.config)
    _checksums[data.key] = splits.checksums
    return splits


def checksums_of(config: Config) -> dict[str, str]:
    """Of the member's data, which are loaded only where this process never has."""
    key = _data_of(config)
    if key not in _checksums:
        splits_of(config)
    return _checksums[key]


def checked(configs: Sequence[Config], limits: StackLimits | None = None) -> list[list[int]]:
    """The stacks; InputError, naming every distinct fault, unless all members can be trained."""
    faults: dict[str, None] = {}
    precheck = Precheck()
    for positions in alike(configs):
        faults.update(dict.fromkeys(_faults([configs[k] for k in positions], precheck)))
    if not faults:
        try:
            stacks = group(configs, limits)
        except InputError as error:
            faults[str(error)] = None
    if not faults:
        for stack in stacks:
            members = [configs[k] for k in stack]
            faults.update(dict.fromkeys(checkpoint_faults(members, checksums_of(members[0]))))
    if faults:
        raise InputError("\n".join(faults))
    return stacks


def _faults(configs: Sequence[Config], precheck: Precheck) -> Iterable[str]:
    first = configs[0]
    if first.trainer.accelerator is Accelerator.gpu and not torch.cuda.is_available():
        yield "trainer=gpu: no CUDA GPU was found; trainer=auto or trainer=cpu runs without one."
    elif first.trainer.precision == "tf32" and not _has_tf32():
        yield "trainer.precision=tf32: no GPU that has it was found; 32-true runs anywhere."
    try:
        splits = splits_of(first)
    except InputError as error:
        yield str(error)
        return
    for config in configs:
        widths = sizes(config, splits)
        found = list(precheck.faults(config, widths))
        yield from found
        try:
            if config.model.weights is not None:
                load_weights(Path(config.model.weights), widths, config.model.residual)
            elif not found:
                check(widths, start_of(config.init), setting(config))
        except InputError as error:
            yield str(error)


def _has_tf32() -> bool:
    """NVIDIA GPUs have it from compute capability 8.0 on."""
    return torch.cuda.is_available() and torch.cuda.get_device_capability() >= (8, 0)
