"""Made sweeps whose arms differ by a known amount, and what is answered of them."""

from collections.abc import Sequence
from typing import Any

from src.report.analysis import Options, analyse
from src.report.answer import Answer, answer
from tests.records import made

# Seeds' own part of an accuracy, common to all arms, and what else moves a member.
SEEDS = (0.0, 0.02, -0.01, 0.01, -0.02, 0.005, -0.005, 0.015, -0.015, 0.0)
SHAKE = (0.001, -0.001, 0.002, -0.002, 0.0, 0.001, -0.001, 0.002, -0.002, 0.0)


def member(accuracy: float, **changes: Any) -> dict[str, Any]:
    record = made(accuracy, **changes)
    record["metrics"]["test"]["accuracy"] = accuracy
    return record


def arm(init: str, accuracy: float, seeds: int = 10, shake: int = 0) -> list[dict[str, Any]]:
    """shake: by how many places the members' own part is shifted, so that arms differ in it."""
    return [
        member(
            accuracy + SEEDS[seed] + SHAKE[(seed * 3 + shake) % 10] * bool(shake),
            init__name=init,
            seed=seed,
        )
        for seed in range(seeds)
    ]


def told(records: Sequence[dict[str, Any]], **options: Any) -> Answer:
    return answer(analyse(records, Options(**options)))
