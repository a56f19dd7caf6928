"""Clipping and label smoothing written out, against torch's own functions."""

import math

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor

from src import optimizers
from src.engine.adjustments import clip, set_rate
from src.engine.smoothing import minus_target, smoothed_loss
from src.optimizers import Spec

INF, NAN = math.inf, math.nan


def gradient(size: float) -> Tensor:
    return torch.randn(3, 7, generator=torch.Generator().manual_seed(0)) * size


@pytest.mark.parametrize("clip_norm", [1e-3, 1.0, 4.0, 1e6])
@pytest.mark.parametrize("size", [0.0, 1e-8, 1.0, 1e6])
def test_clip_against_torch(size: float, clip_norm: float) -> None:
    ours, parameters = gradient(size), [torch.zeros(7, requires_grad=True) for _ in range(3)]
    for parameter, row in zip(parameters, gradient(size), strict=True):
        parameter.grad = row.clone()
    torch.nn.utils.clip_grad_norm_(parameters, clip_norm)
    clip(list(ours), clip_norm)
    for parameter, row in zip(parameters, ours, strict=True):
        assert parameter.grad is not None
        assert torch.allclose(parameter.grad, row, rtol=4 * 2**-24, atol=0)
    # 21 squares are summed, and each number is rounded once more.
    assert float(ours.double().norm()) <= clip_norm * (1 + 29 * 2**-24)


@pytest.mark.parametrize(
    ("poison", "elsewhere"), [([INF], 0.0), ([-INF, INF], 0.0), ([NAN], NAN), ([NAN, INF], NAN)]
)
def test_clip_of_what_is_not_finite_against_torch(poison: list[float], elsewhere: float) -> None:
    """An infinite norm makes finite numbers 0 and infinite ones NaN; a norm of NaN makes all so."""
    ours = gradient(1.0)
    ours[0, : len(poison)] = torch.tensor(poison)
    parameter = torch.zeros(3, 7, requires_grad=True)
    parameter.grad = ours.clone()
    torch.nn.utils.clip_grad_norm_([parameter], 1.0)
    clip(list(ours), 1.0)
    assert torch.equal(ours.isnan(), parameter.grad.isnan())
    assert torch.equal(ours.nan_to_num(), parameter.grad.nan_to_num())
    assert ours[0, : len(poison)].isnan().all()
    assert torch.allclose(ours[1].abs(), torch.full((7,), elsewhere), equal_nan=True)


def test_clip_of_a_norm_beyond_float32_is_0_as_torchs() -> None:
    """The squares overflow where the numbers do not."""
    ours, parameter = gradient(1e30), torch.zeros(3, 7, requires_grad=True)
    parameter.grad = ours.clone()
    torch.nn.utils.clip_grad_norm_([parameter], 1.0)
    clip(list(ours), 1.0)
    assert not ours.any()
    assert not parameter.grad.any()


@pytest.mark.parametrize("smoothing", [0.0, 0.1, 0.5, 0.999])
def test_smoothing_against_cross_entropy_and_autograd(smoothing: float) -> None:
    logits = (gradient(3.0).double()).requires_grad_()
    y = torch.tensor([0, 6, 3])
    expected = F.cross_entropy(logits, y, label_smoothing=smoothing)
    (slope,) = torch.autograd.grad(expected, logits)
    log_probabilities = logits.detach().log_softmax(dim=1)
    loss = smoothed_loss(F.nll_loss(log_probabilities, y), log_probabilities, smoothing)
    found = minus_target(log_probabilities.exp(), F.one_hot(y, 7).double(), smoothing, 7) / 3
    # Sums of 21 terms of size 10 or less in float64, in another order.
    assert float(loss) == pytest.approx(float(expected.detach()), abs=21 * 10 * 2**-53)
    assert torch.allclose(found, slope, rtol=0, atol=21 * 2**-53)


def test_the_rate_is_set_after_a_checkpoint_is_loaded_too() -> None:
    (optimizer,) = optimizers.build([Spec("sgd", {"lr": 0.5})], [[torch.zeros(2)]])
    for rate in (0.25, 0.125):
        optimizer.load_state_dict(optimizer.state_dict())
        set_rate(optimizer, rate)
        assert optimizer.state_dict()["param_groups"][0]["lr"] == rate
