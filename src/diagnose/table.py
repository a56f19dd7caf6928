"""Many members: a row each, most hopeful first, and what is to be said of each verdict once."""

from collections.abc import Sequence

from rich import box
from rich.console import Console
from rich.measure import Measurement
from rich.table import Table
from rich.text import Text

from src.config import as_plain
from src.diagnose.examine import Examined
from src.diagnose.words import number, outlook, remedies, spaced
from src.report.results import Record, setting, varied
from src.report.table import FIRST, LAST, LONGEST


def ranked(members: Sequence[Examined]) -> list[Examined]:
    """By what is to be expected, then by the last loss seen."""

    def place(member: Examined) -> tuple[int, bool, float, str]:
        losses = member.story.curve("loss")
        last = losses[max(losses)] if losses else None
        return outlook(member)[0], last is None, last or 0.0, member.label

    return sorted(members, key=place)


def table(console: Console, members: Sequence[Examined]) -> None:
    members = ranked(members)
    made = _rows(console, members)
    unbroken = console.options.update(max_width=10_000)
    if console.is_terminal and Measurement.get(console, unbroken, made).maximum > console.width:
        made = _rows(console, members, broken=True)
    console.print(made)
    for verdict in dict.fromkeys(_verdict(member) for member in members):
        _explain(console, verdict, [each for each in members if _verdict(each) == verdict])


def _rows(console: Console, members: Sequence[Examined], broken: bool = False) -> Table:
    """broken: a heading of several words has several lines."""

    def heading(words: str) -> str:
        return words.replace(".", ".\n").replace(" at", "\nat") if broken else words

    records: list[Record] = [{"config": as_plain(member.config)} for member in members]
    keys = varied(records)
    shown = box.SIMPLE if console.is_terminal else box.ASCII2
    made = Table(box=shown, pad_edge=not console.is_terminal, padding=(0, int(not broken)))
    made.add_column("#", justify="right", no_wrap=True)
    for key in keys:  # long ones are folded, but below a whole word
        longest = max(map(len, heading(key).split("\n")))
        made.add_column(heading(key), min_width=longest if broken else None, overflow="fold")
    made.add_column("verdict", no_wrap=broken, overflow="fold")
    for words in dict.fromkeys(("loss at 0", f"at {members[0].steps}")):
        made.add_column(heading(words), justify="right", no_wrap=broken)
    made.add_column("layer", justify="right", no_wrap=broken)  # that the primary verdict speaks of
    for rank, (member, record) in enumerate(zip(members, records, strict=True), start=1):
        if len(members) > LONGEST and FIRST < rank <= len(members) - LAST:
            if rank == FIRST + 1:
                made.add_row(*["..."] * len(made.columns))
            continue
        made.add_row(str(rank), *(str(_setting(record, key)) for key in keys), *_cells(member))
    return made


def _setting(record: Record, key: str) -> object:
    try:
        return setting(record, key)
    except (KeyError, TypeError):
        return ""


def _cells(member: Examined) -> list[str]:
    losses = [number(member.story.value("loss", step)) for step in sorted({0, member.steps})]
    evidence = member.verdicts[0].evidence if member.verdicts else ()
    layer = evidence[0].layer if evidence else None
    return [spaced(_verdict(member)), *losses, "-" if layer is None else str(layer)]


def _verdict(member: Examined) -> str:
    return member.verdicts[0].name if member.verdicts else "failed"


def _explain(console: Console, verdict: str, members: Sequence[Examined]) -> None:
    """The words of the first member: of the others they differ in numbers."""
    first = members[0]
    told = Text(f"{spaced(verdict)} ({len(members):,}): ", style="bold")
    console.print(told.append(outlook(first)[1], style="not bold"))
    if first.verdicts:
        primary = first.verdicts[0]
        whose = f"{first.label}: " if len(members) > 1 else ""
        console.print(f"  {whose}{' '.join([primary.sentence, *remedies(primary)])}")
    console.print()
