"""The members that one command asks for: composed jobs in, checked members out."""

import os
from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import nullcontext
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from omegaconf import DictConfig

from src.begun import begin
from src.config import Config, validated
from src.errors import InputError
from src.interruption import deferred, resumable
from src.ledger.deaths import cut, deaths, told_of_deaths
from src.ledger.resumption import Resumption, command
from src.ledger.reuse import sought, take_over, told
from src.ledger.store import Ledger
from src.ledger.taken import Taken
from src.progress import Count
from src.question import alike, asked, labels, shared
from src.report.results import Record
from src.schema.stacks import StackLimits
from src.standing import Asked, Standing, objective, opened, say, standing
from src.tracking.files import remove_partials

if TYPE_CHECKING:
    from src.isolation import Result


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
    standing: Standing = field(default_factory=Standing)  # set by check
    whole: bool = True  # all members that the command asks for
    reused: dict[int, Taken] = field(default_factory=dict)  # set by check, of the finished
    died: int = 0  # set by check: members that have ended a process twice

    @property
    def quiet(self) -> bool:
        return all(config.quiet for config in self.configs)

    @property
    def finished(self) -> dict[int, Record]:
        """By position: what is not trained again."""
        return self.standing.finished

    @property
    def missing(self) -> list[int]:
        return [k for k in range(len(self.configs)) if k not in self.finished]

    def check(self, home: Path | None = None) -> None:
        """InputError, with all distinct faults, unless data, device and files allow training.

        home: the folder that the ledger stands in; None: no ledger is kept.
        """
        if home is not None:
            self.standing = standing(self._asked(), home, self.whole)
            if self.configs[0].reuse:
                self.reused = sought(self._asked(), self.standing, home, self.held_out)
        missing = self.missing
        if not missing:
            return
        # Only now is torch needed: a mistyped key is told without waiting for it.
        from src.stacks import checked

        stacks = checked([self.configs[k] for k in missing], self.limits)
        self.stacks = [[missing[k] for k in stack] for stack in stacks]
        names = [row.name for row in self.standing.rows]
        died = deaths(self.standing.before.values(), names)
        self.died = len(died)
        self.stacks = cut(self.stacks, died)
        if home is not None:
            begin(self.standing, self.configs, home)

    def _asked(self) -> list[Asked]:
        overrides = self.overrides or [[] for _ in self.configs]
        members = zip(self.configs, self.folders, self.labels, overrides, strict=True)
        return [Asked(*each, self.first_number + k) for k, each in enumerate(members)]

    def enter(self, home: Path, words: Sequence[str], several: bool) -> None:
        """Write the members into the ledger, which is made where there is none.

        What a process that was killed has left of their files half-written is removed.
        """
        for note in self.standing.notes:
            say(note)
        with opened(home, words, several) as ledger:
            ledger.enter(self.standing.rows, self.standing.configurations)
            # Whoever asks for a part of them leaves the others to be asked for by the first words.
            left_out = self.standing.before.keys() - {row.name for row in self.standing.rows}
            narrow = Resumption.narrow or (self.whole and left_out)
            if Resumption.own and several and not narrow:
                ledger.tell("words", list(words))
            resumable(command(home))
            take_over(self.reused, self.standing.rows, ledger)
        if self.reused and not self.quiet:
            print(told(self.reused.values(), len(self.configs)), flush=True)
        for k in self.missing:
            remove_partials(self.folders[k])

    def tell_resumed(self, home: Path) -> None:
        """One line of a command that resumes something."""
        if self.quiet or not Resumption.covers(home):
            return
        done, all_, missing = len(self.finished), len(self.configs), len(self.missing)
        these = "" if self.whole else "these "
        print(
            f"resumed: {done:,} of {these}{all_:,} members {_are(done)} finished, "
            f"{missing:,} {'goes' if missing == 1 else 'go'} on",
            flush=True,
        )

    def announce(self) -> None:
        """Say how the members were divided, where that is not into one stack, and what
        TensorBoard does not show."""
        from src.division import crowded, division, left_out

        configs = self.configs
        told = division(configs, self.stacks), left_out(configs), crowded(configs, self.folders)
        for said in (*told, told_of_deaths(self.died)):
            if said is not None and not self.quiet:
                print(said, flush=True)

    def objectives(self, home: Path | None = None) -> list[float]:
        """Train what is missing; the last validation accuracy of every member, NaN for one that
        diverged or failed."""
        if not self.missing:  # no reason to wait for torch
            return [objective(self.finished[k]) for k in range(len(self.configs))]
        return [result.objective for result in self.train(home)]

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


def plan(
    jobs: Sequence[DictConfig],
    limits: StackLimits | None = None,
    prepare: Callable[[DictConfig, Path], None] | None = None,
    whole: bool = True,
    home: Path | None = None,
    first_number: int = 0,
) -> Plan:
    """Check every job of a sweep; InputError names all distinct faults, one to a line.

    Each job is asked for once and not kept. prepare: called with each sound one and its folder.
    whole: whether these are all members of the sweep. Where they are not, or where something is
    tuned for each arm, the test set is held out until the sweep's end (src.held_out). home: the
    folder of the sweep's ledger. first_number: of the first job among those of the sweep.
    """
    if not jobs:
        raise InputError("the sweep has no member: one of its keys is given no value.")
    planned = Plan([], [], [], limits or StackLimits(), first_number=first_number)
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
    planned.overrides, planned.whole = overrides, whole
    planned.check(home)
    return planned


def _are(count: int) -> str:
    return "is" if count == 1 else "are"
