"""The order of the page, and what stands where."""

from collections.abc import Sequence
from dataclasses import dataclass

from src.report.analysis import Analysis
from src.report.page.compared import pairs
from src.report.page.marginals import tables as marginals
from src.report.page.members import members
from src.report.page.pictures import Picture
from src.report.page.tables import Table, ranking
from src.report.page.tuned import options

# name, title, how its pictures' names begin. The first picture that fits leads the page.
LEAD = "ranking"
PLACES = (
    ("arms", "Arms in numbers", ("ranking",)),
    ("curves", "Learning curves", ("curves", "learning")),
    ("first-steps", "The first steps", ("early", "first")),
    ("arrival", "Steps to 80 %", ("survival", "arrival")),
    ("differences", "Differences between arms", ("difference", "pair", "effect", "ranks")),
    ("performance", "Performance profiles", ("profiles",)),
    ("settings", "Two settings at once", ("heatmap",)),
    ("marginals", "Each setting over the others", ()),
    ("profile", "Signal and gradient through the layers", ("profile", "signal", "layer")),
    ("verdicts", "Verdicts", ("verdict",)),
    ("initial-weights", "Initial weights", ("histogram", "initial", "weights")),
    ("more", "Further pictures", ("",)),
    ("unsettled", "What was not settled", ()),
    ("tuned", "What was tuned for each arm", ("tuned", "nuisance")),
    ("rules", "Rules and notes", ()),
    ("reproduce", "Reproduce it", ()),
    ("members", "All members", ()),
)


@dataclass(frozen=True)
class Section:
    """name: its anchor, and of the part of the template that is its own, where there is one."""

    name: str
    title: str
    pictures: Sequence[Picture]
    tables: Sequence[Table]


def sections(analysis: Analysis, pictures: Sequence[Picture], told: set[str]) -> list[Section]:
    """Those with something in them. told: sections for which there are words."""
    placed: dict[str, list[Picture]] = {}
    for picture in pictures:
        placed.setdefault(_place(picture.name), []).append(picture)
    made = {
        "arms": [ranking(analysis)],
        "differences": [table for table in [pairs(analysis)] if table],
        "marginals": marginals(analysis),
        "tuned": [table for table in [options(analysis)] if table],
        "members": [members(analysis)],
    }
    found = [
        Section(name, title, placed.get(name, []), made.get(name, [])) for name, title, _ in PLACES
    ]
    return [item for item in found if item.pictures or item.tables or item.name in told]


def _place(picture: str) -> str:
    """By the longest beginning that fits; that of further pictures fits all."""
    fitting = [
        (len(beginning), name)
        for name, _, beginnings in PLACES
        for beginning in beginnings
        if picture.startswith(beginning)
    ]
    return max(fitting)[1]
