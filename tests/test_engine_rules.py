"""Stacked update rules against torch.optim, every member with hyperparameters of its own."""

from collections.abc import Iterator
from typing import Any

import pytest
import torch
from torch import Tensor
from torch.optim import Optimizer

from src.engine.groups import Group
from src.engine.rules import RULES, flags_of
from src.optimizers import CLASSES

SIZE, STEPS = 61, 40

# For each algorithm, paths through its rule; members of a group differ in all other numbers.
PATHS: dict[str, list[dict[str, Any]]] = {
    "sgd": [
        {},
        {"momentum": [0.9, 0.5, 0.1], "dampening": [0.0, 0.3, 1.0]},
        {"momentum": [0.9, 0.5, 0.1], "nesterov": True},
    ],
    "rmsprop": [
        {"alpha": [0.99, 0.5, 0.0]},
        {"centered": True},
        {"momentum": [0.9, 0.5, 0.1], "centered": True},
    ],
    "adagrad": [
        {"lr_decay": [0.0, 0.1, 1.0], "initial_accumulator_value": [0.0, 0.1, 2.0]},
    ],
    "adam": [
        {"betas": [(0.9, 0.999), (0.0, 0.9), (0.5, 0.0)]},
        {"amsgrad": True},
    ],
    "adamw": [{"betas": [(0.9, 0.999), (0.8, 0.9), (0.5, 0.5)]}, {"amsgrad": True}],
    "nadam": [
        {"momentum_decay": [0.004, 0.0, 0.5]},
        {"decoupled_weight_decay": True},
    ],
    # The variance of RAdam's step is rectified from step 6 on at .999, from 7 at .9, never at .5.
    "radam": [
        {"betas": [(0.9, 0.999), (0.9, 0.9), (0.0, 0.5)]},
        {"decoupled_weight_decay": True},
    ],
}
CASES = [
    (algorithm, {**path, **decay})
    for algorithm, paths in PATHS.items()
    for path in paths
    for decay in ({}, {"weight_decay": [0.01, 0.1, 0.5]})
]
every_case = pytest.mark.parametrize(("algorithm", "options"), CASES, ids=str)


def member(options: dict[str, Any], k: int) -> dict[str, Any]:
    eps = {"eps": (1e-8, 1e-3, 0.1)[k]}
    own = {name: value[k] if isinstance(value, list) else value for name, value in options.items()}
    return {"lr": (0.1, 0.01, 0.003)[k], **own, **eps}


def optimizers(algorithm: str, options: dict[str, Any], parameters: Tensor) -> list[Optimizer]:
    """torch.optim's plain code: neither fused nor over lists of tensors."""
    made = []
    for k, row in enumerate(parameters):
        own = member(options, k)
        if algorithm == "sgd":
            del own["eps"]
        leaf = row.detach().requires_grad_()
        made.append(CLASSES[algorithm]([leaf], foreach=False, **own))  # type: ignore[call-arg]
    return made


def gradients(dtype: torch.dtype) -> list[Tensor]:
    generator = torch.Generator().manual_seed(1)
    return [torch.randn(3, SIZE, generator=generator, dtype=dtype) for _ in range(STEPS)]


def start(dtype: torch.dtype) -> Tensor:
    return torch.randn(3, SIZE, generator=torch.Generator().manual_seed(0), dtype=dtype)


def trained(group: Group, parameters: Tensor, given: list[Tensor], retired_at: int = STEPS) -> None:
    """Chunks of 7 steps, the last shorter; member 1 makes no update from step `retired_at` on."""
    alive = torch.ones(3, 1, dtype=torch.bool)
    for first in range(0, STEPS, 7):
        steps = range(first, min(first + 7, STEPS))
        numbers = group.coefficients(torch.ones(len(steps), 3, dtype=torch.float64))
        before = alive[:, 0].clone()
        for t in steps:
            alive[1] = t < retired_at
            group.update(parameters, given[t], alive, numbers[t - first].to(parameters.dtype))
        group.advance(len(steps), before)


def test_every_algorithm_has_a_rule() -> None:
    assert sorted(RULES) == sorted(CLASSES) == sorted(PATHS)


@pytest.fixture
def doubles() -> Iterator[None]:
    """torch.optim keeps NAdam's product of momenta in the default type."""
    torch.set_default_dtype(torch.float64)
    yield
    torch.set_default_dtype(torch.float32)


