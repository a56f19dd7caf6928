"""Calling a fused kernel with the optimizer's own state is its step(), to the bit."""

import pytest
import torch
from torch import Tensor
from torch.optim import Optimizer

from src import optimizers
from src.engine.updates import Update, update_of
from src.optimizers import Spec
from tests.training import option, options


def made(name: str, **changes: object) -> tuple[Optimizer, Tensor]:
    config = option("optimizer", name)
    parameter = torch.linspace(-1, 1, 33, requires_grad=True)
    parameter.grad = torch.zeros(33)
    spec = Spec(config.algorithm, config.hyperparameters() | changes)
    (optimizer,) = optimizers.build([spec], [[parameter]])
    return optimizer, parameter


def steps(optimizer: Optimizer, parameter: Tensor, direct: bool, count: int = 12) -> None:
    generator = torch.Generator().manual_seed(0)
    assert parameter.grad is not None
    rate = optimizer.param_groups[0]["lr"]
    update: Update = optimizer.step
    for step in range(count):
        parameter.grad.copy_(torch.randn(33, generator=generator))
        optimizer.param_groups[0]["lr"] = rate / (1 + step)
        with torch.no_grad():
            update()
        if direct and step in (0, 5):  # asked for once and used under other rates
            update = update_of(optimizer, parameter)


@pytest.mark.parametrize("changes", [{}, {"weight_decay": 0.1}], ids=["plain", "decay"])
@pytest.mark.parametrize("name", options("optimizer"))
def test_update_against_step(name: str, changes: dict[str, object]) -> None:
    one, other = made(name, **changes), made(name, **changes)
    steps(*one, direct=True)
    steps(*other, direct=False)
    assert torch.equal(one[1], other[1])
    assert not torch.equal(one[1], torch.linspace(-1, 1, 33))


@pytest.mark.parametrize("name", ["adam", "adamw"])
def test_amsgrad_against_step(name: str) -> None:
    one, other = made(name, amsgrad=True), made(name, amsgrad=True)
    steps(*one, direct=True)
    steps(*other, direct=False)
    assert torch.equal(one[1], other[1])


def test_the_state_is_the_optimizers_own() -> None:
    """What a checkpoint of it holds after direct updates is what step() would have left."""
    one, other = made("adam"), made("adam")
    steps(*one, direct=True)
    steps(*other, direct=False)
    for key, value in one[0].state_dict()["state"][0].items():
        assert torch.equal(value, other[0].state_dict()["state"][0][key]), key


def test_a_first_update_is_step_itself() -> None:
    optimizer, parameter = made("adam")
    assert update_of(optimizer, parameter) == optimizer.step
