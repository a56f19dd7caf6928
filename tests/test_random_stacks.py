"""Random mixtures through the whole of training: each member equals its run alone, to the bit."""

import tempfile
from collections.abc import Sequence
from pathlib import Path
from random import Random
from typing import Any

import hypothesis.strategies as st
import pytest
from hypothesis import HealthCheck, given, settings

from src.config import Config
from tests.training import even, options, same_numbers, train, vary

LEARNING_RATES = (1e-3, 1e-2, 0.3)
DIVERGING: dict[str, Any] = {"optimizer": "sgd", "optimizer__lr": 1e30}

settings_of_a_member = st.fixed_dictionaries(
    {
        "init": st.sampled_from(options("init")),
        "activation": st.sampled_from(options("activation")),
        "optimizer": st.sampled_from(options("optimizer")),
        "schedule": st.sampled_from(options("schedule")),
        "optimizer__lr": st.sampled_from(LEARNING_RATES),
        "optimizer__clip_norm": st.sampled_from([None, 0.5]),
        "model__dropout": st.sampled_from([0.0, 0.2, 0.5]),
        "model__label_smoothing": st.sampled_from([0.0, 0.1]),
        "seed": st.integers(0, 3),
        "data__order_seed": st.integers(0, 1),
        "model__dropout_seed": st.integers(0, 1),
    }
)


@pytest.fixture(scope="module")
def base() -> Config:
    return even(trainer__epochs=1, trainer__chunk_steps=3)


def assert_members_are_their_single_runs(
    base: Config, mixture: Sequence[dict[str, Any]], compared: int, random: Random
) -> None:
    members = [vary(base, **changes) for changes in mixture]
    random.shuffle(members)
    with tempfile.TemporaryDirectory() as folder:
        together = train(members, Path(folder) / "stack")
        for k in random.sample(range(len(members)), min(compared, len(members))):
            (alone,) = train([members[k]], Path(folder) / str(k))
            assert same_numbers(together[k], alone), members[k]


@settings(max_examples=12, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    st.sampled_from([1, 2, 7]).flatmap(
        lambda size: st.lists(settings_of_a_member, min_size=size, max_size=size)
    ),
    st.booleans(),
    st.randoms(use_true_random=False),
)
@pytest.mark.slow
def test_small_stacks(
    base: Config, mixture: list[dict[str, Any]], diverging: bool, random: Random
) -> None:
    if diverging:
        mixture[0] = mixture[0] | DIVERGING
    assert_members_are_their_single_runs(base, mixture, 2, random)


@pytest.mark.slow
@settings(max_examples=3, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.lists(settings_of_a_member, min_size=64, max_size=64), st.randoms(use_true_random=False))
def test_a_stack_of_64(base: Config, mixture: list[dict[str, Any]], random: Random) -> None:
    mixture[0] = mixture[0] | DIVERGING
    assert_members_are_their_single_runs(base, mixture, 12, random)
