"""What was tuned for each arm: every option that it was given, and how it fared."""

import math

from src.report.analysis import Analysis
from src.report.page.numerals import score
from src.report.page.tables import Column, Row, Table

CHOSEN = "chosen"


def options(analysis: Analysis) -> Table | None:
    """None where nothing was tuned."""
    keys = analysis.roles.nuisance
    if not keys:
        return None
    columns = [
        Column("arm", "arm"),
        *(Column(key, "text") for key in keys),
        Column("mean validation %", explained="last validation accuracy, over seeds"),
        Column("", "text"),
    ]
    rows = [
        Row([arm.name, *values, _mean(mean), CHOSEN if chosen == values else ""], place)
        for place, arm in enumerate(analysis.arms)
        for chosen in [tuple(arm.chosen[key] for key in keys)]
        for values, mean in sorted(arm.options.items(), key=lambda item: -item[1])
    ]
    caption = (
        "Each arm was given its best option by mean last validation accuracy; "
        "the others take no further part."
    )
    return Table("tuned", caption, columns, rows, folded=len(rows) > 15)


def _mean(mean: float) -> str:
    """Minus infinity stands for an option of which no member is known."""
    return score(mean if math.isfinite(mean) else math.nan, "validation_accuracy")
