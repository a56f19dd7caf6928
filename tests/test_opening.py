"""How a member begins, as result.json keeps it: its initial weights in bins, its first steps."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from safetensors.torch import load_file
from torch import Tensor

from src.model import StackedMLP
from src.tracking.opening import BINS, STEPS, FirstSteps, initial_weights
from tests.training import Trained, even, same_numbers, train, vary


def binned(weight: Tensor) -> dict[str, Any]:
    (found,) = initial_weights(StackedMLP([[(weight, torch.zeros(len(weight)))]], [torch.tanh]), 0)
    assert found.pop("layer") == 1
    return found


# --- initial weights ----------------------------------------------------------------------


@pytest.mark.parametrize("scale", [1e-38, 1e-8, 1.0, 1e30, 3e38])
@pytest.mark.parametrize("shift", [0.0, 1.0])
def test_bins_against_numpy(scale: float, shift: float) -> None:
    drawn = torch.rand(64, 50, generator=torch.Generator().manual_seed(1), dtype=torch.float64)
    weight = ((drawn * 2 - 1 + shift) * scale / (1 + shift)).float()
    found, exact = binned(weight), weight.double().numpy().ravel()
    assert (found["low"], found["high"]) == (exact.min(), exact.max())
    assert sum(found["counts"]) == weight.numel()
    assert len(found["counts"]) == BINS
    # A place in float32 is out by two roundings, 2·2^-24 of at most BINS bins: whatever lies no
    # nearer than that to an edge is counted where float64 counts it.
    place = (exact - found["low"]) * (BINS / (found["high"] - found["low"]))
    near = np.abs(place - np.round(place)) < BINS * 2**-22
    expected, _ = np.histogram(exact, BINS)
    assert np.abs(np.array(found["counts"]) - expected).sum() <= 2 * near.sum()
    assert near.sum() < 10


def test_weights_that_are_all_equal_have_one_bin() -> None:
    assert binned(torch.zeros(3, 4)) == {"low": 0, "high": 0, "counts": [12]}
    assert binned(torch.full((3, 4), -0.5)) == {"low": -0.5, "high": -0.5, "counts": [12]}


def test_of_weights_that_are_not_finite_none_is_counted() -> None:
    weight = torch.tensor([[1.0, torch.inf, 3.0], [-torch.inf, torch.nan, 2.0]])
    found = binned(weight)
    assert (found["low"], found["high"], sum(found["counts"])) == (1, 3, 3)
    assert binned(weight[1:, :2]) == {"low": None, "high": None, "counts": []}


@pytest.mark.parametrize("residual", [False, True])
def test_weights_before_the_first_step(tmp_path: Path, residual: bool) -> None:
    """Those that a run of no step ends with, each member its own; training moves none of them."""
    shape = {"model__hidden": [16, 16, 16, 16], "model__residual": True} if residual else {}
    starts = [even(init="he", **shape), even(init="zeros", seed=1, **shape)]
    still = train([vary(each, trainer__epochs=0) for each in starts], tmp_path / "still")
    moved = train(starts, tmp_path / "moved")
    for k, member in enumerate(still):
        weights = load_file(member.folder / "weights.safetensors")
        layers = [name for name in weights if name.endswith(".weight")]
        found = member.record["initial_weights"]
        assert [entry["layer"] for entry in found] == list(range(1, len(layers) + 1))
        assert len(layers) == (5 if residual else 3)
        for layer, entry in enumerate(found):
            weight = weights[f"{2 * layer}.weight"]
            assert entry["low"] == float(weight.min())
            assert entry["high"] == float(weight.max())
            assert sum(entry["counts"]) == weight.numel()
        assert moved[k].record["initial_weights"] == found


# --- first steps --------------------------------------------------------------------------


def steps(member: Trained) -> dict[str, list[float]]:
    found: dict[str, list[float]] = member.record["first_steps"]
    assert found.keys() == {"train_loss", "train_accuracy"}
    assert len(found["train_loss"]) == len(found["train_accuracy"])
    return found


def test_first_steps_against_the_means_of_epochs(tmp_path: Path) -> None:
    (member,) = train([even(trainer__epochs=3, model__dropout=0.0)], tmp_path)
    loss, accuracy = (np.array(numbers).reshape(3, 4) for numbers in steps(member).values())
    for row, losses, hits in zip(member.rows[1:], loss, accuracy, strict=True):
        # Nine digits a number, of sizes up to 3: the mean is out by as much at the most.
        assert losses.mean() == pytest.approx(row["train_loss"], abs=3e-8)
        assert hits.mean() == pytest.approx(row["train_accuracy"], abs=1e-9)


def test_the_first_is_that_of_the_weights_before_any_update(tmp_path: Path) -> None:
    start = even(init="zeros", model__dropout=0.0)
    (member,) = train([start], tmp_path)
    # All logits are 0: the loss of guessing among ten, to float32.
    assert steps(member)["train_loss"][0] == pytest.approx(np.log(10), rel=2**-22)


@pytest.mark.slow
def test_of_a_longer_run_the_first_hundred(tmp_path: Path) -> None:
    base = even(trainer__epochs=30, logger__every_n_steps=7)  # 4 steps an epoch
    (long,) = train([base], tmp_path / "long")
    (chunked,) = train([vary(base, trainer__chunk_steps=3)], tmp_path / "chunked")
    (short,) = train([vary(base, trainer__epochs=2)], tmp_path / "short")
    assert len(steps(long)["train_loss"]) == STEPS
    assert steps(chunked) == steps(long)
    assert all(steps(long)[name][:8] == steps(short)[name] for name in steps(short))


def test_cut_where_a_member_diverged(tmp_path: Path) -> None:
    bad = even(optimizer="sgd", optimizer__lr=1e30, model__dropout=0.0)
    good = even(optimizer="sgd", seed=1)
    both = train([bad, good], tmp_path / "both")
    (alone,) = train([bad], tmp_path / "alone")
    assert both[0].status == "diverged"
    assert len(steps(both[0])["train_loss"]) == both[0].record["step"]
    assert steps(both[0]) == steps(alone)
    assert np.isfinite(steps(both[0])["train_loss"]).all()
    assert len(steps(both[1])["train_loss"]) == 4


def test_no_steps_were_made(tmp_path: Path) -> None:
    (member,) = train([even(trainer__epochs=0)], tmp_path)
    assert steps(member) == {"train_loss": [], "train_accuracy": []}


@pytest.mark.slow
def test_a_run_that_goes_on_has_its_first_steps(tmp_path: Path) -> None:
    base = even(trainer__epochs=2)
    train([vary(base, trainer__checkpoint=True)], tmp_path / "first")
    (path,) = (tmp_path / "first").rglob("*.ckpt")
    on = vary(base, trainer__epochs=4, trainer__ckpt_path=str(path))
    (resumed,) = train([on], tmp_path / "on")
    (whole,) = train([vary(base, trainer__epochs=4)], tmp_path / "whole")
    assert len(steps(whole)["train_loss"]) == 16
    assert same_numbers(resumed, whole)


def test_state_is_plain_and_whole() -> None:
    kept = FirstSteps(2)
    kept.trained(0, np.arange(8.0).reshape(2, 2, 2))
    other = FirstSteps(2)
    other.restore(kept.state())
    assert [other.of(k, None) for k in range(2)] == [kept.of(k, None) for k in range(2)]
    assert kept.of(1, 1) == {"train_loss": [1.0], "train_accuracy": [5.0]}
    empty = FirstSteps(3)
    empty.restore(FirstSteps(3).state())
    empty.trained(0, np.ones((2, 4, 3)))
    assert empty.of(2, None) == {"train_loss": [1.0] * 4, "train_accuracy": [1.0] * 4}
