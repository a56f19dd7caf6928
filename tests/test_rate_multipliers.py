"""A learning rate of its own for each layer, against torch.optim with a group for each tensor."""

from dataclasses import replace
from typing import Any

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor

from src.dropout import DropoutFactors
from src.engine.adjustments import multiply_move
from src.engine.batched import BatchedEngine
from src.engine.cpu import CpuEngine
from src.engine.protocol import Recipe
from src.engine.reference import ReferenceEngine
from src.optimizers import CLASSES, Spec
from src.schedules import Schedule
from tests.residual_twin import twin_of
from tests.test_engine_cpu import STEPS, examples, recipe, rows
from tests.test_residual import residual_stack
from tests.training import options

U = 2**-24
# Of the seven layers of test_residual: below and above 1, 1, and 0, which stops a tensor.
MULTIPLIERS = (
    (4.0, 2.0),
    (0.5, 0.25),
    (1.0, 1.0),
    (0.125, 3.0),
    (0.3, 1.0),
    (1.0, 0.7),
    (0.1, 0.0),
)
# Decay of both kinds, and what else makes a path of its own through a rule.
EXTRAS: dict[str, list[dict[str, Any]]] = {
    "sgd": [{"weight_decay": 0.1}, {"momentum": 0.9, "dampening": 0.5}],
    "rmsprop": [{"momentum": 0.9, "centered": True, "weight_decay": 0.1}],
    "adagrad": [{"lr_decay": 0.1, "weight_decay": 0.1}],
    "adam": [{"amsgrad": True, "weight_decay": 0.1}],
    "adamw": [{"weight_decay": 0.3}],
    "nadam": [{"weight_decay": 0.1}, {"weight_decay": 0.1, "decoupled_weight_decay": True}],
    "radam": [{"weight_decay": 0.1}, {"weight_decay": 0.1, "decoupled_weight_decay": True}],
}


def mixture() -> list[Recipe]:
    cosine = Schedule("cosine", {"final": 0.0}, 2, run_steps=9, epoch_steps=3)
    names = ["tanh", "gelu", "silu"]
    made = [recipe(names[k % 3], name, 0.2, 0, 0) for k, name in enumerate(options("optimizer"))]
    for k, item in enumerate(list(made)):
        for extra in EXTRAS.get(options("optimizer")[k], []):
            spec = Spec(item.optimizer.algorithm, item.optimizer.hyperparameters | extra)
            made.append(replace(item, optimizer=spec))
    made.append(recipe("tanh", "adam", 0.0, 0, 0, cosine, 0.1))
    return [replace(item, rate_multipliers=MULTIPLIERS) for item in made]


def test_every_class_is_covered() -> None:
    assert {item.optimizer.algorithm for item in mixture()} == set(CLASSES)


def grouped(item: Recipe, model: Any, k: int) -> list[Tensor]:
    """The parameters after STEPS steps of torch.optim, each tensor in a group of its own."""
    twin = twin_of(model, k)
    parameters = list(twin.in_stack_order())
    multipliers = [c for kind in zip(*MULTIPLIERS, strict=True) for c in kind] + [1.0, 1.0]
    base = item.optimizer.hyperparameters["lr"]
    groups = [
        {"params": [parameter], "lr": base * c}
        for parameter, c in zip(parameters, multipliers, strict=True)
    ]
    optimizer: Any = CLASSES[item.optimizer.algorithm](groups, **item.optimizer.hyperparameters)
    masks = DropoutFactors([item.dropout], model.widths[:-1])
    for t, step_rows in enumerate(rows()[:, item.order]):
        x, y = examples().batch(step_rows)
        drawn = masks.draw(t, len(y))
        loss = F.cross_entropy(twin(x.double(), [mask[0].double() for mask in drawn]), y)
        optimizer.zero_grad()
        torch.autograd.backward(loss)
        if item.clip_norm is not None:
            torch.nn.utils.clip_grad_norm_(parameters, item.clip_norm)
        for group, c in zip(optimizer.param_groups, multipliers, strict=True):
            group["lr"] = item.rate(t) * c
        optimizer.step()
    return [parameter.detach() for parameter in parameters]


