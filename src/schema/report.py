"""What the report of a sweep is asked to say; nothing of it decides a member's numbers."""

from dataclasses import dataclass
from enum import Enum


class Metric(Enum):
    """What arms are compared by."""

    auto = "auto"  # test accuracy where all chosen members have it, else validation accuracy
    test_accuracy = "test_accuracy"
    validation_accuracy = "validation_accuracy"
    validation_loss = "validation_loss"


@dataclass
class ReportConfig:
    scientific: list[str] | None = None  # null: all that varies but optimizer and schedule
    baseline: str | None = None  # the arm that others are held against, by its name
    metric: Metric = Metric.auto
    page: bool = True  # write report/ below the sweep
