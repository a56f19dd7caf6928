"""train_members: from configurations and folders to results. A single run is a stack of one.

Importing this imports Lightning, which takes seconds: only what trains does.
"""

import logging
import math
import time
import traceback
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from src import activations
from src.config import Config
from src.data.examples import Splits
from src.data.module import distinct_orders, steps_per_epoch
from src.dropout import Dropout
from src.engine.protocol import Recipe
from src.errors import InputError, on_one_line
from src.fit import fit_stack
from src.initializers.draw import draw_layers
from src.model import StackedMLP
from src.optimizers import Spec
from src.progress import Progress, watch
from src.residual import blocks
from src.schedules import Schedule
from src.stacking import Layers, drawn
from src.stacks import group, sizes, splits_of
from src.starts import rate_multipliers, setting, start_of
from src.tracking.member import WEIGHTS, MemberTracker
from src.tracking.provenance import device_name, git_revision, versions
from src.tracking.stack import StackTracker
from src.tracking.weights import load_scales, load_weights, save_weights
from src.tuned import UntunableMembers, tune

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Result:
    """What became of one member; `record` is what result.json says."""

    status: str
    record: dict[str, Any]

    @property
    def objective(self) -> float:
        """Last validation accuracy, NaN for a member that diverged or failed."""
        last = (self.record.get("metrics") or {}).get("last")
        return float(last["validation_accuracy"]) if last else math.nan


def train_members(
    configs: Sequence[Config],
    folders: Sequence[Path],
    labels: Sequence[str],
    stacks: Sequence[Sequence[int]] | None = None,
) -> list[Result]:
    """Train every member and write its results into its folder; results in the order given.

    The configurations have been checked, which gave the stacks (src.stacks.checked). A member that
    diverges is a result. A member that cannot be trained is recorded as failed, and the others go
    on.
    """
    members = list(zip(configs, folders, labels, strict=True))
    stacks = group(configs) if stacks is None else stacks
    total = sum(len(stack) * _steps(configs[stack[0]]) for stack in stacks)
    results: dict[int, Result] = {}
    with watch(total, all(config.quiet for config in configs)) as progress:
        for stack in stacks:
            trackers = [MemberTracker(*members[k], of=len(configs)) for k in stack]
            results.update(zip(stack, _run(trackers, progress), strict=True))
            progress.stack_done(len(stack) * _steps(configs[stack[0]]))
    return [results[k] for k in range(len(configs))]


def _steps(config: Config) -> int:
    return config.trainer.epochs * _epoch_steps(config)


def _epoch_steps(config: Config) -> int:
    return steps_per_epoch(config.data.train_size, config.data, config.trainer)


def _run(members: list[MemberTracker], progress: Progress) -> list[Result]:
    """Train a stack; one that raises is tried again in halves, so that one member's fault is its
    own, and a stack too large for the memory finds its size."""
    started = time.perf_counter()
    try:
        return _train_stack(members, progress)
    except UntunableMembers as error:
        return _without(members, error.faults, progress, started)
    except Exception as error:  # noqa: BLE001 - whatever it is, the other members go on
        if len(members) == 1 or members[0].config.trainer.ckpt_path is not None:
            # A checkpoint is that of the whole stack: halves could not go on from it.
            return [_failed(member, error, started) for member in members]
        log.warning("a stack of %d failed (%s); trying its halves", len(members), _told(error))
    middle = len(members) // 2
    fresh = [member.afresh() for member in members]
    return _run(fresh[:middle], progress) + _run(fresh[middle:], progress)


def _without(
    members: list[MemberTracker],
    faults: Mapping[int, Exception],
    progress: Progress,
    started: float,
) -> list[Result]:
    """The members of these positions have failed before the first step; the others train."""
    results = {k: _failed(members[k], fault, started) for k, fault in faults.items()}
    others = [k for k in range(len(members)) if k not in faults]
    if others:
        results.update(zip(others, _run([members[k] for k in others], progress), strict=True))
    return [results[k] for k in range(len(members))]


