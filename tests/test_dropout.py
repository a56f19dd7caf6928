"""src.dropout: rates, expectation, pairing, and the random integers behind the masks."""

from itertools import product

import pytest
import torch
from torch import Tensor

import src.dropout
from src.dropout import (
    Dropout,
    DropoutFactors,
    positions,
    raw_numbers,
    raw_numbers_of,
    starts_of,
)

RATES = [0.001, 0.1, 0.2, 0.5, 0.9]
every_rate = pytest.mark.parametrize("rate", RATES)


def masks(
    rates: list[float],
    seeds: list[int],
    widths: list[int] | None = None,
    step: int = 0,
    batch: int = 100,
) -> list[Tensor]:
    """The factors [m, b, o] of a step."""
    return list(factors(rates, seeds, widths or [64, 32]).draw(step, batch))


def factors(rates: list[float], seeds: list[int], widths: list[int]) -> DropoutFactors:
    members = [Dropout(rate, seed) for rate, seed in zip(rates, seeds, strict=True)]
    return DropoutFactors(members, widths)


def all_levels(monkeypatch: pytest.MonkeyPatch) -> None:
    """Replace the random integers [b, o] by every 16-bit integer once, at 256 × 256."""
    every = torch.arange(-(2**15), 2**15, dtype=torch.int16)

    def once(*_: object) -> list[Tensor]:
        return [every.view(256, 256)]

    monkeypatch.setattr(src.dropout, "raw_numbers", once)


# --- rate and expectation -----------------------------------------------------------------


@every_rate
def test_rate_is_kept(rate: float) -> None:
    for mask in masks([rate], [0], [512, 512]):
        # A binomial proportion of n draws has the standard error √(p(1-p)/n); 5 of them, and
        # half a level of 1/65536 because the rate is rounded to one.
        allowed = 5 * (rate * (1 - rate) / mask.numel()) ** 0.5 + 2**-17
        assert abs(float((mask == 0).double().mean()) - rate) < allowed


@every_rate
def test_each_unit_is_dropped_at_the_rate(rate: float) -> None:
    """Not more often at some positions, as each fourth value of a word might be."""
    drawn = factors([rate], [0], [16])
    dropped = torch.cat([next(drawn.draw(step, 1_000))[0] == 0 for step in range(10)]).double()
    # 5.5 standard errors: 16 units at 5 rates, and a binomial tail that is heavier than normal.
    allowed = 5.5 * (rate * (1 - rate) / len(dropped)) ** 0.5 + 2**-17
    assert float((dropped.mean(dim=0) - rate).abs().max()) < allowed


@every_rate
def test_expectation_is_kept_exactly(rate: float, monkeypatch: pytest.MonkeyPatch) -> None:
    """Over all 65,536 integers, one draw each, the factors sum to 65,536: E[mask] = 1."""
    all_levels(monkeypatch)
    (mask,) = masks([rate], [0], [256], batch=256)
    # The only rounding is that of the factor 1/keep to float32, at most 2^-24 of it.
    assert abs(float(mask.double().mean()) - 1) <= 2**-24


