"""Members seen together, as on a GPU, against members seen in turn; and the room they take."""

import math
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
import torch
from torch import Tensor

from src import capacity
from src.assembly import build_model
from src.capacity import Shape, member_bytes, process_bytes
from src.config import Config
from src.diagnostics import observe, room
from src.diagnostics.observe import parameters
from src.diagnostics.observer import Observer
from src.diagnostics.records import Record
from src.model import StackedMLP
from src.schema.diagnostics import Tier
from src.stacks import splits_of
from tests.looking import mixed, watched
from tests.training import even, option, vary


def seen(configs: list[Config], alive: list[bool]) -> list[list[Record]]:
    splits = splits_of(configs[0])
    model = build_model(configs, splits)
    observer = Observer([replace(c, diagnostics=option("diagnostics", "light")) for c in configs])
    before = parameters(model)
    for k, weight in enumerate(model.weights):
        weight.data += 0.01 * torch.arange(float(len(model)))[:, None, None] + k
    update = observer.update(before, model, 0, alive)
    return [
        one.rows + other
        for one, other in zip(observer.look(model, 0, splits.train, alive), update, strict=True)
    ]


@pytest.mark.parametrize("count", [1, 3, 100])
def test_together_against_in_turn(
    monkeypatch: pytest.MonkeyPatch, count: int, caplog: pytest.LogCaptureFixture
) -> None:
    members = [config for k, config in enumerate(mixed(even())) if k not in (4, 5)]
    residual = even(model__residual=True, model__hidden=[16] * 5)
    alive = [True, True, False, True, True, True]
    for configs in (members, [vary(residual, seed=k, init="he") for k in range(6)]):
        apart = seen(configs, alive)
        with monkeypatch.context() as patch:
            patch.setattr(observe, "_in_turn", observe._together)
            patch.setattr(observe, "at_once", lambda *_: count)
            together = seen(configs, alive)
        assert [bool(rows) for rows in together] == alive
        for one, two in zip(apart, together, strict=True):
            assert [row[:3] for row in one] == [row[:3] for row in two]
            for row, other in zip(one, two, strict=True):
                # Float32 sums of at most 32 terms in another order, over 6 layers and back.
                close = math.isclose(row.value, other.value, rel_tol=12 * 32 * 2**-23, abs_tol=1e-5)
                assert close or row.probe == "feature_cosine", (row, other)
    assert not caplog.records


class Faulty(torch.autograd.Function):
    """Goes forward as the identity, and raises on its way back."""

    @staticmethod
    def forward(ctx: Any, x: Tensor) -> Tensor:
        return x.clone()

    @staticmethod
    def backward(ctx: Any, d: Tensor) -> Tensor:
        raise ZeroDivisionError("planted")


@pytest.mark.parametrize("count", [2, 100])
def test_a_members_fault_is_its_own(
    monkeypatch: pytest.MonkeyPatch, count: int, caplog: pytest.LogCaptureFixture
) -> None:
    """Together with its neighbours, who have all the rows that they have without it."""
    configs = [vary(watched(even(), "light"), seed=k) for k in range(5)]
    splits = splits_of(configs[0])
    sound = build_model(configs, splits)
    activations = list(sound.activations)
    activations[1] = Faulty.apply
    faulty = StackedMLP([sound.member(k) for k in range(5)], activations)
    expected = Observer(configs).look(sound, 0, splits.train, [True] * 5, True)
    with monkeypatch.context() as patch:
        patch.setattr(observe, "_in_turn", observe._together)
        patch.setattr(observe, "at_once", lambda *_: count)
        found = Observer(configs).look(faulty, 0, splits.train, [True] * 5, True)
    for k, (one, other) in enumerate(zip(found, expected, strict=True)):
        probes = {row.probe for row in one.rows}
        if k == 1:
            assert {"preactivation_std", "distinct_units", "loss"} <= probes
            assert not probes & {"gradient_norm", "dead_fraction", "distinct_gradients"}
        else:
            assert [row[:3] for row in one.rows] == [row[:3] for row in other.rows]
            assert one.histograms.keys() == other.histograms.keys() != set()
    said = [record.getMessage() for record in caplog.records]
    assert len(said) == len(set(said)) > 0
    assert all("ZeroDivisionError: planted" in line for line in said)


def held_bytes(work: Callable[[], Any]) -> int:
    """The peak of what torch has allocated on the CPU during `work`, beyond what there was."""
    with torch.profiler.profile(
        activities=[torch.profiler.ProfilerActivity.CPU], profile_memory=True
    ) as profile:
        work()
    held = least = peak = 0
    for event in profile.profiler.kineto_results.events():
        if event.name() == "[memory]":
            held += event.nbytes()
            least = min(least, held)  # what was freed that there was before
            peak = max(peak, held - least)
    return peak


@pytest.mark.parametrize("hidden", [[300, 200], [64, 64, 64, 64]])
@pytest.mark.parametrize("samples", [16, 128])
@pytest.mark.parametrize("tier", [Tier.light, Tier.full])
def test_room_of_a_look_against_what_is_allocated(
    monkeypatch: pytest.MonkeyPatch, hidden: list[int], samples: int, tier: Tier
) -> None:
    """Not less, and in light at most three times as much, whatever the activation keeps."""
    monkeypatch.setattr(observe, "_in_turn", observe._together)  # torch counts for this thread
    base = even(data__features=200, data__train_size=160, model__hidden=hidden)
    for name in ("relu", "gelu", "mish"):
        config = watched(vary(base, activation=name), tier.value, samples=samples)
        splits = splits_of(config)
        model = build_model([config], splits)
        observer = Observer([config])
        observer.look(model, 0, splits.train, [True])
        peak = held_bytes(lambda: observer.look(model, 0, splits.train, [True]))  # noqa: B023
        room_for_it = room.snapshot_bytes([200, *hidden, 10], samples, tier)
        assert peak <= room_for_it, (name, peak, room_for_it)
        assert tier is Tier.full or peak >= room_for_it / 3


def test_capacity_knows_of_what_is_looked_at(monkeypatch: pytest.MonkeyPatch) -> None:
    shape = Shape(20, 10)
    off, light = (watched(even(model__hidden=[8, 6]), tier) for tier in ("off", "light"))
    weights = 21 * 8 + 9 * 6 + 7 * 10
    assert member_bytes(light, shape) - member_bytes(off, shape) == 4 * weights
    seen = room.snapshot_bytes([20, 8, 6, 10], 64, Tier.light)  # of 128 samples there are 64
    assert process_bytes(light, shape) - process_bytes(off, shape) == seen
    monkeypatch.setattr(capacity, "on_gpu", lambda _: True)
    assert (process_bytes(off, shape), process_bytes(light, shape)) == (0, int(room.AT_ONCE))


def test_as_many_members_at_once_as_there_is_room_for() -> None:
    config = even(model__hidden=[32, 16])
    model = build_model([config], splits_of(config))
    each = room.snapshot_bytes([32, 32, 16, 10], 64)
    count = room.at_once(model, 64)
    assert count * each <= room.AT_ONCE < (count + 1) * each
    assert room.at_once(model, 10**9) == 1
