"""Reading finished runs. Needs no torch: reports are fast and old runs stay readable."""

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pandas import DataFrame


def load(*folders: str | Path) -> "DataFrame":
    """The members of sweeps, finished or interrupted, as one table with a row for each.

    See src.report.frame.framed for its columns. InputError for a folder without results.
    """
    from src.report.frame import framed
    from src.report.results import read

    return framed(read(*map(Path, folders)))
