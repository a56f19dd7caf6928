"""The promise of the project: a member's numbers do not depend on who trains beside it."""

from dataclasses import replace
from pathlib import Path

import pytest
import torch

from src.config import Config
from tests.training import Trained, even, same_numbers, same_weights, tiny, train, vary

DIVERGING = 4


def mixed(base: Config) -> list[Config]:
    """Members that differ in everything a stack allows; one of them diverges at once."""
    dropped = {"model__dropout": 0.2}
    smooth, clipped = {"model__label_smoothing": 0.1}, {"optimizer__clip_norm": 0.1}
    step = {"schedule": "step", "schedule__every_epochs": 1, "schedule__warmup_steps": 3}
    return [
        vary(base),
        vary(base, init="he", activation="tanh", optimizer="sgd", seed=1, **dropped),
        vary(base, init="xavier", activation="gelu", **step, optimizer="nesterov", **clipped),
        vary(base, init="zeros", activation="sigmoid", optimizer="rmsprop", data__order_seed=7),
        vary(base, init="uniform", optimizer="sgd", optimizer__lr=1e30),
        vary(base, init="lecun", activation="selu", optimizer="radam", seed=2, model__dropout=0.0),
        vary(base, init="he", activation="mish", schedule="cosine", optimizer="adamw", **smooth),
        vary(base, init="normal", activation="softplus", optimizer="nadam", data__order_seed=7),
        vary(base, init="he_uniform", schedule="linear", optimizer="adagrad", seed=1, **clipped),
        vary(base, init="truncated_normal", activation="identity", optimizer="momentum"),
    ]


def assert_each_is_its_single_run(members: list[Config], folder: Path) -> None:
    together = train(members, folder / "stack")
    for k, config in enumerate(members):
        (alone,) = train([config], folder / str(k))
        assert same_numbers(together[k], alone), k


@pytest.fixture(scope="module")
def base() -> Config:
    # A last batch of 16 in an epoch of 64, in chunks of 3 and 1 steps.
    return even(trainer__epochs=2, trainer__chunk_steps=3)


@pytest.fixture(scope="module")
def together(base: Config, tmp_path_factory: pytest.TempPathFactory) -> list[Trained]:
    return train(mixed(base), tmp_path_factory.mktemp("stack"))


def test_stack_against_single_runs(base: Config, together: list[Trained], tmp_path: Path) -> None:
    for k, config in enumerate(mixed(base)):
        (alone,) = train([config], tmp_path / str(k))
        assert same_numbers(together[k], alone), k
        assert alone.record["members_in_stack"] == 1
        assert together[k].record["members_in_stack"] == 10


def test_the_members_are_worth_comparing(together: list[Trained]) -> None:
    """They trained, apart from each other, and one of them diverged."""
    statuses = [member.status for member in together]
    assert statuses == ["diverged" if k == DIVERGING else "done" for k in range(10)]
    for k, member in enumerate(together):
        assert len(member.rows) == (1 if k == DIVERGING else 3)
        assert not any(same_weights(member, other) for other in together[k + 1 :])


@pytest.mark.slow
def test_shuffled_order_against_order_given(
    base: Config, together: list[Trained], tmp_path: Path
) -> None:
    order = torch.randperm(10, generator=torch.Generator().manual_seed(0)).tolist()
    members = mixed(base)
    shuffled = train([members[k] for k in order], tmp_path)
    assert order != sorted(order)
    for position, k in enumerate(order):
        assert shuffled[position].record["label"] == f"member={position}"
        assert same_numbers(shuffled[position], together[k])


@pytest.mark.slow
def test_several_small_stacks_against_one(
    base: Config, together: list[Trained], tmp_path: Path
) -> None:
    apart = train(mixed(base), tmp_path, max_stack=3)
    assert [member.record["members_in_stack"] for member in apart] == [2, 2, 3, 3, 3, 2, 2, 3, 3, 3]
    assert all(same_numbers(one, other) for one, other in zip(apart, together, strict=True))


@pytest.mark.parametrize("chunk_steps", [1, 2, 48])
@pytest.mark.slow
def test_chunks_change_nothing(
    base: Config, together: list[Trained], tmp_path: Path, chunk_steps: int
) -> None:
    """One training_step for one, two or all steps of an epoch."""
    members = mixed(replace(base, trainer=replace(base.trainer, chunk_steps=chunk_steps)))
    other = train(members, tmp_path)
    for one, two in zip(other, together, strict=True):
        assert same_weights(one, two)
        assert one.record["step"] == two.record["step"]
        for row, expected in zip(one.rows, two.rows, strict=True):
            # Losses of a chunk are summed first: another grouping of 4 float64 numbers.
            assert row == pytest.approx(expected, rel=1e-15)


def test_the_same_command_twice(base: Config, together: list[Trained], tmp_path: Path) -> None:
    again = train(mixed(base), tmp_path)
    assert all(same_numbers(one, other) for one, other in zip(again, together, strict=True))


@pytest.mark.slow
def test_default_architecture_against_single_runs(tmp_path: Path) -> None:
    """784-256-128-10 in batches of 100, evaluated 1,000 at a time: what people run."""
    base = tiny(
        data__features=784,
        data__train_size=200,
        data__batch_size=100,
        data__validation_size=1_000,
        data__test_size=100,
        model__hidden=[256, 128],
    )
    members = [
        vary(base),
        vary(base, init="he", activation="sigmoid", optimizer="sgd", model__dropout=0.2),
        vary(base, init="xavier", activation="mish", seed=1),
        vary(base, init="lecun", activation="sigmoid", data__order_seed=1),
    ]
    assert_each_is_its_single_run(members, tmp_path)


@pytest.mark.slow
def test_odd_sizes_against_single_runs(tmp_path: Path) -> None:
    """Sizes that fill no vector registers, and a last batch of 1: still equal to the bit."""
    base = tiny(
        data__features=13,
        data__classes=3,
        data__train_size=61,
        data__validation_size=29,
        model__hidden=[7, 5],
        trainer__epochs=2,
    )
    adam = {"optimizer": "adam", "optimizer__eps": 1e-2, "optimizer__lr": 1e-2}
    members = [
        vary(base, activation="tanh", optimizer="momentum"),
        vary(base, activation="mish", seed=1, **adam),
        vary(base, activation="relu", init="he", optimizer="sgd", data__order_seed=3),
        vary(base, activation="sigmoid", seed=2, **adam),
        vary(base, activation="selu", init="lecun", optimizer="nesterov"),
        vary(base, activation="identity", optimizer="sgd", seed=3),
        vary(base, activation="softsign", optimizer="momentum", seed=4),
    ]
    assert_each_is_its_single_run(members, tmp_path)
