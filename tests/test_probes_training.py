"""Probes in training: what each tier takes, and that no member feels them or its neighbours."""

from pathlib import Path

import pytest

from src.config import Config
from src.diagnostics.probes.table import OF_STEPS, PROBES
from src.diagnostics.records import RECORDS, Story, read
from tests.training import even, same_numbers, tiny, train, vary


def members() -> list[Config]:
    base = even(trainer__epochs=2)
    return [
        vary(base, init="he"),
        vary(base, init="xavier", activation="tanh", optimizer="sgd", seed=3),
        vary(base, init="zeros", activation="gelu", optimizer="adamw"),
        vary(base, init="uniform", optimizer="sgd", optimizer__lr=1e30),
    ]


def test_full_takes_all_and_theory_of_the_start_alone(tmp_path: Path) -> None:
    (trained,) = train([tiny(init="he", diagnostics="full")], tmp_path)
    story = Story(read(trained.folder / RECORDS))
    assert {row.probe for row in story.rows} == PROBES.keys() | OF_STEPS.keys()
    for probe in ("q_theory_ratio", "gradient_theory_ratio"):
        assert {row.step for row in story.rows if row.probe == probe} == {0}


def test_light_factorises_nothing(tmp_path: Path) -> None:
    (trained,) = train([tiny(init="he", diagnostics="light")], tmp_path)
    taken = {row.probe for row in read(trained.folder / RECORDS)}
    assert "q_theory_ratio" in taken
    assert not {name for name in taken if name.startswith(("ntk", "jacobian", "stable_rank"))}


def test_weights_do_not_feel_probes(tmp_path: Path) -> None:
    """To the bit, and of a member that diverges as well."""
    stacks = [
        train([vary(member, diagnostics=tier) for member in members()], tmp_path / tier)
        for tier in ("off", "full")
    ]
    for off, full in zip(*stacks, strict=True):
        assert same_numbers(off, full)
        assert not (off.folder / RECORDS).exists()
        assert (full.folder / RECORDS).exists()


@pytest.mark.parametrize("k", range(4))
@pytest.mark.slow
def test_records_do_not_feel_neighbours(k: int, tmp_path: Path) -> None:
    full = [vary(member, diagnostics="full") for member in members()]
    (alone,) = train([full[k]], tmp_path / "alone")
    together = train(full, tmp_path / "together")[k]
    assert read(alone.folder / RECORDS) == read(together.folder / RECORDS)
