"""A result whose content is of another kind is refused where it is read, with what is wrong."""

from pathlib import Path
from typing import Any

import pytest

from src.errors import InputError
from src.report.results import read
from tests.records import made, written


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"status": "going"}, "status=going: must be done, diverged, failed"),
        ({"config": []}, "config: must be a mapping"),
        ({"metrics": 3}, "metrics: must be a mapping"),
        ({"metrics": {"last": "x"}}, "metrics.last: must be a mapping"),
        (
            {"metrics": {"test": {"accuracy": "x"}}},
            "metrics.test.accuracy=x: must be a number",
        ),
        ({"steps_to_80": "soon"}, "steps_to_80=soon: must be an integer"),
        ({"seconds": True}, "seconds=True: must be a number"),
        ({"verdict": "dead"}, "verdict=dead: must be a mapping"),
        (
            {"metrics": {"test": {"accuracy": 5}}},
            "metrics.test.accuracy=5: must be from 0 to 1",
        ),
        ({"classes": 0}, "classes=0: must be 2 or more"),
        ({"classes": None}, "classes=None: must be 2 or more"),
        ({"epochs": [3]}, "epochs: must be mappings with an epoch"),
        (
            {"epochs": [{"epoch": 1, "train_loss": "low"}]},
            "epochs.train_loss=low: must be a number",
        ),
        ({"first_steps": [1.0]}, "first_steps=[1.0]: must be a mapping"),
        (
            {"first_steps": {"train_loss": ["a"]}},
            "first_steps.train_loss: must be a list of numbers",
        ),
        (
            {"initial_weights": [{"layer": 1}]},
            "initial_weights.counts: must be a list of counts",
        ),
        (
            {"initial_weights": [{"layer": 1, "counts": [1], "low": None, "high": 1.0}]},
            "initial_weights.low=None: must be a number",
        ),
        ({"initial_weights": ["a"]}, "initial_weights: must be mappings with a layer"),
        (
            {"config": {"report": {"scientific": "init"}}},
            "config.report.scientific=init: must be a list of texts or null",
        ),
        ({"config": {"report": {"baseline": 3}}}, "config.report.baseline=3: must be a text"),
        ({"config": {"report": {"metric": 7}}}, "config.report.metric=7: must be a text"),
        ({"config": {"report": []}}, "config.report: must be a mapping"),
    ],
)
def test_a_file_of_another_shape_is_refused(
    tmp_path: Path, change: dict[str, Any], told: str
) -> None:
    path = written(tmp_path, made() | change) / "member=0" / "result.json"
    with pytest.raises(InputError) as caught:
        read(tmp_path)
    assert str(caught.value) == f"{path}: not a result of this program ({told})."


def test_what_members_that_diverged_at_once_leave_is_sound(tmp_path: Path) -> None:
    """No finite weight, and no epoch."""
    opening = {
        "classes": 10,
        "epochs": [],
        "first_steps": {"train_loss": [None], "train_accuracy": [0.1]},
        "initial_weights": [{"layer": 1, "low": None, "high": None, "counts": [0, 0]}],
    }
    assert len(read(written(tmp_path, made() | opening, made(seed=1) | {"epochs": None}))) == 2
