"""src.optimizers and conf/optimizer: the members of a stack against torch.optim, each by itself."""

from dataclasses import replace
from typing import Any

import pytest
import torch
from torch import Tensor
from torch.optim import Optimizer

from src.optimizers import CLASSES, Spec, build
from src.schema.optimizer import OptimizerConfig
from tests.training import option, options

NAMES = options("optimizer")
every_name = pytest.mark.parametrize("name", NAMES)
STEPS = 20

# The class that each YAML names, with the published defaults written out.
EXPECTED: dict[str, tuple[type[Optimizer], dict[str, Any]]] = {
    "sgd": (torch.optim.SGD, {"lr": 0.1}),
    "momentum": (torch.optim.SGD, {"lr": 0.01, "momentum": 0.9}),
    "nesterov": (torch.optim.SGD, {"lr": 0.01, "momentum": 0.9, "nesterov": True}),
    "rmsprop": (torch.optim.RMSprop, {"lr": 0.001, "alpha": 0.99, "eps": 1e-8}),
    "adagrad": (torch.optim.Adagrad, {"lr": 0.01, "eps": 1e-10}),
    "adam": (torch.optim.Adam, {"lr": 0.001, "betas": (0.9, 0.999), "eps": 1e-8}),
    "adamw": (
        torch.optim.AdamW,
        {"lr": 0.001, "betas": (0.9, 0.999), "eps": 1e-8, "weight_decay": 0.01},
    ),
    "nadam": (
        torch.optim.NAdam,
        {"lr": 0.001, "betas": (0.9, 0.999), "eps": 1e-8, "momentum_decay": 0.004},
    ),
    "radam": (torch.optim.RAdam, {"lr": 0.001, "betas": (0.9, 0.999), "eps": 1e-8}),
}
FUSED = (torch.optim.SGD, torch.optim.Adagrad, torch.optim.Adam, torch.optim.AdamW)

# Other values of the keys that a class has beside lr and weight_decay.
VARIANTS: list[tuple[str, dict[str, Any]]] = [
    ("momentum", {"momentum": 0.5, "dampening": 0.3}),
    ("rmsprop", {"momentum": 0.9, "centered": True, "alpha": 0.9, "eps": 1e-3}),
    ("adagrad", {"lr_decay": 0.1, "initial_accumulator_value": 0.5, "eps": 1e-3}),
    ("adam", {"amsgrad": True, "betas": [0.5, 0.9], "eps": 1e-3}),
    ("adamw", {"amsgrad": True, "betas": [0.5, 0.9], "eps": 1e-3}),
    ("nadam", {"decoupled_weight_decay": True, "momentum_decay": 0.1}),
    ("radam", {"decoupled_weight_decay": True, "betas": [0.5, 0.9]}),
]


def tensors(seed: int, members: int = 3) -> list[Tensor]:
    """A layer's weights [m, o, i] and biases [m, o]; 5 × 7 is no multiple of any vector width."""
    source = torch.Generator().manual_seed(seed)
    return [
        torch.randn(members, 5, 7, generator=source),
        torch.randn(members, 5, generator=source),
    ]


def leaves_of(stack: list[Tensor]) -> list[list[Tensor]]:
    """Per member the leaf tensors that share the stack's memory, as StackedMLP.leaves gives."""
    return [[tensor[k].requires_grad_() for tensor in stack] for k in range(len(stack[0]))]


def step_stack(specs: list[Spec], steps: int = STEPS) -> list[Tensor]:
    """The stack after so many steps on random gradients, the same for every call."""
    stack = tensors(0, len(specs))
    leaves = leaves_of(stack)
    optimizers = build(specs, leaves)
    for step in range(steps):
        for gradients, slot in zip(tensors(1 + step, len(specs)), range(2), strict=True):
            for k, member in enumerate(leaves):
                member[slot].grad = gradients[k]
        for optimizer in optimizers:
            optimizer.step()
    return stack


def step_alone(
    optimizer_class: type[Optimizer], hyperparameters: dict[str, Any], k: int, members: int
) -> list[Tensor]:
    """The slow, obvious twin: member k by itself, in plain tensors with an optimizer of its own."""
    parameters = [tensor[k].clone().requires_grad_() for tensor in tensors(0, members)]
    optimizer = optimizer_class(parameters, **hyperparameters)
    for step in range(STEPS):
        for parameter, gradient in zip(parameters, tensors(1 + step, members), strict=True):
            parameter.grad = gradient[k].clone()
        optimizer.step()
    return [parameter.detach() for parameter in parameters]


def spec(config: OptimizerConfig, **changes: Any) -> Spec:
    config = replace(config, **changes)
    return Spec(config.algorithm, config.hyperparameters())


def test_the_tables_are_the_folder_and_the_source() -> None:
    assert len(NAMES) > 0
    assert set(EXPECTED) == set(NAMES)
    assert {kind for kind, _ in EXPECTED.values()} == set(CLASSES.values())


@every_name
def test_name_is_the_file_name_and_class_is_torch_optims(name: str) -> None:
    config = option("optimizer", name)
    assert config.name == name
    assert CLASSES[config.algorithm] is EXPECTED[name][0]
    built = CLASSES[config.algorithm](tensors(0), **config.hyperparameters())
    expected = EXPECTED[name][0](tensors(0), **EXPECTED[name][1])
    assert built.defaults == expected.defaults


