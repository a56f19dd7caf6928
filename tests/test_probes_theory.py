"""What a start measures over what theory expects of it."""

import math
from collections.abc import Callable

import pytest
import torch
from scipy.integrate import quad

from src.diagnostics.probes.table import PROBES
from src.diagnostics.snapshot import Snapshot
from src.diagnostics.theory import expectation
from src.initializers.draw import draw_layers
from src.model import StackedMLP
from src.starts import setting, start_of
from tests.training import tiny

SIZES = [40, 1500, 1500, 1500, 10]


def unasked() -> list[tuple[torch.Tensor, torch.Tensor]]:
    raise AssertionError("a scheme with a law needs no draw")


def test_relu_against_closed_forms() -> None:
    """σw² = 2: q doubles once, and then E[φ²] = q/2 and E[φ'²] = 1/2 keep all as it is."""
    found = expectation(tiny(init="he", model__dropout=0.5), SIZES, unasked)(0.3)
    assert [q for q, _ in found] == pytest.approx([0.6] * 4, rel=1e-9)
    assert math.isnan(found[0][1])
    assert [chi for _, chi in found[1:]] == pytest.approx([1.0] * 3, rel=1e-9)


def test_tanh_against_scipy() -> None:
    found = expectation(tiny(init="lecun", activation="tanh"), SIZES, unasked)(0.3)

    def mean(f: Callable[[float], float], q: float) -> float:
        def weighed(z: float) -> float:
            return f(math.sqrt(q) * z) * math.exp(-z * z / 2) / math.sqrt(2 * math.pi)

        return float(quad(weighed, -12, 12, epsabs=1e-13)[0])

    q = 0.3
    assert found[0][0] == pytest.approx(q, rel=1e-9)
    for next_q, chi in found[1:]:
        assert chi == pytest.approx(mean(lambda u: (1 - math.tanh(u) ** 2) ** 2, q), rel=1e-7)
        q = mean(lambda u: math.tanh(u) ** 2, q)
        assert next_q == pytest.approx(q, rel=1e-7)


def test_what_theory_does_not_cover() -> None:
    """Shortcuts, and means other than 0: no number, rather than a wrong one."""
    shortcuts = {"model__residual": True, "model__hidden": [9, 9, 9]}
    for config in (tiny(init="he", **shortcuts), tiny(init="ones")):
        found = expectation(config, SIZES, unasked)(0.3)
        assert all(math.isnan(number) for layer in found for number in layer)
    large = expectation(tiny(init="normal", init__std=1e37), [40] * 8, unasked)(0.3)
    assert math.isfinite(large[0][0])
    assert math.isnan(large[-1][0])  # 1e74 a layer


@pytest.mark.parametrize(("init", "activation"), [("he", "relu"), ("xavier", "tanh")])
def test_wide_starts_do_what_theory_says(init: str, activation: str) -> None:
    """A layer's q errs by √(5/n) for ReLU (φ² of a normal has E[φ⁴]/E[φ²]² = 6), less for tanh,
    and errors of layers add: 4 · 4 standard deviations of √(5/1500)/2 at most, .1 or so each; the
    gradients' likewise, with inputs that are one and the same in size."""
    config = tiny(init=init, activation=activation)
    drawn = draw_layers(SIZES, start_of(config.init), 3, setting(config))
    g = torch.Generator().manual_seed(1)
    x = torch.randn(64, 40, generator=g)
    x = x / x.norm(dim=1, keepdim=True) * 40**0.5 / 2
    y = torch.randint(10, (64,), generator=g)
    model = StackedMLP([drawn], [setting(config).activation])
    at = Snapshot(model, x, y, [activation], [expectation(config, SIZES, unasked)])
    q = PROBES["q_theory_ratio"].measure(at)[0]
    chi = PROBES["gradient_theory_ratio"].measure(at)[0]
    # The logits are 10: their q is a mean of 10 correlated squares, and χ1 there of 10 gradients.
    assert (q[:-1] - 1).abs().max() < 0.15
    assert math.isnan(float(chi[0]))
    assert (chi[1:-1] - 1).abs().max() < 0.15
