"""Which members are due for the test set, and what is said where the choice has moved."""

from pathlib import Path
from typing import Any

import pytest

from src.held_out import _settle, already, due, hint
from src.report.results import Record


def member(init: str, optimizer: str, seed: int, accuracy: float, **changes: Any) -> Record:
    last = {"validation_accuracy": accuracy, "validation_loss": 1.0, "train_loss": 1.0}
    config = {"init": {"name": init}, "optimizer": {"name": optimizer}, "seed": seed}
    return {
        "status": "done",
        "label": f"{init},{optimizer},{seed}",
        "folder": f"{init},{optimizer},{seed}",
        "config": config,
        "metrics": {"last": last, "test": None},
        **changes,
    }


def test_due_are_those_chosen_that_came_to_their_end() -> None:
    records = [
        member("he", "sgd", 0, 0.9),
        member("he", "sgd", 1, 0.9, status="diverged", metrics={"last": None, "test": None}),
        member("he", "adam", 0, 0.8),
        member("he", "adam", 1, 0.8),
        member("zeros", "sgd", 0, 0.1),
        member("zeros", "sgd", 1, 0.2, metrics={"last": None, "test": {"accuracy": 0.1}}),
    ]
    # sgd with a member that only guesses has a mean of .5.
    found = [record["label"] for record in due(records)]
    assert found == ["he,adam,0", "he,adam,1", "zeros,sgd,0"]
    assert due([]) == []


def test_a_choice_that_moved_is_told(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """sgd was tested when it was all there was; adam, which came later, is better."""
    tested = {"last": {"validation_accuracy": 0.7}, "test": {"accuracy": 0.7}}
    records = [
        *(member("he", "sgd", seed, 0.7, metrics=tested) for seed in range(2)),
        *(member("he", "adam", seed, 0.8) for seed in range(2)),
        *(member("zeros", "adam", seed, 0.1, metrics=tested) for seed in range(2)),
    ]
    assert already(records) == 2
    assert already(records[2:]) == already([]) == 0
    again = records[4] | {"folder": "again", "written": 1.0}  # of an option that is chosen
    assert already([*records, again]) == 2
    monkeypatch.setattr("src.finished.complete", lambda *_: [])
    assert _settle(records, trust=False) == []
    assert capsys.readouterr().out.splitlines() == [
        "test set: looked at once, for 2 chosen member(s) of 6",
        "test set: 2 member(s) that are not chosen now already held a number of it",
    ]


def test_due_are_those_of_one_arm_where_only_that_is_finished() -> None:
    records = [member("he", name, seed, 0.5) for name in ("sgd", "adam") for seed in (0, 1)]
    records[2]["metrics"]["last"]["validation_accuracy"] = 0.9
    for record in records:
        record["config"]["report"] = {"scientific": ["init"], "baseline": "zeros"}
    assert [record["label"] for record in due(records)] == ["he,adam,0", "he,adam,1"]
    assert "2 member(s)" in str(hint(Path("here"), records))
