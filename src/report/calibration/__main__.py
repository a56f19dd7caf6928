"""Whether the report's statements hold: simulates sweeps whose truth is known, lets the report's
own code judge them, and writes docs/calibration.json, .md and .png."""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn

from src.errors import InputError, require
from src.report.calibration import bars, page, plan, spread, study

SWEEPS = 4000
FEWEST = 100
EPILOG = """examples:
  python -m src.report.calibration
  python -m src.report.calibration --sweeps 500
  python -m src.report.calibration --page
"""


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(
        prog="python -m src.report.calibration",
        description=__doc__,
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument(
        "--sweeps", type=int, default=SWEEPS, metavar="N", help="in each cell (%(default)s)"
    )
    parser.add_argument(
        "--page", action="store_true", help="write page and figure of the study that is kept"
    )
    parser.add_argument(
        "--spread",
        type=Path,
        metavar="FOLDER",
        help="first take the spread of runs from this sweep, made by the command in spread.csv",
    )
    asked = parser.parse_args(arguments)
    try:
        _run(asked)
    except InputError as error:
        print(f"error: {error}", file=sys.stderr)
        sys.exit(2)


def _run(asked: argparse.Namespace) -> None:
    require(asked.sweeps >= FEWEST, "--sweeps", asked.sweeps, f"at least {FEWEST}")
    if asked.spread:
        print(f"{spread.take(asked.spread)} runs taken into {spread.SPREAD.name}")
    if not asked.page:
        study.keep(_simulated(asked.sweeps))
    found = study.kept()
    for path in page.write(found):
        print(f"written: {path.relative_to(study.PROJECT)}")
    missed = bars.misses(found)
    print("\n".join(f"missed: {each}" for each in missed) or "All bars are held.")


def _simulated(sweeps: int) -> study.Study:
    columns = (TextColumn("simulating"), BarColumn(), TaskProgressColumn(), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True), disable=not sys.stderr.isatty()) as bar:
        task = bar.add_task("", total=1.0)
        return plan.made(sweeps, lambda share: bar.advance(task, share))


if __name__ == "__main__":
    main()
