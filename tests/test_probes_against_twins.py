"""Every probe against its slow twin, on every problem."""

import math
import warnings
from typing import Any

import pytest
import torch
from torch import Tensor
from torch.autograd.function import once_differentiable

from src.diagnostics.observe import parameters
from src.diagnostics.probes.table import OF_STEPS, PROBES
from src.diagnostics.snapshot import KERNEL_SAMPLES, Change, Snapshot
from src.model import StackedMLP
from tests.probe_problems import CLASSES, FEATURES, PROBLEMS, Problem, data, snapshot
from tests.probe_twins import TWINS

# Of numbers from Gram matrices: n·eps = 2e-15 of the largest square is rounding, so that a
# singular value may be off by its root, 5e-8 of the largest, and an entropy of up to 11 of them by
# 11 · 5e-8 · ln(1/5e-8) = 1e-5.
SPECTRAL = {name: 1e-5 for name in PROBES if name.startswith("effective_rank")}
SPECTRAL["jacobian_min"] = SPECTRAL["jacobian_median"] = 1e-7
# A g of rounding alone, 1e-17, has either sign, and with it ε: its term |±Hg/ε - 1| moves by 2 of
# Hg/ε, which is up to 1e5 where it counts, and all moves by 1e-7 or so.
SPECTRAL["gradient_quotient"] = 1e-3
# Their inverse squared (a ratio of squares) and inverse may be off by some n·eps: 1e-13.
CONDITIONS = {"jacobian_condition": 2, "ntk_condition": 1}


# Of what has one derivative only, and of what no theory was asked.
NOT_OF_ONCE = ("gradient_quotient", "q_theory_ratio", "gradient_theory_ratio")


def test_every_probe_has_a_twin() -> None:
    assert TWINS.keys() | OF_STEPS.keys() == PROBES.keys() | OF_STEPS.keys()
    assert set(OF_STEPS) == {"update_norm", "update_ratio"}  # their twin is below


@pytest.mark.parametrize("name", PROBLEMS)
def test_probes_against_twins(name: str) -> None:
    """float64 on both sides: sums of up to 100 terms that differ in order, 1e-14 of the largest;
    1e-8 leaves room for what cancels in them, and for the quotient's division by ε = 1e-5."""
    at, twin = PROBLEMS[name].snapshot(), PROBLEMS[name].twin()
    for probe in PROBES.values():
        found = probe.measure(at)[0].double()
        expected = torch.tensor(TWINS[probe.name](twin), dtype=torch.float64)
        assert found.shape == expected.shape, probe.name
        tolerance = 1e-8
        if probe.name in CONDITIONS:
            power = CONDITIONS[probe.name]
            found, expected = found**-power, expected**-power
            tolerance = 1e-13
        elif probe.name in SPECTRAL:
            tolerance = SPECTRAL[probe.name]
        close = torch.isclose(found, expected, rtol=1e-8, atol=tolerance, equal_nan=True)
        assert close.all(), f"{probe.name}: {found} for {expected}"


@pytest.mark.parametrize("name", ["relu", "tanh", "gelu", "residual tanh", "no hidden layer"])
def test_probes_in_float32(name: str) -> None:
    """As they are measured in training: products of 5 numbers err by 5 · 2^-24 = 3e-7, a few
    layers and back again by 1e-5 where little cancels; the quotient divides by g."""
    at, twin = PROBLEMS[name].snapshot(torch.float32), PROBLEMS[name].twin()
    for probe in PROBES.values():
        rtol = 1e-2 if probe.name in ("gradient_quotient", *CONDITIONS) else 1e-4
        found = probe.measure(at)[0].double()
        expected = torch.tensor(TWINS[probe.name](twin), dtype=torch.float64)
        close = torch.isclose(found, expected, rtol=rtol, atol=1e-5, equal_nan=True)
        assert close.all(), f"{probe.name}: {found} for {expected}"


STACKS = {
    "activations": [Problem(name) for name in ("relu", "tanh", "gelu", "relu", "hardtanh")],
    "faults": [PROBLEMS[name] for name in ("zeros", "dead units", "copies", "saturated", "ones")],
    "residual": [
        Problem("tanh", hidden=(4, 4, 4), scales=(0.7,)),
        Problem("relu", hidden=(4, 4, 4), scales=(0.0,)),
    ],
}


@pytest.mark.parametrize("name", STACKS)
def test_a_stack_against_its_members(name: str) -> None:
    """As on a GPU, where all members are seen at once. Sums of a few terms, in float64, that a
    batched product may take in another order; singular values by Gram matrices as above."""
    together = snapshot(STACKS[name])
    alone = [problem.snapshot() for problem in STACKS[name]]
    for probe in PROBES.values():
        found = probe.measure(together)
        expected = torch.cat([probe.measure(at) for at in alone])
        atol = SPECTRAL.get(probe.name, 1e-12)
        if probe.name in CONDITIONS:
            found, expected, atol = 1 / found, 1 / expected, 1e-7
        close = torch.isclose(found, expected, rtol=1e-10, atol=atol, equal_nan=True)
        assert close.all(), f"{probe.name}: {found} for {expected}"