def _failed(member: MemberTracker, error: Exception, started: float) -> Result:
    sentence = _told(error)
    log.error("failed: %s: %s", member.label, sentence)
    facts = _facts(1, started)
    return Result("failed", member.fail(sentence, traceback.format_exc(), facts))


def _told(error: Exception) -> str:
    said = on_one_line(error)
    return said if isinstance(error, InputError) else f"{type(error).__name__}: {said}"


def _facts(members: int, started: float) -> dict[str, Any]:
    seconds = time.perf_counter() - started
    return {
        "members_in_stack": members,
        "stack_seconds": seconds,
        "seconds": seconds / members,
        "versions": versions(),
        "git_revision": git_revision(),
    }


def _train_stack(members: list[MemberTracker], progress: Progress) -> list[Result]:
    configs = [member.config for member in members]
    splits = splits_of(configs[0])
    started = time.perf_counter()
    model = build_model(configs, splits)
    for member in members:
        member.start()
    device = fit_stack(model, recipes(configs, splits), StackTracker(members, progress), splits)
    facts = _facts(len(members), started) | {
        "device": device_name(device),
        "data_sha256": splits.checksums,
    }
    return [_finish(member, model, k, facts) for k, member in enumerate(members)]


def recipes(configs: Sequence[Config], splits: Splits) -> list[Recipe]:
    """How each member is trained."""
    orders = distinct_orders(config.data.order_seed for config in configs)
    return [
        Recipe(
            config.activation.name,
            config.activation.parameters(),
            Dropout(config.model.dropout, config.model.dropout_seed),
            Spec(config.optimizer.algorithm, config.optimizer.hyperparameters()),
            orders.index(config.data.order_seed),
            _schedule(config),
            config.optimizer.clip_norm,
            config.model.label_smoothing,
            rate_multipliers(config, sizes(config, splits)),
        )
        for config in configs
    ]


def _schedule(config: Config) -> Schedule:
    chosen = config.schedule
    return Schedule(
        chosen.decay,
        chosen.parameters(),
        chosen.warmup_steps,
        run_steps=_steps(config),
        epoch_steps=_epoch_steps(config),
    )


def build_model(configs: Sequence[Config], splits: Splits) -> StackedMLP:
    """The stack at its start: each member's weights from its own seed, or from its own file.

    UntunableMembers where the start of some looks at data and cannot be had.
    """
    residual = configs[0].model.residual  # the same for the whole stack
    scales = [_initial_scales(config, splits) for config in configs] if residual else []
    layers = drawn(len(configs), lambda k: _initial_layers(configs[k], splits))
    tune(configs, layers, scales, splits)
    return StackedMLP(
        layers,
        [
            activations.build(config.activation.name, **config.activation.parameters())
            for config in configs
        ],
        scales,
    )


def _initial_layers(config: Config, splits: Splits) -> Layers:
    if config.model.weights is not None:
        path, residual = Path(config.model.weights), config.model.residual
        return load_weights(path, sizes(config, splits), residual)
    return draw_layers(sizes(config, splits), start_of(config.init), config.seed, setting(config))


def _initial_scales(config: Config, splits: Splits) -> list[float]:
    """Of a residual network's blocks."""
    layers = len(sizes(config, splits)) - 1
    if config.model.weights is not None:
        return load_scales(Path(config.model.weights), layers)
    return [start_of(config.init).scheme().residual_scale] * blocks(layers)


def _finish(member: MemberTracker, model: StackedMLP, k: int, facts: dict[str, Any]) -> Result:
    """Write weights and result; a fault in that is this member's alone."""
    config = member.config
    notes = {
        "activation": config.activation.name,
        "hidden": str(config.model.hidden),
        "scaling": config.data.scaling.value,
        "label": member.label,
    }
    try:
        scales = model.member_scales(k)
        save_weights(member.folder / WEIGHTS, model.member(k), notes, scales)
        record = member.finish(facts)
    except OSError as error:
        return _failed(member, error, time.perf_counter())
    return Result(record["status"], record)
