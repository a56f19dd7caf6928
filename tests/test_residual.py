"""Residual networks: the three engines against a plain torch module in float64."""

import math
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest
import torch
from torch import Tensor

from src import activations
from src.engine.batched import BatchedEngine
from src.engine.cpu import CpuEngine
from src.engine.protocol import Recipe
from src.engine.reference import ReferenceEngine
from src.initializers.draw import Start, draw_layers
from src.model import StackedMLP
from src.residual import blocks
from src.schedules import Schedule
from tests.residual_twin import TrainedTwin, twin_of
from tests.test_engine_cpu import BATCH, ORDERS, SCALING, STEPS, examples, recipe, rows
from tests.training import option, options

WIDTH = 7
# Stem, two blocks, a layer left over, logits.
SIZES = [13, *[WIDTH] * 6, 3]
U = 2**-24


def residual_stack(
    names: Sequence[str], sizes: Sequence[int] = SIZES, scales: Sequence[float] = (1.0, 0.5, -0.7)
) -> StackedMLP:
    start = Start("variance_scaling", SCALING, "uniform_fan_in")
    count = blocks(len(sizes) - 1)
    built = [activations.build(name, **option("activation", name).parameters()) for name in names]
    members = [draw_layers(sizes, start, seed) for seed in range(len(names))]
    return StackedMLP(members, built, [[scales[k % 3]] * count for k in range(len(names))])


def mixture() -> list[Recipe]:
    """Every optimizer, with activations, dropout, orders, schedules, clipping and smoothing."""
    names, optimizers = ["tanh", "relu", "gelu", "leaky_relu", "silu"], options("optimizer")
    cosine = Schedule("cosine", {"final": 0.0}, 2, run_steps=12, epoch_steps=3)
    made = [
        recipe(names[k % 5], name, (0.0, 0.5, 0.2)[k % 3], k % 2, k % ORDERS)
        for k, name in enumerate(optimizers)
    ]
    return [
        *made,
        recipe("relu", "sgd", 0.5, 3, 0, cosine, 0.1, 0.1),
        recipe("tanh", "adam", 0.2, 3, 1, cosine, 0.3),
        recipe("relu", "adamw", 0.0, 3, 1, clip_norm=100.0, label_smoothing=0.5),
    ]


CHUNKS = [rows(), rows()[:2], rows()[:1, :, : BATCH - 4]]
DONE = sum(len(chunk) for chunk in CHUNKS)


def largest_errors(engine: type[Any], recipes: list[Recipe], dtype: torch.dtype) -> list[float]:
    """Of losses and of parameters: engine against twins, over the chunks."""
    model = residual_stack([item.activation for item in recipes]).to(dtype)
    twins = [TrainedTwin(twin_of(model, k), item) for k, item in enumerate(recipes)]
    trainer = engine(model, recipes)
    step, losses = 0, []
    for chunk in CHUNKS:
        losses.append(trainer.run(chunk, step, examples(), [True] * len(recipes))[0])
        for twin in twins:
            twin.run(chunk, step, examples(), model.widths)
        step += len(chunk)
    trainer.close()
    found = torch.cat(losses)
    errors = [0.0, 0.0]
    for k, twin in enumerate(twins):
        loss = torch.tensor(twin.losses, dtype=torch.float64)
        errors[0] = max(errors[0], float((found[:, k] - loss).abs().max()))
        for one, two in zip(model.parameters(), twin.network.in_stack_order(), strict=True):
            errors[1] = max(errors[1], float((one[k] - two).detach().abs().max()))
    assert [twin.clipped > 0 for twin in twins[-3:]] == [True, True, False]
    assert all(twin.network.blocks[0].scale.grad is not None for twin in twins)
    return errors


@pytest.mark.parametrize("engine", [BatchedEngine, ReferenceEngine])
@pytest.mark.slow
def test_batched_engines_in_doubles_against_twin(engine: type[Any]) -> None:
    """A wrong term is of the size of an update, 1e-4 or more; errors here are some 1e-15 each."""
    torch.set_default_dtype(torch.float64)  # or torch.optim keeps NAdam's momenta in float32
    try:
        errors = largest_errors(engine, mixture(), torch.float64)
    finally:
        torch.set_default_dtype(torch.float32)
    assert max(errors) <= 1e-10


