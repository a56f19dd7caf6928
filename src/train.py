"""`python -m src.train`: one run, or with -m a sweep. Nothing heavy is imported before training."""

import math
import os
import shlex
import shutil
import sys
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from src.interruption import complete, in_one_line, process, resumable

with in_one_line():  # a command guards itself from then on
    import hydra
    from hydra.core.hydra_config import HydraConfig
    from hydra.types import RunMode
    from omegaconf import DictConfig

    from src.arranged import arranged, is_sweep, left_to_the_jobs
    from src.cli import SweepFolder, guarded
    from src.config import CONF, register, validated
    from src.errors import InputError, MembersFailed, SweepStopped
    from src.failures import failures, missing
    from src.held_out import hint, settle
    from src.ledger.claim import claim, release
    from src.ledger.resumption import Resumption, resumed
    from src.ledger.resumption import command as resuming
    from src.ledger.store import LEDGER
    from src.refusals import of_composition
    from src.storage import stopping, unwritten
    from src.sweep import Plan
    from src.trust import RUN_FOLDER
    from src.typed import refuse_foreign_code

Task = Callable[[DictConfig], float]

register()


@dataclass
class Jobs:
    """How the jobs that Hydra ran here have ended, kept past Hydra, which prints a line of its own
    for a raise."""

    process: int = 0  # a job in another has nobody else to tell
    folder: Path | None = None  # of a single run
    refusal: InputError | None = None  # of a single run
    stopped: SweepStopped | None = None  # no further job begins

    def conclude(self, sentences: Sequence[str]) -> None:
        conclude(self.folder, sentences)
        if self.refusal is not None:
            raise self.refusal


_jobs = Jobs()


def stackable(task: Task) -> Task:
    """Mark a task whose jobs the stacked launcher may train together instead of calling it."""
    task.stackable = True  # type: ignore[attr-defined]
    return task


@hydra.main(version_base="1.3", config_path=str(CONF), config_name="config")
@stackable
def train(composed: DictConfig) -> float:
    """Train one member, as Hydra calls it: the objective is the last validation accuracy.

    NaN for a member that diverged or failed; its result.json says which, and why.
    """
    if _jobs.stopped is not None:
        return math.nan
    job = HydraConfig.get()
    folder = Path(job.runtime.output_dir)
    alone = job.mode == RunMode.RUN
    try:
        config = validated(composed, job.runtime.choices, job)
        label = config.init.name if alone else job.job.override_dirname
        # A job may have a working directory of its own.
        home = folder if alone else Path(job.runtime.cwd, job.sweep.dir)
        if not alone:
            claim(folder)  # what began the sweep may have been killed, and resumed elsewhere
        planned = Plan(
            [config],
            [folder],
            [label],
            held_out=not alone,
            overrides=[list(job.overrides.task)],
            first_number=0 if alone else int(job.job.num),
            whole=alone,
        )
        planned.check(home)
        if alone:
            _jobs.folder = folder
        with stopping(home):
            planned.enter(home, SweepFolder.words, several=not alone)
            if alone:
                planned.tell_resumed(home)
            (objective,) = planned.objectives(home)
    except InputError as error:
        if not alone:
            raise
        _jobs.folder, _jobs.refusal = None, error
        _withdraw(folder)
        return math.nan
    except SweepStopped as error:
        if os.getpid() != _jobs.process:
            raise
        _jobs.stopped = error
        return math.nan
    finally:
        if not alone:
            release(folder)
    return objective


def _withdraw(folder: Path) -> None:
    """Remove what Hydra has opened for a run that is refused, where nothing else is there."""
    recorded = folder / RUN_FOLDER
    with suppress(OSError):
        if list(folder.iterdir()) == [recorded]:
            shutil.rmtree(recorded)
            folder.rmdir()


def conclude(folder: Path | None, sentences: Sequence[str] = ()) -> None:
    """Tell of a finished command, and report it; MembersFailed where something went wrong.

    sentences: why it ended early, or for each chosen member that could not be tested.
    """
    if folder is None:
        return
    from src.report.conclusion import conclude as told

    ended = told(folder, lambda found: hint(folder, found))
    lines = [*sentences, *failures(folder, ended.records)]
    if ended.unwritten:
        lines += [*ended.unwritten, f"python -m src.report {folder} makes the report."]
    if lines:
        raise MembersFailed("\n".join(lines))


def composed_and_run() -> None:
    """Call Hydra; what a sweep is refused before it begins is judged by its jobs instead."""
    try:
        train()
    except Exception as error:
        arguments = sys.argv[1:]
        judged = not SweepFolder.begun() and is_sweep(arguments) and of_composition(error)
        again = left_to_the_jobs(arguments) if judged else arguments
        if again == arguments:
            raise
        sys.argv[1:] = again
        train()


def ended() -> list[str]:
    """Train what is asked for, and test what is chosen; what went wrong, in sentences."""
    try:
        composed_and_run()
    except SweepStopped as error:
        return [str(error)]
    except OSError as error:
        folder = SweepFolder.current()
        if isinstance(error, BrokenPipeError) or folder is None or not (folder / LEDGER).is_file():
            raise
        return [unwritten(error, folder)]
    if _jobs.stopped is not None:
        return [str(_jobs.stopped)]
    return settle(SweepFolder.current())


def main(arguments: Sequence[str] | None = None) -> None:
    """Entry point of `python -m src.train` and of the command starting-strength."""
    typed = sys.argv[1:] if arguments is None else arguments

    def command() -> None:
        _jobs.process = os.getpid()
        _jobs.folder = _jobs.refusal = _jobs.stopped = None
        words = resumed(typed)
        if Resumption.folder is not None:
            resumable(resuming(Resumption.folder))
        SweepFolder.words = words
        sys.argv[1:] = arranged(words)
        refuse_foreign_code(sys.argv[1:])
        try:
            sentences = ended()
        except InputError:
            # A sweeper that launches in batches may have trained some before one is refused.
            with suppress(InputError, MembersFailed):
                conclude(SweepFolder.take_trained())
            raise
        except BaseException:
            # What is finished is told, and nothing about it may hide how the command ended.
            with suppress(InputError, MembersFailed):
                conclude(SweepFolder.take())
            raise
        folder = SweepFolder.take()
        if folder is not None and not sentences and not missing(folder):
            complete(f"python -m src.report {shlex.quote(str(folder))}")
        conclude(folder, sentences)
        _jobs.conclude(sentences)

    try:
        guarded(command)
    finally:
        release()
        Resumption.end()


if __name__ == "__main__":
    with process():
        main()
