"""Lists sweeps and single runs: how each stands, its age, its size, and what resumes it.

Looks below multirun/ and outputs/, or below the folders given. With --prune it removes what
finished ones need no more: checkpoints, and temporary files that a killed process has left.
"""

import argparse
import json
import sys
from collections.abc import Sequence
from pathlib import Path

from src.interruption import in_one_line, process

with in_one_line():  # a command guards itself from then on
    from src.cli import Parser, guarded
    from src.errors import InputError, printable
    from src.ledger.resumption import command
    from src.report.console import say
    from src.report.results import check_folder
    from src.sweeps.disk import Disk, disk, prune
    from src.sweeps.found import FINISHED, NO_LEDGER, PLACES, Sweep, found
    from src.sweeps.words import TOLD, age, cells, line, member_line, plain, size

COMMAND = "python -m src.sweeps"
EPILOG = f"""examples:
  {COMMAND}
  {COMMAND} multirun/2026-01-31/12-00-00-000000 --members
  {COMMAND} --prune

interrupted: members are missing, and no process trains them; failed: all have ended, some without
a result. Both are resumed by the command shown. {NO_LEDGER}: begun before there were ledgers.
"""


def main(arguments: Sequence[str] | None = None) -> None:
    words = list(sys.argv[1:] if arguments is None else arguments)
    guarded(lambda: _run(_parsed(words)))


def _parsed(words: Sequence[str]) -> argparse.Namespace:
    parser = Parser(
        prog=COMMAND,
        description=__doc__,
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add = parser.add_argument
    add("folders", nargs="*", type=Path, metavar="FOLDER", help="of a sweep, or with many in it")
    add("--members", action="store_true", help="a row for each member")
    add("--json", action="store_true", help="the same, as JSON")
    add("--prune", action="store_true", help="remove what finished sweeps need no more; asks first")
    add("--yes", action="store_true", help="with --prune: do not ask")
    add("--newest", action="store_true", help="the folder of the newest that can be resumed")
    asked = parser.parse_args(words)
    if asked.yes and not asked.prune:
        raise InputError("--yes: is of --prune.")
    if sum([asked.prune, asked.newest, asked.members or asked.json]) > 1:
        raise InputError("--prune, --newest and --members or --json: ask for one of them.")
    return asked


def _run(asked: argparse.Namespace) -> None:
    for folder in asked.folders:
        check_folder(folder)
    places = asked.folders or [Path(name) for name in PLACES]
    sweeps = found(places)
    if not sweeps and not asked.json:
        below = " and ".join(f"{place}/" if not asked.folders else str(place) for place in places)
        raise InputError(f"{below}: no sweep and no run there.")
    if asked.newest:
        _print_newest(sweeps)
    elif asked.prune:
        _prune(sweeps, asked.yes)
    elif asked.json:
        taken = [plain(each, disk(each.folder), asked.members) for each in sweeps]
        print(json.dumps(taken, indent=2))
    else:
        _print(sweeps, asked.members)


def _print_newest(sweeps: Sequence[Sweep]) -> None:
    """Alone on its line, for a script."""
    for sweep in sweeps:
        if sweep.resumable:
            print(sweep.folder)
            return
    raise InputError("nothing is missing: no sweep is interrupted, and no member has failed.")


# --- the list ---------------------------------------------------------------------------------


def _print(sweeps: Sequence[Sweep], members: bool) -> None:
    taken = [disk(each.folder) for each in sweeps]
    if not sys.stdout.isatty():
        for sweep, here in zip(sweeps, taken, strict=True):
            say(line(sweep, here))
            for row in sweep.rows if members else ():
                say(f"  {member_line(row)}")
        return
    _draw(sweeps, taken)
    for sweep in sweeps if members else ():
        _draw_members(sweep)
    for sweep in sweeps:
        if sweep.fault is not None:
            say(f"{sweep.folder}: {sweep.fault}")
        elif sweep.resumable:
            say(f"{sweep.state}: {command(sweep.folder)}")


def _draw(sweeps: Sequence[Sweep], taken: Sequence[Disk]) -> None:
    from src.report.console import empty_table, print_table

    table = empty_table()
    table.add_column("sweep or run", overflow="fold")
    table.add_column("state")
    told = [name for name in TOLD if any(each.counts.get(name) for each in sweeps)]
    for heading in (*told, "of", "begun", "size", "checkpoints"):
        table.add_column(heading, justify="right")
    for sweep, here in zip(sweeps, taken, strict=True):
        counts = [f"{sweep.counts.get(name, 0):,}" for name in told]
        kept = sum(here.checkpoints.values())
        sizes = size(here.total), size(kept) if kept else "-"
        row = (*counts, f"{sweep.members:,}", f"{age(sweep.begun)} ago", *sizes)
        table.add_row(printable(str(sweep.folder)), sweep.state, *row)
    print_table(table)


def _draw_members(sweep: Sweep) -> None:
    from src.report.console import empty_table, print_table

    table = empty_table()
    table.title = printable(str(sweep.folder))
    for heading in ("member", "status", "attempts", "seconds", "val. acc. %", "error"):
        numeric = heading in ("attempts", "seconds", "val. acc. %")
        table.add_column(heading, justify="right" if numeric else "left", overflow="fold")
    for row in sweep.rows:
        table.add_row(*cells(row))
    print_table(table)


# --- what can go ------------------------------------------------------------------------------


def _prune(sweeps: Sequence[Sweep], sure: bool) -> None:
    finished = [each.folder for each in sweeps if each.state == FINISHED]
    looked = {folder: disk(folder).needless for folder in finished}
    due = {folder: files for folder, files in looked.items() if files}
    kept = len(sweeps) - len(finished)
    left = f"; {kept:,} that are not finished are left as they are" if kept else ""
    if not due:
        say(f"nothing to remove from {len(finished):,} finished sweep(s){left}")
        return
    for folder, files in due.items():
        say(f"{folder}: {len(files):,} file(s), {size(sum(files.values()))}")
    count, total = sum(map(len, due.values())), sum(sum(files.values()) for files in due.values())
    if not sure and not _agreed(f"Remove {count:,} file(s), {size(total)}? [y/N] "):
        say("nothing was removed")
        return
    freed = 0
    for sweep in sweeps:
        if sweep.folder in due:
            try:
                freed += prune(sweep)
            except InputError as error:  # one that has just been begun again
                say(str(error))
    say(f"{size(freed)} freed{left}")


def _agreed(question: str) -> bool:
    """No where nobody answers."""
    try:
        return input(question).strip().lower() in ("y", "yes")
    except EOFError:
        print()
        return False


if __name__ == "__main__":
    with process():
        main()
