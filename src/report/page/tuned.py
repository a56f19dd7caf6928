"""What was tuned for each arm: every option that it was given, and how it fared."""

import math

from src.report.analysis import Analysis
from src.report.arms import Option
from src.report.page.numerals import score
from src.report.page.tables import FOLDED, Column, Row, Table


def options(analysis: Analysis) -> Table | None:
    """None where nothing was tuned."""
    keys = analysis.roles.nuisance
    if not keys:
        return None
    columns = [
        Column("arm", "arm"),
        *(Column(key, "text") for key in keys),
        Column("n", explained="seeds"),
        Column("mean validation %", explained="last validation accuracy, over seeds"),
        Column("chosen", "text"),
    ]
    rows = [
        Row(
            [
                arm.name,
                *(option.settings[key] for key in keys),
                str(option.n),
                score(option.mean, "validation_accuracy"),
                _chosen(option),
            ],
            place,
        )
        for place, arm in enumerate(analysis.arms)
        for option in sorted(arm.options, key=_worst)
    ]
    caption = (
        "Each arm was given its best option by mean last validation accuracy; "
        "the others take no further part."
    )
    return Table("tuned", caption, columns, rows, folded=len(rows) > FOLDED)


def _worst(option: Option) -> float:
    """For an order with the best first, and those of which nothing is known last."""
    return math.inf if math.isnan(option.mean) else -option.mean


def _chosen(option: Option) -> str:
    return "chosen" if option.chosen else "no" if option.enough else "no: too few seeds"