def assert_rule_is_torch_optims(
    algorithm: str, options: dict[str, Any], dtype: torch.dtype
) -> None:
    """In another order of roundings: torch contracts some products and sums into one.

    An update has fewer than 16 roundings, of terms no larger than `largest`; a buffer of momentum
    .9 sums up 10 of them, here over STEPS updates.
    """
    expected, found = start(dtype), start(dtype)
    plain = optimizers(algorithm, options, expected)
    trained(Group(algorithm, 0, plain, found), found, gradients(dtype))
    largest = 0.0
    for gradient in gradients(dtype):
        for k, optimizer in enumerate(plain):
            (leaf,) = optimizer.param_groups[0]["params"]
            leaf.grad = gradient[k].clone()
            optimizer.step()
        largest = max(largest, float(expected.abs().max()))
    rounding = torch.finfo(dtype).eps / 2
    allowed = 16 * STEPS * rounding * largest
    if "momentum" in options:
        allowed *= 10
    assert not torch.equal(expected, start(dtype))
    assert float((found - expected).abs().max()) <= allowed


@every_case
def test_rule_against_torch_optim(algorithm: str, options: dict[str, Any]) -> None:
    assert_rule_is_torch_optims(algorithm, options, torch.float32)


@every_case
@pytest.mark.usefixtures("doubles")
def test_rule_against_torch_optim_in_doubles(algorithm: str, options: dict[str, Any]) -> None:
    assert_rule_is_torch_optims(algorithm, options, torch.float64)


@every_case
def test_a_retired_member_keeps_its_weights_and_state(
    algorithm: str, options: dict[str, Any]
) -> None:
    """Its gradients are NaN from then on; its neighbours are as they would be without that."""
    dtype, at = torch.float32, 17
    kept, whole = start(dtype), start(dtype)
    given = gradients(dtype)
    undisturbed = Group(algorithm, 0, optimizers(algorithm, options, whole), whole)
    trained(undisturbed, whole, given)
    spoilt = [gradient.clone() for gradient in given]
    for gradient in spoilt[at:]:
        gradient[1] = torch.nan
    group = Group(algorithm, 0, optimizers(algorithm, options, kept), kept)
    trained(group, kept, spoilt, at)
    assert torch.equal(kept[[0, 2]], whole[[0, 2]])
    for name, moment in group.moments.items():
        assert torch.equal(moment[[0, 2]], undisturbed.moments[name][[0, 2]])
        assert moment.isfinite().all()
    stopped = start(dtype)
    short = Group(algorithm, 0, optimizers(algorithm, options, stopped), stopped)
    trained(short, stopped, [*given[:at], *[torch.zeros_like(given[0])] * (STEPS - at)], at)
    assert torch.equal(kept[1], stopped[1])
    assert not torch.equal(kept[1], whole[1])


@pytest.mark.parametrize("algorithm", CLASSES)
def test_a_factor_multiplies_the_learning_rate(algorithm: str) -> None:
    """The hook of schedules: a step at factor 1/4 is one of a member with a quarter of the rate."""
    quarter: list[dict[str, Any]] = [{"lr": 0.25 * rate} for rate in (0.1, 0.01, 0.003)]
    parameters = start(torch.float64)
    whole = Group(algorithm, 0, optimizers(algorithm, {}, parameters), parameters)
    lowered = [
        CLASSES[algorithm]([row.requires_grad_()], **rate)
        for row, rate in zip(start(torch.float64), quarter, strict=True)
    ]
    for own, other in zip(optimizers(algorithm, {}, parameters), lowered, strict=True):
        other.param_groups[0] |= {**own.param_groups[0], "lr": other.param_groups[0]["lr"]}
    less = Group(algorithm, 0, lowered, parameters)
    factors = torch.full((5, 3), 0.25, dtype=torch.float64)
    expected = less.coefficients(torch.ones_like(factors))
    # Powers of two: 0.25 · lr is exact either way.
    assert torch.equal(whole.coefficients(factors), expected)


@pytest.mark.parametrize(
    ("options", "flags"),
    [
        ({"lr": 0.1, "momentum": 0.0, "nesterov": False}, set()),
        ({"lr": 0.1, "momentum": 0.5, "nesterov": True}, {"momentum", "nesterov"}),
        ({"weight_decay": 1e-9, "amsgrad": True, "fused": True}, {"weight_decay", "amsgrad"}),
    ],
)
def test_flags_of(options: dict[str, Any], flags: set[str]) -> None:
    assert flags_of(options) == flags
