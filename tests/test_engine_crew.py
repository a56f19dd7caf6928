"""Forked processes: what they compute, how they fail, and that none of them is left behind."""

import os
import signal
import subprocess
import sys
import time
from dataclasses import replace
from multiprocessing.resource_sharer import _resource_sharer  # type: ignore[attr-defined]
from pathlib import Path

import pytest
import torch
from torch import Tensor

from src.engine import cpu
from src.engine.cpu import CpuEngine
from src.engine.crew import Crew, can_fork
from src.engine.protocol import Recipe
from src.engine.shared import shared_zeros
from src.schedules import Schedule
from tests.test_engine_cpu import examples, recipe, rows, stack

pytestmark = pytest.mark.skipif(not can_fork(), reason="only where processes are forked")


def test_results_in_the_order_of_the_tasks_and_memory_shared() -> None:
    written = shared_zeros(7, 3)

    def work(task: int) -> tuple[int, int]:
        written[task] = task
        return task * task, os.getpid()

    crew = Crew(work, 2)
    answers = crew.map(range(7))
    crew.close()
    assert [square for square, _ in answers] == [k * k for k in range(7)]
    assert os.getpid() not in {process for _, process in answers}
    assert torch.equal(written, torch.arange(7.0).view(7, 1).expand(7, 3))


def test_what_a_task_raises_is_raised_here() -> None:
    def work(task: int) -> int:
        if task == 2:
            raise ValueError("not two")
        return task

    crew = Crew(work, 2)
    with pytest.raises(ValueError, match="not two"):
        crew.map(range(4))
    crew.close()


def test_a_killed_process_is_told() -> None:
    crew = Crew(lambda task: os.kill(os.getpid(), signal.SIGKILL), 1)
    with pytest.raises(RuntimeError, match=r"training process died \(exit code -9\)"):
        crew.map([0])
    crew.close()


def test_an_interrupt_of_the_group_leaves_the_decision_to_the_parent() -> None:
    def work(task: int) -> int:
        for number in (signal.SIGINT, signal.SIGTERM):
            os.kill(os.getpid(), number)
        return task

    crew = Crew(work, 1)
    assert crew.map([5]) == [5]
    crew.close()


_ORPHANS = """
import os, signal
from src.engine.crew import Crew
crew = Crew(lambda task: os.getpid(), 1)
print(crew.map([0])[0], flush=True)
os.kill(os.getpid(), signal.SIGKILL)
"""


@pytest.mark.slow
def test_a_killed_parent_leaves_no_process(project: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", _ORPHANS], capture_output=True, text=True, cwd=project
    )
    status, deadline = Path("/proc") / done.stdout.strip() / "stat", time.monotonic() + 20
    assert done.returncode == -signal.SIGKILL
    while (there := runs(status)) and time.monotonic() < deadline:
        time.sleep(0.1)
    assert not there


def runs(status: Path) -> bool:
    """Not as a zombie either, which waits for a parent that may never ask."""
    return status.exists() and ") Z " not in status.read_text()


@pytest.mark.parametrize("trouble", ["in the process", "on the way"])
def test_an_exception_that_pickle_cannot_carry(trouble: str) -> None:
    class Odd(Exception):
        def __init__(self, one: int, two: int) -> None:
            super().__init__(f"{one} and {two}")

    def work(task: int) -> int:
        raise Odd(task, 2) if trouble == "in the process" else Unreadable(task, 2)

    crew = Crew(work, 1)
    with pytest.raises(RuntimeError, match="1 and 2"):
        crew.map([1])
    crew.close()


class Unreadable(Exception):
    """Pickled without its arguments, as Python does by default."""

    def __init__(self, one: int, two: int) -> None:
        super().__init__(f"{one} and {two}")


# Sorted into four blocks: orders 0 and 1, dropout seeds 0 to 3.
EXAMPLES = examples()
CHUNKS = [rows(), rows()[:3], rows()[:1, :, :4]]  # a last batch that is not full


def mixture() -> list[Recipe]:
    cosine = Schedule("cosine", {"final": 0.0}, warmup_steps=2, run_steps=9)
    members = [
        recipe("relu", "adam", 0.2, 0, 0),
        replace(recipe("tanh", "momentum", 0.2, 1, 1), schedule=cosine, clip_norm=0.1),
        recipe("gelu", "nadam", 0.5, 2, 0),
        replace(recipe("relu", "rmsprop", 0.0, 3, 1), label_smoothing=0.1),
        recipe("identity", "sgd", 0.0, 3, 1),  # diverges in its first steps
    ]
    members[4].optimizer.hyperparameters["lr"] = 1e30
    return members


ALIVE = [True, True, True, False, True]  # one has never been


def engine(forked: bool, monkeypatch: pytest.MonkeyPatch) -> CpuEngine:
    monkeypatch.setattr(cpu, "can_fork", lambda: forked)
    made = CpuEngine(stack(mixture(), range(5)), mixture())
    made.cores = 2
    return made


