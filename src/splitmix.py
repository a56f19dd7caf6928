"""SplitMix64: random numbers as a function of a key and a position, the same bits on any device.

G. L. Steele, D. Lea, C. H. Flood, "Fast splittable pseudorandom number generators", OOPSLA 2014.
Number n of a key is mix(key + (n + 1)·γ) modulo 2^64, so any of them is had without the others, and
a number of one key serves as another's key.
"""

from functools import lru_cache

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

Words = npt.NDArray[np.uint64]

GAMMA = 0x9E3779B97F4A7C15  # 2^64 / golden ratio, made odd
ROUNDS = ((30, 0xBF58476D1CE4E5B9), (27, 0x94D049BB133111EB))
LAST_SHIFT = 31


def numbers(key: int, first: int, count: int) -> Words:
    """Numbers first, ..., first + count - 1 of a key, on the CPU.

    NumPy's unsigned integers shift as the generator does: less than half the time of `mixed`.
    """
    base = np.uint64((key + first * GAMMA) % 2**64)
    z: Words = _multiples(count) + base
    shifted = np.empty_like(z)
    for shift, factor in ROUNDS:
        np.right_shift(z, np.uint64(shift), out=shifted)
        np.bitwise_xor(z, shifted, out=z)
        np.multiply(z, np.uint64(factor), out=z)
    np.right_shift(z, np.uint64(LAST_SHIFT), out=shifted)
    np.bitwise_xor(z, shifted, out=z)
    return z


@lru_cache(maxsize=16)
def _multiples(count: int) -> Words:
    """γ, 2γ, ..., count·γ."""
    multiples: Words = np.arange(1, count + 1, dtype=np.uint64) * np.uint64(GAMMA)
    return multiples


def multiples(first: int, count: int) -> Tensor:
    """(first + 1)·γ, ..., (first + count)·γ as int64: add a key and mix."""
    words = _multiples(count) + np.uint64(first * GAMMA % 2**64)
    return torch.from_numpy(words.view(np.int64))


def mixed(z: Tensor) -> Tensor:
    """The generator's mix of each int64, on the tensor's device; z is overwritten."""
    for shift, factor in ROUNDS:
        z.bitwise_xor_(_shifted(z, shift)).mul_(signed(factor))
    return z.bitwise_xor_(_shifted(z, LAST_SHIFT))


def _shifted(z: Tensor, by: int) -> Tensor:
    """Zeros move in from the left; torch moves the sign in."""
    return torch.bitwise_right_shift(z, by).bitwise_and_(2 ** (64 - by) - 1)


def signed(word: int) -> int:
    """The int64 of the same 64 bits."""
    return word - 2**64 if word >= 2**63 else word
