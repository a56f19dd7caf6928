"""A member that diverges is a result, never an exception, and never disturbs its neighbours."""

import json
import math
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch

from src.assembly import build_model
from src.config import Config
from src.schema.run import TrainerConfig
from src.stacks import splits_of
from src.tracking.stack import StackTracker
from tests.training import even, same_numbers, train, vary


@pytest.fixture(scope="module")
def base() -> Config:
    return even(trainer__epochs=3, trainer__chunk_steps=1)


def diverging(base: Config) -> Config:
    """The first step multiplies its gradient by 1e30, and the next loss overflows."""
    return vary(base, init="uniform", optimizer="sgd", optimizer__lr=1e30)


def overflowing(base: Config) -> Config:
    """Weights of 1e30: the product of three layers overflows before the first step."""
    return vary(base, init="normal", init__std=1e30)


def one_step(base: Config) -> TrainerConfig:
    return replace(base.trainer, steps_per_epoch=1, epochs=1)


def test_a_diverged_member_is_a_result(base: Config, tmp_path: Path) -> None:
    (member,) = train([diverging(base)], tmp_path)
    record = member.record
    assert member.status == record["status"] == "diverged"
    # Step 0 had a finite loss and made its update; step 1 saw what it had done, and made none.
    assert record["step"] == 1
    assert math.isnan(member.objective)
    assert record["metrics"]["last"] is None
    assert record["metrics"]["test"] is None
    assert record["metrics"]["initial"] == record["metrics"]["best"] == member.rows[0]
    assert [row["epoch"] for row in member.rows] == [0]
    assert (member.folder / "train.log").read_text().count("diverged: the loss is not finite") == 1
    saved = json.loads((member.folder / "result.json").read_text())
    assert saved["status"] == "diverged"


def test_its_weights_are_those_before_the_loss_overflowed(base: Config, tmp_path: Path) -> None:
    """Finite, and equal to those of a run that ends after the same single step."""
    (member,) = train([diverging(base)], tmp_path / "diverged")
    once = replace(base, trainer=one_step(base))
    (stopped,) = train([diverging(once)], tmp_path / "stopped")
    assert all(bool(tensor.isfinite().all()) for tensor in member.weights.values())
    assert any(float(tensor.abs().max()) > 1e20 for tensor in member.weights.values())
    for name, tensor in member.weights.items():
        assert torch.equal(tensor, stopped.weights[name])


def test_neighbours_are_untouched_to_the_bit(base: Config, tmp_path: Path) -> None:
    healthy = [
        vary(base, init="he", activation="tanh", optimizer="sgd"),
        vary(base, init="xavier", optimizer="adam", model__dropout=0.5),
        vary(base, init="uniform_centered", optimizer="sgd", activation="relu"),
    ]
    clean = train(healthy, tmp_path / "clean")
    sick = [overflowing(base), healthy[0], diverging(base), *healthy[1:], diverging(base)]
    beside = train(sick, tmp_path / "beside")
    assert [member.status == "diverged" for member in beside] == [
        True,
        False,
        True,
        *[False] * 2,
        True,
    ]
    for one, other in zip(clean, [beside[1], beside[3], beside[4]], strict=True):
        assert same_numbers(one, other)


def test_diverged_before_the_first_step(base: Config, tmp_path: Path) -> None:
    config = overflowing(base)
    (member,) = train([config], tmp_path)
    assert member.status == "diverged"
    assert member.record["step"] == 0
    assert [row["step"] for row in member.rows] == [0]
    # What is not a number is null in a strict JSON file.
    saved = json.loads((member.folder / "result.json").read_text())
    assert saved["metrics"]["initial"]["validation_loss"] is None
    assert float(member.weights["0.weight"].abs().max()) > 1e30


def test_an_evaluation_that_is_not_finite_is_never_the_best(base: Config, tmp_path: Path) -> None:
    """The largest of logits that are NaN is the first: a tenth of the labels, hit by no merit."""
    never, at_the_end = train(
        [overflowing(base), diverging(replace(base, trainer=one_step(base)))], tmp_path
    )
    assert never.record["metrics"]["best"] is None
    assert at_the_end.record["metrics"]["best"] == at_the_end.rows[0]


def test_the_weights_of_a_member_retired_at_step_0_are_its_start(
    base: Config, tmp_path: Path
) -> None:
    """Beside a neighbour that goes on, weight decay and momentum and all."""
    # Dropout leaves nothing of the hidden layers, so the training loss is finite, which the
    # evaluation is not.
    config = vary(overflowing(base), optimizer="adamw", model__dropout=0.9999)
    config = vary(config, optimizer__weight_decay=0.5)
    member, neighbour = train([config, vary(base, optimizer="adamw")], tmp_path)
    assert (member.record["step"], neighbour.status) == (0, "done")
    start = build_model([config], splits_of(config)).member(0)
    for layer, (weight, bias) in enumerate(start):
        assert torch.equal(member.weights[f"{2 * layer}.weight"], weight)
        assert torch.equal(member.weights[f"{2 * layer}.bias"], bias)


def test_training_ends_when_all_have_diverged(
    base: Config, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two of the 12 steps are made, and nothing is tested."""
    calls: list[str] = []
    for name in ("trained", "tested"):
        method = getattr(StackTracker, name)

        def spied(
            self: StackTracker, *arguments: Any, name: str = name, method: Any = method
        ) -> None:
            calls.append(name)
            method(self, *arguments)

        monkeypatch.setattr(StackTracker, name, spied)
    members = train([diverging(base), vary(diverging(base), seed=1), overflowing(base)], tmp_path)
    assert [member.status for member in members] == ["diverged"] * 3
    assert [member.record["step"] for member in members] == [1, 1, 0]
    assert calls == ["trained", "trained"]


def test_all_diverged_before_the_first_step_train_nothing(
    base: Config, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def never(*_: Any) -> None:
        raise AssertionError("nothing is left to train or test")

    monkeypatch.setattr(StackTracker, "trained", never)
    monkeypatch.setattr(StackTracker, "tested", never)
    members = train([overflowing(base), vary(overflowing(base), seed=1)], tmp_path)
    assert [member.status for member in members] == ["diverged"] * 2


def test_divergence_in_the_last_step_is_seen_by_the_evaluation(
    base: Config, tmp_path: Path
) -> None:
    """The loss of the only step is finite; only the evaluation shows what its update did."""
    once = replace(base, trainer=one_step(base))
    (member,) = train([diverging(once)], tmp_path)
    assert member.status == "diverged"
    assert member.record["step"] == 1
    assert member.record["metrics"]["test"] is None
    assert math.isnan(member.objective)


def test_a_late_divergence_keeps_the_epochs_before_it(base: Config, tmp_path: Path) -> None:
    """Weight decay alone multiplies the weights by 1 - 1e-20 · 1e22 = -99 a step, and the three
    layers' product by 1e6: from a loss of 3 to an overflow at 3e38 in seven steps."""
    config = vary(base, init="he", activation="identity", optimizer="sgd", optimizer__lr=1e-20)
    config = vary(config, optimizer__weight_decay=1e22, model__dropout=0.0)
    (member,) = train([config], tmp_path)
    assert member.status == "diverged"
    step = member.record["step"]
    assert 4 < step < 8
    assert [row["step"] for row in member.rows] == [0, 4]
    assert math.isfinite(member.rows[1]["train_loss"])
    assert member.record["metrics"]["last"] is None
