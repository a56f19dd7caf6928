"""Being looked at changes no bit of a member's training."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch

from src.assembly import build_model
from src.config import Config
from src.diagnostics.observer import Observer
from src.stacks import splits_of
from tests.looking import mixed, records, watched
from tests.own import EXAMPLE, own
from tests.training import Trained, even, option, same_numbers, train, vary


def assert_same(base: Sequence[Config], folder: Path, **changes: Any) -> list[list[Trained]]:
    """Trained with off, light and full: equal to the bit."""
    runs = []
    for name in ("off", "light", "full"):
        configs = [watched(each, name, **(changes if name != "off" else {})) for each in base]
        runs.append(train(configs, folder / name))
    for run in runs[1:]:
        for k, (one, other) in enumerate(zip(runs[0], run, strict=True)):
            assert same_numbers(one, other), k
    assert not any(records(member) for member in runs[0])
    for run in runs[1:]:
        assert all(records(member) for member in run)
    return runs


@pytest.mark.parametrize(
    "changes",
    [
        {"trainer__chunk_steps": 1},
        {"trainer__chunk_steps": 48},
        # An epoch of 6 full batches and one of 4 examples.
        {"trainer__chunk_steps": 4, "data__train_size": 100},
        pytest.param(
            {"trainer__chunk_steps": 5, "logger": "tensorboard", "logger__every_n_steps": 3},
            marks=pytest.mark.slow,
        ),
    ],
    ids=str,
)
@pytest.mark.slow
def test_members_of_all_kinds(
    tmp_path: Path, changes: dict[str, Any], caplog: pytest.LogCaptureFixture
) -> None:
    base = even(**{"trainer__epochs": 2, **changes})
    runs = assert_same(mixed(base), tmp_path, every_n_steps=3)
    assert [member.status == "diverged" for member in runs[0]] == [k in (2, 5) for k in range(8)]
    assert not caplog.records  # no probe has failed


@pytest.mark.slow
def test_own_pieces(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(EXAMPLE))
    base = own()
    assert_same([base, replace(base, seed=1)], tmp_path)


@pytest.mark.slow
def test_residual_networks(tmp_path: Path) -> None:
    base = even(model__residual=True, model__hidden=[16] * 5, trainer__epochs=2)
    members = [vary(base, init="he"), vary(base, init="fixup", activation="relu", seed=1)]
    assert_same(members, tmp_path)


@pytest.mark.slow
def test_the_reference_engine(tmp_path: Path) -> None:
    """In bfloat16: what is looked at are the float32 weights."""
    assert_same(mixed(even(trainer__precision="bf16-mixed", trainer__epochs=2)), tmp_path)


@pytest.mark.slow
def test_stacks_of_several_processes(tmp_path: Path) -> None:
    """Data orders apart make blocks apart, which train in processes forked after autograd ran."""
    base = even(trainer__epochs=3)
    members = [vary(base, seed=k, data__order_seed=k, optimizer="adam") for k in range(4)]
    before = torch.get_num_threads()
    torch.set_num_threads(2)
    try:
        assert_same(members, tmp_path, early_steps=[0, 1, 3, 6])
    finally:
        torch.set_num_threads(before)


@pytest.mark.slow
def test_epochs_of_many_steps_have_the_same_means(tmp_path: Path) -> None:
    """Of 50 steps: in one chunk or in nine, a mean is the same sum of float64 numbers."""
    base = even(data__train_size=400, data__batch_size=8, trainer__chunk_steps=64)
    assert_same([base, vary(base, activation="tanh", seed=1)], tmp_path, every_n_steps=7)


def test_no_generator_and_no_gradient_is_touched() -> None:
    configs = mixed(even())
    model, data = build_model(configs, splits_of(configs[0])), splits_of(configs[0]).train
    observer = Observer(
        [replace(config, diagnostics=option("diagnostics", "full")) for config in configs]
    )
    torch.manual_seed(3)
    before = torch.get_rng_state(), [p.detach().clone() for p in model.parameters()]
    with torch.inference_mode():  # as Lightning validates
        looks = observer.look(model, 0, data, [True] * len(configs), pictured=True)
    assert all(look.rows and look.histograms for look in looks)
    assert torch.equal(torch.get_rng_state(), before[0])
    assert all(torch.equal(p, old) for p, old in zip(model.parameters(), before[1], strict=True))
    assert all(p.grad is None for p in model.parameters())
