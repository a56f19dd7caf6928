"""Whether a stack can go on from a checkpoint: what must agree, and what the file must hold."""

import hashlib
import json
import os
from collections.abc import Iterable, Sequence
from typing import Any

import torch

from src.capacity import in_turn
from src.config import Config
from src.identity import resume_key


def stack_digest(configs: Sequence[Config]) -> str:
    """A name for a stack that no other stack of other members has."""
    keys = "\n".join(resume_key(config) for config in configs)
    return hashlib.sha256(keys.encode()).hexdigest()[:8]


def checkpoint_faults(configs: Sequence[Config]) -> Iterable[str]:
    """Why a stack of these members cannot go on from trainer.ckpt_path, a sentence at most."""
    path = configs[0].trainer.ckpt_path
    if path is None:
        return
    key = f"trainer.ckpt_path={path}"
    if not os.path.isfile(path):
        yield f"{key}: no such file."
        return
    try:
        # weights_only: a checkpoint of somebody else's runs no code.
        saved = torch.load(path, map_location="cpu", weights_only=True)
        members = list(saved["starting_strength"]["members"])
        epochs = int(saved["starting_strength"]["epochs"])
        tensors = [len(each["param_groups"][0]["params"]) for each in saved["optimizer_states"]]
    except Exception as error:  # noqa: BLE001 - a damaged file can raise anything
        # torch's own message would have the user load the file as code.
        yield f"{key}: not a checkpoint of this program ({type(error).__name__})."
        return
    if len(members) != len(configs):
        yield f"{key}: holds {len(members)} member(s), but this run has {len(configs)}."
        return
    for number, (before, config) in enumerate(zip(members, configs, strict=True)):
        if before != resume_key(config):
            there, here = _first_difference(json.loads(before), json.loads(resume_key(config)))
            told = f"was trained with {there}, but this run has {here}"
            if here.startswith("trainer.epochs="):
                told += f", over which schedule={config.schedule.name} spreads its learning rates"
            yield f"{key}: member {number} {told}."
            return
    if epochs > configs[0].trainer.epochs:
        asked = configs[0].trainer.epochs
        yield f"{key}: has trained for {epochs} epochs, but this run has trainer.epochs={asked}."
    # Torch's own optimizers move one vector on a CPU; a user's has a tensor for each parameter.
    flat = [
        count == 1
        for count, config in zip(tensors, configs, strict=True)
        if config.optimizer.algorithm != "own"
    ]
    if flat and flat[0] != in_turn(configs[0]):
        there, here = ("a CPU", "a GPU") if flat[0] else ("a GPU", "a CPU")
        yield f"{key}: was written on {there}; a run on {here} cannot go on from it."


def _first_difference(there: Any, here: Any, path: str = "") -> tuple[str, str]:
    if isinstance(there, dict) and isinstance(here, dict):
        # A group's name first: two laws have different keys, which is not what to tell.
        for key in sorted({*there, *here}, key=lambda key: (key != "name", key)):
            if there.get(key) != here.get(key):
                below = f"{path}.{key}" if path else key
                return _first_difference(there.get(key), here.get(key), below)
    return f"{path}={there}", f"{path}={here}"
