"""model.residual=true through the whole of training: files, checkpoints, stacks, refusals."""

from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
import torch

from src.assembly import build_model
from src.capacity import Shape, parameters
from src.config import Config
from src.errors import InputError
from src.schema.run import ModelConfig
from src.stacks import alike, checked, splits_of
from src.tracking.weights import load_scales, load_weights
from tests.training import even, same_numbers, same_weights, tiny, train, vary

RESIDUAL: dict[str, Any] = {"model__residual": True, "model__hidden": [16] * 6}


def members(base: Config) -> list[Config]:
    """Mixed activations, dropout, optimizers and clipping; one of them diverges at once."""
    clipped, dropped = {"optimizer__clip_norm": 0.1}, {"model__dropout": 0.5}
    return [
        vary(base),
        vary(base, init="he", activation="tanh", optimizer="sgd", seed=1, **dropped),
        vary(base, init="xavier", activation="gelu", optimizer="nesterov", **clipped),
        vary(base, init="uniform", optimizer="sgd", optimizer__lr=1e30),
        vary(base, init="he", activation="leaky_relu", optimizer="adamw", **clipped, **dropped),
        vary(base, init="he", activation="relu", optimizer="radam", model__label_smoothing=0.1),
        vary(base, activation="silu", optimizer="adagrad", schedule="cosine", data__order_seed=7),
    ]


@pytest.mark.parametrize(
    "sizes",
    [
        {},
        {"model__hidden": [7] * 5, "data__features": 13, "data__train_size": 61},
        {"model__hidden": [256] * 3, "data__features": 784, "data__batch_size": 32},
    ],
    ids=str,
)
@pytest.mark.slow
def test_residual_stack_against_single_runs(sizes: dict[str, Any], tmp_path: Path) -> None:
    base = even(trainer__epochs=2, trainer__chunk_steps=3, **{**RESIDUAL, **sizes})
    configs = members(base)
    together = train(configs, tmp_path / "stack")
    assert [one.status for one in together] == ["diverged" if k == 3 else "done" for k in range(7)]
    for k, config in enumerate(configs):
        (alone,) = train([config], tmp_path / str(k))
        assert same_numbers(together[k], alone), k
        assert not any(same_weights(alone, other) for other in together[k + 1 :])


@pytest.mark.slow
def test_resumed_against_uninterrupted(tmp_path: Path) -> None:
    base = even(trainer__epochs=4, trainer__chunk_steps=3, **RESIDUAL)
    whole = train(members(base), tmp_path / "whole")
    first = vary(base, trainer__epochs=2, trainer__checkpoint=True)
    # The last member's schedule spans the run, so that it cannot be stopped and lengthened.
    train(members(first)[:-1], tmp_path / "first")
    (path,) = (tmp_path / "first").glob("*.ckpt")
    again = members(vary(base, trainer__ckpt_path=str(path)))[:-1]
    checked(again)
    resumed = train(again, tmp_path / "resumed")
    for k, (one, other) in enumerate(zip(resumed, whole[:-1], strict=True)):
        assert same_numbers(one, other), k


def test_a_plain_run_does_not_go_on_from_a_residual_checkpoint(tmp_path: Path) -> None:
    base = even(trainer__checkpoint=True, **RESIDUAL)
    train([base], tmp_path)
    (path,) = (tmp_path / "member=0").glob("*.ckpt")
    plain = vary(base, model__residual=False, trainer__ckpt_path=str(path))
    with pytest.raises(InputError) as caught:
        checked([plain])
    assert "model.residual=True, but this run has model.residual=False" in str(caught.value)


