"""A member of a user's own pieces against a plain loop of theirs: the same weights."""

import math
from pathlib import Path
from typing import Any

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from src.assembly import recipes
from src.config import Config
from src.data.chunks import Chunks
from src.data.examples import Examples
from src.initializers.draw import draw_layers
from src.stacks import sizes, splits_of
from src.starts import setting, start_of
from tests.own import EXAMPLE, own
from tests.own_example.my_package.activations import squareplus
from tests.own_example.my_package.optimizers import LayerwiseSGD
from tests.training import train, vary


class Plain:
    """One member of the example without dropout, in float64: an autograd loop, nothing else."""

    def __init__(self, config: Config) -> None:
        self.config, self.splits = config, splits_of(config)
        drawn = draw_layers(
            sizes(config, self.splits), start_of(config.init), config.seed, setting(config)
        )
        self.layers = [(w.double().requires_grad_(), b.double().requires_grad_()) for w, b in drawn]
        # Matrices and vectors as they are.
        tensors = [tensor for layer in self.layers for tensor in layer]
        self.optimizer = LayerwiseSGD(tensors, lr=config.optimizer.lr, momentum=0.9)

    def logits(self, x: Tensor) -> Tensor:
        *hidden, (weight, bias) = self.layers
        for w, b in hidden:
            x = squareplus(F.linear(x, w, b))
        return F.linear(x, weight, bias)

    def train(self, examples: Examples, rates: list[float]) -> None:
        config, step = self.config, 0
        chunks = Chunks(len(examples), config.data, config.trainer, [config.data.order_seed])
        for epoch in range(config.trainer.epochs):
            chunks.epoch = epoch
            for chunk in chunks:
                for rows in chunk:
                    x, y = examples.batch(rows[0])
                    self.optimizer.zero_grad()
                    torch.autograd.backward(F.cross_entropy(self.logits(x.double()), y))
                    if config.optimizer.clip_norm is not None:
                        tensors = [tensor for layer in self.layers for tensor in layer]
                        nn.utils.clip_grad_norm_(tensors, config.optimizer.clip_norm)
                    self.optimizer.param_groups[0]["lr"] = rates[step]
                    self.optimizer.step()
                    step += 1


@pytest.mark.parametrize("changes", [{}, {"schedule": "linear"}, {"clip": 0.1}], ids=str)
def test_against_a_plain_loop(
    changes: dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.syspath_prepend(str(EXAMPLE))
    config = own(model__dropout=0.0)
    if "schedule" in changes:
        config = vary(config, schedule="linear", schedule__final=0.1)
    config = vary(config, optimizer__clip_norm=changes.get("clip"))
    (recipe,) = recipes([config], splits_of(config))
    rates = [recipe.rate(step) for step in range(8)]
    assert (len(set(rates)) > 1) == ("schedule" in changes)
    plain = Plain(config)
    plain.train(plain.splits.train, rates)
    (member,) = train([config], tmp_path)
    # As in test_stack_against_plain_torch, u = 2^-24: a gradient is wrong by √100 u of its size.
    # A step has the length lr, so its numbers are wrong by at most twice that times lr, that is
    # .1 · 2 · 10 u, and the weight is rounded, u; roundings of eight steps have random signs, and
    # five standard errors.
    allowed = 5 * math.sqrt(8) * (0.1 * 2 * 10 + 1) * 2**-24
    for position, (weight, bias) in enumerate(plain.layers):
        for kind, tensor in (("weight", weight), ("bias", bias)):
            found = member.weights[f"{2 * position}.{kind}"].double()
            assert float((found - tensor.detach()).abs().max()) <= allowed
    # The steps themselves are of another size altogether.
    start = draw_layers(sizes(config, plain.splits), start_of(config.init), 0, setting(config))
    assert float((member.weights["0.weight"] - start[0][0]).abs().max()) > 10 * allowed
