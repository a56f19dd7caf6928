"""Warnings: there where a reader needs one, and nowhere else."""

from typing import Any

from src.report.analysis import analyse
from src.report.notes import happened, notes
from tests.answered import arm, member
from tests.records import diverged


def found(records: list[dict[str, Any]], beginning: str) -> list[str]:
    return [note for note in happened(analyse(records)) if note.startswith(beginning)]


def test_the_verdict_diverged_is_told_from_the_status() -> None:
    records = arm("he", 0.9, 5) + [diverged(init__name="big", seed=seed) for seed in range(5)]
    for record in records[:2]:
        record["verdict"] = {"primary": "diverged", "index": 2, "found": []}
    for record in records[5:]:
        record["verdict"] = {"primary": "diverged", "index": 2, "found": []}
    (status,) = found(records, "Stopped, as the loss was no longer finite (status diverged): ")
    assert "5 members (big 5)" in status
    (verdict,) = found(records, "The verdict diverged is also that of ")
    assert "2 members (he 2) whose loss grew tenfold and stayed finite" in verdict
    assert not found(records[2:], "The verdict diverged")


def test_arms_that_were_tuned_unequally() -> None:
    records = [
        member(0.8 + lr, init__name=name, optimizer__lr=lr, seed=seed)
        for name, rates in (("he", (0.01, 0.02, 0.03)), ("xavier", (0.01,)))
        for lr in rates
        for seed in range(3)
    ]
    (line,) = found(records, "Careful: arms were tuned unequally, ")
    assert "he over 3 combinations of settings and xavier over 1." in line
    alike = [record for record in records if record["config"]["optimizer"]["lr"] == 0.01]
    assert not found(alike, "Careful")


def test_intervals_that_leave_their_scale() -> None:
    wild = [member(value, seed=seed) for seed, value in enumerate((0.99, 0.2, 0.99))]
    assert any("below 0 or above 100 %" in note for note in notes(analyse(wild)))
    assert not any("above 100 %" in note for note in notes(analyse(arm("he", 0.9))))
