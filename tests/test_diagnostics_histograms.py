"""Histograms against NumPy's, and what they leave out."""

from typing import Any

import numpy as np
import pytest
import torch

from src.diagnostics.histograms import (
    BUCKETS,
    COUNTED,
    bucketed,
    histograms,
    schedule_of_histograms,
)
from src.diagnostics.snapshot import Snapshot
from src.model import StackedMLP
from src.schema.diagnostics import DiagnosticsConfig, Tier


def normal(*shape: int, seed: int = 0) -> torch.Tensor:
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed))


def test_against_numpy() -> None:
    values = normal(3, 40, 50) * torch.tensor([1.0, 1e-20, 1e20])[:, None, None]
    for member, found in zip(values, bucketed(values), strict=True):
        assert found is not None
        counts, edges = np.histogram(member.double().numpy(), BUCKETS)
        assert found[:, 0] == pytest.approx(edges[:-1], rel=1e-6, abs=1e-6 * abs(edges).max())
        assert found[:, 1] == pytest.approx(edges[1:], rel=1e-6, abs=1e-6 * abs(edges).max())
        assert found[:, 2].sum() == 2000
        # Values within a few float32 roundings of an edge may fall to its other side: of 2,000
        # values and 30 edges one is expected in 100 such histograms.
        assert np.abs(found[:, 2] - counts).max() <= 1


def test_a_large_tensor_is_sampled() -> None:
    """COUNTED values stand for 200,704: each share within 5 standard errors, the ends exact."""
    values = normal(1, 256, 784)
    (found,) = bucketed(values)
    assert found is not None
    counted = found[:, 2].sum()
    assert COUNTED / 2 < counted <= COUNTED
    true = np.histogram(values.numpy(), BUCKETS)[0] / values.numel()
    errors = np.sqrt(true * (1 - true) / counted)
    assert (np.abs(found[:, 2] / counted - true) <= 5 * errors + 5 / counted).all()
    assert found[0, 0] == values.min()
    assert found[-1, 1] == pytest.approx(float(values.max()), rel=1e-6)


def test_equal_values_and_values_that_are_not_finite() -> None:
    """One bucket at the value of equal ones, none of NaN."""
    values = torch.full((4, 3, 2), 2.0)
    values[1, 0, 0], values[2, 1, 1] = torch.nan, torch.inf
    values[3, 0, 0] = 3.0
    equal, nan, infinite, two = bucketed(values)
    assert equal is not None
    assert equal.tolist() == [[2.0, 2.0, 6.0]]
    assert nan is None
    assert infinite is None
    assert two is not None
    assert two[[0, -1], 2].tolist() == [5.0, 1.0]


def test_of_a_stack_are_those_of_its_members() -> None:
    """Weights, z and gradients of each layer; a member's do not depend on its neighbours."""
    members = [
        [(normal(6, 5, seed=k), normal(6, seed=k)), (normal(3, 6, seed=k), normal(3, seed=k))]
        for k in range(3)
    ]
    x, y = normal(20, 5), torch.arange(20) % 3

    def seen(some: list[int]) -> list[dict[str, Any]]:
        model = StackedMLP([members[k] for k in some], [torch.tanh] * len(some))
        return histograms(Snapshot(model, x, y, ["tanh"] * len(some)))

    together = seen([0, 1, 2])
    for k, found in enumerate(together):
        assert set(found) == {
            f"{name}/layer_{layer}"
            for name in ("weights", "preactivations", "gradients")
            for layer in (1, 2)
        }
        (alone,) = seen([k])
        assert found["weights/layer_1"].tolist() == alone["weights/layer_1"].tolist()
        low, high = members[k][0][0].min(), members[k][0][0].max()
        assert found["weights/layer_1"][0, 0] == low
        assert found["weights/layer_1"][-1, 1] == pytest.approx(float(high), rel=1e-6)
        z = x @ members[k][0][0].T + members[k][0][1]
        # z of |3| sums 6 products: 7 roundings of at most 2^-24 of what is summed, below 20.
        assert found["preactivations/layer_1"][0, 0] == pytest.approx(
            float(z.min()), abs=7 * 20 * 2**-24
        )
        assert found["preactivations/layer_1"][:, 2].sum() == 20 * 6


def test_not_at_every_nth_step() -> None:
    config = DiagnosticsConfig("made", Tier.light, [0, 5], 2, True, 8, True, False)
    schedule = schedule_of_histograms(config, 12)
    assert [step for step in range(30) if schedule(step)] == [0, 5, 12, 24]
    config.histograms = False
    assert not any(map(schedule_of_histograms(config, 12), range(30)))
