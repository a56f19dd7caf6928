"""How products of matrices are computed; sums, updates and losses stay in the parameters' type."""

from collections.abc import Iterator
from contextlib import contextmanager

import torch


@contextmanager
def products(precision: str) -> Iterator[None]:
    """`tf32`: a GPU's matrix units read float32 with 10 bits of mantissa. Else all 23.

    The switch is torch's own and global, so it is put back.
    """
    before = torch.get_float32_matmul_precision()
    torch.set_float32_matmul_precision("high" if precision == "tf32" else "highest")
    try:
        yield
    finally:
        torch.set_float32_matmul_precision(before)


def product_type(precision: str, parameters: torch.dtype) -> torch.dtype:
    """The type of activations and gradients in the network: what autocast would make it."""
    return torch.bfloat16 if precision == "bf16-mixed" else parameters
