"""Finished runs, judged anew from the records of their first steps."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from src.diagnostics.confusion.count import Outcome
from src.diagnostics.records import RECORDS, Story, read
from src.diagnostics.verdicts.judge import judge
from src.diagnostics.verdicts.stored import facts_of_stored
from src.diagnostics.verdicts.verdict import Facts, Verdict
from src.errors import InputError
from src.report.results import Record, load, setting
from src.tracking.files import RESULT, expected_of

UNTOLD = ("logger", "quiet", "trust")  # what does not change a member
PLACES = ("root", "mirrors")  # nor from where its data came


@dataclass(frozen=True)
class Judged:
    """verdicts: of the first steps, the primary one first."""

    label: str
    folder: str
    outcome: Outcome
    verdicts: tuple[Verdict, ...]


@dataclass(frozen=True)
class Runs:
    """members: those that trained. failed: how many could not be trained to their end."""

    members: list[Judged]
    records: list[Record]
    failed: int


def judged(folders: Sequence[Path], steps: int) -> Runs:
    """Every member under the folders, once. InputError where one has no result, or no records.

    Of members of one configuration the first that was trained stands for all, for they are equal.
    """
    found: dict[str, Record] = {}
    for record in (each for at in folders for each in _results(at)):
        key = _identity(record)
        if key not in found or found[key]["status"] == "failed":
            found[key] = record
    records = list(found.values())
    trained = [record for record in records if record["status"] != "failed"]
    without = [r["folder"] for r in trained if not (Path(r["folder"]) / RECORDS).is_file()]
    if without:
        raise InputError(
            f"{without[0]}: has no {RECORDS}, as {len(without)} of {len(trained)} members; runs "
            "of diagnostics=off cannot be judged."
        )
    if not trained:
        raise InputError(f"{folders[0]}: all of its {len(records)} members failed to train.")
    members = [_judged(record, steps) for record in trained]
    return Runs(members, trained, len(records) - len(trained))


def _results(folder: Path) -> list[Record]:
    found = load(folder)
    if not found:
        raise InputError(f"{folder}: holds no finished runs, no {RESULT} at any depth.")
    return found


def _identity(record: Record) -> str:
    """The configuration but for what does not change a member: folders, and how it was watched."""
    config = {key: value for key, value in record["config"].items() if key not in UNTOLD}
    if isinstance(data := config.get("data"), Mapping):
        config["data"] = {key: value for key, value in data.items() if key not in PLACES}
    plain: Any = config or record["folder"]
    return json.dumps(plain, sort_keys=True)


def _judged(record: Record, steps: int) -> Judged:
    folder = Path(record["folder"])
    rows = read(folder / RECORDS, expected_of(record, RECORDS))
    story = Story(rows).until(steps)
    if not story.rows:
        raise InputError(f"{folder / RECORDS}: has no rows of the first {steps} steps.")
    facts, arm, accuracy = _told(record, steps)
    verdicts = tuple(judge(story, facts))
    outcome = Outcome(*arm, accuracy=accuracy, verdict=verdicts[0].name)
    return Judged(str(record["label"]), record["folder"], outcome, verdicts)


def _told(record: Record, steps: int) -> tuple[Facts, tuple[str, str, str, int], float | None]:
    """What the result says: the facts known after so many steps, the arm and seed, the end."""
    path = Path(record["folder"]) / RESULT
    try:
        diverged_at = record["step"] if record["status"] == "diverged" else None
        # Of a loss that is to become infinite later nothing is known yet.
        known = diverged_at if diverged_at is not None and diverged_at <= steps else None
        facts = facts_of_stored(record["config"], known)
        init, activation, optimizer = (
            str(setting(record, key)) for key in ("init", "activation", "optimizer")
        )
        arm = init, activation, optimizer, int(setting(record, "seed"))
        return facts, arm, _accuracy(record)
    except InputError as error:
        raise InputError(f"{path}: {error}") from error
    except (KeyError, TypeError, ValueError) as error:
        raise InputError(f"{path}: not a result of this program.") from error


def _accuracy(record: Record) -> float | None:
    """In validation, the last; None of a member that diverged."""
    if record["status"] == "diverged":
        return None
    return float(record["metrics"]["last"]["validation_accuracy"])
