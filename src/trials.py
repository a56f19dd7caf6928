"""A user's own callables on tiny cases: what each must do, found out before the first step.

InputError names the key, the target and why. The global generator is left as it was.
"""

import io
import math
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import torch
from torch import Tensor, nn
from torch.optim import Optimizer

from src import activations, optimizers, targets
from src.errors import on_one_line
from src.initializers.own import Own
from src.initializers.place import Shape
from src.optimizers import Spec

GENERATOR = "draws from torch's global generator; a member may depend on its own seed alone"


class _Drawn(Exception):
    """Something moved the global generator."""


@contextmanager
def _generator_kept() -> Iterator[None]:
    """_Drawn where the global generator is used; it is put back."""
    before = torch.get_rng_state()
    try:
        yield
        drawn = not torch.equal(torch.get_rng_state(), before)
    finally:
        torch.set_rng_state(before)
    if drawn:
        raise _Drawn


def try_init(key: str, parameters: dict[str, Any], shapes: Sequence[Shape]) -> None:
    """shapes: of the network's weights."""
    law = Own(**parameters, key=key)
    for shape in dict.fromkeys(shapes):
        try:
            with _generator_kept():
                one, other = (
                    law(shape, generator=torch.Generator().manual_seed(1)) for _ in range(2)
                )
        except _Drawn:
            said = "draws from torch's global generator; it must draw from the one it is given"
            raise targets.wrong(key, law.target, said) from None
        if not torch.equal(one, other):
            said = "gave two tensors for one state of its generator; nothing else may decide"
            raise targets.wrong(key, law.target, said)


# --- activations --------------------------------------------------------------------------


def try_activation(name: str, parameters: dict[str, Any]) -> None:
    key, target = "activation._target_", str(parameters["target"])
    function = activations.build(name, **parameters)
    x = torch.randn(3, 5, 40, generator=torch.Generator().manual_seed(1)) * 2
    try:
        with _generator_kept(), torch.no_grad():
            said = _value_fault(function, x)
    except _Drawn:
        said = GENERATOR
    except targets.FAILURES as error:
        asked = f"(x{targets.spelled(str(parameters['arguments']))})"
        raise targets.failed(key, target, asked, error) from error
    said = said or _slope_fault(function, x)
    if said is not None:
        raise targets.wrong(key, target, said)


def _value_fault(function: activations.Activation, x: Tensor) -> str | None:
    if isinstance(function, nn.Module) and list(function.parameters()):
        return "has parameters of its own, which nothing would train"
    given = x.clone()
    y: Any = function(x)
    if not isinstance(y, Tensor):
        return f"must return a tensor, but returned {type(y).__name__}"
    if y.shape != x.shape or y.dtype is not x.dtype:
        kind = f"{str(y.dtype).removeprefix('torch.')} {tuple(y.shape)}"
        return f"given float32 {tuple(x.shape)} it must return the same, but returned {kind}"
    if not torch.equal(x, given):
        return "must not change its input"
    if not torch.equal(y.nan_to_num(), function(x).nan_to_num()):
        return "gave two results for one input"
    # A tenth of a per mille: parts of another size may be computed in another way.
    part = function(x[1:2, :2, 7:12].contiguous())
    if not torch.allclose(y[1:2, :2, 7:12], part, rtol=1e-4, atol=1e-5, equal_nan=True):
        return "must be elementwise, but its result depends on other elements"
    return None


def _slope_fault(function: activations.Activation, x: Tensor) -> str | None:
    try:
        with torch.enable_grad():
            leaf = x.clone().requires_grad_()
            y = function(leaf)
            slope = None
            if y.requires_grad:
                (slope,) = torch.autograd.grad(y, leaf, torch.ones_like(x), allow_unused=True)
    except targets.FAILURES as error:
        said = on_one_line(error).rstrip(".")
        return f"must be differentiable by autograd ({type(error).__name__}: {said})"
    if slope is None:
        return "must be differentiable, but autograd sees no dependence of its result on its input"
    return None