@every_name
@pytest.mark.parametrize("weight_decay", [None, 0.0, 0.1])
def test_stack_against_torch_optim(name: str, weight_decay: float | None) -> None:
    """Three members with learning rates of their own; None: the YAML's weight decay."""
    kind, hyperparameters = EXPECTED[name]
    if weight_decay is not None:
        hyperparameters = hyperparameters | {"weight_decay": weight_decay}
    rates = [hyperparameters["lr"] * factor for factor in (1, 0.3, 3)]
    decay = {} if weight_decay is None else {"weight_decay": weight_decay}
    stack = step_stack([spec(option("optimizer", name), lr=rate, **decay) for rate in rates])
    fused = {"fused": True} if kind in FUSED else {}
    for k, rate in enumerate(rates):
        alone = step_alone(kind, hyperparameters | {"lr": rate} | fused, k, len(rates))
        for together, reference in zip(stack, alone, strict=True):
            # The same kernel on the same numbers, a tensor at a time.
            assert torch.equal(together[k], reference)


@pytest.mark.parametrize("name", [n for n, (kind, _) in EXPECTED.items() if kind in FUSED])
def test_fused_kernel_against_torch_optims_plain_loop(name: str) -> None:
    kind, hyperparameters = EXPECTED[name]
    hyperparameters = hyperparameters | {"weight_decay": 0.1}
    (config,) = [option("optimizer", name)]
    stack = step_stack([spec(config, weight_decay=0.1)] * 3)
    # Both do the same operations on each number in another grouping: fewer than 16 roundings of
    # 2^-24 a step on an update of at most lr · max(|g|, √STEPS) (Adam's m/√v and Adagrad's
    # g/√Σg² never exceed √t), and one on the weight itself.
    largest = max(float(g.abs().max()) for step in range(STEPS) for g in tensors(1 + step))
    update = hyperparameters["lr"] * max(largest * 10, STEPS**0.5)  # 1/(1 - .9): momentum's gain
    for k in range(3):
        alone = step_alone(kind, hyperparameters | {"fused": False}, k, 3)
        for together, reference in zip(stack, alone, strict=True):
            size = float(reference.abs().max()) + update
            allowed = STEPS * 2**-24 * (16 * update + size)
            assert float((together[k] - reference).abs().max()) <= allowed


@pytest.mark.parametrize(("name", "changes"), VARIANTS, ids=str)
def test_other_hyperparameters_against_torch_optim(name: str, changes: dict[str, Any]) -> None:
    kind, hyperparameters = EXPECTED[name]
    config = option("optimizer", name)
    stack = step_stack([spec(config), spec(config, weight_decay=0.05, **changes)])
    plain = {key: tuple(v) if isinstance(v, list) else v for key, v in changes.items()}
    wanted = hyperparameters | plain | {"weight_decay": 0.05}
    if kind in FUSED:
        wanted["fused"] = True
    alone = step_alone(kind, wanted, 1, 2)
    default = step_alone(
        kind, {**hyperparameters, **({"fused": True} if kind in FUSED else {})}, 0, 2
    )
    for together, first, second in zip(stack, default, alone, strict=True):
        assert torch.equal(together[0], first)
        assert torch.equal(together[1], second)
        assert not torch.equal(together[0], together[1])


def test_all_optimizers_in_one_stack_against_each_alone() -> None:
    specs = [spec(option("optimizer", name)) for name in NAMES]
    stack = step_stack(specs)
    for k, name in enumerate(NAMES):
        kind, hyperparameters = EXPECTED[name]
        fused = {"fused": True} if kind in FUSED else {}
        alone = step_alone(kind, hyperparameters | fused, k, len(NAMES))
        for together, reference in zip(stack, alone, strict=True):
            assert torch.equal(together[k], reference)


def test_one_optimizer_a_member() -> None:
    """Of its own class and on its own tensors alone."""
    specs = [spec(option("optimizer", name)) for name in NAMES]
    leaves = leaves_of(tensors(0, len(specs)))
    built = build(specs, leaves)
    assert [type(optimizer) for optimizer in built] == [EXPECTED[name][0] for name in NAMES]
    for optimizer, member in zip(built, leaves, strict=True):
        (group,) = optimizer.param_groups
        assert [id(tensor) for tensor in group["params"]] == [id(tensor) for tensor in member]


@every_name
def test_a_member_without_gradients_is_left_alone(name: str) -> None:
    """Retired after ten steps, with momentum and weight decay that would move it on."""
    config = option("optimizer", name)
    specs = [spec(config, weight_decay=0.1)] * 3
    stack = tensors(0)
    leaves = leaves_of(stack)
    optimizers = build(specs, leaves)
    for step in range(STEPS):
        if step == 10:
            retired = [tensor[1].clone() for tensor in stack]
        for gradients, slot in zip(tensors(1 + step), range(2), strict=True):
            for k, member in enumerate(leaves):
                member[slot].grad = None if k == 1 and step >= 10 else gradients[k]
        for optimizer in optimizers:
            optimizer.step()
    undisturbed = step_stack(specs)
    for tensor, before, reference in zip(stack, retired, undisturbed, strict=True):
        assert torch.equal(tensor[1], before)
        assert not torch.equal(reference[1], before)
        assert torch.equal(tensor[0], reference[0])
        assert torch.equal(tensor[2], reference[2])


@every_name
def test_a_member_with_gradients_that_are_not_numbers_disturbs_nobody(name: str) -> None:
    specs = [spec(option("optimizer", name), weight_decay=0.1)] * 3
    stack = tensors(0)
    leaves = leaves_of(stack)
    optimizers = build(specs, leaves)
    for step in range(STEPS):
        for gradients, slot in zip(tensors(1 + step), range(2), strict=True):
            gradients[1] = torch.nan if slot else torch.inf
            for k, member in enumerate(leaves):
                member[slot].grad = gradients[k]
        for optimizer in optimizers:
            optimizer.step()
    for tensor, reference in zip(stack, step_stack(specs), strict=True):
        assert torch.equal(tensor[[0, 2]], reference[[0, 2]])
