"""Seeds: what members of a sweep share, so that their differences are due to what was varied."""

from pathlib import Path

from src.schema.init import Distribution, Fan
from tests.conftest import Configure
from tests.training import even, same_weights, train, vary


def test_arms_of_a_sweep_are_paired(tmp_path: Path) -> None:
    """Same seed, another init: the same batches and masks, so equal starts train equally.

    `xavier` and a variance_scaling with its numbers are two names for one law.
    """
    named = even(init="xavier")
    spelled = even(
        init="variance_scaling", init__fan=Fan.fan_avg, init__distribution=Distribution.uniform
    )
    one, other = train([named, spelled], tmp_path)
    assert same_weights(one, other)
    assert one.rows == other.rows


def test_batches_and_masks_follow_their_own_seeds(tmp_path: Path) -> None:
    base = even(model__dropout=0.5)
    first, order, dropout, weights = train(
        [
            base,
            vary(base, data__order_seed=1),
            vary(base, model__dropout_seed=1),
            vary(base, seed=1),
        ],
        tmp_path,
    )
    start = first.rows[0]
    assert order.rows[0] == dropout.rows[0] == start
    assert weights.rows[0] != start
    assert len({str(member.rows[1]) for member in (first, order, dropout, weights)}) == 4


def test_seed_alone_moves_batches_and_masks_too(configure: Configure) -> None:
    """data.order_seed and model.dropout_seed follow seed unless they are set themselves."""
    config = configure("seed=5")
    assert (config.data.order_seed, config.model.dropout_seed) == (5, 5)
    assert config.data.split_seed == 0
    config = configure("seed=5", "data.order_seed=2", "model.dropout_seed=3")
    assert (config.seed, config.data.order_seed, config.model.dropout_seed) == (5, 2, 3)
