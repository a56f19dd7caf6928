"""docs/verdicts.json: the members from which docs/verdicts.md has its figures, a line each."""

import json
import shlex
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from src.config import PROJECT
from src.diagnostics.confusion.count import Outcome
from src.diagnostics.confusion.judged import Runs
from src.errors import InputError
from src.report.load import Record

STUDY = PROJECT / "docs" / "verdicts.json"
SWEEP = "multirun.yaml"  # what Hydra leaves in the folder of a sweep
PACKAGES = ("python", "torch", "starting-strength")  # those whose versions the page tells


@dataclass(frozen=True)
class Study:
    """sweeps: the commands that made the runs, as far as these say so."""

    steps: int
    sweeps: list[str]
    versions: list[str]
    devices: list[str]
    failed: int
    outcomes: list[Outcome]


def study_of(runs: Runs, folders: Sequence[Path], steps: int) -> Study:
    return Study(
        steps=steps,
        sweeps=[_command(path) for folder in folders for path in sorted(folder.rglob(SWEEP))],
        versions=_distinct(map(_versions, runs.records)),
        devices=_distinct(str(record.get("device", "unknown")) for record in runs.records),
        failed=runs.failed,
        outcomes=sorted((member.outcome for member in runs.members), key=_place),
    )


def keep(study: Study, path: Path | None = None) -> None:
    """Write it: a line for each member, so that a difference shows which has changed."""
    head = {key: value for key, value in vars(study).items() if key != "outcomes"}
    text = json.dumps(head | {"columns": Outcome._fields}, indent=1, ensure_ascii=False)
    rows = ",\n".join(f"  {json.dumps(outcome, ensure_ascii=False)}" for outcome in study.outcomes)
    text = f'{text.removesuffix("}").rstrip()},\n "outcomes": [\n{rows}\n ]\n}}\n'
    (path or STUDY).write_text(text)


def kept(path: Path | None = None) -> Study:
    """InputError where there is none, or it is not as keep writes it."""
    path = path or STUDY
    try:
        found = json.loads(path.read_text())
        if tuple(found.pop("columns")) != Outcome._fields:
            raise ValueError("other columns")
        return Study(**found | {"outcomes": [Outcome(*row) for row in found["outcomes"]]})
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise InputError(f"{path}: not a readable study; name the FOLDERs of runs.") from error


def _place(outcome: Outcome) -> tuple[str, str, str, int]:
    return outcome.init, outcome.activation, outcome.optimizer, outcome.seed


def _command(path: Path) -> str:
    """What was typed, as the sweep's folder remembers it."""
    try:
        overrides = yaml.safe_load(path.read_text())["hydra"]["overrides"]["task"]
        return shlex.join(["python", "-m", "src.train", "-m", *map(str, overrides)])
    except (OSError, yaml.YAMLError, KeyError, TypeError) as error:
        raise InputError(f"{path}: not what Hydra writes of a sweep.") from error


def _versions(record: Record) -> str:
    found: Any = record.get("versions") or {}
    return ", ".join(f"{package} {found.get(package, 'unknown')}" for package in PACKAGES)


def _distinct(words: Iterable[str]) -> list[str]:
    return sorted(set(words))
