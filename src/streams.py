"""Randomness is explicit: every draw comes from a stream named by a seed and a purpose."""

import hashlib

import torch


def stream(seed: int, *purpose: str | int, device: torch.device | str = "cpu") -> torch.Generator:
    """A generator that depends on (seed, purpose) and on nothing else.

    The pair is hashed, so seed 0 is a seed like any other and the streams for weights, data order
    and dropout stay unrelated where a user gives all of them the same number. torch's CPU
    generator keeps 32 bits of a seed, its CUDA generator 64.
    """
    return torch.Generator(device).manual_seed(key_of(seed, *purpose))


def key_of(seed: int, *purpose: str | int) -> int:
    """64 bits of a hash of (seed, purpose)."""
    digest = hashlib.sha256(repr((seed, *purpose)).encode()).digest()
    return int.from_bytes(digest[:8], "little")
