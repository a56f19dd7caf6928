"""Runs `python -m src.train` in the test's own process, so that Lightning is imported once."""

import io
import logging
import re
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from dataclasses import dataclass
from pathlib import Path

import pytest
from hydra.core.global_hydra import GlobalHydra

from src.train import main

# What a user who has never read Hydra's sources should not have to meet.
JARGON = (
    "Traceback",
    "AnyNode",
    "ConfigCompositionException",
    "DictConfig",
    "<EOF>",
    "Error executing job",
    "Error parsing",
    "Interpolation",
    "ListConfig",
    "Missing mandatory",
    "NoViableAlt",
    "NoneType",
    "OmegaConf",
    "full_key",
    "internal fault",
    "is not Optional",
    "no viable alternative",
    "not a subclass",
    "object_type",
    "primary config",
    "struct",
)


@dataclass(frozen=True)
class Outcome:
    """What a shell would see of a command."""

    code: int
    out: str
    err: str

    @property
    def sentences(self) -> list[str]:
        return [line.removeprefix("error: ") for line in self.err.splitlines()]

    def assert_refused(self, code: int = 2) -> None:
        """The command ended by itself, and stderr holds plain sentences and nothing else."""
        assert self.code == code, self.err
        assert self.sentences, "nothing on stderr"
        for line in self.err.splitlines():
            assert line.startswith("error: "), line
            assert line.endswith((".", "?")), line
            assert not line.endswith(".."), line
        for word in JARGON:
            # On whole words where one is part of an English word: struct, structure.
            found = re.search(word if word != "struct" else r"\bstruct\b", self.out + self.err)
            assert found is None, f"{word!r} in: {self.err}"


def called(
    command: Callable[[Sequence[str]], None],
    arguments: Sequence[str],
    out: type[io.StringIO] = io.StringIO,
) -> Outcome:
    """A command, called in this process. out: what it prints to."""
    code: object = 0
    with redirect_stdout(out()) as said, redirect_stderr(io.StringIO()) as err:
        try:
            command(arguments)
        except SystemExit as end:
            code = end.code
    assert isinstance(code, int)
    return Outcome(code, said.getvalue(), err.getvalue())


class Command:
    """The command line, called as often as a test likes."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def __call__(self, *arguments: str) -> Outcome:
        GlobalHydra.instance().clear()
        return called(main, arguments)

    def results(self) -> list[Path]:
        return sorted(self.folder.rglob("result.json"))

    def job_folders(self) -> list[Path]:
        """The folders that Hydra has opened for a job."""
        return sorted(path.parent for path in self.folder.rglob(".hydra"))


@contextmanager
def undisturbed_logging() -> Iterator[None]:
    """Hydra points the root logger at streams and files that end with the test."""
    root = logging.getLogger()
    handlers, level = list(root.handlers), root.level
    try:
        yield
    finally:
        for handler in root.handlers:
            if handler not in handlers:
                handler.close()
        root.handlers[:] = handlers
        root.setLevel(level)


@contextmanager
def command_in(folder: Path) -> Iterator[Command]:
    """A command line that works in the folder, and leaves the process as it was."""
    with pytest.MonkeyPatch.context() as monkeypatch, undisturbed_logging():
        monkeypatch.chdir(folder)
        monkeypatch.setattr(sys, "argv", ["train"])
        monkeypatch.delenv("HYDRA_FULL_ERROR", raising=False)
        try:
            yield Command(folder)
        finally:
            # Hydra's other singletons stay: a search for its plugins takes longer than most tests.
            GlobalHydra.instance().clear()
