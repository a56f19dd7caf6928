"""The engine for a GPU, its calls made one by one on the CPU, against the reference engine."""

from collections.abc import Sequence
from typing import Any

import hypothesis.strategies as st
import pytest
import torch
from hypothesis import given, settings
from torch import Tensor

from src.engine.batched import BatchedEngine
from src.engine.protocol import Engine, Recipe
from src.engine.reference import ReferenceEngine
from src.model import StackedMLP
from tests.test_engine_cpu import BATCH, ORDERS, STEPS, examples, recipe, recipes, rows, stack

SIZES = st.sampled_from([1, 2, 7])


def trained(
    engine: Engine, model: StackedMLP, chunks: Sequence[Tensor], alive: Sequence[bool]
) -> tuple[Tensor, Tensor, list[Tensor]]:
    """Losses, hits and parameters after the chunks."""
    losses, hits, step = [], [], 0
    for chunk in chunks:
        loss, hit = engine.run(chunk, step, examples(), alive)
        losses.append(loss)
        hits.append(hit)
        step += len(chunk)
    return (
        torch.cat(losses),
        torch.cat(hits),
        [item.detach().clone() for item in model.parameters()],
    )


def both(
    mixture: list[Recipe], chunks: Sequence[Tensor], dtype: torch.dtype
) -> list[tuple[Tensor, Tensor, list[Tensor]]]:
    found = []
    for kind in (BatchedEngine, ReferenceEngine):
        model = stack(mixture, range(len(mixture))).to(dtype)
        found.append(trained(kind(model, mixture), model, chunks, [True] * len(mixture)))
    return found


# Two chunks of full batches, and a last batch that is not full.
CHUNKS = [rows(), rows()[:2], rows()[:1, :, : BATCH - 4]]
DONE = sum(len(chunk) for chunk in CHUNKS)


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_batched_against_reference(data: st.DataObject) -> None:
    """Sums of fewer than 16 terms of size 1, in another order: 16 roundings u = 2^-24 a product.

    Three products forward, three back, so many steps; an update is at most lr/eps = 1 of a
    gradient, and a buffer of momentum .9 sums up 10 of them.
    """
    mixture = data.draw(st.lists(recipes, min_size=1, max_size=7))
    fast, slow = both(mixture, CHUNKS, torch.float32)
    allowed = 16 * 6 * DONE * 10 * 2**-24
    assert torch.allclose(fast[0], slow[0], rtol=0, atol=allowed)
    for one, two in zip(fast[2], slow[2], strict=True):
        assert torch.allclose(one, two, rtol=0, atol=allowed)
    print(
        "D",
        max(float((one - two).abs().max()) for one, two in zip(fast[2], slow[2], strict=True))
        / 2**-24,
        allowed / 2**-24,
    )


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_batched_against_reference64(data: st.DataObject) -> None:
    mixture = data.draw(st.lists(recipes, min_size=1, max_size=7))
    fast, slow = both(mixture, CHUNKS, torch.float64)
    print(
        "D",
        max(float((one - two).abs().max()) for one, two in zip(fast[2], slow[2], strict=True))
        / 2**-53,
        float((fast[0] - slow[0]).abs().max()) / 2**-53,
    )
    print([r.optimizer for r in mixture])