@pytest.mark.parametrize("rate", [*RATES, 0.0, 1 / 65536, 0.999, 0.9999, 0.99999, 0.999995])
def test_rate_against_its_nearest_level(rate: float, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of all 65,536 integers as many are dropped as the rate asks for, to the nearest one.

    Every rate below 1 is allowed, so at least one level is kept, and no factor is infinite.
    """
    all_levels(monkeypatch)
    (mask,) = masks([rate], [0], [256], batch=256)
    assert mask.isfinite().all()
    assert int((mask == 0).sum()) == min(round(rate * 65536), 65535)


def test_factors_are_zero_or_one_over_keep() -> None:
    for mask in masks([0.25], [0]):
        assert sorted(set(mask.flatten().tolist())) == [0.0, pytest.approx(4 / 3, rel=2**-24)]
        assert mask.dtype == torch.float32


def test_rate_zero_is_exactly_one() -> None:
    for mask in masks([0.0, 0.5, 0.0], [0, 0, 1]):
        assert torch.equal(mask[0], torch.ones_like(mask[0]))
        assert torch.equal(mask[2], torch.ones_like(mask[2]))
        assert (mask[1] == 0).any()


@pytest.mark.parametrize(("rates", "active"), [([0.0, 0.0], False), ([0.0, 0.1], True)])
def test_active_where_any_member_drops(rates: list[float], active: bool) -> None:
    assert factors(rates, [0, 1], [4]).active == active


@pytest.mark.parametrize(("batch", "widths"), [(1, [1]), (3, [5, 1]), (7, [3]), (5, [])])
def test_shapes_that_fill_no_whole_word(batch: int, widths: list[int]) -> None:
    drawn = masks([0.5, 0.1], [0, 1], widths or None, batch=batch) if widths else []
    assert [tuple(mask.shape) for mask in drawn] == [(2, batch, width) for width in widths]


# --- what a mask depends on ---------------------------------------------------------------


def test_masks_depend_on_the_members_own_seed_and_rate_only() -> None:
    rates, seeds = [0.1, 0.2, 0.5, 0.2, 0.0], [7, 3, 7, 0, 3]
    together = masks(rates, seeds)
    for k, (rate, seed) in enumerate(zip(rates, seeds, strict=True)):
        for mask, alone in zip(together, masks([rate], [seed]), strict=True):
            assert torch.equal(mask[k], alone[0])


def test_pairing_dropped_at_a_low_rate_is_dropped_at_a_high_one() -> None:
    for mask in masks([0.1, 0.2, 0.5], [0, 0, 0]):
        low, middle, high = mask == 0
        assert not (low & ~middle).any()
        assert not (middle & ~high).any()
        assert int(low.sum()) < int(middle.sum()) < int(high.sum())


def test_other_seeds_layers_and_steps_give_other_masks() -> None:
    drawn = factors([0.5, 0.5], [0, 1], [32, 32])
    seen: list[Tensor] = []
    for step in range(6):
        for mask in drawn.draw(step, 20):
            seen += [(mask[0] == 0).flatten().double(), (mask[1] == 0).flatten().double()]
    # 24 masks of 640 fair coins: the standard error of a correlation is 1/√640 = .040.
    correlation = torch.corrcoef(torch.stack(seen)) - torch.eye(len(seen))
    assert float(correlation.abs().max()) < 5 * 640**-0.5


def test_a_step_can_be_drawn_again() -> None:
    """What a resumed run needs: step 2 gives the same masks whatever was drawn before."""
    drawn = factors([0.5], [0], [32, 16])
    for step in range(3):
        last = list(drawn.draw(step, 20))
    for mask, fresh in zip(last, masks([0.5], [0], [32, 16], step=2, batch=20), strict=True):
        assert torch.equal(mask, fresh)


def test_the_global_generator_is_left_alone() -> None:
    before = torch.get_rng_state()
    masks([0.5], [0])
    assert torch.equal(torch.get_rng_state(), before)


# --- the random integers ------------------------------------------------------------------


def raw(count: int = 40_000) -> Tensor:
    return raw_numbers(0, 0, count, [4])[0].to(torch.int64)


def test_every_bit_of_every_lane_is_a_fair_coin() -> None:
    """Lane 3 holds the top 16 bits of each 64-bit word: its sign bit is the word's own."""
    values = raw()
    for lane, bit in product(range(4), range(16)):
        share = float(((values[:, lane] >> bit) & 1).double().mean())
        # Standard error 1/(2√n) of a fair coin, 5 of them.
        assert abs(share - 0.5) < 5 * 0.5 / len(values) ** 0.5, (lane, bit)


def test_bits_are_independent() -> None:
    values = raw()
    bits = torch.stack([(values >> bit) & 1 for bit in range(16)], dim=-1).double().flatten(1)
    correlation = torch.corrcoef(bits.T) - torch.eye(64)
    # 2016 pairs of bits, each with a standard error of 1/√n; 5 of them, once in 900 sets.
    assert float(correlation.abs().max()) < 5 / len(values) ** 0.5


def test_integers_are_uniform_over_16_bits() -> None:
    values = raw()
    counts = torch.bincount((values.flatten() + 2**15) // 256, minlength=256).double()
    expected = values.numel() / 256
    chi2 = float(((counts - expected) ** 2 / expected).sum())
    # χ² with 255 degrees of freedom: mean 255, std √510; 5 of them.
    assert abs(chi2 - 255) < 5 * 510**0.5
    assert values.min() < -32_700
    assert values.max() > 32_700


@pytest.mark.parametrize(("batch", "widths"), [(100, [256, 128]), (7, [5, 1, 3]), (1, [1])])
def test_numbers_of_several_seeds_and_steps_against_one_at_a_time(
    batch: int, widths: list[int]
) -> None:
    """What a device computes for a whole stack is what the CPU draws for each (seed, step)."""
    seeds, first = [0, 9, 2**63 - 1], 2_345
    added = positions(batch, widths, "cpu")
    for t, starts in enumerate(starts_of(seeds, first, 3)):
        together = raw_numbers_of(starts, added, batch, widths)
        for k, seed in enumerate(seeds):
            for layer, alone in enumerate(raw_numbers(seed, first + t, batch, widths)):
                assert torch.equal(together[layer][k], alone)
