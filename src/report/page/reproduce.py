"""What a reader needs to run the sweep again: its command line, versions, device and data."""

import shlex
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import yaml

from src.report.results import Record

SWEEP, RUN = Path("multirun.yaml"), Path(".hydra") / "hydra.yaml"
# A member lies in its sweep's folder, or one below it.
ABOVE = 2


@dataclass(frozen=True)
class Recipe:
    """commands: one for each sweep that tells. facts: (what, its value or values)."""

    commands: list[str]
    facts: list[tuple[str, str]]


def recipe(records: Sequence[Record]) -> Recipe:
    paths = dict.fromkeys(filter(None, map(_told_in, records)))
    commands = dict.fromkeys(filter(None, map(_command, paths)))
    return Recipe(list(commands), list(_facts(records)))


def _told_in(record: Record) -> Path | None:
    """The file that holds the command line of the member's sweep, or of it alone."""
    if not record.get("folder"):  # one that was never in a file
        return None
    folder = Path(record["folder"])
    above = [folder, *folder.parents[:ABOVE]]
    places = [*(place / SWEEP for place in above), folder / RUN]
    return next((place for place in places if place.is_file()), None)


def _command(path: Path) -> str | None:
    try:
        told = yaml.safe_load(path.read_text())
        task = told["hydra"]["overrides"]["task"]
    except (OSError, ValueError, yaml.YAMLError, KeyError, TypeError):
        return None  # a page without a command is better than none
    if not isinstance(task, list):
        return None
    sweep = ["-m"] if path.name == SWEEP.name else []
    return shlex.join(["python", "-m", "src.train", *sweep, *map(str, task)])


def _facts(records: Sequence[Record]) -> Iterator[tuple[str, str]]:
    versions: dict[str, dict[str, None]] = {}
    for record in records:
        for package, version in (record.get("versions") or {}).items():
            versions.setdefault(package, {})[str(version)] = None
    for package, found in versions.items():
        yield package, ", ".join(found)
    for what, key in (("git revision", "git_revision"), ("device", "device")):
        values = dict.fromkeys(str(record[key]) for record in records if record.get(key))
        if values:
            yield what, ", ".join(values)
    files: dict[str, dict[str, None]] = {}
    for record in records:
        for file, digest in (record.get("data_sha256") or {}).items():
            files.setdefault(file, {})[str(digest)] = None
    for file, digests in files.items():
        yield f"sha256 of {file}", ", ".join(digests)