def run(each: CpuEngine, chunks: list[Tensor], first: int = 0) -> list[Tensor]:
    alive, told = list(ALIVE), []
    for chunk in chunks:
        losses, hits = each.run(chunk, first, EXAMPLES, alive)
        first += len(chunk)
        finite = losses.isfinite().all(dim=0)
        alive = [now and bool(good) for now, good in zip(alive, finite, strict=True)]
        told += [losses.nan_to_num(-1.0), torch.where(losses.isfinite(), hits, 0.0)]
    return told


def assert_same(one: CpuEngine, other: CpuEngine) -> None:
    """Parameters and the state of the optimizers, to the bit."""
    for mine, theirs in zip(one.optimizers, other.optimizers, strict=True):
        assert torch.equal(mine.param_groups[0]["params"][0], theirs.param_groups[0]["params"][0])
        state, expected = (each.state_dict()["state"] for each in (mine, theirs))
        assert state.keys() == expected.keys()
        for key, value in (state[0] if state else {}).items():
            assert torch.equal(value, expected[0][key]), key


def test_processes_against_threads(monkeypatch: pytest.MonkeyPatch) -> None:
    """To the bit; the optimizers of this process hold the state that the others made."""
    forked, threaded = engine(True, monkeypatch), engine(False, monkeypatch)
    monkeypatch.setattr(cpu, "can_fork", lambda: True)
    told = run(forked, CHUNKS)
    monkeypatch.setattr(cpu, "can_fork", lambda: False)
    expected = run(threaded, CHUNKS)
    assert forked._crew is not None
    assert threaded._crew is None
    assert all(torch.equal(*pair) for pair in zip(told, expected, strict=True))
    assert (told[0][:, 4] == -1).any()
    assert_same(forked, threaded)
    forked.close()


def test_no_thread_and_no_file_is_left_by_what_is_sent(monkeypatch: pytest.MonkeyPatch) -> None:
    """Tensors would go through torch's own sockets and files."""
    forked = engine(True, monkeypatch)
    run(forked, CHUNKS[:1])
    before = len(os.listdir("/proc/self/fd"))
    run(forked, CHUNKS[1:], 5)
    assert len(os.listdir("/proc/self/fd")) == before
    assert _resource_sharer._listener is None
    forked.close()


@pytest.mark.slow
def test_new_examples_reach_the_processes(monkeypatch: pytest.MonkeyPatch) -> None:
    other = examples()
    other.images.fill_(255)
    told = []
    for forks in (True, False):
        each = engine(forks, monkeypatch)
        shown = (EXAMPLES, other, EXAMPLES)
        told.append([each.run(rows(), 5 * k, seen, ALIVE)[0] for k, seen in enumerate(shown)])
        each.close()
    for found, expected in zip(*told, strict=True):
        assert torch.equal(found.nan_to_num(-1.0), expected.nan_to_num(-1.0))


@pytest.mark.slow
def test_loaded_state_reaches_the_processes(monkeypatch: pytest.MonkeyPatch) -> None:
    told = []
    for forks in (True, False):
        each = engine(forks, monkeypatch)
        run(each, CHUNKS[:1])
        for optimizer in each.optimizers:
            saved = optimizer.state_dict()
            for value in (saved["state"][0] if saved["state"] else {}).values():
                value.mul_(0.5) if value.dim() else None
            optimizer.load_state_dict(saved)
        told.append(run(each, CHUNKS[1:], 5))
        each.close()
    assert all(torch.equal(*pair) for pair in zip(*told, strict=True))


@pytest.mark.slow
def test_a_failure_leaves_no_stale_answers(monkeypatch: pytest.MonkeyPatch) -> None:
    """After a task has raised, the next run is that of an engine which never failed."""
    forked, calm = engine(True, monkeypatch), engine(True, monkeypatch)
    run(forked, CHUNKS[:1])
    run(calm, CHUNKS[:1])
    with pytest.raises(IndexError):
        forked.run(rows() + 1000, 5, EXAMPLES, ALIVE)
    assert forked._crew is None
    calm.close()  # the others may have made steps before the failure
    assert all(loss.isfinite().all() for loss in run(forked, CHUNKS[1:], 5))
    forked.close()


@pytest.mark.slow
def test_an_engine_that_is_closed_goes_on_where_it_stood(monkeypatch: pytest.MonkeyPatch) -> None:
    one, other = engine(True, monkeypatch), engine(True, monkeypatch)
    for each in (one, other):
        run(each, CHUNKS[:1])
    one.close()
    ended, uninterrupted = (run(each, CHUNKS[1:], 5) for each in (one, other))
    assert all(torch.equal(*pair) for pair in zip(ended, uninterrupted, strict=True))
    assert_same(one, other)
    one.close()
    other.close()
