"""Finished members, tested from their weights: to the bit what their own runs would have found."""

import json
import time
from collections.abc import Iterator, Sequence
from dataclasses import fields
from pathlib import Path
from typing import Any

import torch
from omegaconf import OmegaConf
from omegaconf.errors import OmegaConfBaseException

from src import activations
from src.capacity import Shape, in_turn, parameters
from src.config import SCHEMAS, Config
from src.data.examples import Splits
from src.errors import InputError, told
from src.fit import test_stack
from src.model import Layers, StackedMLP
from src.report.results import Record
from src.schema.own import OwnActivation
from src.schema.run import Accelerator, LoggerConfig, ModelConfig, TrainerConfig
from src.stacks import sizes, splits_of, stack_key
from src.tracking.events import EventFile
from src.tracking.files import EVENTS, LOG, RESULT, WEIGHTS, expected_of, read_result, write_result
from src.tracking.member import MemberTracker
from src.tracking.weights import load_scales, load_weights
from src.trust import approved, untrusted

# Parameters of a stack that is tested at once on a CPU, where one of many is as good as one alone.
MOST_AT_ONCE = 2**24

# What of a configuration a network is tested by.
GROUPS: dict[str, Sequence[type]] = {
    "activation": list(SCHEMAS["activation"].values()),
    "data": list(SCHEMAS["data"].values()),
    "model": [ModelConfig],
    "trainer": [TrainerConfig],
}


def complete(records: Sequence[Record], trust: bool = False) -> list[str]:
    """Test the members and complete their results; a sentence for each that cannot be tested.

    records: as src.report.results reads them. trust: import what a result names as code.
    """
    faults = []
    by_key: dict[str, list[MemberTracker]] = {}
    for record in records:
        try:
            member = _member(record, trust)
            by_key.setdefault(stack_key(member.config), []).append(member)
        except InputError as error:
            faults.append(str(error))
    found = {record["folder"]: record for record in records}
    for members in by_key.values():
        for stack in _stacks(members):
            faults += _test(stack, [found[str(member.folder)] for member in stack])
    return faults


def _member(record: Record, trust: bool) -> MemberTracker:
    folder = Path(record["folder"])
    try:
        parts = {group: _part(record["config"], group) for group in GROUPS}
    except (InputError, OmegaConfBaseException, KeyError, TypeError) as error:
        said = str(error).splitlines()[0].rstrip(".")
        raise InputError(f"{folder / RESULT}: not a configuration of this version ({said}).") from (
            error
        )
    activation = parts["activation"]
    if isinstance(activation, OwnActivation):
        target = activation._target_
        if untrusted([("", target)]) and not trust and not approved(target):
            raise InputError(
                f"{folder / RESULT}: activation._target_={target}: comes from a file of an earlier "
                "run; trust=true lets it be imported."
            )
    # All else decides how a network came to be, not what it is.
    config = Config(**parts, logger=LoggerConfig(name="none", tensorboard=False))
    return MemberTracker(config, folder, record["label"])


def _part(config: dict[str, Any], group: str) -> Any:
    """The group as its checked dataclass: of those that have its keys, the smallest."""
    plain = config[group]
    if not isinstance(plain, dict):
        raise InputError(f"config.{group} is {plain}")
    names = {schema: {item.name for item in fields(schema)} for schema in GROUPS[group]}
    fitting = [schema for schema in names if plain.keys() <= names[schema]]
    if not fitting:
        raise InputError(f"config.{group} has the keys {', '.join(plain)}")
    schema = min(fitting, key=lambda each: len(names[each]))
    return OmegaConf.to_object(OmegaConf.merge(OmegaConf.structured(schema), plain))


def _stacks(members: Sequence[MemberTracker]) -> Iterator[Sequence[MemberTracker]]:
    """Alone, where a batched product's last bits depend on who else is in the stack."""
    config, size = members[0].config, 1
    if in_turn(config):
        splits = splits_of(config)
        each = parameters(config, Shape(splits.features, splits.classes))
        size = max(torch.get_num_threads(), MOST_AT_ONCE // each)
    for start in range(0, len(members), size):
        yield members[start : start + size]


def _test(stack: Sequence[MemberTracker], records: Sequence[Record]) -> list[str]:
    splits = splits_of(stack[0].config)
    faults, kept, loaded = [], [], []
    for member, record in zip(stack, records, strict=True):
        try:
            loaded.append(_loaded(member, record, splits))
            kept.append((member, record))
        except InputError as error:
            faults.append(str(error).removeprefix("model.weights="))
    if kept:
        layers, functions, scales = zip(*loaded, strict=True)
        residual = stack[0].config.model.residual
        model = StackedMLP(layers, functions, scales if residual else ())
        try:
            test_stack(model, [member for member, _ in kept], splits)
        except Exception as error:  # noqa: BLE001 - whatever it is, the other stacks go on
            sentence = told(error).rstrip(".")
            return [*faults, *(f"{member.folder}: {sentence}." for member, _ in kept)]
    for member, record in kept:
        try:
            _write(member, record)
        except OSError as error:
            faults.append(f"{member.folder}: cannot be written ({error.strerror}).")
    return faults


def _loaded(
    member: MemberTracker, record: Record, splits: Splits
) -> tuple[Layers, activations.Activation, list[float]]:
    config, path = member.config, member.folder / WEIGHTS
    if config.trainer.accelerator is Accelerator.gpu and not torch.cuda.is_available():
        raise InputError(f"{member.folder}: was trained with trainer=gpu; no CUDA GPU was found.")
    then = record.get("data_sha256", {})
    if then != splits.checksums:
        there, here = (json.dumps(each, sort_keys=True) for each in (then, splits.checksums))
        raise InputError(f"{member.folder}: was trained on data of {there}, but here is {here}.")
    widths, residual = sizes(config, splits), config.model.residual
    layers = load_weights(path, widths, residual, expected_of(record, WEIGHTS))
    scales = load_scales(path, len(widths) - 1) if residual else []
    activation = config.activation
    return layers, activations.build(activation.name, **activation.parameters()), scales


def _write(member: MemberTracker, record: Record) -> None:
    """The result as it was, with the test metrics; the log says when they came."""
    test = ", ".join(f"{name} {value:.6g}" for name, value in (member.test or {}).items())
    with (member.folder / LOG).open("a") as stream:
        now = time.strftime("%Y-%m-%d %H:%M:%S")
        stream.write(f"{now} tested from its weights: {test}\n")
    _tell_tensorboard(member, record["step"])
    # From the file: a record has more than that.
    whole = read_result(member.folder / RESULT)
    whole["metrics"]["test"] = record["metrics"]["test"] = member.test
    write_result(member.folder / RESULT, whole)


def _tell_tensorboard(member: MemberTracker, step: int) -> None:
    """In a file of its own, which TensorBoard reads after that of the run."""
    if any(member.folder.glob(f"{EVENTS}*")):
        events = EventFile(member.folder)
        for name, value in (member.test or {}).items():
            events.scalar(f"{name}/test", step, value)
        events.flush()
