"""grad_init: its slopes against finite differences in float64, and what tuning does."""

import pytest
import torch
from torch import Tensor

from src.errors import InputError
from src.initializers.draw import Start, draw_layers, places
from src.initializers.grad_init import (
    GradInit,
    ScaleAdam,
    gradients_of,
    norm_of,
    norm_slopes,
    slopes_after,
    step_of,
)
from src.initializers.meta_init import MetaInit
from src.initializers.place import Setting
from src.initializers.tuning import Tuned, mean_loss, parameters
from src.model import StackedMLP
from tests.tuned_problem import (
    CLASSES,
    SIZES,
    SMOOTH,
    along_weight,
    batch,
    difference,
    endless,
    moved,
    network,
)

smooth = pytest.mark.parametrize("activation", SMOOTH)


def test_steps_and_norms_are_dual() -> None:
    """<g, A(g)> = ‖g‖, which is what a step gains to first order."""
    gradients = gradients_of(network(), *batch(1))
    for algorithm in ("sgd", "adam"):
        steps = step_of(gradients, algorithm)
        inner = sum(float((g * a).sum()) for g, a in zip(gradients, steps, strict=True))
        assert inner == pytest.approx(float(norm_of(gradients, algorithm)), rel=1e-12)
    flat = torch.cat([g.flatten() for g in gradients])
    assert float(norm_of(gradients, "sgd")) == pytest.approx(float(flat.norm()))
    assert float(norm_of(gradients, "adamw")) == pytest.approx(float(flat.norm(1)))


@smooth
@pytest.mark.parametrize("algorithm", ["sgd", "adam"])
def test_slopes_against_finite_differences(activation: str, algorithm: str) -> None:
    """Errors: h² = 1e-10 and rounding of 1e-16/h = 1e-11, times sums over 200 parameters."""
    stack = network(activation)
    x, y = batch(1)
    gradients = gradients_of(stack, x, y)
    step = step_of(gradients, algorithm)
    before = [tensor.detach().clone() for tensor in parameters(stack)]
    objective = slopes_after(stack, gradients, algorithm, 0.03, *batch(2))
    assert all(map(torch.equal, before, [t.detach() for t in parameters(stack)]))
    constraint = norm_slopes(stack, x, y, algorithm)

    def loss_after() -> list[Tensor]:
        moved(stack, step, -0.03)
        value = mean_loss(stack, *batch(2)).detach()
        moved(stack, step, 0.03)
        return [value]

    def norm() -> list[Tensor]:
        return [norm_of(gradients_of(stack, x, y), algorithm)]

    for layer in range(3):
        along = along_weight(stack, layer)
        for slopes, f in ((objective, loss_after), (constraint, norm)):
            (expected,) = difference(stack, along, f, 1e-5)
            found = float((slopes[2 * layer] * along[2 * layer]).sum())
            assert found == pytest.approx(float(expected), rel=1e-5, abs=1e-7)


def test_scale_adam_against_torch() -> None:
    slopes = torch.randn(30, 3, generator=torch.Generator().manual_seed(1), dtype=torch.float64)
    ours = ScaleAdam(3, 0.01, [0.0, 0.0, 0.95])
    leaf = torch.ones(3, dtype=torch.float64, requires_grad=True)
    theirs = torch.optim.Adam([leaf], lr=0.01)
    for row in slopes:
        ours.step(row.tolist(), constraint=False)
        leaf.grad = row.clone()
        theirs.step()
        with torch.no_grad():
            leaf[2].clamp_(min=0.95)
        assert ours.scales == pytest.approx(leaf.tolist(), rel=1e-12)
    assert ours.scales[2] == 0.95


def test_scale_adam_keeps_a_mean_of_its_own_for_the_constraint() -> None:
    """By hand: two steps of slope 1 and -1, of different kinds, share the mean square alone."""
    adam = ScaleAdam(1, 0.1, [0.0])
    adam.step([1.0], constraint=False)
    assert adam.scales[0] == pytest.approx(0.9)
    adam.step([-1.0], constraint=True)
    assert adam.scales[0] == pytest.approx(1.0)


def judged(stack: StackedMLP, algorithm: str, eta: float) -> tuple[float, float]:
    """Mean objective, on batches of which half is new, and mean norm of the gradient."""
    losses, norms = [], []
    for seed in range(900, 930):
        x, y = batch(seed, 32, 60)
        fresh_x, fresh_y = batch(seed + 50, 32, 60)
        mixed_x, mixed_y = torch.cat([x[:16], fresh_x[16:]]), torch.cat([y[:16], fresh_y[16:]])
        gradients = gradients_of(stack, x.float(), y)
        norms.append(float(norm_of(gradients, algorithm)))
        before = [tensor.detach().clone() for tensor in parameters(stack)]
        moved(stack, step_of(gradients, algorithm), -eta)
        losses.append(float(mean_loss(stack, mixed_x.float(), mixed_y).detach()))
        with torch.no_grad():
            for tensor, old in zip(parameters(stack), before, strict=True):
                tensor.copy_(old)
    return sum(losses) / len(losses), sum(norms) / len(norms)


