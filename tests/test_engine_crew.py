"""Forked processes: what they compute, how they fail, and that none of them is left behind."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
import torch

from src.engine import cpu
from src.engine.cpu import CpuEngine
from src.engine.crew import Crew, can_fork
from src.engine.shared import shared_zeros
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


def test_a_killed_parent_leaves_no_process(project: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", _ORPHANS], capture_output=True, text=True, cwd=project
    )
    child, deadline = Path("/proc") / done.stdout.strip(), time.monotonic() + 20
    assert done.returncode == -signal.SIGKILL
    while child.exists() and time.monotonic() < deadline:
        time.sleep(0.1)
    assert not child.exists()


MIXTURE = [("relu", "adam"), ("tanh", "momentum"), ("gelu", "nadam"), ("relu", "rmsprop")]


def test_processes_against_threads(monkeypatch: pytest.MonkeyPatch) -> None:
    """The same members to the bit; the optimizers here hold the state that the processes made."""
    mixture = [recipe(*names, 0.2, k, k % 2) for k, names in enumerate(MIXTURE)]
    engines = []
    for forked in (True, False):
        monkeypatch.setattr(cpu, "can_fork", lambda forked=forked: forked)
        engine = CpuEngine(stack(mixture, range(4)), mixture)
        engine.cores = 2
        told = [engine.run(rows(), start, examples_, [True] * 4) for start in (0, 5)]
        assert (engine._crew is not None) is forked
        engines.append((engine, told))
        engine.close()
    (one, told), (other, told_other) = engines
    for seen, expected in zip(told, told_other, strict=True):
        assert torch.equal(seen[0], expected[0])
        assert torch.equal(seen[1], expected[1])
    for mine, theirs in zip(one.optimizers, other.optimizers, strict=True):
        assert torch.equal(mine.param_groups[0]["params"][0], theirs.param_groups[0]["params"][0])
        state, expected_state = (o.state_dict()["state"][0] for o in (mine, theirs))
        assert state.keys() == expected_state.keys()
        for key, value in state.items():
            assert torch.equal(value, expected_state[key]), key


examples_ = examples()


def test_new_examples_reach_the_processes() -> None:
    mixture = [recipe("relu", "sgd", 0.0, k, k % 2) for k in range(4)]
    engine = CpuEngine(stack(mixture, range(4)), mixture)
    engine.cores = 2
    engine.run(rows(), 0, examples_, [True] * 4)
    other = examples()
    other.images.fill_(255)
    losses, _ = engine.run(rows(), 0, other, [True] * 4)
    again, _ = engine.run(rows(), 0, examples_, [True] * 4)
    engine.close()
    assert not torch.equal(losses, again)
    assert losses[0].isfinite().all()


def test_an_engine_that_is_closed_goes_on_where_it_stood() -> None:
    mixture = [recipe("relu", "adam", 0.2, k, k % 2) for k in range(4)]
    one, other = (CpuEngine(stack(mixture, range(4)), mixture) for _ in range(2))
    for engine in (one, other):
        engine.cores = 2
        engine.run(rows(), 0, examples_, [True] * 4)
    one.close()
    ended, uninterrupted = (e.run(rows(), 5, examples_, [True] * 4)[0] for e in (one, other))
    one.close()
    other.close()
    assert torch.equal(ended, uninterrupted)
