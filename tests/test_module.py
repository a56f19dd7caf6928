"""src.module through train_members: what is trained, evaluated and counted, and when."""

from pathlib import Path
from typing import Any

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor

from src.assembly import build_model
from src.data.chunks import Chunks
from src.module import StackModule
from src.stacks import splits_of
from src.tracking.stack import StackTracker
from tests.training import Trained, even, same_weights, tiny, train, vary


@pytest.fixture
def calls(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The tracker's methods, named in the order in which the module called them."""
    seen: list[str] = []

    def spy(name: str) -> None:
        method = getattr(StackTracker, name)

        def spied(self: StackTracker, *arguments: Any) -> None:
            seen.append(name)
            method(self, *arguments)

        monkeypatch.setattr(StackTracker, name, spied)

    for name in ("trained", "validated", "tested"):
        spy(name)
    return seen


def steps(member: Trained) -> list[float]:
    return [row["step"] for row in member.rows]


def test_evaluated_at_step_0_and_after_each_epoch_and_tested_once(
    calls: list[str], tmp_path: Path
) -> None:
    (member,) = train([tiny(trainer__epochs=3, diagnostics="off")], tmp_path)
    assert calls == ["validated", *["trained", "validated"] * 3, "tested"]
    assert steps(member) == [0, 6, 12, 18]
    assert [row["epoch"] for row in member.rows] == [0, 1, 2, 3]
    assert "train_loss" not in member.rows[0]
    assert all("train_loss" in row for row in member.rows[1:])


def test_chunks_make_a_training_step_for_so_many_steps(calls: list[str], tmp_path: Path) -> None:
    base = tiny(trainer__chunk_steps=4, diagnostics="off")
    train([base], tmp_path / "off")
    assert calls == ["validated", "trained", "trained", "validated", "tested"]
    calls.clear()
    # Of 6 steps 0 and 3 are looked at: chunks of 1, 2, 1 and, where one of 4 ends, 2.
    train([vary(base, diagnostics="light", diagnostics__early_steps=[0, 3])], tmp_path / "light")
    assert calls == ["validated", *["trained"] * 4, "validated", "tested"]


def test_no_epochs_evaluates_the_start(calls: list[str], tmp_path: Path) -> None:
    config = tiny(trainer__epochs=0)
    (member,) = train([config], tmp_path)
    assert calls == ["validated", "tested"]
    assert member.status == "done"
    assert steps(member) == [0]
    assert member.record["step"] == 0
    assert member.objective == member.rows[0]["validation_accuracy"]
    start = build_model([config], splits_of(config)).member(0)
    for layer, (weight, bias) in enumerate(start):
        assert torch.equal(member.weights[f"{2 * layer}.weight"], weight)
        assert torch.equal(member.weights[f"{2 * layer}.bias"], bias)


@pytest.mark.slow
def test_the_last_partial_batch_is_trained_on(tmp_path: Path) -> None:
    """65 examples, 10 at a time: 7 steps, and a training loss over 65 examples."""
    base = tiny(data__train_size=65, trainer__epochs=2)
    whole, rare = train([base, vary(base, optimizer="sgd", optimizer__lr=1e-30)], tmp_path)
    assert steps(whole) == [0, 7, 14]
    # Nothing moves at this rate, so each row is the start's accuracy over all 65 examples.
    hits = rare.rows[1]["train_accuracy"] * 65
    assert hits == pytest.approx(round(hits), abs=1e-9)


@pytest.mark.parametrize(("asked", "made"), [(1, 1), (4, 4), (6, 6), (100, 6)])
def test_steps_per_epoch(tmp_path: Path, asked: int, made: int) -> None:
    (member,) = train([tiny(trainer__steps_per_epoch=asked, trainer__epochs=2)], tmp_path)
    assert steps(member) == [0, made, 2 * made]


def test_steps_per_epoch_that_cover_the_epoch_change_nothing(tmp_path: Path) -> None:
    (whole,) = train([even()], tmp_path / "whole")
    (counted,) = train([even(trainer__steps_per_epoch=4)], tmp_path / "counted")
    assert same_weights(whole, counted)
    assert whole.rows == counted.rows


def test_evaluation_is_without_dropout(tmp_path: Path) -> None:
    """At a rate of .9 and a learning rate that moves nothing, against a plain forward pass."""
    base = tiny(model__dropout=0.9, trainer__epochs=2, data__batch_size=60)
    config = vary(base, init="he", optimizer="sgd", optimizer__lr=1e-30)
    (member,) = train([config], tmp_path)
    splits = splits_of(config)
    model = build_model([config], splits)

    def plain(rows: Tensor, part: str) -> tuple[float, float]:
        x, y = getattr(splits, part).batch(rows)
        with torch.no_grad():
            logits = model(x[None])[0].double()
        return float(F.cross_entropy(logits, y)), float((logits.argmax(1) == y).double().mean())

    for part, found in [
        *[
            ("validation", (row["validation_loss"], row["validation_accuracy"]))
            for row in member.rows
        ],
        ("test", tuple(member.record["metrics"]["test"].values())),
    ]:
        # 30 float32 losses of size 3 or less, each rounded in a sum of ten exponentials.
        assert found == pytest.approx(plain(torch.arange(30), part), abs=10 * 3 * 2**-24)
    # Training itself drops: the same weights, another loss, and another mask each epoch.
    undropped, _ = plain(torch.arange(60), "train")
    losses = [row["train_loss"] for row in member.rows[1:]]
    assert all(abs(loss - undropped) > 0.01 for loss in losses)
    assert losses[0] != losses[1]


def test_validation_in_several_batches(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Evaluated 7 rows at a time, 30 = 4 · 7 + 2: the mean is over examples, not over batches."""
    config = even(data__validation_size=30, data__test_size=30)
    (whole,) = train([config], tmp_path / "whole")
    monkeypatch.setattr("src.data.chunks.EVALUATION_BATCH", 7)
    (parts,) = train([config], tmp_path / "parts")
    assert same_weights(whole, parts)
    for row, expected in zip(parts.rows, whole.rows, strict=True):
        # The same 30 numbers, each computed in a product of another height.
        assert row == pytest.approx(expected, abs=10 * 3 * 2**-24)


def test_bf16_mixed_precision(tmp_path: Path) -> None:
    """Products in bfloat16 (8 bits), weights and losses in float32."""
    full = even(trainer__epochs=2)
    mixed = even(trainer__epochs=2, trainer__precision="bf16-mixed")
    (exact,) = train([vary(full, init="he", model__dropout=0.0)], tmp_path / "32")
    (rounded,) = train([vary(mixed, init="he", model__dropout=0.0)], tmp_path / "16")
    assert rounded.status == "done"
    assert {tensor.dtype for tensor in rounded.weights.values()} == {torch.float32}
    assert not same_weights(exact, rounded)
    for row, expected in zip(rounded.rows, exact.rows, strict=True):
        # Three products whose operands and results are rounded to 2^-9 of a size of 3 or less.
        assert row["validation_loss"] == pytest.approx(
            expected["validation_loss"], abs=9 * 2**-9 * 3
        )
        assert row["validation_loss"] != expected["validation_loss"]


@pytest.mark.slow
def test_bf16_stack_against_single_runs(tmp_path: Path) -> None:
    base = even(trainer__epochs=2, trainer__precision="bf16-mixed")
    members = [
        vary(base),
        vary(base, init="he", activation="tanh", optimizer="sgd", seed=1),
        vary(base, activation="gelu", optimizer="nadam", model__dropout=0.5),
        vary(base, schedule="cosine", optimizer__clip_norm=0.1, model__label_smoothing=0.1),
    ]
    together = train(members, tmp_path / "stack")
    for k, config in enumerate(members):
        (alone,) = train([config], tmp_path / str(k))
        assert same_weights(together[k], alone), k
        assert together[k].rows == alone.rows


def test_gradients_are_those_of_the_members_own_mean_loss(tmp_path: Path) -> None:
    """One SGD step: the stack's sum over members must not be a mean, nor scaled by their number."""
    base = even(trainer__steps_per_epoch=1)
    config = vary(base, init="he", optimizer="sgd", optimizer__lr=0.5, model__dropout=0.0)
    first, *_ = train([config, *[vary(config, seed=k) for k in (1, 2)]], tmp_path)
    start = build_model([config], splits_of(config))
    chunks = Chunks(64, config.data, config.trainer, [0])
    x, y = splits_of(config).train.batch(next(iter(chunks))[0, 0])
    loss = F.cross_entropy(start(x[None])[0], y)
    gradients = torch.autograd.grad(loss, list(start.parameters()))
    names = [f"{2 * layer}.{kind}" for kind in ("weight", "bias") for layer in range(3)]
    for name, parameter, gradient in zip(names, start.parameters(), gradients, strict=True):
        expected = (parameter - 0.5 * gradient)[0].detach()
        assert torch.allclose(first.weights[name], expected, rtol=0, atol=16 * 2**-24)
    assert first.rows[1]["train_loss"] == pytest.approx(float(loss.detach()), rel=2**-22)
    assert first.rows[1]["step"] == 1


@pytest.mark.slow
def test_every_member_has_an_optimizer_of_its_own(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    counts: list[int] = []
    configure = StackModule.configure_optimizers

    def spied(self: StackModule) -> list[torch.optim.Optimizer]:
        built = configure(self)
        counts.append(len(built))
        return built

    monkeypatch.setattr(StackModule, "configure_optimizers", spied)
    base = tiny()
    names = ("adam", "sgd", "momentum", "adam", "nesterov")
    train([vary(base, optimizer=name) for name in names], tmp_path)
    assert counts == [5]