WIDE = [60, 24, 16, CLASSES]


def grad_initialised(scheme: GradInit, algorithm: str, lr: float, scale: float = 2.0) -> StackedMLP:
    stack = network("relu", "grad_init", WIDE, double=False, scale=scale)
    where = places(WIDE, Setting(algorithm=algorithm, lr=lr))
    scheme.tune(stack, where, endless(32, 60), generator=torch.Generator())
    return stack


@pytest.mark.parametrize(
    ("algorithm", "lr", "by"),
    [
        ("sgd", 0.01, 0.01),
        ("adam", 1e-3, 0.1),
        ("rmsprop", 3e-3, 0.1),
    ],
)
@pytest.mark.slow
def test_the_objective_falls(algorithm: str, lr: float, by: float) -> None:
    """Not for every η: the slope does not see that signs flip, which counts where a step is large.

    by: about half of what was seen; one of 30 batches weighs a thirtieth of its spread of .1.
    """
    eta = GradInit().step_size(Setting(algorithm=algorithm, lr=lr))
    before, _ = judged(grad_initialised(GradInit(steps=0), algorithm, lr), algorithm, eta)
    after, _ = judged(grad_initialised(GradInit(steps=300), algorithm, lr), algorithm, eta)
    assert after < before - by


@pytest.mark.parametrize(
    ("algorithm", "gamma"), [("sgd", None), pytest.param("adam", 10.0, marks=pytest.mark.slow)]
)
@pytest.mark.slow
def test_the_constraint_is_respected(algorithm: str, gamma: float | None) -> None:
    """Scales move by about .01 a step around the bound, six of them: the norm by up to 6 %, and
    as much as a batch's norm differs from the mean: 1.3 is enough for both."""
    scheme = GradInit(gamma=gamma, steps=300)
    bound = scheme.bound(Setting(algorithm=algorithm))
    _, before = judged(grad_initialised(GradInit(steps=0), algorithm, 1e-3, 12.0), algorithm, 0.1)
    _, after = judged(grad_initialised(scheme, algorithm, 1e-3, 12.0), algorithm, 0.1)
    assert before > 2 * bound
    assert after < 1.3 * bound


@pytest.mark.slow
def test_the_optimizer_decides() -> None:
    sgd, adam = (grad_initialised(GradInit(), name, 1e-3) for name in ("sgd", "adam"))
    for (weight, _), (other, _) in zip(sgd.member(0), adam.member(0), strict=True):
        assert abs(float(weight.norm() / other.norm()) - 1) > 0.01
    defaults = [GradInit().step_size(Setting(algorithm=a, lr=0.02)) for a in ("sgd", "nadam")]
    assert defaults == [0.1, 0.02]


def test_only_scales_are_tuned_and_biases_of_0_stay() -> None:
    drawn = draw_layers(WIDE, Start("grad_init"), seed=2)
    stack = StackedMLP([drawn], [torch.relu])
    GradInit(steps=20).tune(stack, places(WIDE), endless(32, 60), generator=torch.Generator())
    for (weight, bias), (old, _) in zip(stack.member(0), drawn, strict=True):
        scale = float(weight.norm() / old.norm())
        assert scale != 1
        assert torch.allclose(weight, scale * old, rtol=1e-6, atol=0)
        assert not bias.any()


@pytest.mark.parametrize("scheme", [MetaInit(steps=0), GradInit(steps=0)])
def test_gain_scales_the_start(scheme: Tuned) -> None:
    drawn = draw_layers(SIZES, Start("meta_init"), seed=2)
    stack = StackedMLP([drawn], [torch.tanh])
    scheme.tune(stack, places(SIZES), endless(4), generator=torch.Generator(), gain=0.5)
    for (weight, _), (old, _) in zip(stack.member(0), drawn, strict=True):
        assert torch.equal(weight, 0.5 * old)


@pytest.mark.parametrize("scheme", [MetaInit(lr=1e30), GradInit(lr=1e30)])
def test_a_start_that_explodes_is_told(scheme: Tuned) -> None:
    drawn = draw_layers(SIZES, Start("meta_init"), seed=2)
    stack = StackedMLP([drawn], [torch.relu])
    with pytest.raises(InputError, match=r"init=(meta|grad)_init: .*smaller init"):
        scheme.tune(stack, places(SIZES), endless(4), generator=torch.Generator())
