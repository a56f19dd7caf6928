"""The members that one command asks for: composed jobs in, checked members out."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from omegaconf import DictConfig

from src.config import Config, validated
from src.errors import InputError
from src.tracking.files import RESULT

if TYPE_CHECKING:
    from src.members import Result


@dataclass(frozen=True)
class Plan:
    """The members of a command, and where their results will stand."""

    configs: list[Config]
    folders: list[Path]
    labels: list[str]

    def check(self) -> None:
        """InputError, with all distinct faults, unless data, device and files allow training."""
        # Only now is torch needed: a mistyped key is told without waiting for it.
        from src.stacks import checked

        checked(self.configs)
        finished = [folder for folder in self.folders if (folder / RESULT).exists()]
        if finished:
            kept = f"holds a {RESULT} already; finished runs are kept."
            raise InputError("\n".join(f"{folder}: {kept}" for folder in finished))

    def train(self) -> "list[Result]":
        from src.members import train_members

        return train_members(self.configs, self.folders, self.labels)


def plan(jobs: Sequence[DictConfig]) -> Plan:
    """Check every job of a sweep; InputError names all distinct faults, one to a line."""
    if not jobs:
        raise InputError("the sweep has no member: one of its keys is given no value.")
    configs, faults = [], dict[str, None]()
    for job in jobs:
        try:
            configs.append(validated(job, job.hydra.runtime.choices))
        except InputError as error:
            faults.update(dict.fromkeys(str(error).splitlines()))
    folders = [Path(job.hydra.sweep.dir) / job.hydra.sweep.subdir for job in jobs]
    for folder, count in Counter(folders).items():
        if count > 1:
            faults[f"{folder.name}: asked for {count} times; each member must be different."] = None
    if faults:
        raise InputError("\n".join(faults))
    planned = Plan(configs, folders, labels(jobs))
    planned.check()
    return planned


def labels(jobs: Sequence[DictConfig]) -> list[str]:
    """What tells each member from the others: the overrides that not all of them share."""
    overrides = [list(job.hydra.overrides.task) for job in jobs]
    shared = set(overrides[0]).intersection(*overrides) if len(jobs) > 1 else set()
    own = [[item for item in items if item not in shared] for items in overrides]
    return [
        ",".join(items) or job.init.name or "member" for items, job in zip(own, jobs, strict=True)
    ]
