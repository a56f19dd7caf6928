"""A small sweep that was never interrupted, and copies of it to interrupt."""

import json
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from safetensors.torch import load_file

from src.ledger.rows import Row
from src.ledger.store import Ledger
from src.tracking.files import RESULT, WEIGHTS
from tests.command import Outcome, command_in
from tests.conftest import SMALL

QUICK = (*SMALL, "logger=none")
SWEEP = ("-m", *QUICK, "init=zeros,he", "seeds=2")
# Of a result what no resumption may change.
PASSING = ("stack_seconds", "seconds", "members_in_stack", "checksum", "folder", "written")


@dataclass(frozen=True)
class Whole:
    """The sweep, in a folder called s of a place of its own."""

    folder: Path
    outcome: Outcome

    def copied(self, place: Path, name: str = "s") -> Path:
        return Path(shutil.copytree(self.folder, place / name))

    def member(self, init: str, seed: int) -> str:
        wanted = {f"init={init}", f"seed={seed}"}
        (name,) = [row.name for row in rows(self.folder).values() if wanted <= set(row.overrides)]
        return name


def whole_sweep(place: Path, *words: str) -> Whole:
    with command_in(place) as command:
        outcome = command(*(words or SWEEP), "hydra.sweep.dir=s")
    assert (outcome.code, outcome.err) == (0, "")
    return Whole(place / "s", outcome)


def rows(folder: Path) -> dict[str, Row]:
    with Ledger.read(folder) as ledger:
        return {row.name: row for row in ledger.rows()}


def numbers(folder: Path) -> dict[str, Any]:
    """All that must be equal to the bit: weights, and results but for their times."""
    found: dict[str, Any] = {}
    for path in sorted(folder.rglob(RESULT)):
        name = path.parent.relative_to(folder).as_posix()
        # The file says the same of itself in any order.
        weights = {key: tensor.tolist() for key, tensor in load_file(path.parent / WEIGHTS).items()}
        found[name] = lasting(json.loads(path.read_text())), weights
    return found


def lasting(record: Mapping[str, Any]) -> dict[str, Any]:
    kept = {key: value for key, value in record.items() if key not in PASSING}
    # How it was asked for, not what.
    asked = ("trust", "quiet")
    kept["config"] = {key: value for key, value in record["config"].items() if key not in asked}
    if "files" in kept:  # of these, too
        kept["files"] = sorted(kept["files"])
    return kept


def table(outcome: Outcome) -> list[str]:
    """The table of arms and what is said below it, without progress and paths."""
    lines = outcome.out.splitlines()
    start = next(k for k, line in enumerate(lines) if line.startswith("+-"))
    return [line for line in lines[start:] if "member(s) in" not in line]


def kept(folder: Path) -> dict[str, int]:
    """When each file of each finished member was written, in nanoseconds."""
    return {
        path.relative_to(folder).as_posix(): path.stat().st_mtime_ns
        for result in folder.rglob(RESULT)
        for path in result.parent.rglob("*")
        if path.is_file()
    }
