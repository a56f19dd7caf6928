"""docs/verdicts.json: the members from which docs/verdicts.md has its figures, a line each."""

import json
import re
import shlex
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import yaml

from src.config import PROJECT
from src.diagnostics.confusion.count import Outcome
from src.diagnostics.confusion.judged import UNTOLD, Judged, Runs
from src.diagnostics.verdicts.names import NAMES
from src.errors import InputError
from src.report.results import Record
from src.tracking.files import RESULT

STUDY = PROJECT / "docs" / "verdicts.json"
SWEEP = "multirun.yaml"  # what Hydra leaves in the folder of a sweep
OVERRIDES = Path(".hydra") / "overrides.yaml"  # and in that of a member
_LAYERS = re.compile(r"\[(\d+)((?:, ?\1)+)\]")
PACKAGES = ("python", "torch", "starting-strength")  # those whose versions the page tells


@dataclass(frozen=True)
class Example:
    """What a member was told, and which it is."""

    member: str
    sentence: str
    remedy: str


@dataclass(frozen=True)
class Study:
    """sweeps: the commands that made the runs, as far as these say so.

    missing: how many of the members that they asked for had no result when this was made.
    """

    steps: int
    sweeps: list[str]
    versions: list[str]
    devices: list[str]
    failed: int
    examples: dict[str, Example]  # by verdict
    outcomes: list[Outcome]
    missing: int = 0


def study_of(
    runs: Runs, folders: Sequence[Path], steps: int, others: Sequence[Judged] = ()
) -> Study:
    """others: members that are not counted, for examples of verdicts that those of runs lack."""
    sweeps = list(dict.fromkeys(path.resolve() for at in folders for path in _sweeps(at)))
    return Study(
        steps=steps,
        sweeps=list(dict.fromkeys(map(_command, sweeps))),
        versions=_distinct(map(_versions, runs.records)),
        devices=_distinct(str(record.get("device", "unknown")) for record in runs.records),
        failed=runs.failed,
        examples=_examples(runs.members, others),
        outcomes=sorted((member.outcome for member in runs.members), key=_place),
        missing=sum(map(_missing, sweeps)),
    )


def keep(study: Study, path: Path | None = None) -> None:
    """Write it: a line for each member, so that a difference shows which has changed."""
    head = asdict(study)
    del head["outcomes"]
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
        found["outcomes"] = [Outcome(*row) for row in found["outcomes"]]
        found["examples"] = {name: Example(**told) for name, told in found["examples"].items()}
        return Study(**found)
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise InputError(f"{path}: not a readable study; name the FOLDERs of runs.") from error


def _examples(members: Sequence[Judged], others: Sequence[Judged]) -> dict[str, Example]:
    """Of each verdict a member of which it is the primary one, else any; counted ones first."""
    found = dict[str, Example]()
    for name in NAMES:
        best = _primary(members, name) or _primary(others, name)
        best = best or [each for each in (*members, *others) if _told(each, name)]
        if best:
            member = min(best, key=lambda each: _clarity(each.outcome))
            verdict = next(each for each in member.verdicts if each.name == name)
            found[name] = Example(_asked(member), verdict.sentence, verdict.remedy)
    return found


def _primary(members: Sequence[Judged], name: str) -> list[Judged]:
    return [each for each in members if each.outcome.verdict == name]


def _told(member: Judged, name: str) -> bool:
    return any(verdict.name == name for verdict in member.verdicts)


def _clarity(outcome: Outcome) -> tuple[float, tuple[str, str, str, int]]:
    """The least is clearest: a fault where the end was worst, health where it was best."""
    accuracy = outcome.accuracy or 0.0
    return (-accuracy if outcome.verdict == "healthy" else accuracy), _place(outcome)


def _asked(member: Judged) -> str:
    """As it was typed, where its folder remembers that; else its label."""
    path = Path(member.folder) / OVERRIDES
    try:
        words = [str(each) for each in yaml.safe_load(path.read_text())]
    except (OSError, yaml.YAMLError, TypeError):
        return member.label
    told = [_LAYERS.sub(_short, each) for each in words if each.partition("=")[0] not in UNTOLD]
    return " ".join(told) or member.label


def _short(found: re.Match[str]) -> str:
    """[100,100,100] as [100]*3, which the command line reads as well."""
    return f"[{found[1]}]*{1 + found[2].count(',')}"


def _place(outcome: Outcome) -> tuple[str, str, str, int]:
    return outcome.init, outcome.activation, outcome.optimizer, outcome.seed


def _sweeps(folder: Path) -> list[Path]:
    """Of the folder of a member that of the sweep around it."""
    if (folder / RESULT).is_file():
        return [path for path in (folder.parent / SWEEP,) if path.is_file()]
    return sorted(folder.rglob(SWEEP))


def _command(path: Path) -> str:
    """What was typed."""
    return shlex.join(["python", "-m", "src.train", "-m", *_typed(path)])


def _missing(path: Path) -> int:
    """Members of a sweep without a result: all have a folder from its beginning."""
    return sum(
        (folder / OVERRIDES).is_file() and not (folder / RESULT).is_file()
        for folder in path.parent.iterdir()
    )


def _typed(path: Path) -> list[str]:
    """The overrides, as the sweep's folder remembers them."""
    try:
        overrides = yaml.safe_load(path.read_text())["hydra"]["overrides"]["task"]
        return [str(each) for each in overrides]
    except (OSError, yaml.YAMLError, KeyError, TypeError) as error:
        raise InputError(f"{path}: not what Hydra writes of a sweep.") from error


def _versions(record: Record) -> str:
    found: Any = record.get("versions") or {}
    return ", ".join(f"{package} {found.get(package, 'unknown')}" for package in PACKAGES)


def _distinct(words: Iterable[str]) -> list[str]:
    return sorted(set(words))
