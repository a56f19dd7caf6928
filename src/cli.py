"""The edge: Hydra's exceptions become one sentence and an exit code, for every entry point."""

import argparse
import os
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, NoReturn

from hydra.experimental.callback import Callback
from omegaconf import DictConfig
from omegaconf.errors import OmegaConfBaseException

from src.arranged import arranged
from src.begun import begin_single_jobs
from src.errors import InputError, MembersFailed, message, printable, require
from src.interruption import advice, ending, exit_code, handled, lost, word
from src.ledger.claim import claim
from src.ledger.resumption import Resumption
from src.ledger.store import Ledger
from src.parts import at_once, check_asked
from src.refusals import sentence
from src.tracking.files import RESULT
from src.typed import elided, flags_of

USAGE, FAILED, READER_GONE = 2, 1, 141


class Parser(argparse.ArgumentParser):
    """Refuses in one sentence, as everything else does."""

    def error(self, message: str) -> NoReturn:
        raise InputError(f"{message}; --help tells what is allowed.")


def of_config_dir(folder: Path | None) -> list[str]:
    """Hydra's override for a command's --config-dir."""
    if folder is None:
        return []
    require(folder.is_dir(), "--config-dir", folder, "a folder")
    return [f"hydra.searchpath=[file://{folder.resolve()}]"]


class SweepFolder(Callback):
    """Remembers the folder of the sweep that this command has begun, for the table at its end."""

    words: Sequence[str] = ()  # as typed
    _current: Path | None = None
    _trained = False

    def on_run_start(self, config: DictConfig, **_: Any) -> None:
        """Before Hydra writes into the folder of a single run. It swallows every Exception here."""
        try:
            folder = Path(config.hydra.run.dir)
            held = (folder / RESULT).exists() and not Resumption.covers(folder)
        except (OSError, OmegaConfBaseException):
            return  # told when Hydra makes it
        if held:
            _leave(f"{folder}: holds a {RESULT} already; finished runs are kept.", USAGE)
        _take(folder)

    def on_multirun_start(self, config: DictConfig, **_: Any) -> None:
        try:
            folder = Path(config.hydra.sweep.dir)
            SweepFolder._current, SweepFolder._trained = folder, False
            launcher = str(config.hydra.launcher._target_)
        except OmegaConfBaseException:
            return  # told when Hydra makes it
        if not _take(folder):
            return
        stacked = launcher.endswith(".StackedLauncher")
        try:
            if Resumption.own and Resumption.covers(folder):
                in_parts = not (stacked and at_once(config))
                check_asked(folder, config, _first_words(folder), in_parts)
            if not stacked:
                begin_single_jobs(folder, SweepFolder.words, quiet=config.get("quiet") is True)
        except InputError as error:
            _leave(str(error), USAGE)

    @classmethod
    def train(cls) -> None:
        """Members of the sweep begin to train: from now on there is something to tell."""
        cls._trained = True

    @classmethod
    def take_trained(cls) -> Path | None:
        """The folder, once; None where nothing has been trained in it."""
        folder = cls.take()
        return folder if cls._trained else None

    @classmethod
    def current(cls) -> Path | None:
        """The folder of the sweep that has begun and is not yet taken."""
        return cls._current

    @classmethod
    def begun(cls) -> bool:
        return cls._current is not None

    @classmethod
    def take(cls) -> Path | None:
        """The folder, once; None where no sweep has begun."""
        folder, cls._current = cls._current, None
        return folder


def _take(folder: Path) -> bool:
    """Whether it is there, for this process alone; another that has it is told of."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        claim(folder)
    except InputError as error:
        _leave(str(error), USAGE)
    except OSError:
        return False  # told when Hydra writes into it
    return True


def _first_words(folder: Path) -> list[str]:
    """The overrides that began what is resumed there, as Hydra has them."""
    try:
        with Ledger.read(folder) as ledger:
            return list(flags_of(arranged(ledger.words)).overrides)
    except InputError:
        return []  # of a ledger that is damaged, or of words that were changed in it


def guarded(command: Callable[[], object]) -> None:
    """Run the command; bad input ends it with one sentence on stderr and a non-zero exit code.

    Hydra's own reporting is switched off (HYDRA_FULL_ERROR makes it let exceptions through); a
    user who sets that variable gets the traces.
    """
    if os.environ.get("HYDRA_FULL_ERROR"):
        command()
        return
    os.environ["HYDRA_FULL_ERROR"] = "1"
    try:
        with handled():
            _told(command)
    finally:
        os.environ.pop("HYDRA_FULL_ERROR", None)


def _told(command: Callable[[], object]) -> None:
    try:
        command()
        sys.stdout.flush()  # a reader that has gone is noticed here, not by the interpreter's end
    except KeyboardInterrupt as error:
        _interrupted(error)
    except BrokenPipeError:
        # The reader (head, less) has seen enough. Nothing more can be said on standard output.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(READER_GONE)
    except MembersFailed as error:
        _leave(str(error), FAILED)
    except SystemExit:
        raise
    except BaseException as error:  # noqa: BLE001 - the edge of the program
        if (interrupt := lost(error)) is not None:
            _interrupted(interrupt)
        said = sentence(error, sys.argv[1:])
        if said is not None:
            _leave(said, USAGE)
        trace = "HYDRA_FULL_ERROR=1 shows the trace"
        first = (message(error).strip() or type(error).__name__).splitlines()[0].rstrip(".")
        _leave(f"internal fault: {type(error).__name__}: {first} ({trace}).", FAILED)


def _interrupted(error: KeyboardInterrupt) -> NoReturn:
    ending(exit_code(error))
    _leave(f"{word(error)}.{advice()}", exit_code(error))


def _leave(message: str, code: int) -> NoReturn:
    sys.stdout.flush()
    for line in message.splitlines():
        print(f"error: {elided(printable(line))}", file=sys.stderr)
    sys.exit(code)
