"""Ways of doing the same work take turns, round by round, so that the machine's noise is shared.

Each way lives in a process of its own, built and warmed up before the first round: threads,
allocators and compilers of one cannot touch another. What is timed is one piece of work, from the
word to begin to the word that all is done.
"""

import math
import os
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from multiprocessing import get_context
from multiprocessing.connection import Connection
from typing import Any, Protocol

LEARNED = 0.8  # what the loss must have fallen to, of what it was, for a timing to count


class Way(Protocol):
    """Made warm. `first_loss` is that of the untrained network, None where nothing learns."""

    first_loss: float | None
    member_epochs: float  # in one piece of work

    def run(self) -> float:
        """One piece of work; the loss at its end."""
        ...


Make = Callable[[], Way]


class Worker:
    """A way in a process of its own, bound to one core where `core` is given."""

    def __init__(
        self, make: Make, core: int | None = None, environment: Mapping[str, str] | None = None
    ) -> None:
        context = get_context("spawn")
        self._pipe, theirs = context.Pipe()
        arguments = (theirs, make, core, dict(environment or {}))
        # Not a daemon: Python lets those have no processes, and a stack trains on several.
        self._process = context.Process(target=_serve, args=arguments)
        self._process.start()
        theirs.close()

    def ready(self) -> tuple[float | None, float]:
        """first_loss and member_epochs, once the way is warm."""
        answer: tuple[float | None, float] = self._answer()
        return answer

    def begin(self) -> None:
        self._pipe.send(True)

    def end(self) -> float:
        return float(self._answer())

    def close(self) -> None:
        self._process.terminate()
        self._process.join()

    def _answer(self) -> Any:
        try:
            return self._pipe.recv()
        except EOFError:
            raise RuntimeError("a way ended before it was measured; its trace is above") from None


def _serve(
    pipe: "Connection[object, object]", make: Make, core: int | None, environment: dict[str, str]
) -> None:
    # Before the way's libraries are imported, which read both as they start.
    os.environ.update(environment)
    if core is not None:
        os.sched_setaffinity(0, {core})
    way = make()
    pipe.send((way.first_loss, way.member_epochs))
    with suppress(EOFError):  # the other end is closed, or its process gone
        while pipe.recv():
            pipe.send(way.run())


Entrants = Mapping[str, Sequence[Worker]]  # several workers of one way work side by side


def take_turns(entrants: Entrants, rounds: int) -> dict[str, list[float]]:
    """Wall seconds per member-epoch of each way, by round. The workers are closed at the end.

    RuntimeError where a way has not learned by its last round.
    """
    try:
        ready = {name: [worker.ready() for worker in workers] for name, workers in entrants.items()}
        seconds: dict[str, list[float]] = {name: [] for name in entrants}
        losses: dict[str, list[float]] = {}
        for _ in range(rounds):
            for name, workers in entrants.items():
                elapsed, losses[name] = _piece(workers)
                seconds[name].append(elapsed / sum(done for _, done in ready[name]))
    finally:
        for workers in entrants.values():
            for worker in workers:
                worker.close()
    for name, found in ready.items():
        for (first, _), last in zip(found, losses[name], strict=True):
            if first is not None and not learned(first, last):
                raise RuntimeError(f"{name}: did not learn (loss {first:.3f} to {last:.3f})")
    return seconds


def learned(first: float, last: float) -> bool:
    return math.isfinite(first) and last < LEARNED * first


def _piece(workers: Sequence[Worker]) -> tuple[float, list[float]]:
    started = time.perf_counter()
    for worker in workers:
        worker.begin()
    losses = [worker.end() for worker in workers]
    return time.perf_counter() - started, losses
