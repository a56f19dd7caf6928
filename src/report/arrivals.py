"""Steps to 80 % of an arm's members, as survival data; see src.report.statistics.survival."""

from collections.abc import Sequence

from src.report.arms import Arm
from src.report.results import Record
from src.report.statistics.survival import Arrival, arrival

STEPS = "steps_to_80"


def arrivals(arms: Sequence[Arm]) -> list[Arrival | None]:
    """None for an arm of which no member was watched, as of runs from before steps were counted."""
    return [_arrival(list(arm.members.values())) for arm in arms]


def budget(record: Record) -> int | None:
    """The last step that a member was to train, whether or not it came so far.

    Epochs times batches of the training split, the last one smaller, as src.data.chunks cuts it;
    None where the configuration does not tell and the member did not come to its end.
    """
    try:
        trainer, data = record["config"]["trainer"], record["config"]["data"]
        whole = -(-data["train_size"] // data["batch_size"])
        return int(trainer["epochs"] * min(trainer.get("steps_per_epoch") or whole, whole))
    except (KeyError, TypeError):
        return record.get("step") if record["status"] == "done" else None


def _arrival(members: Sequence[Record]) -> Arrival | None:
    steps, arrived = [], []
    for record in members:
        reached = record.get(STEPS)
        last = budget(record) if reached is None else reached
        # No steps: it was only evaluated.
        if STEPS in record and last:
            steps.append(float(last))
            arrived.append(reached is not None)
    return arrival(steps, arrived) if steps else None
