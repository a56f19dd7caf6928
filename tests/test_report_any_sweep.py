"""Sweeps of any shape: whatever is said is a whole sentence, and claims what the pairs claim."""

from typing import Any

import numpy as np
import pytest

from src.report.analysis import analyse
from src.report.answer import answer
from src.report.compared import compare
from src.report.compared_text import lines
from tests.records import diverged, failed, made


def drawn(random: np.random.Generator) -> list[dict[str, Any]]:
    """Up to 7 arms of up to 6 seeds, some members missing, diverged, failed or without a test."""
    spread, gap = 10.0 ** random.uniform(-4, -1, 2)
    records = []
    for k in range(random.integers(1, 8)):
        for seed in range(random.integers(1, 7)):
            changes: dict[str, Any] = {"init__name": f"arm{k}", "seed": seed}
            kind = random.random()
            if kind < 0.1:
                continue
            if kind < 0.15:
                records.append(failed(**changes))
            elif kind < 0.25:
                records.append(diverged(**changes) | {"steps_to_80": None})
            else:
                accuracy = round(float(0.5 + gap * k + spread * random.normal()), 4)
                record = made(accuracy, **changes)
                record["metrics"]["test"]["accuracy"] = accuracy
                record["steps_to_80"] = int(10 * k + seed) if kind < 0.8 else None
                records.append(record)
    return [*records, made(0.5, init__name="arm0", seed=9)]


@pytest.mark.parametrize("draw", range(60))
def test_any_sweep(draw: int) -> None:
    random = np.random.default_rng(draw)
    analysis = analyse(drawn(random))
    found = answer(analysis)
    for text in (found.sentence, *found.unsettled, *found.notes):
        assert text.endswith(".")
        assert "nan" not in text
    assert found.question.endswith("?")
    claims = [pair for pair in analysis.pairs if pair.claimed]
    assert (" beats " in found.sentence) == bool(claims)
    if len(claims) == len(analysis.pairs):
        assert found.unsettled == []
    if claims:
        leader = found.sentence.partition(" beats ")[0]
        place = [arm.name for arm in analysis.arms].index(leader)
        won = [pair for pair in claims if place in (pair.first, pair.second)]
        assert any((pair.difference > 0) == (pair.first == place) for pair in won)


@pytest.mark.parametrize("draw", range(20))
def test_any_sweep_compared_with_itself(draw: int) -> None:
    records = drawn(np.random.default_rng(draw))
    found = compare(analyse(records), analyse(records))
    assert [arm.equal for arm in found.arms] == [arm.n for arm in found.arms]
    assert lines(found, "a", "b")[-1] == "All members that both sweeps have are equal to the bit."