def test_updates_against_loops() -> None:
    model = snapshot(STACKS["activations"]).model
    before = parameters(model)
    with torch.no_grad():
        for weight in model.weights:
            weight[1] += 0.01 * torch.arange(weight[1].numel()).view_as(weight[1])
        model.weights[0][2] = 0.0
    made = Change(before, parameters(model))
    norm, ratio = OF_STEPS["update_norm"](made), OF_STEPS["update_ratio"](made)
    for layer, (old, _) in enumerate(before):
        new = model.weights[layer].detach()
        for k in range(len(model)):
            pairs = zip(new[k].flatten().tolist(), old[k].flatten().tolist(), strict=True)
            step = math.sqrt(sum((a - b) ** 2 for a, b in pairs))
            size = math.sqrt(sum(b * b for b in old[k].flatten().tolist()))
            assert float(norm[k, layer]) == pytest.approx(step, rel=1e-12)
            assert float(ratio[k, layer]) == pytest.approx(step / size, rel=1e-12)


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf, 1e38])
@pytest.mark.parametrize("kind", ["relu", "tanh", "residual relu", "no hidden layer"])
def test_broken_weights_raise_nothing(kind: str, value: float) -> None:
    """And what they make of one member does not reach its neighbour."""
    sound = PROBLEMS[kind]

    def broken(layers: list[tuple[torch.Tensor, torch.Tensor]]) -> None:
        layers[0][0][0, 1] = value
        layers[-1][1][1] = value

    one = Problem(sound.activation, sound.hidden, scales=sound.scales, change=broken)
    at = snapshot([one, sound], torch.float32)
    alone = sound.snapshot(torch.float32)
    for probe in PROBES.values():
        found = probe.measure(at)
        assert found.shape[0] == 2
        rtol = 1e-2 if probe.name in ("gradient_quotient", *CONDITIONS) else 1e-4
        expected = probe.measure(alone)[0]
        close = torch.isclose(found[1], expected, rtol=rtol, atol=1e-5, equal_nan=True)
        assert close.all(), f"{probe.name}: {found} for {expected}"


def test_probes_leave_no_trace() -> None:
    """No gradient, no change of the weights, no number of the global generator, no warning."""
    at = snapshot(STACKS["activations"], torch.float32)
    before = [p.detach().clone() for p in at.model.parameters()]
    state = torch.get_rng_state()
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        found = {probe.name: probe.measure(at) for probe in PROBES.values()}
    assert torch.equal(torch.get_rng_state(), state)
    assert all(not numbers.requires_grad for numbers in found.values())
    for parameter, old in zip(at.model.parameters(), before, strict=True):
        assert parameter.grad is None
        assert torch.equal(parameter.detach(), old)


def test_the_order_of_probes_is_free() -> None:
    """They share what they compute: none may use up what another needs."""
    forward = PROBLEMS["residual tanh"].snapshot()
    backward = PROBLEMS["residual tanh"].snapshot()
    first = {name: probe.measure(forward) for name, probe in PROBES.items()}
    second = {name: PROBES[name].measure(backward) for name in reversed(PROBES)}
    for name, numbers in first.items():
        assert torch.equal(numbers.nan_to_num(), second[name].nan_to_num()), name


def test_kernels_are_of_the_first_samples() -> None:
    """What they cost grows with the square of how many there are."""
    model = PROBLEMS["tanh"].snapshot().model
    g = torch.Generator().manual_seed(8)
    x = torch.rand(KERNEL_SAMPLES + 40, FEATURES, generator=g, dtype=torch.float64)
    y = torch.randint(CLASSES, (len(x),), generator=g)
    whole = Snapshot(model, x, y, ["tanh"])
    part = Snapshot(model, x[:KERNEL_SAMPLES], y[:KERNEL_SAMPLES], ["tanh"])
    for name in ("ntk_trace", "ntk_largest", "jacobian_max"):
        probe = PROBES[name].measure
        assert torch.equal(probe(whole), probe(part)), name


class _Once(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, x: Tensor) -> Tensor:
        return x.clone()

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, d: Tensor) -> Tensor:
        return d


def test_an_activation_without_a_second_derivative_has_no_quotient() -> None:
    layers = PROBLEMS["identity"].layers()
    x, y = data()
    at = Snapshot(StackedMLP([layers], [_Once.apply]), x, y, ["once"])
    for probe in PROBES.values():
        found = probe.measure(at)
        assert found.isnan().all() == (probe.name in NOT_OF_ONCE), probe.name
