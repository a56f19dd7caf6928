"""The whole training against a slow, obvious twin: nn.Sequential, torch.optim, a loop."""

import math
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from src import activations
from src.config import Config
from src.data.chunks import Chunks
from src.data.examples import Examples, Splits
from src.dropout import Dropout, DropoutFactors
from src.initializers.draw import draw_layers
from src.optimizers import CLASSES
from src.schema.data import Scaling
from src.stacks import sizes, splits_of
from src.starts import setting, start_of
from tests.torch_schedules import scheduler
from tests.training import Activation, tiny, train, vary

EPOCHS = 3


class Factor(nn.Module):
    """Dropout with the mask given from outside; the identity in eval mode, as nn.Dropout."""

    def __init__(self) -> None:
        super().__init__()
        self.mask: Tensor | None = None

    def forward(self, x: Tensor) -> Tensor:
        if not self.training:
            return x
        assert self.mask is not None
        return x * self.mask


@dataclass
class Twin:
    """One member, in double precision: against it the stack's float32 errors are seen whole."""

    config: Config
    splits: Splits
    rows: list[dict[str, float]] = field(default_factory=list)
    steps: int = 0
    clipped: int = 0

    def __post_init__(self) -> None:
        config = self.config
        widths = sizes(config, self.splits)
        drawn = draw_layers(widths, start_of(config.init), config.seed, setting(config))
        activation = activations.build(config.activation.name, **config.activation.parameters())
        layers: list[nn.Module] = []
        for weight, offset in drawn:
            linear = nn.Linear(weight.shape[1], weight.shape[0], dtype=torch.float64)
            linear.weight.data.copy_(weight)
            linear.bias.data.copy_(offset)
            layers += [linear, Activation(activation), Factor()]
        self.network = nn.Sequential(*layers[:-2])
        self.factors = [layer for layer in self.network if isinstance(layer, Factor)]
        kind = CLASSES[config.optimizer.algorithm]
        self.optimizer = kind(self.network.parameters(), **config.optimizer.hyperparameters())
        self.schedule = scheduler(config, self.optimizer)

    def evaluate(self, examples: Examples) -> tuple[float, float]:
        self.network.eval()
        x, y = examples.batch(torch.arange(len(examples)))
        with torch.no_grad():
            logits = self.network(x.double())
        hits = (logits.argmax(dim=1) == y).double()
        return float(F.cross_entropy(logits, y)), float(hits.mean())

    def row(self, epoch: int) -> dict[str, float]:
        loss, accuracy = self.evaluate(self.splits.validation)
        step = {"epoch": epoch, "step": self.steps}
        return {**step, "validation_loss": loss, "validation_accuracy": accuracy}

    def train(self) -> None:
        config = self.config
        self.rows.append(self.row(0))
        order = [config.data.order_seed]
        chunks = Chunks(len(self.splits.train), config.data, config.trainer, order)
        dropout = Dropout(config.model.dropout, config.model.dropout_seed)
        masks = DropoutFactors([dropout], config.model.hidden)
        for epoch in range(config.trainer.epochs):
            chunks.epoch = epoch
            self.network.train()
            losses, hits = [], []
            for chunk in chunks:
                for rows in chunk:
                    x, y = self.splits.train.batch(rows[0])
                    for factor, mask in zip(
                        self.factors, masks.draw(self.steps, len(y)), strict=True
                    ):
                        factor.mask = mask[0].double()
                    logits = self.network(x.double())
                    smoothing = config.model.label_smoothing
                    loss = F.cross_entropy(logits, y, reduction="none", label_smoothing=smoothing)
                    self.optimizer.zero_grad()
                    torch.autograd.backward(loss.mean())
                    if config.optimizer.clip_norm is not None:
                        parameters = self.network.parameters()
                        norm = nn.utils.clip_grad_norm_(parameters, config.optimizer.clip_norm)
                        self.clipped += int(norm > config.optimizer.clip_norm)
                    self.optimizer.step()
                    self.schedule.step()
                    self.steps += 1
                    losses.append(loss.detach())
                    hits.append((logits.argmax(dim=1) == y).double())
            row = self.row(epoch + 1)
            # The mean over the epoch's examples, each seen once: a short last batch counts less.
            row["train_loss"] = float(torch.cat(losses).mean())
            row["train_accuracy"] = float(torch.cat(hits).mean())
            self.rows.append(row)


def members(base: Config) -> list[Config]:
    # Adam and its kin divide by √v + eps. At their own eps of 1e-8 a gradient that is 0 but for
    # rounding makes a whole step of lr; 1e-2 keeps the error of a step in proportion.
    eps = {"optimizer__eps": 1e-2}
    return [
        vary(base, init="he", optimizer="sgd"),
        vary(base, init="xavier", activation="tanh", optimizer="adam", **eps, model__dropout=0.2),
        vary(base, activation="gelu", optimizer="nesterov", model__dropout=0.5, seed=1),
        vary(base, activation="softplus", optimizer="adamw", **eps, optimizer__weight_decay=0.3),
        vary(base, init="lecun", activation="selu", optimizer="rmsprop", **eps, data__order_seed=5),
        vary(base, activation="sigmoid", optimizer="momentum", optimizer__weight_decay=0.1),
        # Not zeros or ones: where logits are equal, rounding decides which of them is the largest.
        vary(base, init="normal", optimizer="sgd", model__dropout=0.2, model__dropout_seed=9),
        *scheduled(base, eps),
    ]


