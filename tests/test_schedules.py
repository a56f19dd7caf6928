"""src.schedules: against torch.optim.lr_scheduler, and what every schedule has to keep to."""

from collections.abc import Callable
from itertools import pairwise
from typing import Any

import hypothesis.strategies as st
import pytest
import torch
from hypothesis import given, settings
from torch.optim import Optimizer, lr_scheduler
from torch.optim.lr_scheduler import LRScheduler

from src.config import SCHEMAS
from src.schedules import CONSTANT, DECAYS, SPANNING, Schedule
from tests.training import option, options

LR, RUN, EPOCH = 0.3, 60, 8
# Both compute in float64, u = 2^-53. torch multiplies the rate of the step before by a quotient of
# fewer than 8 roundings, so after RUN steps at most 8 · RUN · u of the largest rate is lost.
ALLOWED = 8 * RUN * 2**-53 * LR

Make = Callable[[Optimizer], LRScheduler]
warmups = pytest.mark.parametrize("warmup", [0, 1, 7, 59])


def schedule(decay: str, warmup: int, **parameters: Any) -> Schedule:
    return Schedule(decay, parameters, warmup, run_steps=RUN, epoch_steps=EPOCH)


def rates(make: Make) -> list[float]:
    """The rates with which torch's optimizer makes its steps."""
    optimizer = torch.optim.SGD([torch.zeros(1, requires_grad=True)], lr=LR)
    scheduler = make(optimizer)
    found = []
    for _ in range(RUN):
        found.append(float(optimizer.param_groups[0]["lr"]))
        optimizer.step()
        scheduler.step()
    return found


def climbing(optimizer: Optimizer, warmup: int) -> LRScheduler:
    return lr_scheduler.LinearLR(optimizer, start_factor=1 / (warmup + 1), total_iters=warmup)


def after_warmup(warmup: int, make: Make) -> Make:
    """The warm-up, and then what begins at its end."""

    def made(optimizer: Optimizer) -> LRScheduler:
        if not warmup:
            return make(optimizer)
        both = [climbing(optimizer, warmup), make(optimizer)]
        return lr_scheduler.SequentialLR(optimizer, both, milestones=[warmup])

    return made


def assert_equal(ours: Schedule, make: Make) -> None:
    found = [LR * ours.factor(step) for step in range(RUN)]
    assert found == pytest.approx(rates(make), rel=0, abs=ALLOWED)


@warmups
def test_constant_against_constant_lr(warmup: int) -> None:
    make = after_warmup(warmup, lambda o: lr_scheduler.ConstantLR(o, factor=1.0))
    assert_equal(schedule("none", warmup), make)


@warmups
@pytest.mark.parametrize("final", [0.0, 0.1, 1.0])
def test_cosine_against_cosine_annealing_lr(warmup: int, final: float) -> None:
    def make(optimizer: Optimizer) -> LRScheduler:
        return lr_scheduler.CosineAnnealingLR(optimizer, RUN - warmup, eta_min=final * LR)

    assert_equal(schedule("cosine", warmup, final=final), after_warmup(warmup, make))


@warmups
@pytest.mark.parametrize("final", [0.0, 0.1, 1.0])
def test_linear_against_linear_lr(warmup: int, final: float) -> None:
    def make(optimizer: Optimizer) -> LRScheduler:
        return lr_scheduler.LinearLR(optimizer, 1.0, final, total_iters=RUN - warmup)

    assert_equal(schedule("linear", warmup, final=final), after_warmup(warmup, make))


@warmups
@pytest.mark.parametrize(("gamma", "every"), [(0.1, 2), (0.5, 1), (1.0, 3), (0.9, 100)])
def test_step_against_step_lr(warmup: int, gamma: float, every: int) -> None:
    """Epochs are those of the run, so both apply from the first step on."""

    def make(optimizer: Optimizer) -> LRScheduler:
        stairs: LRScheduler = lr_scheduler.StepLR(optimizer, every * EPOCH, gamma)
        if not warmup:
            return stairs
        return lr_scheduler.ChainedScheduler([climbing(optimizer, warmup), stairs], optimizer)

    assert_equal(schedule("step", warmup, gamma=gamma, every_epochs=every), make)


# --- what every schedule keeps to ---------------------------------------------------------

shares = st.floats(0, 1)
decays: st.SearchStrategy[tuple[str, dict[str, Any]]] = st.one_of(
    st.just(("none", {})),
    st.tuples(st.sampled_from(["linear", "cosine"]), st.fixed_dictionaries({"final": shares})),
    st.tuples(
        st.just("step"),
        st.fixed_dictionaries({"gamma": st.floats(1e-3, 1), "every_epochs": st.integers(1, 5)}),
    ),
)
schedules = st.builds(
    lambda decay, *steps: Schedule(decay[0], decay[1], *steps),
    decays,
    st.integers(0, 30),
    st.integers(1, 60),
    st.integers(1, 20),
)


@settings(deadline=None)
@given(schedules)
def test_factors_are_shares_that_climb_and_then_fall(made: Schedule) -> None:
    factors = [made.factor(step) for step in range(made.run_steps + 1)]
    # A sum of two shares that make a whole, each rounded.
    assert all(0 <= factor <= 1 + 2**-52 for factor in factors)
    falling = factors[made.warmup_steps :]
    assert all(later <= earlier + 2**-52 for earlier, later in pairwise(falling))
    if made.decay != "step":
        climbing = factors[: made.warmup_steps + 1]
        assert all(later > earlier for earlier, later in pairwise(climbing))
    if made.decay in SPANNING and made.warmup_steps < made.run_steps:
        assert falling[0] == 1
        assert falling[-1] == made.parameters["final"]


@settings(deadline=None)
@given(schedules, st.integers(1, 60))
def test_only_spanning_ones_depend_on_the_length_of_the_run(made: Schedule, run: int) -> None:
    other = Schedule(made.decay, made.parameters, made.warmup_steps, run, made.epoch_steps)
    steps = range(min(run, made.run_steps))
    same = [made.factor(step) for step in steps] == [other.factor(step) for step in steps]
    assert same or made.decay in SPANNING


@pytest.mark.parametrize("decay", sorted(SPANNING))
def test_spanning_ones_do_depend_on_it(decay: str) -> None:
    short, long = (Schedule(decay, {"final": 0.0}, 2, run, 5) for run in (10, 11))
    assert all(short.factor(step) < long.factor(step) for step in range(3, 10))


@settings(deadline=None)
@given(schedules)
def test_constant_is_the_factor_1(made: Schedule) -> None:
    if made.constant:
        assert {made.factor(step) for step in range(made.run_steps)} == {1.0}
    assert CONSTANT.constant


@pytest.mark.parametrize("run", [0, 1, 5])
@pytest.mark.parametrize("name", options("schedule"))
def test_a_run_may_end_within_its_warmup(name: str, run: int) -> None:
    config = option("schedule", name)
    made = Schedule(config.decay, config.parameters(), 5, run, 3)
    assert [made.factor(step) for step in range(5)] == [(step + 1) / 6 for step in range(5)]


def test_the_tables_are_the_folder() -> None:
    assert {schema().decay for schema in SCHEMAS["schedule"].values()} == DECAYS.keys()
    assert {option("schedule", name).decay for name in options("schedule")} == DECAYS.keys()
    assert DECAYS.keys() >= SPANNING