def largest_error(engine: type[Any], dtype: torch.dtype) -> float:
    recipes = mixture()
    model = residual_stack([item.activation for item in recipes]).to(dtype)
    expected = [grouped(item, model, k) for k, item in enumerate(recipes)]
    trainer = engine(model, recipes)
    trainer.run(rows(), 0, examples(), [True] * len(recipes))
    trainer.close()
    return max(
        float((one[k] - two).detach().abs().max())
        for k, own in enumerate(expected)
        for one, two in zip(model.parameters(), own, strict=True)
    )


@pytest.mark.parametrize("engine", [BatchedEngine, ReferenceEngine])
@pytest.mark.slow
def test_doubles_against_torch_param_groups(engine: type[Any]) -> None:
    """A multiplier forgotten is a move of 1e-3 or more; errors here are some 1e-15 each."""
    torch.set_default_dtype(torch.float64)  # or torch.optim keeps NAdam's momenta in float32
    try:
        assert largest_error(engine, torch.float64) <= 1e-11
    finally:
        torch.set_default_dtype(torch.float32)


@pytest.mark.parametrize("engine", [CpuEngine, BatchedEngine, ReferenceEngine])
@pytest.mark.slow
def test_float32_against_torch_param_groups(engine: type[Any]) -> None:
    """As test_residual's bound, with moves up to 4 times as large.

    Before a move is multiplied, the weight that it led to was rounded: that error, u of a weight
    of size 1, is multiplied too, in each of 5 steps.
    """
    gradient = (9 * 7 * 7) ** 0.5 * 4 * U
    allowed = 4 * 5 * STEPS**0.5 * (0.2 * gradient + 2 * U)
    assert largest_error(engine, torch.float32) <= allowed


@pytest.mark.parametrize("engine", [CpuEngine, BatchedEngine, ReferenceEngine])
def test_multipliers_of_1_change_nothing_to_the_bit(engine: type[Any]) -> None:
    ones = tuple((1.0, 1.0) for _ in MULTIPLIERS)
    found = []
    for multipliers in (None, ones):
        recipes = [replace(item, rate_multipliers=multipliers) for item in mixture()]
        model = residual_stack([item.activation for item in recipes])
        trainer = engine(model, recipes)
        losses, _ = trainer.run(rows(), 0, examples(), [True] * len(recipes))
        trainer.close()
        found.append([losses, *(item.detach().clone() for item in model.parameters())])
    for one, two in zip(*found, strict=True):
        assert torch.equal(one, two)


def test_a_multiplied_member_leaves_its_neighbours_as_they_are() -> None:
    """To the bit on the CPU's engine, and beside one of the same rule on the GPU's."""
    recipes = [recipe("tanh", "adam", 0.2, 0, 0), recipe("tanh", "adam", 0.2, 0, 0)]
    multiplied = [recipes[0], replace(recipes[1], rate_multipliers=MULTIPLIERS)]
    for engine in (CpuEngine, BatchedEngine):
        models = [residual_stack(["tanh", "tanh"]) for _ in range(2)]
        for model, chosen in zip(models, (recipes, multiplied), strict=True):
            trainer: Any = engine(model, chosen)
            trainer.run(rows(), 0, examples(), [True, True])
            trainer.close()
        for one, two in zip(models[0].parameters(), models[1].parameters(), strict=True):
            assert torch.equal(one[0], two[0])
        assert not torch.equal(models[0].weights[0][1], models[1].weights[0][1])
    groups = BatchedEngine(residual_stack(["tanh", "tanh"]), multiplied).groups
    assert [group.multipliers is None for group in groups] == [True, False]


@pytest.mark.parametrize("multiplier", [0.0, 0.3, 1.0, 8.0])
def test_a_move_multiplied(multiplier: float) -> None:
    source = torch.Generator().manual_seed(0)
    before = torch.randn(1000, generator=source)
    after = before + 1e-3 * torch.randn(1000, generator=source)
    moved = after.clone()
    multiply_move(moved, before, multiplier)
    exact = before.double() + multiplier * (after.double() - before.double())
    # Three roundings of numbers no larger than 5.
    assert float((moved - exact).abs().max()) <= 3 * 5 * U
    if multiplier in (0.0, 1.0):
        assert torch.equal(moved, after if multiplier else before)
