"""The folder of a report, and which files in it are those of an earlier one."""

import json
from pathlib import Path
from tempfile import TemporaryFile
from typing import Any

from src.errors import InputError

PAGE, DATA, FIGURES, TABLES = "index.html", "report.json", "figures", "tables"
KINDS = {FIGURES: (".png", ".pdf"), TABLES: (".csv", ".parquet", ".tex", ".md")}


def check(folder: Path) -> None:
    """InputError where no report can be written there; before anything is computed."""
    nearest = next(
        path for path in (folder.absolute(), *folder.absolute().parents) if path.exists()
    )
    if not nearest.is_dir():
        raise InputError(f"{folder}: cannot hold a report; {nearest} is no folder.")
    _check_writable(nearest, f"{folder}: cannot hold a report")
    for inside in (folder / FIGURES, folder / TABLES):
        if inside.exists() and not inside.is_dir():
            raise InputError(f"{folder}: cannot hold a report; {inside} is no folder.")
    written_before(folder)


def check_file(path: Path) -> None:
    """InputError where no file can be written there, in a folder that exists."""
    if path.is_dir():
        raise InputError(f"{path}: cannot be written; it is a folder.")
    _check_writable(path.parent, f"{path}: cannot be written")


def _check_writable(folder: Path, told: str) -> None:
    """By trying: what the modes of a folder say is not all that decides."""
    try:
        with TemporaryFile(dir=folder):
            pass
    except OSError as error:
        raise InputError(
            f"{told}; nothing may be written into {folder} ({error.strerror})."
        ) from error


def written_before(folder: Path) -> set[str]:
    """The files under figures/ and tables/ that an earlier report says it wrote.

    InputError where the folder holds a page or data of another kind.
    """
    there = [name for name in (PAGE, DATA) if (folder / name).exists()]
    if not there:
        return set()
    try:
        listed: Any = json.loads((folder / DATA).read_bytes())["files"]
        return {name for name in listed if isinstance(name, str) and _ours(name)}
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise InputError(
            f"{folder}: holds a file {there[0]} that is not of a report; choose another folder."
        ) from error


def _ours(name: str) -> bool:
    """Whether a report could have written it; a list may have been written by anyone."""
    place, _, file = name.partition("/")
    return place in KINDS and Path(file).name == file and Path(file).suffix in KINDS[place]
