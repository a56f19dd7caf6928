"""`python -m src.report` in the test's own process, and made sweeps for it."""

from pathlib import Path
from typing import Any

from src.report.__main__ import main
from src.report.results import Record, load
from src.report.table import keep, print_members, ranked
from tests.command import Outcome, called
from tests.records import made


def report(*arguments: str) -> Outcome:
    return called(main, arguments)


def shown(folder: Path) -> list[Record]:
    """As the end of a sweep tells it where no table of arms can be made."""
    found = ranked(load(folder))
    keep(found, folder)
    print_members(found, folder)
    return found


def member(init: str, seed: int, accuracy: float, **changes: Any) -> dict[str, Any]:
    record = made(accuracy, f"init={init},seed={seed}", init__name=init, seed=seed, **changes)
    record["metrics"]["test"] = {"accuracy": accuracy - 0.01, "loss": 0.4}
    return record | {"steps_to_80": 40}


def records(seeds: int = 3) -> list[dict[str, Any]]:
    return [
        member(init, seed, accuracy + seed / 200)
        for init, accuracy in (("he", 0.85), ("xavier", 0.84), ("zeros", 0.1))
        for seed in range(seeds)
    ]


def files(folder: Path) -> list[str]:
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*.*"))
