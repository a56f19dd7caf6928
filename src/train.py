"""`python -m src.train`: one run, or with -m a sweep. Nothing heavy is imported before training."""

import math
import shutil
import sys
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

try:
    import hydra
    from hydra.core.hydra_config import HydraConfig
    from hydra.types import RunMode
    from omegaconf import DictConfig

    from src.cli import (
        SweepFolder,
        arranged,
        guarded,
        is_sweep,
        left_to_the_jobs,
        refuse_foreign_code,
    )
    from src.config import CONF, register, validated
    from src.errors import InputError, MembersFailed
    from src.held_out import hint, settle
    from src.ledger.claim import release
    from src.ledger.resumption import resumed
    from src.refusals import of_composition
    from src.sweep import Plan
    from src.trust import RUN_FOLDER
except KeyboardInterrupt:  # of these imports; a command guards itself from then on
    print("error: interrupted.", file=sys.stderr)
    sys.exit(130)

Task = Callable[[DictConfig], float]

register()


@dataclass
class SingleRun:
    """How a single run ended, kept past Hydra, which prints a line of its own for a raise."""

    folder: Path | None = None
    refusal: InputError | None = None

    def conclude(self) -> None:
        conclude(self.folder)
        if self.refusal is not None:
            raise self.refusal


_single = SingleRun()


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
    job = HydraConfig.get()
    folder = Path(job.runtime.output_dir)
    alone = job.mode == RunMode.RUN
    try:
        config = validated(composed, job.runtime.choices, job)
        label = config.init.name if alone else job.job.override_dirname
        home = folder if alone else Path(job.sweep.dir)
        planned = Plan(
            [config],
            [folder],
            [label],
            held_out=not alone,
            overrides=[list(job.overrides.task)],
            first_number=0 if alone else int(job.job.num),
        )
        planned.check(home)
        planned.enter(home, SweepFolder.words, several=not alone)
        (result,) = planned.train(home)
    except InputError as error:
        if not alone:
            raise
        _single.refusal = error
        _withdraw(folder)
        return math.nan
    if alone:
        _single.folder = folder
    return result.objective


def _withdraw(folder: Path) -> None:
    """Remove what Hydra has opened for a run that is refused, where nothing else is there."""
    recorded = folder / RUN_FOLDER
    with suppress(OSError):
        if list(folder.iterdir()) == [recorded]:
            shutil.rmtree(recorded)
            folder.rmdir()


def conclude(folder: Path | None, untested: Sequence[str] = ()) -> None:
    """Tell of a finished command, and report it; MembersFailed where members could not train.

    untested: a sentence for each chosen member that could not be tested.
    """
    if folder is None:
        return
    from src.report.conclusion import conclude as told

    records = told(folder, lambda found: hint(folder, found))
    failed = [record for record in records if record["status"] == "failed"]
    lines = list(untested)
    if failed:
        lines += [f"{record['label']}: {record['error'].rstrip('.')}." for record in failed]
        lines += [f"{len(failed)} of {len(records)} member(s) failed; their train.log says more."]
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


def main(arguments: Sequence[str] | None = None) -> None:
    """Entry point of `python -m src.train` and of the command starting-strength."""
    typed = sys.argv[1:] if arguments is None else arguments

    def command() -> None:
        _single.folder = _single.refusal = None
        words = resumed(typed)
        SweepFolder.words = words
        sys.argv[1:] = arranged(words)
        refuse_foreign_code(sys.argv[1:])
        try:
            composed_and_run()
            untested = settle(SweepFolder.current())
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
        conclude(SweepFolder.take(), untested)
        _single.conclude()

    try:
        guarded(command)
    finally:
        release()


if __name__ == "__main__":
    main()
