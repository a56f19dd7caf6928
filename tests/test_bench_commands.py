"""Whole commands: what they took, where it went, and how much memory stays."""

import importlib.metadata
import inspect
import sys
import time

import pytest
import torch

from src.bench import commands
from src.bench.__main__ import palette
from src.bench.gpu import entrants
from src.bench.machine import forget_peak, machine, resident_mb
from src.bench.measured import OTHER, PHASES, Sampler, phase, without
from src.bench.memory import memory, peak_of
from src.bench.safeguards import safeguards
from src.bench.timed import WRITES, Clock
from src.bench.turns import take_turns
from src.ledger.store import Ledger

TINY = (
    *("data=synthetic", "data.features=40", "data.train_size=2000", "data.batch_size=10"),
    *("data.validation_size=30", "data.test_size=30", "model.hidden=[48,24]"),
)


@pytest.mark.parametrize(
    ("frames", "expected"),
    [
        (["/x/src/engine/cpu.py:run", "/x/src/module.py:training_step"], "training"),
        (["/x/src/engine/evaluation.py:__call__", "/x/src/engine/a.py:b"], "evaluation"),
        (["/x/torch/a.py:b", "/x/src/module.py:validation_step"], "evaluation"),
        (["<frozen importlib._bootstrap>:_find_and_load", "/x/src/engine/a.py:b"], "imports"),
        (["/x/src/initializers/draw.py:draw_layers", "/x/src/members.py:a"], "drawing the starts"),
        (["/x/hydra/_internal/config_loader_impl.py:a", "/x/src/sweep.py:plan"], "composing"),
        (["/x/omegaconf/a.py:b", "/x/src/config.py:validated"], "checking"),
        (["/x/hydra/core/utils.py:run_job", "/x/hydra/main.py:a"], "opening folders"),
        (["/x/hydra/main.py:a", "/x/src/train.py:main"], "Hydra, otherwise"),
        (["/x/threading.py:wait"], OTHER),
    ],
)
def test_phases(frames: list[str], expected: str) -> None:
    assert phase(frames) == expected


@pytest.mark.slow
def test_the_sampler_books_wall_time() -> None:
    def validation_step() -> None:
        time.sleep(0.3)

    sampler = Sampler()
    started = time.perf_counter()
    sampler.start()
    time.sleep(0.2)
    validation_step()
    sampler.stop()
    elapsed = time.perf_counter() - started
    seconds = sampler.wall
    assert seconds.keys() == sampler.cpu.keys() == {*PHASES, OTHER}
    # A look every hundredth of a second, and whatever a busy machine adds to it.
    assert seconds["evaluation"] == pytest.approx(0.3, abs=0.1)
    assert sum(seconds.values()) == pytest.approx(elapsed, abs=0.1)
    assert sampler.cpu["evaluation"] < 0.1  # it slept


def test_the_sampler_books_cpu_time() -> None:
    def test_step() -> None:
        until = time.thread_time() + 0.3
        while time.thread_time() < until:
            pass

    sampler = Sampler()
    sampler.start()
    test_step()
    sampler.stop()
    assert sampler.cpu["evaluation"] == pytest.approx(0.3, abs=0.1)


def test_a_package_can_be_kept_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importlib.metadata, "version", importlib.metadata.version)
    monkeypatch.setitem(sys.modules, "hypothesis", None)  # restores what `without` leaves
    without("hypothesis")
    with pytest.raises(importlib.metadata.PackageNotFoundError):
        importlib.metadata.version("hypothesis")
    with pytest.raises(ImportError):
        __import__("hypothesis")
    assert importlib.metadata.version("torch") == torch.__version__.partition("+")[0]


@pytest.mark.slow
def test_a_command_is_measured() -> None:
    found = commands.run(["--help"])
    assert found.cpu > 0
    assert 20 < found.peak_mb < 300
    assert sum(found.phases.values()) == pytest.approx(found.wall)
    assert found.phases["imports"] > 0
    assert found.phases[commands.OUTSIDE] > 0


