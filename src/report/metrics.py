"""The numbers of a member, and what one that diverged counts as."""

import math
from collections.abc import Callable, Iterable, Iterator, Sequence

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


def score(record: Record, name: str, worst: float = math.nan) -> float:
    """A metric of SCORES by which members are compared; NaN for one that is to be left out.

    A member that diverged counts as one that guesses: 1 / classes right, a loss of ln(classes); or
    as `worst`, where that is worse, so that it beats no member that finished. One that failed (a
    full disk) says nothing of its start and is left out.
    """
    if record["status"] != "diverged":
        return metric(record, name)
    guess = guessing(record, name)
    return _worse(name)(guess, guess if math.isnan(worst) else worst)


def guessing(record: Record, name: str) -> float:
    classes = record.get("classes", CLASSES)
    return math.log(classes) if name.endswith("loss") else 1 / classes


def worst(records: Iterable[Record], name: str) -> float:
    """The worst score of those that finished; NaN where none has one."""
    done = (metric(record, name) for record in records if record["status"] == "done")
    return _worse(name)((value for value in done if math.isfinite(value)), default=math.nan)


def _worse(name: str) -> Callable[..., float]:
    return min if higher_is_better(name) else max


def rule_of_diverged(records: Sequence[Record], name: str) -> str:
    """What those that diverged count as among the records, in words."""
    lost = next(record for record in records if record["status"] == "diverged")
    guess, counted = guessing(lost, name), score(lost, name, worst(records, name))
    if higher_is_better(name):
        shown = f"{100 * counted:.4g} % of examples right"
    else:
        of = f"ln({lost.get('classes', CLASSES)}) = " if counted == guess else ""
        shown = f"a loss of {of}{counted:.3f}"
    if counted == guess:
        return f"guessing, {shown}"
    return f"the worst member that finished, {shown}, which is worse than guessing"


def higher_is_better(name: str) -> bool:
    return not name.endswith("loss")


def default_score(records: Sequence[Record]) -> str:
    """The test accuracy, where no member that came to its end lacks it."""
    done = [record for record in records if record["status"] == "done"]
    tested = all(not math.isnan(metric(record, "test_accuracy")) for record in done)
    return "test_accuracy" if tested and done else "validation_accuracy"


def notes_of_metric(records: Sequence[Record], name: str) -> Iterator[str]:
    """Why it is not the test accuracy, where some members have one."""
    done = [record for record in records if record["status"] == "done"]
    lacking = sum(math.isnan(metric(record, "test_accuracy")) for record in done)
    if name == "validation_accuracy" and 0 < lacking < len(done):
        yield (
            f"{lacking:,} of {len(done):,} members that finished {_has(lacking)} no test accuracy; "
            "arms are compared by it only where all have one, unless it is asked for."
        )


def _has(count: int) -> str:
    return "has" if count == 1 else "have"
