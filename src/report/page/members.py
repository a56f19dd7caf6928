"""The table of all members."""

from collections.abc import Iterator

from src.report.analysis import Analysis
from src.report.metrics import metric
from src.report.page.numerals import MISSING, fixed
from src.report.page.tables import FOLDED, Column, Row, Table
from src.report.results import Record, setting, verdict
from src.report.table import ranked


def members(analysis: Analysis) -> Table:
    roles = analysis.roles
    keys = [*roles.scientific, *roles.nuisance, *roles.seeds]
    columns = [
        Column("rank"),
        *(Column(key, "number" if key in roles.seeds else "text") for key in keys),
        Column("test %"),
        Column("val. %", explained="last validation accuracy"),
        Column("best %", explained="best validation accuracy"),
        Column("val. loss"),
        Column("train loss"),
        Column("to 80 %", explained="steps"),
        Column("status", "text"),
        Column("verdict", "text"),
    ]
    rows = [
        Row([str(rank), *(_setting(record, key) for key in keys), *_member(record)])
        for rank, record in enumerate(ranked(analysis.records), start=1)
    ]
    caption = f"{len(rows):,} members, by their last validation accuracy."
    return Table("members", caption, columns, rows, folded=len(rows) > FOLDED)


def _member(record: Record) -> Iterator[str]:
    for name in ("test_accuracy", "validation_accuracy", "best_validation_accuracy"):
        yield fixed(100 * metric(record, name), 2)
    for name in ("validation_loss", "train_loss"):
        yield fixed(metric(record, name), 4)
    steps = record.get("steps_to_80")
    yield MISSING if steps is None else f"{steps:,}"
    yield _status(record)
    told = verdict(record)
    yield MISSING if told == "-" else told


def _status(record: Record) -> str:
    if record["status"] == "diverged":
        return f"loss not finite at step {record['step']:,}"
    if record["status"] == "failed" and record.get("error"):
        return f"failed: {record['error']}"
    return str(record["status"])


def _setting(record: Record, key: str) -> str:
    try:
        return str(setting(record, key))
    except (KeyError, TypeError):
        return MISSING
