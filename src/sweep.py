"""The members that one command asks for: composed jobs in, checked members out."""

import os
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, nullcontext, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from omegaconf import DictConfig

from src.config import Config, validated
from src.errors import InputError
from src.interruption import deferred, resumable
from src.ledger.resumption import command
from src.ledger.rows import Row
from src.ledger.store import Ledger
from src.progress import Count
from src.question import alike, asked, shared
from src.report.results import Record
from src.schema.stacks import StackLimits
from src.standing import Asked, standing

if TYPE_CHECKING:
    from src.members import Result


@dataclass
class Plan:
    """The members of a command, and where their results will stand."""

    configs: list[Config]
    folders: list[Path]
    labels: list[str]
    limits: StackLimits = field(default_factory=StackLimits)
    stacks: list[list[int]] = field(default_factory=list)  # set by check
    held_out: bool = False  # the test set is not looked at while they train
    overrides: list[list[str]] = field(default_factory=list)
    first_number: int = 0
    rows: list[Row] = field(default_factory=list)  # set by check
    finished: dict[int, Record] = field(default_factory=dict)  # set by check: not trained again

    @property
    def quiet(self) -> bool:
        return all(config.quiet for config in self.configs)

    def check(self, home: Path | None = None) -> None:
        """InputError, with all distinct faults, unless data, device and files allow training.

        home: the folder that the ledger stands in; None: no ledger is kept.
        """
        if home is not None:
            self.rows, self.finished = standing(self._asked(), home)
        missing = [k for k in range(len(self.configs)) if k not in self.finished]
        if not missing:
            return
        # Only now is torch needed: a mistyped key is told without waiting for it.
        from src.stacks import checked

        stacks = checked([self.configs[k] for k in missing], self.limits)
        self.stacks = [[missing[k] for k in stack] for stack in stacks]

    def _asked(self) -> list[Asked]:
        overrides = self.overrides or [[] for _ in self.configs]
        members = zip(self.configs, self.folders, self.labels, overrides, strict=True)
        return [Asked(*each, self.first_number + k) for k, each in enumerate(members)]

    def enter(self, home: Path, words: Sequence[str], several: bool) -> None:
        """Write the members into the ledger, which is made where there is none."""
        with Ledger.at(home, words, several) as ledger:
            ledger.enter(self.rows)
        resumable(command(home))

    def announce(self) -> None:
        """Say how the members were divided, where that is not into one stack, and what
        TensorBoard does not show."""
        from src.division import crowded, division, left_out

        configs = self.configs
        told = division(configs, self.stacks), left_out(configs), crowded(configs, self.folders)
        for said in told:
            if said is not None and not self.quiet:
                print(said, flush=True)

    def train(self, home: Path | None = None) -> "list[Result]":
        """home: the folder of the ledger."""
        import torch

        from src.members import train_members

        before = torch.get_num_threads()
        torch.set_num_threads(self.limits.threads or before)
        try:
            with (
                nullcontext() if home is None else Ledger.at(home) as ledger,
                deferred(),
                self._given_back(ledger),
            ):
                return train_members(
                    self.configs,
                    self.folders,
                    self.labels,
                    self.stacks,
                    held_out=self.held_out,
                    ledger=ledger,
                    finished=self.finished,
                )
        finally:
            torch.set_num_threads(before)

    @contextmanager
    def _given_back(self, ledger: Ledger | None) -> Iterator[None]:
        """Members that were begun wait again, where something ends the training."""
        try:
            yield
        except BaseException:
            if ledger is not None:
                with suppress(OSError):  # who resumes does not rely on it
                    ledger.wait([row.name for row in self.rows])
            raise


def plan(
    jobs: Sequence[DictConfig],
    limits: StackLimits | None = None,
    prepare: Callable[[DictConfig, Path], None] | None = None,
    whole: bool = True,
    home: Path | None = None,
) -> Plan:
    """Check every job of a sweep; InputError names all distinct faults, one to a line.

    Each job is asked for once and not kept. prepare: called with each sound one and its folder.
    whole: whether these are all members of the sweep. Where they are not, or where something is
    tuned for each arm, the test set is held out until the sweep's end (src.held_out). home: the
    folder of the sweep's ledger.
    """
    if not jobs:
        raise InputError("the sweep has no member: one of its keys is given no value.")
    planned = Plan([], [], [], limits or StackLimits())
    overrides: list[list[str]] = []
    faults: dict[str, None] = {}
    count = Count(len(jobs), "members checked")
    for position in range(len(jobs)):
        try:
            job = jobs[position]
            # Before the configuration: a folder that is asked for twice is a fault of its own.
            planned.folders.append(Path(job.hydra.sweep.dir) / job.hydra.sweep.subdir)
            overrides.append(list(job.hydra.overrides.task))
            planned.configs.append(validated(job, job.hydra.runtime.choices))
            if prepare is not None and not faults:
                prepare(job, planned.folders[-1])
            count.tell(position + 1, planned.configs[-1].quiet)
        except InputError as error:
            faults.update(dict.fromkeys(str(error).splitlines()))
    if not faults:
        shared(planned.configs)
        alike(planned.configs)
    for folder, times in Counter(map(os.path.abspath, planned.folders)).items():
        if times > 1:
            name = os.path.basename(folder)
            faults[f"{name}: asked for {times} times; each member must be different."] = None
    if faults:
        raise InputError("\n".join(faults))
    planned.held_out = not whole or bool(asked(planned.configs, overrides).nuisance)
    planned.labels += labels(overrides, [config.init.name for config in planned.configs])
    planned.overrides = overrides
    planned.check(home)
    return planned


def labels(overrides: Sequence[Sequence[str]], inits: Sequence[str]) -> list[str]:
    """What tells each member from the others: the overrides that not all of them share."""
    shared = set(overrides[0]).intersection(*overrides) if len(overrides) > 1 else set()
    own = [[item for item in items if item not in shared] for items in overrides]
    return [",".join(items) or init or "member" for items, init in zip(own, inits, strict=True)]
