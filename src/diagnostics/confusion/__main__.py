"""Whether verdicts hold: judges finished runs anew, and says where their members ended.

Only the records of the first steps are looked at, as if the runs had stopped there. The rules are
those of this version, so runs of an earlier one are judged by newer rules.
"""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from src.cli import Parser, guarded
from src.errors import InputError, require

STEPS = 100
EPILOG = """examples:
  python -m src.diagnostics.confusion multirun/2026-01-31/12-00-00-000000
  python -m src.diagnostics.confusion multirun --steps 20 --json
"""


def main(arguments: Sequence[str] | None = None) -> None:
    words = list(sys.argv[1:] if arguments is None else arguments)

    def command() -> None:
        asked = _parsed(words)
        if asked.folders:
            _judge(asked)
        else:
            from src.diagnostics.confusion.page import write

            write()

    guarded(command)


def _parsed(words: Sequence[str]) -> argparse.Namespace:
    parser = Parser(
        prog="python -m src.diagnostics.confusion",
        description=__doc__,
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("folders", nargs="*", type=Path, metavar="FOLDER", help="of finished runs")
    parser.add_argument(
        "--steps", type=int, default=STEPS, metavar="N", help="judge from the first N (%(default)s)"
    )
    parser.add_argument("--json", action="store_true", help="every member, as JSON")
    parser.add_argument(
        "--page",
        action="store_true",
        help="write docs/verdicts.md; without FOLDER from the study that it shows already",
    )
    parser.add_argument(
        "--examples",
        nargs="+",
        type=Path,
        default=[],
        metavar="FOLDER",
        help="with --page: runs that are not counted, for examples of what the others lack",
    )
    asked = parser.parse_args(words)
    require(asked.steps >= 0, "--steps", asked.steps, "at least 0")
    if asked.json and asked.page:
        raise InputError("--json and --page: ask for one of them.")
    if asked.examples and not (asked.folders and asked.page):
        raise InputError("--examples: needs FOLDER and --page.")
    if not asked.folders and not asked.page:
        raise InputError("FOLDER: name at least one folder of finished runs.")
    return asked


def _judge(asked: argparse.Namespace) -> None:
    from src.diagnostics.confusion.judged import judged
    from src.diagnostics.confusion.show import as_json, show

    runs = judged(asked.folders, asked.steps)
    if asked.json:
        print(as_json(runs, asked.steps))
    else:
        show(runs, asked.steps)
    if asked.page:
        from src.diagnostics.confusion.page import write
        from src.diagnostics.confusion.study import keep, study_of

        others = judged(asked.examples, asked.steps).members if asked.examples else []
        keep(study_of(runs, asked.folders, asked.steps, others))
        write()


if __name__ == "__main__":
    main()
