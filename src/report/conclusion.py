"""How a sweep ends: summary.csv, the table of its arms, and the page. No fault of a report may
lose or hide a sweep: it is told in a sentence, and the table of members is shown."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from src.errors import InputError, told
from src.report.console import Stages, say
from src.report.results import SWEEP, Record, load
from src.report.table import keep, print_members, ranked

if TYPE_CHECKING:
    from src.report.analysis import Analysis

Hint = Callable[[Sequence[Record]], str | None]
REPORT = "report"  # a folder in that of the sweep


@dataclass(frozen=True)
class Conclusion:
    """What the folder holds, and a sentence for each file that could not be written."""

    records: list[Record]
    unwritten: list[str] = field(default_factory=list)


def conclude(folder: Path, hint: Hint = lambda records: None) -> Conclusion:
    """Tell what the folder holds, and write its report; a single member has a table alone.

    hint: what to say of the records before the page, whose path is the last line.
    """
    try:
        return _concluded(folder, hint)
    except KeyboardInterrupt:
        if (folder / SWEEP).is_file():
            say(f"python -m src.report {folder} makes the report.")
        raise


def _concluded(folder: Path, hint: Hint) -> Conclusion:
    found = load(folder) if folder.is_dir() else []
    ended = Conclusion(ranked(found))
    if not ended.records:
        return ended
    try:
        keep(ended.records, folder)
    except OSError as error:
        _say_unwritten(ended, _said("summary.csv", error, folder))
    if len(ended.records) == 1:
        print_members(ended.records, folder)
        _say_hint(hint, ended.records)
    else:
        _report(found, ended, folder, hint)
    return ended


def _say_unwritten(ended: Conclusion, sentence: str) -> None:
    say(sentence)
    ended.unwritten.append(sentence)


def _say_hint(hint: Hint, records: Sequence[Record]) -> None:
    said = hint(records)
    if said is not None:
        print(said)


def _report(records: Sequence[Record], ended: Conclusion, folder: Path, hint: Hint) -> None:
    """The table of arms first: what comes after it may take seconds, and be interrupted."""
    try:
        analysis = _analysed(records)
        _show(analysis)
    except BrokenPipeError:
        raise
    except Exception as error:  # noqa: BLE001 - of whatever kind: the sweep itself is finished
        print_members(ranked(records), folder)
        say(_said("report", error, folder))
        _say_hint(hint, records)
        return
    print(f"{len(records):,} member(s) in {folder}")
    _say_hint(hint, records)
    _keep_page(analysis, ended, folder)


def _analysed(records: Sequence[Record]) -> "Analysis":
    from src.report.asked import options_of, quiet

    with Stages(quiet(records)) as stages:
        stages(f"comparing {len(records):,} members")
        from src.report.analysis import analyse

        return analyse(records, options_of(records))


def _show(analysis: "Analysis") -> None:
    from src.report.answer import answer
    from src.report.terminal import print_arms

    print_arms(analysis, answer(analysis))


def _keep_page(analysis: "Analysis", ended: Conclusion, folder: Path) -> None:
    from src.report.asked import page_wanted, quiet

    if not page_wanted(analysis.records):
        return
    try:
        with Stages(quiet(analysis.records)) as stages:
            stages("writing the report")
            from src.report.write import write

            page = write(analysis, folder / REPORT, stages)
    except BrokenPipeError:
        raise
    except OSError as error:
        _say_unwritten(ended, _said("page", error, folder))
    except Exception as error:  # noqa: BLE001
        say(_said("page", error, folder))
    else:
        print(f"report: {page}")


def _said(what: str, error: Exception, folder: Path) -> str:
    if isinstance(error, InputError):
        return f"No {what}: {error}"
    if isinstance(error, OSError) and error.filename:
        return f"No {what}: {error.filename} cannot be written ({error.strerror})."
    return f"No {what}: {told(error).rstrip('.')}; python -m src.report {folder} makes it anew."
