"""A checkpoint written by one engine is gone on from by another."""

from collections.abc import Callable
from dataclasses import replace
from io import BytesIO
from typing import Any

import pytest
import torch
from torch import Tensor

from src.engine.batched import BatchedEngine
from src.engine.protocol import Engine, Recipe
from src.engine.reference import ReferenceEngine
from src.model import StackedMLP
from src.optimizers import Spec
from src.schedules import Schedule
from tests.test_engine_batched import allowed
from tests.test_engine_cpu import examples, recipe, rows, stack
from tests.training import options

Build = Callable[[StackedMLP, list[Recipe]], Engine]
CHUNKS = [rows(), rows()[:3]]


def with_options(name: str, **changes: Any) -> Recipe:
    made = recipe("tanh", name, 0.2, 1, 1)
    spec = made.optimizer
    return replace(made, optimizer=Spec(spec.algorithm, spec.hyperparameters | changes))


COSINE = Schedule("cosine", {"final": 0.1}, warmup_steps=3, run_steps=20)


def mixture() -> list[Recipe]:
    return [
        *[recipe("gelu", name, 0.2, 0, 0) for name in options("optimizer")],
        with_options("adam", amsgrad=True, weight_decay=0.1),
        with_options("sgd", momentum=0.5, dampening=0.5),
        with_options("rmsprop", momentum=0.5, centered=True),
        with_options("adagrad", initial_accumulator_value=0.5, lr_decay=0.1),
        with_options("nadam", decoupled_weight_decay=True, weight_decay=0.1),
        with_options("radam", weight_decay=0.1),
        *[replace(recipe("tanh", name, 0.2, 0, 0), schedule=COSINE) for name in ("adam", "sgd")],
    ]


MEMBERS = len(mixture())


def first_half(build: Build) -> tuple[StackedMLP, Engine]:
    model = stack(mixture(), range(MEMBERS))
    engine = build(model, mixture())
    engine.run(CHUNKS[0], 0, examples(), [True] * MEMBERS)
    return model, engine


def second_half(model: StackedMLP, engine: Engine) -> list[Tensor]:
    losses, _ = engine.run(CHUNKS[1], len(CHUNKS[0]), examples(), [True] * MEMBERS)
    return [losses, *[item.detach().clone() for item in model.parameters()]]


def saved(model: StackedMLP, engine: Engine) -> dict[str, Any]:
    """Through a file's bytes, read as data alone, as Lightning's checkpoints are."""
    held = {
        "model": model.state_dict(),
        "optimizers": [optimizer.state_dict() for optimizer in engine.optimizers],
    }
    buffer = BytesIO()
    torch.save(held, buffer)
    buffer.seek(0)
    loaded: dict[str, Any] = torch.load(buffer, weights_only=True)
    return loaded


def resumed(build: Build, held: dict[str, Any]) -> tuple[StackedMLP, Engine]:
    """From other weights and another state than those of the checkpoint."""
    model = stack(mixture(), range(100, 100 + MEMBERS))
    engine = build(model, mixture())
    engine.run(CHUNKS[0], 5, examples(), [True] * MEMBERS)
    model.load_state_dict(held["model"])
    for optimizer, state in zip(engine.optimizers, held["optimizers"], strict=True):
        optimizer.load_state_dict(state)
    return model, engine


@pytest.mark.parametrize("reader", [BatchedEngine, ReferenceEngine])
@pytest.mark.parametrize("writer", [BatchedEngine, ReferenceEngine])
def test_resumed_against_uninterrupted(writer: Build, reader: Build) -> None:
    """To the bit where the same engine goes on, else within its roundings."""
    model, engine = first_half(writer)
    found = second_half(*resumed(reader, saved(model, engine)))
    expected = second_half(model, engine)
    for one, two in zip(found, expected, strict=True):
        if writer is reader:
            assert torch.equal(one, two)
        else:
            assert torch.allclose(one, two, rtol=0, atol=allowed(8))


def test_state_against_the_reference_engines() -> None:
    """The same names, shapes and types; numbers within roundings; step counts equal."""
    fast, slow = saved(*first_half(BatchedEngine)), saved(*first_half(ReferenceEngine))
    for found, expected in zip(fast["optimizers"], slow["optimizers"], strict=True):
        assert found["param_groups"] == expected["param_groups"]
        assert found["state"].keys() == expected["state"].keys()
        for place, held in expected["state"].items():
            own = found["state"][place]
            assert own.keys() == held.keys()
            for name, value in held.items():
                assert own[name].shape == value.shape
                assert own[name].dtype == value.dtype
                assert torch.allclose(own[name], value, rtol=0, atol=allowed(5)), name


@pytest.mark.parametrize("build", [BatchedEngine, ReferenceEngine])
def test_state_before_the_first_step(build: Build) -> None:
    """Nothing was trained: what goes on from it begins as anew."""
    model = stack(mixture(), range(MEMBERS))
    engine = build(model, mixture())
    held = saved(model, engine)
    fresh = stack(mixture(), range(MEMBERS))
    expected = second_half(fresh, BatchedEngine(fresh, mixture()))
    found = second_half(*resumed(BatchedEngine, held))
    for one, two in zip(found, expected, strict=True):
        assert torch.equal(one, two)


def test_what_was_saved_stays_as_it_was() -> None:
    model, engine = first_half(BatchedEngine)
    held = [optimizer.state_dict()["state"] for optimizer in engine.optimizers]
    before = [value.clone() for state in held for part in state.values() for value in part.values()]
    second_half(model, engine)
    after = [value for state in held for part in state.values() for value in part.values()]
    assert len(before) > MEMBERS
    assert all(torch.equal(one, two) for one, two in zip(before, after, strict=True))
    assert all(not optimizer.state for optimizer in engine.optimizers)
