"""src.streams: a stream is a function of (seed, purpose), and different ones are unrelated."""

import hashlib
from itertools import product

import torch

from src.streams import stream

PURPOSES: list[tuple[str | int, ...]] = [
    ("split",),
    ("synthetic",),
    *[(name, number) for name, number in product(("weight", "bias", "order", "dropout"), range(5))],
]


def draw(seed: int, *purpose: str | int) -> torch.Tensor:
    return torch.rand(1_000, generator=stream(seed, *purpose), dtype=torch.float64)


def test_stream_against_its_definition() -> None:
    """SHA-256 of the tuple as Python prints it, first 8 bytes, little endian.

    Written out here: a change of it would change every number of every finished run.
    """
    digest = hashlib.sha256(b"(0, 'weight', 1)").digest()
    seed = int.from_bytes(digest[:8], "little")
    assert stream(0, "weight", 1).initial_seed() == seed
    expected = torch.Generator().manual_seed(seed)
    assert torch.equal(stream(0, "weight", 1).get_state(), expected.get_state())


def test_same_name_same_numbers() -> None:
    assert torch.equal(draw(7, "order", 3), draw(7, "order", 3))


def test_streams_are_distinct_in_the_bits_that_torch_keeps() -> None:
    """The CPU generator keeps 32 bits of a seed: any two equal would be the same stream."""
    seeds = [*range(50), 2**31, 2**32, 2**32 + 1, 2**63 - 1]
    names = [(seed, *purpose) for seed in seeds for purpose in PURPOSES]
    kept = {stream(*name).initial_seed() % 2**32 for name in names}
    assert len(names) == len(seeds) * 22
    # Of 1188 random 32-bit numbers two are equal with a probability of 2e-4.
    assert len(kept) == len(names)


def test_numbers_and_words_are_not_confused() -> None:
    assert stream(1, 2).initial_seed() != stream(1, "2").initial_seed()
    assert stream(1, "ab").initial_seed() != stream(1, "a", "b").initial_seed()
    assert stream(1, 2, 3).initial_seed() != stream(1, 3, 2).initial_seed()
    assert stream(12, 3).initial_seed() != stream(1, 23).initial_seed()


def test_neighbouring_seeds_and_purposes_are_uncorrelated() -> None:
    draws = torch.stack([draw(seed, *purpose) for seed in (0, 1, 2) for purpose in PURPOSES[:8]])
    correlation = torch.corrcoef(draws)
    apart = correlation[~torch.eye(len(draws), dtype=torch.bool)]
    # The standard error of a correlation of n independent pairs is 1/√n; 5 of them for 276 pairs.
    assert float(apart.abs().max()) < 5 / 1_000**0.5


def test_the_global_generator_is_left_alone() -> None:
    before = torch.get_rng_state()
    draw(0, "weight", 0)
    assert torch.equal(torch.get_rng_state(), before)


def test_device_is_taken() -> None:
    assert stream(0, device="cpu").device == torch.device("cpu")
    assert stream(0, device=torch.device("cpu")).device == torch.device("cpu")