@pytest.mark.parametrize("engine", [CpuEngine, BatchedEngine, ReferenceEngine])
@pytest.mark.slow
def test_engines_in_float32_against_twin(engine: type[Any]) -> None:
    """float32 against float64, u = 2^-24, as in test_stack_against_plain_torch.

    A gradient is a sum over batch, width and layers, 9 · 7 · 7 terms of size 4 or less, as two
    blocks may double a signal each; roundings have random signs. A step moves a weight by at most
    .2 · error (Adam at eps = 1e-2) and rounds it; T steps, and 5 of these standard errors. A loss
    moves with some 300 weights, each by a gradient of .1 or less: twice the error of a weight.
    """
    gradient = math.sqrt(BATCH * WIDTH * (len(SIZES) - 1)) * 4 * U
    allowed = 5 * math.sqrt(DONE) * (0.2 * gradient + U)
    losses, parameters = largest_errors(engine, mixture(), torch.float32)
    assert parameters <= allowed
    assert losses <= 2 * allowed + 5 * 3 * U


def test_a_block_that_starts_at_scale_0_trains() -> None:
    """ReZero's start: the branch has no gradient until its scale has moved, which it does."""
    names = ["relu", "tanh"]
    recipes = [recipe(name, "sgd", 0.2, 0, 0) for name in names]
    models = [residual_stack(names, scales=[0.0] * 3) for _ in range(3)]
    for engine, model in zip((CpuEngine, BatchedEngine, ReferenceEngine), models, strict=True):
        before = [tensor.detach().clone() for tensor in model.parameters()]
        trainer: Any = engine(model, recipes)
        trainer.run(rows()[:1], 0, examples(), [True, True])
        for name, one, two in zip(model.state_dict(), model.parameters(), before, strict=True):
            branch = name.partition(".")[2] in "1234" and not name.startswith("scales")
            assert torch.equal(one, two) == branch, name
        trainer.run(rows()[1:2], 1, examples(), [True, True])
        assert not torch.equal(model.weights[1], before[1])
        trainer.close()
    for one, two in zip(models[0].parameters(), models[2].parameters(), strict=True):
        # Two steps of lr = .01 of a gradient: 16 roundings a product, 14 products.
        assert torch.allclose(one, two, rtol=0, atol=2 * 0.01 * 16 * 14 * 4 * U + 2 * U)


def test_bf16_against_reference_under_autocast() -> None:
    """As in test_engine_batched, with 7 layers in place of 3 and signals twice as large."""
    recipes = [
        recipe(name, "sgd", rate, k, 0)
        for k, (name, rate) in enumerate([("relu", 0.3), ("tanh", 0)])
    ]
    model, slow = residual_stack(["relu", "tanh"]), residual_stack(["relu", "tanh"])
    alive = [True, True]
    fast = BatchedEngine(model, recipes, "bf16-mixed").run(rows(), 0, examples(), alive)
    with torch.autocast("cpu", torch.bfloat16):
        expected = ReferenceEngine(slow, recipes).run(rows(), 0, examples(), alive)
    assert torch.allclose(fast[0], expected[0], rtol=0, atol=14 * 2 * 2**-9 * 6)
    for one, two in zip(model.parameters(), slow.parameters(), strict=True):
        assert torch.allclose(one, two, rtol=0, atol=0.01 * 14 * STEPS * 2 * 2**-9 * 6)


def test_residual_member_against_its_single_run() -> None:
    """To the bit, on the CPU's engine, wherever a member stands."""
    recipes = mixture()
    together = residual_stack([item.activation for item in recipes])
    losses, hits = CpuEngine(together, recipes).run(rows(), 0, examples(), [True] * len(recipes))
    start = residual_stack([item.activation for item in recipes])
    for k, item in enumerate(recipes):
        alone = StackedMLP([start.member(k)], [start.activations[k]], [start.member_scales(k)])
        engine = CpuEngine(alone, [replace(item)])
        loss, hit = engine.run(rows(), 0, examples(), [True])
        assert torch.equal(loss[:, 0], losses[:, k])
        assert torch.equal(hit[:, 0], hits[:, k])
        for one, two in zip(alone.parameters(), together.parameters(), strict=True):
            assert torch.equal(one[0], two[k])


@pytest.mark.slow
def test_the_gradient_of_a_scale_is_not_lost() -> None:
    """Twins alone could agree on nothing: every scale moves in every engine."""
    recipes = mixture()
    for engine in (CpuEngine, BatchedEngine, ReferenceEngine):
        model = residual_stack([item.activation for item in recipes])
        before: list[Tensor] = [scale.detach().clone() for scale in model.scales]
        trainer: Any = engine(model, recipes)
        trainer.run(rows(), 0, examples(), [True] * len(recipes))
        trainer.close()
        for one, two in zip(model.scales, before, strict=True):
            assert bool((one != two).all())
