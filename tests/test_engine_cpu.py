"""The fast CPU engine against the reference engine, on random mixtures of members."""

from collections.abc import Sequence

import hypothesis.strategies as st
import pytest
import torch
from hypothesis import given, settings
from torch import Tensor

from src import activations
from src.data.examples import Examples
from src.dropout import Dropout
from src.engine.choice import engine_for
from src.engine.cpu import CpuEngine
from src.engine.protocol import Recipe
from src.engine.reference import ReferenceEngine
from src.initializers.draw import Start, draw_layers
from src.model import StackedMLP
from src.optimizers import Spec
from src.schedules import CONSTANT, Schedule
from tests.training import option, options

SIZES = [13, 7, 6, 3]
BATCH, STEPS, ORDERS = 9, 5, 2
SCALING = {"scale": 1.0, "fan": "fan_in", "distribution": "normal"}

# Learning rates at which 5 steps neither stand still nor blow a float32 rounding up.
RATES = dict.fromkeys(options("optimizer"), 0.01)


def examples() -> Examples:
    generator = torch.Generator().manual_seed(0)
    images = torch.randint(256, (50, SIZES[0]), generator=generator).to(torch.uint8)
    return Examples(images, torch.randint(SIZES[-1], (50,), generator=generator))


def rows() -> Tensor:
    generator = torch.Generator().manual_seed(1)
    return torch.randint(50, (STEPS, ORDERS, BATCH), generator=generator)


def recipe(
    activation: str,
    optimizer: str,
    rate: float,
    seed: int,
    order: int,
    schedule: Schedule = CONSTANT,
    clip_norm: float | None = None,
    label_smoothing: float = 0.0,
) -> Recipe:
    algorithm = option("optimizer", optimizer)
    # An eps of 1e-2: dividing by a gradient near 0 would make rounding errors into steps.
    changed = {"lr": RATES[optimizer]} | ({"eps": 1e-2} if hasattr(algorithm, "eps") else {})
    spec = Spec(algorithm.algorithm, algorithm.hyperparameters() | changed)
    parameters = option("activation", activation).parameters()
    own = (schedule, clip_norm, label_smoothing)
    return Recipe(activation, parameters, Dropout(rate, seed), spec, order, *own)


def stack(recipes: Sequence[Recipe], seeds: Sequence[int]) -> StackedMLP:
    members = [
        draw_layers(SIZES, Start("variance_scaling", SCALING, "uniform_fan_in"), seed)
        for seed in seeds
    ]
    built = [activations.build(item.activation, **item.activation_parameters) for item in recipes]
    return StackedMLP(members, built)


schedules = st.one_of(
    st.just(CONSTANT),
    st.builds(
        lambda decay, warmup: Schedule(decay[0], decay[1], warmup, run_steps=8, epoch_steps=2),
        st.sampled_from(
            [
                ("none", {}),
                ("cosine", {"final": 0.0}),
                ("linear", {"final": 0.1}),
                ("step", {"gamma": 0.5, "every_epochs": 1}),
            ]
        ),
        st.sampled_from([0, 6]),
    ),
)
recipes = st.builds(
    recipe,
    st.sampled_from(options("activation")),
    st.sampled_from(options("optimizer")),
    st.sampled_from([0.0, 0.2, 0.5]),
    st.integers(0, 3),
    st.integers(0, ORDERS - 1),
    schedules,
    st.sampled_from([None, 0.1, 100.0]),
    st.sampled_from([0.0, 0.1, 0.5]),
)


@settings(max_examples=25, deadline=None)
@given(st.lists(recipes, min_size=1, max_size=7))
@pytest.mark.slow
def test_cpu_engine_against_reference(mixture: list[Recipe]) -> None:
    """Sums of fewer than 16 terms of size 1, in another order: 16 roundings u = 2^-24 a product.

    Three products forward, three back, 5 steps; an update is at most lr/eps = 1 of a gradient.
    Clipping divides a gradient by its norm, which is as wrong as it is: twice the error.
    """
    seeds = range(len(mixture))
    fast_model, slow_model = stack(mixture, seeds), stack(mixture, seeds)
    alive = [True] * len(mixture)
    fast = CpuEngine(fast_model, mixture).run(rows(), 3, examples(), alive)
    slow = ReferenceEngine(slow_model, mixture).run(rows(), 3, examples(), alive)
    allowed = 2 * 16 * 6 * STEPS * 2**-24
    assert torch.allclose(fast[0], slow[0], rtol=0, atol=allowed)
    for one, two in zip(fast_model.parameters(), slow_model.parameters(), strict=True):
        assert torch.allclose(one, two, rtol=0, atol=allowed)


