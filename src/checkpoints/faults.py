"""Whether a stack can go on from trainer.ckpt_path: what must agree, what the file must hold."""

import json
import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from src.capacity import on_gpu
from src.checkpoints.file import Content, UnfitError, read
from src.checkpoints.start import start_of
from src.config import Config
from src.identity import resume_key
from src.ledger.resumption import Resumption
from src.tracking.kept import Place


def checkpoint_faults(configs: Sequence[Config], data: Mapping[str, str]) -> Iterable[str]:
    """Why a stack of these members cannot go on from trainer.ckpt_path, a sentence at most.

    data: SHA-256 of their data's files, by name.
    """
    path = configs[0].trainer.ckpt_path
    if path is None:
        return
    if not os.path.isfile(path):
        yield f"trainer.ckpt_path={path}: no such file."
        return
    try:
        content = read(Path(path))
        # As it will be when it is gone on from, so that nothing of it is found out only then.
        start_of([Place(Path(path), row) for row in range(len(content["members"]))])
    except UnfitError as error:
        yield f"trainer.ckpt_path={path}: {str(error).removeprefix(f'{path}: ')}."
        return
    except (KeyError, TypeError) as error:
        yield f"trainer.ckpt_path={path}: not as it is written ({type(error).__name__})."
        return
    for said in _differences(content, configs, data):
        yield f"trainer.ckpt_path={path}: {said}."
        return


def other_data(content: Content, data: Mapping[str, str]) -> str | None:
    """How the data of a checkpoint are not those that are here; None where they are."""
    then = content.get("data_sha256")
    if not isinstance(then, dict):
        return "does not say which data it was trained on"
    names = [name for name in sorted({*then, *data}) if then.get(name) != data.get(name)]
    if not names:
        return None
    return f"was trained on other data: the SHA-256 of {names[0]} is another one here"


def _differences(
    content: Content, configs: Sequence[Config], data: Mapping[str, str]
) -> Iterator[str]:
    members, asked = content["members"], configs[0].trainer.epochs
    if Resumption.folder is not None:  # of a stack that has ended in part the rest goes on
        keys = list(map(resume_key, configs))
        members = keys if set(keys) <= set(members) else members
    if len(members) != len(configs):
        yield f"holds {len(members)} member(s), but this run has {len(configs)}"
        return
    for number, (before, config) in enumerate(zip(members, configs, strict=True)):
        if before != resume_key(config):
            there, here = _first_difference(json.loads(before), json.loads(resume_key(config)))
            told = f"was trained with {there}, but this run has {here}"
            if here.startswith("trainer.epochs="):
                told += f", over which schedule={config.schedule.name} spreads its learning rates"
            yield f"member {number} {told}"
    said = other_data(content, data)
    if said is not None:
        yield said
    epochs = content["epoch"] + (content["step"] > 0)
    if epochs > asked:
        yield f"has trained for {epochs} epochs, but this run has trainer.epochs={asked}"
    here = "cuda" if on_gpu(configs[0].trainer) else "cpu"
    if content["kind"] != here:
        named = {"cuda": "a GPU", "cpu": "a CPU"}
        there = named.get(content["kind"], "another device")
        yield f"was written on {there}; a run on {named[here]} cannot go on from it"


def _first_difference(there: Any, here: Any, path: str = "") -> tuple[str, str]:
    if isinstance(there, dict) and isinstance(here, dict):
        # A group's name first: two laws have different keys, which is not what to tell.
        for key in sorted({*there, *here}, key=lambda key: (key != "name", key)):
            if there.get(key) != here.get(key):
                below = f"{path}.{key}" if path else key
                return _first_difference(there.get(key), here.get(key), below)
    return f"{path}={there}", f"{path}={here}"