@pytest.mark.slow
def test_a_command_that_fails_is_told() -> None:
    with pytest.raises(RuntimeError, match="init=nothing: no such option"):
        commands.run(["init=nothing"])


@pytest.mark.slow
def test_the_machine() -> None:
    found = machine()
    assert found["cpu"]
    assert found["cores"] >= 1
    assert found["torch_threads"] == torch.get_num_threads()
    assert (found["gpu"] is None) is not torch.cuda.is_available()


def test_resident_memory() -> None:
    before = resident_mb(peak=False)
    kept = torch.ones(2**26)  # 256 MB
    grown = resident_mb(peak=False) - before
    assert grown == pytest.approx(256, abs=16)
    assert resident_mb(peak=True) >= before + grown
    assert float(kept[-1]) == 1.0


@pytest.mark.slow
def test_the_memory_of_a_stack() -> None:
    peak, before = peak_of(palette(*TINY), 3)
    assert peak >= before > 100  # torch alone takes more


def test_the_peak_is_forgotten() -> None:
    large = torch.ones(2**26)
    assert float(large[-1]) == 1.0
    high = resident_mb(peak=True)
    del large
    forget_peak()
    assert resident_mb(peak=True) < high - 200


@pytest.mark.slow
def test_memory_is_measured_in_a_child() -> None:
    found = memory(palette(*TINY), 1, [1, 4])
    for by_round in found.values():
        assert 100 < by_round["peak_mb"][0] < 3000
        assert -50 < by_round["mb_per_member"][0] < 100


@pytest.mark.slow
def test_a_sweep_is_measured() -> None:
    chosen = palette(*TINY, "trainer.epochs=2")
    found = commands.sweep(chosen, 1, seeds=2, extra=TINY)
    assert found["members"] == 12
    assert found["wall"][0] > found["training"][0] > 0
    assert found["phases"]["training"][0] > 0
    assert found["phases"]["evaluation"][0] > 0
    assert sum(values[0] for values in found["phases"].values()) == pytest.approx(found["wall"][0])


@pytest.mark.slow
def test_a_job_is_measured() -> None:
    found = commands.jobs(1, seeds=10)
    assert found["jobs"] == 60
    assert 0 < found["cpu_per_job"][0] < 2
    assert found["phases"]["composing"][0] > 0


@pytest.mark.slow
def test_the_ways_of_a_gpu_on_a_cpu() -> None:
    seconds = take_turns(entrants(palette(*TINY), "cpu", members=3, steps=100, copied=1000), 4)
    assert all(value > 0 for values in seconds.values() for value in values)


def test_calls_are_timed_and_none_is_booked_twice() -> None:
    class Thing:
        def __init__(self) -> None:
            self.inner()

        def inner(self) -> str:
            time.sleep(0.05)
            return "inner"

        @classmethod
        def made(cls) -> "Thing":
            return cls()

    clock = Clock()
    for name in ("__init__", "inner", "made"):
        clock.timed(Thing, name, "ledger")
    assert Thing.made().inner() == "inner"
    assert clock.seconds["ledger"] == pytest.approx(0.1, abs=0.04)


def test_all_that_changes_a_ledger_is_left_out_without_it() -> None:
    public = {name: call for name, call in vars(Ledger).items() if not name.startswith("_")}
    sources = {name: inspect.getsource(call) for name, call in public.items() if callable(call)}
    changing = {name for name, text in sources.items() if "._set(" in text or "_transact" in text}
    assert changing == set(WRITES)


@pytest.mark.slow
def test_safeguards_are_measured() -> None:
    found = safeguards(1, extra=TINY)
    assert all(value > 0 for by_round in found["wall"].values() for value in by_round)
    assert all(0 < by_round[0] < found["wall"]["with"][0] for by_round in found["inside"].values())
