"""Being looked at on a GPU, between graphs: no bit of the training is changed there either."""

from pathlib import Path
from typing import Any

import pytest
import torch

from src.assembly import build_model
from src.config import Config
from src.diagnostics.observer import Observer
from src.diagnostics.room import at_once, snapshot_bytes
from src.stacks import splits_of
from tests.looking import mixed, records, steps, watched
from tests.training import even, same_numbers, train, vary

pytestmark = pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA GPU was found")


def on_a_gpu(**changes: Any) -> Config:
    return vary(even(), trainer="gpu", **{"trainer__epochs": 3, **changes})


@pytest.mark.parametrize("precision", ["32-true", "tf32", "bf16-mixed"])
@pytest.mark.parametrize("chunk_steps", [1, 48])
def test_off_against_full(
    tmp_path: Path, precision: str, chunk_steps: int, caplog: pytest.LogCaptureFixture
) -> None:
    base = on_a_gpu(trainer__precision=precision, trainer__chunk_steps=chunk_steps)
    plain = train([watched(config, "off") for config in mixed(base)], tmp_path / "off")
    full = [watched(config, "full", every_n_steps=3) for config in mixed(base)]
    looked_at = train(full, tmp_path / "full")
    for k, (one, other) in enumerate(zip(plain, looked_at, strict=True)):
        assert same_numbers(one, other), k
    assert steps(looked_at[0]) == [0, 1, 2, 3, 4, 5, 6, 8, 9, 10, 12]
    assert not caplog.records


def test_records_against_those_of_the_cpu(tmp_path: Path) -> None:
    """At the start: of the same weights, in float32 on both."""
    members = [vary(even(trainer__epochs=0), seed=k, activation="tanh") for k in range(3)]
    gpu = [vary(config, trainer="gpu", trainer__epochs=0) for config in members]
    for one, two in zip(
        train(gpu, tmp_path / "gpu"), train(members, tmp_path / "cpu"), strict=True
    ):
        assert [row[:3] for row in records(one)] == [row[:3] for row in records(two)]
        for row, other in zip(records(one), records(two), strict=True):
            assert row.value == pytest.approx(other.value, rel=1e-3, abs=1e-5), row


def test_a_look_stays_in_its_room() -> None:
    config = watched(on_a_gpu(model__hidden=[256, 128], data__features=784), "light")
    splits = splits_of(config)
    members = [vary(config, seed=k) for k in range(96)]
    model = build_model(members, splits).cuda()
    data = splits.to(torch.device("cuda")).train
    observer = Observer(members)
    observer.look(model, 0, data, [True] * 96)
    torch.cuda.synchronize()
    before = torch.cuda.memory_allocated()
    torch.cuda.reset_peak_memory_stats()
    assert all(look.rows for look in observer.look(model, 1, data, [True] * 96))
    room = at_once(model, 64) * snapshot_bytes([784, 256, 128, 10], 64)
    assert torch.cuda.max_memory_allocated() - before <= room
