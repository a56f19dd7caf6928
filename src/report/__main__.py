"""The report of sweeps, finished or interrupted: which arm is best, and how sure that is.

Prints the table of arms and writes a page that works offline, its figures as PNG and PDF, and its
tables. Several folders are read as one sweep, or with --compare as two.
"""

import argparse
import json
import sys
from collections.abc import Iterable, Iterator, Sequence
from contextlib import nullcontext, redirect_stdout
from pathlib import Path
from typing import TYPE_CHECKING

from src.interruption import in_one_line, process

with in_one_line():  # a command guards itself from then on
    from src.cli import Parser, guarded
    from src.errors import InputError, require
    from src.report.conclusion import REPORT
    from src.report.console import Stages, say
    from src.report.metrics import AUTO, SCORES
    from src.report.place import KINDS, TABLES, check, check_file
    from src.report.results import check_folder

if TYPE_CHECKING:
    from src.report.analysis import Analysis

NO_BASELINE = ("", "none")
EXPORTS = KINDS[TABLES]
EPILOG = """examples:
  python -m src.report multirun/2026-01-31/12-00-00-000000
  python -m src.report multirun/mine --scientific init,activation --baseline 'default, relu'
  python -m src.report multirun/mine --export arms.tex --export arms.csv --no-page
  python -m src.report multirun/before multirun/after --compare

Arms are compared by one metric, all pairs of them, with Holm's correction; with fewer than three
seeds an arm no claim is made. What a sweep was told with report.* holds where no flag says more.
"""


def main(arguments: Sequence[str] | None = None) -> None:
    words = list(sys.argv[1:] if arguments is None else arguments)
    guarded(lambda: _run(_parsed(words)))


