"""All that the template shows, in words and figures ready to be set."""

from collections.abc import Iterator, Sequence
from typing import Any

from src.report.analysis import Analysis
from src.report.answer import answer
from src.report.figures.drawing import Drawing
from src.report.page import pictures as made
from src.report.page.colours import variables
from src.report.page.legend import legend
from src.report.page.marginals import words as words_of_marginals
from src.report.page.numerals import counted
from src.report.page.reproduce import recipe
from src.report.page.sections import LEAD, sections
from src.report.reasons import grouped
from src.report.results import Record


def context(analysis: Analysis, drawings: Sequence[Drawing]) -> dict[str, Any]:
    told = answer(analysis)
    shown = made.pictures(drawings)
    keys = [*analysis.roles.scientific, *analysis.roles.nuisance]
    reasons = list(grouped(analysis.records, keys))
    reproduced = recipe(analysis.records)
    words = {
        "verdicts": bool(reasons),
        "marginals": bool(analysis.marginals),
        "unsettled": bool(told.unsettled),
        "rules": bool(told.notes),
        "reproduce": bool(reproduced.commands or reproduced.facts),
    }
    lead = next((picture for picture in shown if picture.name == LEAD), None)
    rest = [picture for picture in shown if picture is not lead]
    return {
        "answer": told,
        "facts": list(_facts(analysis)),
        "lead": lead,
        "sections": sections(analysis, rest, {name for name, there in words.items() if there}),
        "legend": legend(analysis),
        "hover": made.hover(shown),
        "marginals": words_of_marginals(analysis),
        "reasons": reasons,
        "recipe": reproduced,
        "fixed": analysis.roles.fixed,
        "light": variables(dark=False),
        "dark": variables(dark=True),
    }


def _facts(analysis: Analysis) -> Iterator[str]:
    """Below the answer: what it rests on."""
    records = analysis.records
    yield counted(len(analysis.arms), "arm")
    yield counted(len(analysis.seeds), "seed")
    yield counted(len(records), "member")
    for status, told in (("diverged", "stopped, loss not finite"), ("failed", "failed")):
        if count := sum(record["status"] == status for record in records):
            yield f"{count:,} {told}"
    yield from filter(None, [_data(records), _epochs(records)])


def _data(records: Sequence[Record]) -> str:
    names = {str((record["config"].get("data") or {}).get("name", "")) for record in records}
    return ", ".join(sorted(filter(None, names)))


def _epochs(records: Sequence[Record]) -> str:
    counts = {(record["config"].get("trainer") or {}).get("epochs") for record in records}
    (epochs,) = counts if len(counts) == 1 else (None,)
    return "" if epochs is None else counted(epochs, "epoch")
