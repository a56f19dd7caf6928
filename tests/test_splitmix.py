"""src.splitmix against the published numbers, and its two implementations against each other."""

import hypothesis.strategies as st
import numpy as np
import torch
from hypothesis import given

from src.splitmix import mixed, multiples, numbers, signed

# The first numbers of two seeds: of the authors' splitmix64.c (prng.di.unimi.it) for seed 0, and
# as Rosetta Code lists them for seed 1234567.
PUBLISHED = {
    0: [0xE220A8397B1DCDAF, 0x6E789E6AA1B965F4, 0x06C45D188009454F, 0xF88BB8A8724C81EC],
    1234567: [
        6457827717110365317,
        3203168211198807973,
        9817491932198370423,
        4593380528125082431,
        16408922859458223821,
    ],
}

keys = st.integers(0, 2**64 - 1)


def test_numbers_against_the_published_ones() -> None:
    for seed, expected in PUBLISHED.items():
        assert numbers(seed, 0, len(expected)).tolist() == expected


@given(keys, st.integers(0, 2**63 - 1), st.integers(0, 70))
def test_on_tensors_against_arrays(key: int, first: int, count: int) -> None:
    found = mixed(multiples(first, count) + signed(key))
    assert np.array_equal(found.numpy().view(np.uint64), numbers(key, first, count))


@given(keys, st.integers(0, 2**40), st.integers(1, 50))
def test_any_number_is_had_without_the_others(key: int, first: int, count: int) -> None:
    assert numbers(key, first, count)[-1] == numbers(key, first + count - 1, 1)[0]


def test_a_tensor_drawn_from_is_not_shared() -> None:
    """mixed overwrites: what it is given must not be a cached array."""
    before = multiples(0, 8).clone()
    mixed(multiples(0, 8))
    assert torch.equal(multiples(0, 8), before)