@pytest.mark.slow
def test_twenty_layers_train(tmp_path: Path) -> None:
    """Ten clearly separate classes, nine blocks: learned, where the same plain network is not.

    Seeds 0, 1, 2 gave accuracies of 1, 1, 1, and .07, .07, .3 without the shortcuts.
    """
    base = tiny(trainer__epochs=20, data__noise=0.05, data__train_size=200)
    base = vary(base, model__hidden=[16] * 20, model__dropout=0.0, optimizer__lr=0.003)
    residual, plain = train([vary(base, model__residual=True), base], tmp_path)
    assert residual.objective > 0.9
    assert plain.objective < 0.5
    assert residual.rows[-1]["train_loss"] < residual.rows[1]["train_loss"] / 2


def test_weights_go_round(tmp_path: Path) -> None:
    """A file holds the blocks' scales, and a run that starts from it starts where it ended."""
    base = even(trainer__epochs=1, **RESIDUAL)
    (trained,) = train([vary(base, optimizer__lr=0.01)], tmp_path / "one")
    names = {name for name in trained.weights if name.startswith("blocks.")}
    assert names == {"blocks.0.scale", "blocks.1.scale"}
    path = trained.folder / "weights.safetensors"
    scales = load_scales(path, 7)
    assert [float(trained.weights[f"blocks.{k}.scale"]) for k in range(2)] == scales
    assert all(scale != 1 for scale in scales)
    config = vary(base, model__weights=str(path), trainer__epochs=0)
    checked([config])
    model = build_model([config], splits_of(config))
    assert model.member_scales(0) == scales
    (again,) = train([config], tmp_path / "two")
    assert same_weights(again, trained)
    assert again.record["metrics"]["test"] == trained.record["metrics"]["test"]


def test_weights_of_the_other_kind_are_refused(tmp_path: Path) -> None:
    base = even(trainer__epochs=0, **RESIDUAL)
    configs = [base, vary(base, model__residual=False)]
    sizes = [32, *[16] * 6, 10]
    residual, plain = (
        train([config], tmp_path / str(k))[0].folder / "weights.safetensors"
        for k, config in enumerate(configs)
    )
    load_weights(residual, sizes, residual=True)
    load_weights(plain, sizes)
    for config, path, told in (
        (configs[1], residual, "holds a residual network, but model.residual=false."),
        (configs[0], plain, "holds a plain network, but model.residual=true."),
    ):
        with pytest.raises(InputError) as caught:
            checked([vary(config, model__weights=str(path))])
        assert str(caught.value) == f"model.weights={path}: {told}"


def test_residual_and_plain_members_are_stacks_of_their_own() -> None:
    base = even(**RESIDUAL)
    configs = [base, vary(base, model__residual=False), vary(base, seed=1)]
    assert alike(configs) == [[0, 2], [1]]


@pytest.mark.parametrize("depth", [3, 4, 5])
def test_parameters_are_counted(depth: int) -> None:
    config = even(model__residual=True, model__hidden=[16] * depth)
    model = build_model([config], splits_of(config))
    count = sum(each.numel() for each in model.parameters())
    assert parameters(config, Shape(32, 10)) == count
    widths = [32, *[16] * depth, 10]
    assert count == sum((i + 1) * o for i, o in pairwise(widths)) + (depth - 1) // 2


@pytest.mark.parametrize("hidden", [[], [8], [8, 8], [8, 8, 6], [4, 8, 8, 8]], ids=str)
def test_hidden_layers_that_make_no_blocks_are_refused(hidden: list[int]) -> None:
    ModelConfig(hidden=hidden)
    with pytest.raises(InputError) as caught:
        ModelConfig(hidden=hidden, residual=True)
    assert str(caught.value) == (
        f"model.hidden={hidden}: must be at least 3 layers of one width where model.residual=true."
    )
    ModelConfig(hidden=[8, 8, 8], residual=True)


def test_a_plain_member_is_as_it_was(tmp_path: Path) -> None:
    """No entry of its weights file speaks of blocks."""
    (plain,) = train([even(trainer__epochs=0)], tmp_path)
    assert sorted(plain.weights) == [
        f"{2 * k}.{kind}" for k in range(3) for kind in ("bias", "weight")
    ]
    assert all(tensor.dtype is torch.float32 for tensor in plain.weights.values())
