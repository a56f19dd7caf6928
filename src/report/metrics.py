"""The numbers of a member, and what one that diverged counts as."""

import math
from collections.abc import Sequence

from src.report.settings import Record

# name -> where it stands in a record
METRICS = {
    "validation_accuracy": ("last", "validation_accuracy"),
    "best_validation_accuracy": ("best", "validation_accuracy"),
    "validation_loss": ("last", "validation_loss"),
    "train_loss": ("last", "train_loss"),
    "test_accuracy": ("test", "accuracy"),
    "initial_validation_loss": ("initial", "validation_loss"),
}
# What arms may be compared by.
SCORES = ("test_accuracy", "validation_accuracy", "validation_loss")
AUTO = "auto"  # the first of SCORES that all have, see default_score
# Of members from before results named their number: every data set of then had ten.
CLASSES = 10


def metric(record: Record, name: str) -> float:
    """A metric of METRICS, NaN where the member never got so far."""
    stage, key = METRICS[name]
    value = ((record.get("metrics") or {}).get(stage) or {}).get(key)
    return math.nan if value is None else float(value)


def score(record: Record, name: str) -> float:
    """A metric of SCORES by which members are compared; NaN for one that is to be left out.

    A member that diverged counts as one that guesses: 1 / classes right, a loss of ln(classes).
    One that failed (a full disk) says nothing of its start and is left out.
    """
    if record["status"] == "diverged":
        classes = record.get("classes", CLASSES)
        return math.log(classes) if name.endswith("loss") else 1 / classes
    return metric(record, name)


def higher_is_better(name: str) -> bool:
    return not name.endswith("loss")


def default_score(records: Sequence[Record]) -> str:
    """The test accuracy, where no member that came to its end lacks it."""
    done = [record for record in records if record["status"] == "done"]
    tested = all(not math.isnan(metric(record, "test_accuracy")) for record in done)
    return "test_accuracy" if tested and done else "validation_accuracy"