def scheduled(base: Config, eps: dict[str, Any]) -> list[Config]:
    """Every schedule, clipping and smoothing, with other optimizers."""
    warm = {"schedule__warmup_steps": 5}
    clipped = {"optimizer__clip_norm": 0.3}
    smooth = {"model__label_smoothing": 0.1}
    linear, step = {"schedule": "linear", "schedule__final": 0.1}, {"schedule": "step"}
    return [
        vary(base, init="he", schedule="cosine", optimizer="adam", **eps, **warm, **clipped),
        vary(base, activation="tanh", optimizer="nadam", **linear, **eps, **smooth, **warm),
        vary(base, optimizer="momentum", **step, schedule__every_epochs=1, **clipped, **smooth),
        vary(base, schedule="warmup", **warm, optimizer="radam", **eps, optimizer__clip_norm=1e9),
        vary(base, **step, **warm, optimizer="sgd", model__label_smoothing=0.9, seed=2),
    ]


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"data__train_size": 65},  # a last batch of 5
        {"trainer__steps_per_epoch": 4, "trainer__chunk_steps": 3},
        {"model__hidden": []},  # logistic regression
        {"model__hidden": [9, 8, 7, 6], "data__scaling": Scaling.standard},
    ],
    ids=str,
)
@pytest.mark.slow
def test_stack_against_sequential_and_torch_optim(changes: dict[str, Any], tmp_path: Path) -> None:
    base = vary(tiny(trainer__epochs=EPOCHS, model__dropout=0.0), **changes)
    trained = train(members(base), tmp_path)
    splits = splits_of(base)
    # float32 against float64, u = 2^-24. Roundings have random signs, so n of them add up to √n: a
    # gradient, a sum over batch and layers of fewer than 100 terms of size 1 or less, is wrong by
    # √100 u. A step moves a weight by at most lr/(1 - momentum) · error = .1 · error more, or by
    # lr · 2/eps · error = .2 · error (Adam), and rounds the weight, u; T = 21 steps, and 5 of these
    # standard errors. A loss of size 3 is rounded itself, and moves with some 300 weights, each by
    # a gradient of .1 or less and with random sign: √300 · .1 < 2 times the error of a weight.
    u = 2**-24
    allowed = 5 * math.sqrt(EPOCHS * 7) * (0.2 * math.sqrt(100) * u + u)
    allowed_loss = 2 * allowed + 5 * 3 * u
    clipped = []
    for config, member in zip(members(base), trained, strict=True):
        twin = Twin(config, splits)
        twin.train()
        clipped.append(twin.clipped > 0)
        assert member.weights.keys() == twin_weights(twin).keys()
        for name, tensor in twin_weights(twin).items():
            assert float((member.weights[name] - tensor).abs().max()) <= allowed, name
        assert len(member.rows) == EPOCHS + 1
        for row, expected in zip(member.rows, twin.rows, strict=True):
            assert row == pytest.approx(expected, abs=allowed_loss, rel=0)
        loss, accuracy = twin.evaluate(splits.test)
        expected_test = {"loss": loss, "accuracy": accuracy}
        assert member.record["metrics"]["test"] == pytest.approx(
            expected_test, abs=allowed_loss, rel=0
        )
    assert sum(clipped) == 2  # of three: a norm of 1e9 is never reached


def twin_weights(twin: Twin) -> dict[str, Tensor]:
    """The twin's dense layers under the names of a Sequential without dropout."""
    dense = [layer for layer in twin.network if isinstance(layer, nn.Linear)]
    tensors: dict[str, Tensor] = {}
    for position, layer in enumerate(dense):
        tensors[f"{2 * position}.weight"] = layer.weight.detach()
        tensors[f"{2 * position}.bias"] = layer.bias.detach()
    return tensors


def test_constant_zeros_and_ones_start_at_ln_10(tmp_path: Path) -> None:
    """A golden value: equal logits of ten classes, whatever the input, make a loss of ln 10."""
    base = tiny(trainer__epochs=0)
    for member in train([vary(base, init=name) for name in ("zeros", "ones")], tmp_path):
        # The mean of 30 float32 numbers, each the rounded difference of logits of up to 500.
        assert member.rows[0]["validation_loss"] == pytest.approx(math.log(10), abs=500 * 2**-23)


def test_zeros_moves_nothing_but_the_last_bias(tmp_path: Path) -> None:
    """All hidden units are 0, so no gradient passes them: the plainest failure of the seed."""
    (member,) = train([tiny(init="zeros", optimizer="sgd")], tmp_path)
    moved = {name for name, tensor in member.weights.items() if bool(tensor.any())}
    assert moved == {"4.bias"}


@pytest.mark.slow
def test_training_learns(tmp_path: Path) -> None:
    """Ten clearly separate classes: nearly all of 30 examples right, against 3 by chance."""
    base = tiny(trainer__epochs=15, data__noise=0.05, model__hidden=[32, 16])
    (member,) = train([vary(base, init="he", optimizer__lr=0.01, model__dropout=0.0)], tmp_path)
    assert member.rows[0]["validation_accuracy"] < 0.5
    assert member.objective > 0.9
    assert member.rows[-1]["train_loss"] < member.rows[1]["train_loss"] / 2