@settings(max_examples=12, deadline=None)
@given(st.lists(recipes, min_size=2, max_size=12), st.randoms(use_true_random=False))
def test_member_against_its_single_run(mixture: list[Recipe], random: object) -> None:
    """To the bit, wherever a member stands in the stack."""
    order = list(range(len(mixture)))
    random.shuffle(order)  # type: ignore[attr-defined]
    shuffled = [mixture[k] for k in order]
    together = stack(shuffled, order)
    losses, hits = CpuEngine(together, shuffled).run(rows(), 0, examples(), [True] * len(shuffled))
    for position, k in enumerate(order):
        alone = stack([mixture[k]], [k])
        loss, hit = CpuEngine(alone, [mixture[k]]).run(rows(), 0, examples(), [True])
        assert torch.equal(loss[:, 0], losses[:, position])
        assert torch.equal(hit[:, 0], hits[:, position])
        for one, two in zip(alone.parameters(), together.parameters(), strict=True):
            assert torch.equal(one[0], two[position])


@pytest.mark.parametrize("engine", [CpuEngine, ReferenceEngine])
def test_a_loss_that_is_not_finite_stops_its_member_alone(
    engine: type[CpuEngine] | type[ReferenceEngine],
) -> None:
    wild = recipe("identity", "sgd", 0.0, 0, 0)
    wild.optimizer.hyperparameters["lr"] = 1e30
    mixture = [recipe("relu", "adam", 0.2, 0, 0), wild, recipe("tanh", "adam", 0.2, 1, 1)]
    model, calm = stack(mixture, [0, 1, 2]), stack(mixture, [0, 1, 2])
    losses, _ = engine(model, mixture).run(rows(), 0, examples(), [True] * 3)
    bad = ~losses[:, 1].isfinite()
    assert bad.any()
    assert losses[:, [0, 2]].isfinite().all()
    engine(calm, mixture).run(rows(), 0, examples(), [True, False, True])
    for one, two in zip(model.parameters(), calm.parameters(), strict=True):
        assert torch.equal(one[[0, 2]], two[[0, 2]])


def test_a_member_that_is_not_alive_is_left_as_it_is() -> None:
    mixture = [recipe("relu", "adam", 0.2, 0, 0), recipe("relu", "adamw", 0.2, 0, 1)]
    model, before = stack(mixture, [0, 1]), stack(mixture, [0, 1])
    CpuEngine(model, mixture).run(rows(), 0, examples(), [True, False])
    for one, two in zip(model.parameters(), before.parameters(), strict=True):
        assert torch.equal(one[1], two[1])
        assert not torch.equal(one[0], two[0])


def test_more_members_than_a_block_and_than_threads() -> None:
    mixture = [recipe("relu", "sgd", 0.2, k % 2, k % 2) for k in range(40)]
    model = stack(mixture, range(40))
    engine = CpuEngine(model, mixture)
    assert sorted(member.position for block in engine.blocks for member in block) == [*range(40)]
    losses, _ = engine.run(rows(), 0, examples(), [True] * 40)
    assert losses.isfinite().all()


@pytest.mark.parametrize(
    ("precision", "dtype", "expected"),
    [
        ("32-true", torch.float32, CpuEngine),
        ("bf16-mixed", torch.float32, ReferenceEngine),
        ("32-true", torch.float64, ReferenceEngine),
    ],
)
def test_engine_for(precision: str, dtype: torch.dtype, expected: type) -> None:
    mixture = [recipe("relu", "sgd", 0.0, 0, 0)]
    model = stack(mixture, [0]).to(dtype)
    assert type(engine_for(model, mixture, precision)) is expected
