"""`python -m src.bench.measured FILE ARGUMENT...` runs `python -m src.train ARGUMENT...` and
writes where its seconds went, and its peak of resident memory.

A thread looks at the main thread's stack a hundred times a second and books the time since it last
looked on the phase that it finds: nothing of the program is changed for being measured.
"""

import importlib.metadata
import json
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from types import FrameType

PERIOD = 0.01  # seconds

# phase -> what tells it: a part of a file's path, or the name of a function after a colon.
# The first that is anywhere on the stack counts, so what is inside of another stands above it.
PHASES: dict[str, Sequence[str]] = {
    "imports": ("<frozen importlib",),
    "evaluation": (
        "/src/engine/evaluation.py",
        ":validation_step",
        ":test_step",
        ":evaluator_for",
    ),
    "training": ("/src/engine/",),
    "events, logs, weights, results": ("/src/tracking/",),
    "table": ("/src/report/",),
    "drawing the starts": ("/src/initializers/", ":build_model"),
    "data": ("/src/data/", ":splits_of"),
    "composing": (
        "/hydra/_internal/config_loader_impl.py",
        "/src/composition.py",
        "/src/grafts.py",
        "/src/jobs.py",
    ),
    "opening folders": (
        "/hydra/core/utils.py:run_job",
        "/src/launch.py:_prepare",
        "/src/launch.py:_open",
    ),
    "checking": ("/src/config.py", "/src/schema/", "/src/sweep.py:plan", "/src/stacks.py"),
    "Lightning and the rest of a fit": (
        "/pytorch_lightning/",
        "/lightning_fabric/",
        "/src/fit.py",
        "/src/module.py",
        "/src/members.py",
    ),
    "Hydra, otherwise": ("/hydra/", "/omegaconf/", "/hydra_plugins/", "/src/cli.py"),
}
OTHER = "other"


def phase(frames: Sequence[str]) -> str:
    """frames: file:function of each frame of a stack."""
    for name, signs in PHASES.items():
        if any(sign in frame for frame in frames for sign in signs):
            return name
    return OTHER


class Sampler(threading.Thread):
    """Books the wall and CPU seconds of the thread that makes it."""

    def __init__(self) -> None:
        super().__init__(daemon=True)
        self.wall = dict.fromkeys([*PHASES, OTHER], 0.0)
        self.cpu = dict(self.wall)
        self._watched, self._done = threading.get_ident(), threading.Event()
        self._clock = time.pthread_getcpuclockid(self._watched)
        self._last = time.perf_counter(), time.clock_gettime(self._clock)

    def run(self) -> None:
        while not self._done.wait(PERIOD):
            self._look()

    def stop(self) -> None:
        self._done.set()
        self.join()

    def _look(self) -> None:
        frames = list(_frames(sys._current_frames().get(self._watched)))
        now = time.perf_counter(), time.clock_gettime(self._clock)
        name = phase(frames)
        self.wall[name] += now[0] - self._last[0]
        self.cpu[name] += now[1] - self._last[1]
        self._last = now


def _frames(frame: FrameType | None) -> Iterator[str]:
    while frame is not None:
        yield f"{frame.f_code.co_filename}:{frame.f_code.co_name}"
        frame = frame.f_back


def without(package: str) -> None:
    """Let no library find `package`: torchmetrics imports matplotlib wherever it is installed.

    The benchmark's extra brings it, the program that is measured does without.
    """
    found = importlib.metadata.version

    def version(distribution_name: str) -> str:
        if distribution_name == package:
            raise importlib.metadata.PackageNotFoundError(distribution_name)
        return found(distribution_name)

    importlib.metadata.version = version
    sys.modules[package] = None  # type: ignore[assignment]


def main() -> None:
    path, *arguments = sys.argv[1:]
    sys.argv[1:] = arguments
    without("matplotlib")
    sampler = Sampler()
    sampler.start()
    try:
        from src.train import main as train

        train(arguments)
    finally:
        sampler.stop()
        from src.bench.machine import resident_mb

        found = {"wall": sampler.wall, "cpu": sampler.cpu, "peak_mb": resident_mb(peak=True)}
        Path(path).write_text(json.dumps(found))


if __name__ == "__main__":
    main()
