"""How often a stack's steps are captured, where the chunks of a run are not of one length."""

from typing import Any

import pytest
import torch

from src.engine.batched import STEPS as MADE_FOR
from src.engine.batched import BatchedEngine
from src.engine.graphs import Repeated
from tests.test_engine_cpu import ORDERS, STEPS, examples, recipe, rows, stack
from tests.training import options


def test_short_chunks_first_against_one(monkeypatch: pytest.MonkeyPatch) -> None:
    """To the bit, and what a GPU captures once is not made again for a longer chunk."""
    made: list[object] = []

    class Counted(Repeated):
        def __init__(self, *arguments: Any) -> None:
            made.append(self)
            super().__init__(*arguments)

    monkeypatch.setattr("src.engine.batched.Repeated", Counted)
    names = options("optimizer")
    mixture = [recipe("tanh", name, 0.2, k % 4, k % ORDERS) for k, name in enumerate(names)]
    shown, found = examples(), []
    for sizes in ([STEPS], [1, 1, STEPS - 2]):
        model = stack(mixture, range(len(mixture)))
        engine, losses, step = BatchedEngine(model, mixture), [], 0
        for chunk in torch.split(rows(), sizes):
            losses.append(engine.run(chunk, step, shown, [True] * len(mixture))[0])
            step += len(chunk)
        found.append([torch.cat(losses), *(item.detach() for item in model.parameters())])
        del engine
    assert len(made) == 2
    assert all(torch.equal(one, two) for one, two in zip(*found, strict=True))


def test_a_chunk_longer_than_the_usual_is_made_for() -> None:
    mixture = [recipe("tanh", "adam", 0.2, 0, 0)]
    model, shown = stack(mixture, [0]), examples()
    engine = BatchedEngine(model, mixture)
    many = rows()[:1].expand(MADE_FOR + 1, *rows().shape[1:])
    losses, _ = engine.run(many, 0, shown, [True])
    assert losses.shape == (MADE_FOR + 1, 1)
    assert losses.isfinite().all()
