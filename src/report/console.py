"""Where a report is printed: folded and with lines on a terminal, plain and whole off it."""

import sys
import textwrap
import time
from typing import TYPE_CHECKING, Any

from src.errors import printable

if TYPE_CHECKING:
    from rich.table import Table

INDENT = "  "
NARROWEST = 40  # columns
PLAIN = str.maketrans({"\N{MINUS SIGN}": "-", "±": "+-", "–": "-", "·": "-"})


def width() -> int | None:
    """Columns of a terminal; None off one, where nothing is folded."""
    if not sys.stdout.isatty():
        return None
    from rich.console import Console

    return max(Console(file=sys.stdout).width, NARROWEST)


def say(line: str) -> None:
    """A line, folded on a terminal, what follows indented more than its start."""
    line = "\n".join(map(printable, line.split("\n")))
    columns = width()
    if columns is not None:
        depth = len(line) - len(line.lstrip())
        indent = " " * (depth + len(INDENT))
        line = textwrap.fill(line, columns, subsequent_indent=indent, break_on_hyphens=False)
    print(fit(line))


def fit(text: str) -> str:
    """As standard output can take it: off a terminal with signs that are on every keyboard, and
    nothing that its encoding lacks."""
    if not sys.stdout.isatty():
        text = text.translate(PLAIN)
    encoding = sys.stdout.encoding or "utf-8"
    try:
        text.encode(encoding)
    except UnicodeEncodeError:
        text = text.translate(PLAIN).encode(encoding, "backslashreplace").decode(encoding)
    return text


def empty_table() -> "Table":
    from rich import box
    from rich.table import Table

    return Table(box=box.SIMPLE if sys.stdout.isatty() else box.ASCII2)


def print_table(table: "Table") -> None:
    from rich.console import Console

    # Off a terminal rich would fold the table at 80 columns.
    columns = None if sys.stdout.isatty() else 1000
    console = Console(file=sys.stdout, width=columns, highlight=False, markup=False)
    # Printed as all else is: of a reader that has gone rich makes an exit of its own.
    with console.capture() as drawn:
        console.print(table)
    print(fit(drawn.get()), end="")


class Stages:
    """Says what a long report is at: in place on a terminal, else a plain line now and then.

    With quiet nothing. Closed by `with`, so that no spinner outlives its work.
    """

    EVERY = 2.0  # seconds

    def __init__(self, quiet: bool = False) -> None:
        self._status: Any = None
        self._told = time.monotonic()
        self._plain = not quiet and not sys.stdout.isatty()
        if not quiet and sys.stdout.isatty():
            from rich.console import Console

            self._status = Console(file=sys.stdout, highlight=False, markup=False).status("")

    def __call__(self, doing: str) -> None:
        if self._status is not None:
            self._status.update(f"{doing} ...")
        elif self._plain and time.monotonic() - self._told >= self.EVERY:
            print(f"{doing} ...", flush=True)
            self._told = time.monotonic()

    def __enter__(self) -> "Stages":
        if self._status is not None:
            self._status.start()
        return self

    def __exit__(self, *exception: object) -> None:
        if self._status is not None:
            self._status.stop()
