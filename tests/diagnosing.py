"""Runs `python -m src.diagnose` in the test's own process."""

import io
import json
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from hydra.core.global_hydra import GlobalHydra

from src.diagnose.__main__ import main
from tests.command import Outcome, called, undisturbed_logging
from tests.conftest import SMALL

# 6 steps an epoch.
TINY = (*SMALL, "trainer.epochs=5")
Run = Callable[..., Outcome]


@contextmanager
def doctor_in(folder: Path) -> Iterator[Run]:
    """The command, called as often as a test likes, in a folder of its own."""

    def run(*arguments: str, small: bool = True, out: type[io.StringIO] = io.StringIO) -> Outcome:
        GlobalHydra.instance().clear()
        return called(main, [*(TINY if small else ()), *arguments], out)

    with pytest.MonkeyPatch.context() as monkeypatch, undisturbed_logging():
        monkeypatch.chdir(folder)
        monkeypatch.setattr(sys, "argv", ["diagnose"])
        monkeypatch.delenv("HYDRA_FULL_ERROR", raising=False)
        yield run
    GlobalHydra.instance().clear()


def told(diagnose: Run, *arguments: str) -> Any:
    outcome = diagnose("--json", *arguments)
    assert outcome.code == 0, outcome.err
    return json.loads(outcome.out, parse_constant=pytest.fail)