# --- optimizers ---------------------------------------------------------------------------

_SHAPES = ((40, 30), (20, 40), (40,), (20,))


def try_optimizer(spec: Spec) -> None:
    """Whether it is made as asked."""
    _judge(spec, _group_fault)


def try_steps(spec: Spec) -> None:
    _judge(spec, _step_fault)


def try_checkpoint(spec: Spec) -> None:
    """Whether going on from its state_dict is going on."""
    _judge(spec, _checkpoint_fault)


def _judge(spec: Spec, judge: Callable[[Spec], str | None]) -> None:
    try:
        with _generator_kept():
            said = judge(spec)
    except _Drawn:
        said = GENERATOR
    if said is not None:
        raise targets.wrong("optimizer._target_", spec.hyperparameters["target"], said)


def _made(spec: Spec) -> tuple[Optimizer, list[Tensor]]:
    generator = torch.Generator().manual_seed(1)
    leaves = [torch.randn(shape, generator=generator).requires_grad_() for shape in _SHAPES]
    (optimizer,) = optimizers.build([spec], [leaves])
    return optimizer, leaves


def _step(optimizer: Optimizer, leaves: Sequence[Tensor], number: int) -> None:
    """With gradients that depend on the step's number alone, as an engine makes it."""
    generator = torch.Generator().manual_seed(100 + number)
    for leaf in leaves:
        leaf.grad = torch.randn(leaf.shape, generator=generator)
    with torch.no_grad():
        optimizer.step()
    for leaf in leaves:
        leaf.grad = None


def _group_fault(spec: Spec) -> str | None:
    optimizer, _ = _made(spec)
    groups, lr = optimizer.param_groups, spec.hyperparameters["lr"]
    if len(groups) != 1 or float(groups[0].get("lr", math.nan)) != lr:
        return "must keep one group of parameters, with lr in it, which a schedule sets"
    return None


def _step_fault(spec: Spec) -> str | None:
    optimizer, leaves = _made(spec)
    places = [leaf.data_ptr() for leaf in leaves]
    try:
        for number in range(2):
            _step(optimizer, leaves, number)
    except targets.FAILURES as error:
        said = on_one_line(error).rstrip(".")
        return f"step() failed ({type(error).__name__}: {said})"
    if [leaf.data_ptr() for leaf in leaves] != places:
        return "must move parameters in place (p.add_, p.copy_), but put others where they were"
    return None


def _checkpoint_fault(spec: Spec) -> str | None:
    first, leaves = _made(spec)
    _step(first, leaves, 0)
    file = io.BytesIO()
    second, copies = _made(spec)
    try:
        torch.save(first.state_dict(), file)
        file.seek(0)
        second.load_state_dict(torch.load(file, weights_only=True))
    except targets.FAILURES as error:
        return f"its state cannot be kept in a checkpoint ({type(error).__name__})"
    with torch.no_grad():
        for copy, leaf in zip(copies, leaves, strict=True):
            copy.copy_(leaf)
    for optimizer, tensors in ((first, leaves), (second, copies)):
        _step(optimizer, tensors, 1)
    if not all(map(torch.equal, leaves, copies)):
        return "does not go on from a checkpoint as it would have gone on; keep all in self.state"
    return None


_kept: dict[tuple[str, str], int] = {}


def kept_by_own(spec: Spec) -> int:
    """Numbers that a user's optimizer keeps for each parameter, whatever its learning rate."""
    asked = spec.hyperparameters["target"], spec.hyperparameters["arguments"]
    if asked not in _kept:
        optimizer, leaves = _made(spec)
        _step(optimizer, leaves, 0)
        values = [value for state in optimizer.state.values() for value in state.values()]
        numbers = sum(value.numel() for value in values if isinstance(value, Tensor))
        # A scalar for each tensor is none for each parameter.
        _kept[asked] = math.ceil((numbers - len(values)) / sum(leaf.numel() for leaf in leaves))
    return _kept[asked]
