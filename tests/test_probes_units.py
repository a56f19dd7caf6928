"""Copies, flat ends and dead tails: what counts as the same, and what as flat."""

import math
from pathlib import Path

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor

from src import activations
from src.diagnostics.flatness import DEAD, dead_up_to, largest_slope, saturated_below
from src.diagnostics.probes.units import SAME, dead_fraction, distinct_rows
from src.diagnostics.records import RECORDS, Story, read
from tests.probe_problems import Problem
from tests.probe_twins import LARGEST, SATURATING, UNBOUNDED
from tests.training import options, tiny, train, vary


def rows(count: int, width: int, seed: int = 0) -> Tensor:
    return torch.randn(1, count, width, generator=torch.Generator().manual_seed(seed))


@pytest.mark.parametrize(("count", "width"), [(1, 1), (2, 1), (40, 2), (256, 785), (3000, 20)])
def test_random_rows_all_differ(count: int, width: int) -> None:
    """Of 3,000 there are 4.5 million pairs, each taken for one with a chance of some 1e-20; along
    one direction alone 20 of them would be. A width of 1 has numbers 1/3000 apart at the nearest
    but for chance, so that there are few."""
    assert float(distinct_rows(rows(count, width))) == count


@pytest.mark.parametrize("width", [1, 7, 300])
def test_copies_but_for_rounding(width: int) -> None:
    """Three different rows, each 50 times, moved by up to 8 roundings of float32."""
    g = torch.Generator().manual_seed(1)
    noise = 2 * torch.rand(1, 150, width, generator=g, dtype=torch.float64) - 1
    noise = 1 + 8 * 2.0**-24 * noise
    copies = rows(3, width).double().repeat(1, 50, 1) * noise
    shuffled = copies[:, torch.randperm(150, generator=g)]
    assert float(distinct_rows(shuffled)) == 3


def test_rows_of_zeros_are_one() -> None:
    assert float(distinct_rows(torch.zeros(1, 9, 4))) == 1
    some = torch.cat([torch.zeros(1, 9, 4), rows(3, 4)], dim=1)
    assert float(distinct_rows(some)) == 4


def test_a_huge_row_hides_no_small_ones() -> None:
    """Each is held against its neighbours' size, not against the largest of all."""
    small = 1e-6 * rows(20, 30)
    assert float(distinct_rows(torch.cat([small, 1e6 * rows(1, 30, seed=1)], dim=1))) == 21
    assert float(distinct_rows(torch.cat([small[:, :1].expand(-1, 9, -1), small], dim=1))) == 20


@pytest.mark.parametrize("apart", [0.1, 10.0])
def test_where_two_become_one(apart: float) -> None:
    """|d| of `apart` · SAME of their size; a direction sees |d| times a normal number, of which 4
    are all within ±.1 with a chance of 4e-5, or one beyond 10 with 1e-22: it is decided by a seed
    that is fixed."""
    one = rows(1, 50).double()
    away = rows(1, 50, seed=1).double()
    other = one + apart * SAME * float(one.norm()) * away / away.norm()
    assert float(distinct_rows(torch.cat([one, other], dim=1))) == (1 if apart < 1 else 2)


@pytest.mark.parametrize("value", [math.nan, math.inf])
def test_what_is_not_finite_has_no_number(value: float) -> None:
    broken = rows(4, 3).repeat(2, 1, 1)
    broken[0, 1, 1] = value
    found = distinct_rows(broken)
    assert found.isnan().tolist() == [True, False]


def test_sizes_of_the_terms_decide_of_sums() -> None:
    """Two sums of terms of size 1 that have cancelled to 1e-4: their last digits are rounding."""
    sums = 1e-4 + torch.tensor([[[0.0], [2e-8]]], dtype=torch.float64)
    assert float(distinct_rows(sums)) == 2
    assert float(distinct_rows(sums, torch.ones(1, 2, dtype=torch.float64))) == 1


@pytest.mark.slow
def test_copies_stay_copies_in_training(tmp_path: Path) -> None:
    """100 steps without dropout; of odd sizes, at whose edges products take another path."""
    base = tiny(
        data__features=53,
        data__train_size=1300,
        data__batch_size=13,
        model__hidden=[37, 21],
        model__dropout=0.0,
    )
    members = [
        vary(base, init=init, activation=activation, optimizer=optimizer, optimizer__lr=0.01)
        for init in ("zeros", "ones")
        for activation in ("relu", "sigmoid")
        for optimizer in ("sgd", "adam")
    ]
    for trained in train(members, tmp_path):
        story = Story(read(trained.folder / RECORDS))
        assert {0, 1, 20, 100} <= set(story.steps)
        for probe in ("distinct_units", "distinct_gradients"):
            for layer in (1, 2):
                assert set(story.curve(probe, layer).values()) == {1.0}, trained.record["config"]


def asked(name: str) -> tuple[activations.Activation, torch.dtype, torch.device]:
    return Problem(name).function, torch.float32, torch.device("cpu")


@pytest.mark.parametrize("name", [*options("activation"), "hardtanh", "squareplus"])
def test_slopes_by_analysis(name: str) -> None:
    """The grid's step is 1/64, a maximum's curvature below 1: 1/64²/8 = 3e-5."""
    largest = largest_slope(*asked(name))
    assert largest == pytest.approx(LARGEST[name], rel=1e-3)
    assert dead_up_to(*asked(name)) == DEAD * largest
    bound = 0.05 * LARGEST[name] if name in SATURATING else 0.0
    assert saturated_below(*asked(name)) == pytest.approx(bound, rel=1e-6)


@pytest.mark.parametrize("name", UNBOUNDED)
def test_slopes_without_bound(name: str) -> None:
    """Whatever φ' is at 40, where no sound signal lies: units at about 1 are alive."""
    assert dead_up_to(*asked(name)) == pytest.approx(DEAD * UNBOUNDED[name], rel=1e-6)
    assert saturated_below(*asked(name)) == 0
    alive = Problem(name, gain=1.0).snapshot(torch.float32)
    assert dead_fraction(alive)[0, :-1].tolist() == [0, 0]


def test_dead_units_of_slopes_without_bound() -> None:
    def change(layers: list[tuple[Tensor, Tensor]]) -> None:
        layers[0][1][:2] = -100.0  # of four units; exp(-100) is 0 to float32's eyes

    at = Problem("exp", change=change).snapshot(torch.float32)
    assert dead_fraction(at)[0, :-1].tolist() == [0.5, 0]


def test_slopes_beyond_what_float32_can_hold() -> None:
    device = torch.device("cpu")
    # exp(z²)' = 2 z exp(z²): inf from z = 9.4 on, 2e at 1.
    found = dead_up_to(lambda z: torch.exp(z * z), torch.float32, device)
    assert found == pytest.approx(DEAD * 4 * math.e, rel=1e-6)


def test_a_slope_of_zero_everywhere_is_dead() -> None:
    assert dead_up_to(*asked("step")) == 0
    found = dead_fraction(Problem("step").snapshot(torch.float32))
    assert found[0, :-1].tolist() == [1, 1]


def test_a_users_own_is_judged_by_its_slopes() -> None:
    device = torch.device("cpu")
    # 1/(1 + z²) is below .05 from |z| = 4.36; a sine is flat nowhere for long.
    assert saturated_below(torch.atan, torch.float32, device) == pytest.approx(0.05, rel=1e-6)
    assert saturated_below(torch.sin, torch.float64, device) == 0
    assert saturated_below(lambda x: F.hardtanh(x, 0.0, 6.0), torch.float32, device) == 0.05