def _parsed(words: Sequence[str]) -> argparse.Namespace:
    parser = Parser(
        prog="python -m src.report",
        description=__doc__,
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add = parser.add_argument
    add("folders", nargs="*", metavar="FOLDER", help="of a sweep, or with many in it")
    add("--out", metavar="DIR", help="of the report; FOLDER/report, of several ./report")
    add("--scientific", metavar="A,B", help="settings that make the arms; others are tuned")
    add("--baseline", metavar="ARM", help="its name; others are measured against it; none: no arm")
    add("--metric", metavar="NAME", help=f"what arms are compared by: {_metrics()}")
    add("--export", action="append", default=[], metavar="FILE", help=_exports())
    add("--compare", action="store_true", help="two folders side by side: what changed, in what")
    add("--json", action="store_true", help="all of it on standard output; no page without --out")
    add("--no-page", action="store_true", help="the table alone")
    add("--quiet", action="store_true", help="no progress")
    asked = parser.parse_intermixed_args(words)
    _check(asked)
    return asked


def _exports() -> str:
    return f"the arms as {', '.join(EXPORTS)}; as often as you like"


def _check(asked: argparse.Namespace) -> None:
    if not asked.folders:
        raise InputError("FOLDER: name at least one folder of a sweep.")
    asked.folders = [_path("FOLDER", text) for text in asked.folders]
    for folder in asked.folders:
        check_folder(folder)
    if asked.compare:
        count = len(asked.folders)
        require(count == 2, "--compare", f"{count} folder(s)", "of exactly two")
        alone = asked.out is None and not asked.export
        require(alone, "--compare", "on", "without --out and --export: it writes nothing")
        asked.no_page = True
    asked.export = [_path("--export", text) for text in asked.export]
    for path in asked.export:
        allowed = f"a file that ends in {', '.join(EXPORTS[:-1])} or {EXPORTS[-1]}"
        require(path.suffix in EXPORTS, "--export", path, allowed)
        require(path.parent.is_dir(), "--export", path, "in a folder that exists")
        check_file(path)
    if asked.out is not None:
        asked.out = _path("--out", asked.out)
        require(not asked.no_page, "--out", asked.out, "left out with --no-page")
    else:
        alone = len(asked.folders) == 1
        asked.out = asked.folders[0] / REPORT if alone else Path(REPORT)
        asked.no_page |= asked.json
    if not asked.no_page:
        check(asked.out)
    asked.flags = dict(_flags(asked))


def _path(name: str, text: str) -> Path:
    """InputError of none at all, as of an unset variable: Path would take it for the one here."""
    require(bool(text.strip()), name, text, "a path, and is empty")
    return Path(text)


def _flags(asked: argparse.Namespace) -> Iterator[tuple[str, object]]:
    """Of the analysis, what is asked for here and not left to the sweep."""
    if asked.scientific is not None:
        names = tuple(filter(None, map(str.strip, asked.scientific.split(","))))
        require(bool(names), "--scientific", asked.scientific, "one setting or more")
        yield "scientific", names
    if asked.baseline is not None:
        yield "baseline", "" if asked.baseline.strip() in NO_BASELINE else asked.baseline
    if asked.metric is not None:
        require(asked.metric in (AUTO, *SCORES), "--metric", asked.metric, f"one of {_metrics()}")
        yield "metric", None if asked.metric == AUTO else asked.metric


def _metrics() -> str:
    return ", ".join((AUTO, *SCORES))


def _run(asked: argparse.Namespace) -> None:
    if asked.compare:
        _compare(asked)
    else:
        _report(asked)


def _compare(asked: argparse.Namespace) -> None:
    from src.report.compared import compare
    from src.report.compared_text import lines, sentence
    from src.report.document import plain

    with Stages(asked.quiet or asked.json) as stages:
        first, second = (_analysed(asked, [folder], stages) for folder in asked.folders)
        found = compare(first, second)
    if asked.json:
        print(json.dumps({"sentence": sentence(found), **plain(found)}, indent=1, allow_nan=False))
    else:
        for line in lines(found, *map(str, asked.folders)):
            say(line)


def _report(asked: argparse.Namespace) -> None:
    # Whoever reads JSON finds nothing else on standard output.
    with redirect_stdout(sys.stderr) if asked.json else nullcontext():
        with Stages(asked.quiet or asked.json) as stages:
            analysis = _analysed(asked, asked.folders, stages)
        if not asked.json:
            _show(analysis, asked.folders)
        _export(analysis, asked.export)
        if not asked.no_page:
            with Stages(asked.quiet or asked.json) as stages:
                stages("writing the report")
                from src.report.write import write

                page = write(analysis, asked.out, stages)
            print(f"report: {page}")
    if asked.json:
        from src.report.answer import answer
        from src.report.document import document

        print(json.dumps(document(analysis, answer(analysis)), indent=1, allow_nan=False))


def _export(analysis: "Analysis", files: Sequence[Path]) -> None:
    from src.report.export import encoded
    from src.tracking.files import write_atomically

    for path in files:
        write_atomically(path, encoded(analysis, path.suffix))
        print(f"table: {path}")


def _analysed(asked: argparse.Namespace, folders: Sequence[Path], stages: Stages) -> "Analysis":
    stages(f"reading {' '.join(map(str, folders))}")
    from src.report.analysis import analyse
    from src.report.asked import options_of
    from src.report.results import read

    records = read(*folders)
    stages(f"comparing {len(records):,} members")
    try:
        return analyse(records, options_of(records, asked.flags))
    except InputError as error:
        raise InputError(_of_flags(str(error), asked.flags)) from error


def _of_flags(told: str, flags: Iterable[str]) -> str:
    """What was asked for by a flag is told by its name, and not as report.* of the sweep."""
    for name in flags:
        told = told.replace(f"report.{name}=", f"--{name}=")
    return told


def _show(analysis: "Analysis", folders: Sequence[Path]) -> None:
    from src.report.answer import answer
    from src.report.terminal import print_arms

    print_arms(analysis, answer(analysis))
    print(f"{len(analysis.records):,} member(s) in {', '.join(map(str, folders))}")


if __name__ == "__main__":
    with process():
        main()
