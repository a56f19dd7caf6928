"""Ways take turns in processes of their own, and none is timed that does not learn."""

import os
import time
from functools import partial
from pathlib import Path

import pytest

from src.bench.turns import Worker, learned, take_turns


class Noted:
    """Writes its name at each turn, and takes as long as it is told."""

    member_epochs = 2.0

    def __init__(self, name: str, log: Path, seconds: float = 0.0, last: float = 0.1) -> None:
        self.first_loss: float | None = 1.0
        self.name, self.log, self.seconds, self.last = name, log, seconds, last

    def run(self) -> float:
        with self.log.open("a") as log:
            log.write(self.name)
        time.sleep(self.seconds)
        return self.last


class Told:
    """Its losses tell what its process was given."""

    member_epochs = 1.0

    def __init__(self) -> None:
        self.first_loss: float | None = float(os.environ["BENCH_TEST"])

    def run(self) -> float:
        return float(next(iter(os.sched_getaffinity(0))) + 100 * len(os.sched_getaffinity(0)))


def broken() -> Told:
    raise SystemExit


@pytest.mark.slow
def test_turns_are_taken_round_by_round(tmp_path: Path) -> None:
    log = tmp_path / "log"
    workers = {name: [Worker(partial(Noted, name, log))] for name in "abc"}
    seconds = take_turns(workers, 3)
    assert log.read_text() == "abcabcabc"
    assert {name: len(found) for name, found in seconds.items()} == {"a": 3, "b": 3, "c": 3}


@pytest.mark.slow
def test_side_by_side_is_counted_together(tmp_path: Path) -> None:
    log = tmp_path / "log"
    slow = [Worker(partial(Noted, "x", log, seconds=0.4)) for _ in range(2)]
    (seconds,) = take_turns({"packed": slow}, 1)["packed"]
    # Two workers of two member-epochs each, in the time of one.
    assert 0.4 / 4 <= seconds < 0.8 / 4


def test_a_worker_has_its_core_and_environment() -> None:
    core = max(os.sched_getaffinity(0))
    worker = Worker(Told, core, {"BENCH_TEST": "7"})
    assert worker.ready() == (7.0, 1.0)
    worker.begin()
    assert worker.end() == 100 + core
    worker.close()
    assert "BENCH_TEST" not in os.environ


def test_what_does_not_learn_is_refused(tmp_path: Path) -> None:
    lazy = Worker(partial(Noted, "x", tmp_path / "log", last=0.95))
    with pytest.raises(RuntimeError, match=r"lazy: did not learn \(loss 1.000 to 0.950\)"):
        take_turns({"lazy": [lazy]}, 1)


@pytest.mark.parametrize("last", [float("nan"), float("inf"), 0.81])
def test_not_learned(last: float) -> None:
    assert not learned(1.0, last)
    assert not learned(float("nan"), 0.1)
    assert learned(1.0, 0.79)


def test_a_way_that_ends_early_is_told() -> None:
    with pytest.raises(RuntimeError, match="ended before it was measured"):
        take_turns({"broken": [Worker(broken)]}, 1)
