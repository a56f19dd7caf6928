"""Processes that share the memory of the one that forked them, one a core.

Threads would do but for Python's interpreter lock: a step is some thirty short calls into torch,
and two threads that hand the lock to and fro take 1.3 times as long as two processes.
"""

import multiprocessing
import os
import signal
import sys
import warnings
from collections.abc import Callable, Sequence
from multiprocessing.connection import Connection, wait
from typing import Any, cast

import torch

Work = Callable[[Any], Any]

# How long an idle process waits before it looks whether its parent is still there.
_LOOK_SECONDS = 2.0


def can_fork() -> bool:
    """Only where a fork of a process with threads is known to be sound, and Python allows it."""
    return sys.platform == "linux" and not multiprocessing.current_process().daemon


class Crew:
    """Runs work(task) in processes forked here and now: they see all memory as it is at present.

    A task and what is made of it travel pickled; large results are written to shared memory.
    """

    def __init__(self, work: Work, processes: int) -> None:
        context = multiprocessing.get_context("fork")
        self._ends: list[Connection] = []
        self._processes: list[Any] = []
        for _ in range(processes):
            here, there = context.Pipe()
            process = context.Process(target=_serve, args=(work, there, os.getpid()), daemon=True)
            with warnings.catch_warnings():
                # Python 3.12 and later warn of locks that other threads may hold. The processes
                # only compute: no printing, no logging, one thread.
                warnings.simplefilter("ignore", DeprecationWarning)
                process.start()
            there.close()
            self._ends.append(here)
            self._processes.append(process)

    def map(self, tasks: Sequence[Any]) -> list[Any]:
        """The results in the order of the tasks; each process takes the next as it is free.

        What a task raises is raised here. RuntimeError where a process has died.
        """
        results: dict[int, Any] = {}
        waiting = iter(enumerate(tasks))
        busy: dict[Connection, int] = {}
        for end in self._ends:
            _hand_next(end, waiting, busy)
        while busy:
            for ready in wait(list(busy)):
                end = cast(Connection, ready)
                results[busy.pop(end)] = self._received(end)
                _hand_next(end, waiting, busy)
        return [results[position] for position in range(len(tasks))]

    def _received(self, end: Connection) -> Any:
        try:
            result, error = end.recv()
        except (EOFError, ConnectionResetError):
            process = self._processes[self._ends.index(end)]
            process.join()
            raise RuntimeError(
                f"a training process died (exit code {process.exitcode}); "
                "-9 is what the system gives a process when memory runs out"
            ) from None
        if error is not None:
            raise error
        return result

    def close(self) -> None:
        """End the processes, in the middle of a task as well."""
        for end in self._ends:
            end.close()
        for process in self._processes:
            process.kill()
            process.join()
            process.close()
        self._ends, self._processes = [], []


def _hand_next(end: Connection, waiting: Any, busy: dict[Connection, int]) -> None:
    for position, task in waiting:
        end.send(task)
        busy[end] = position
        return


def _serve(work: Work, end: Connection, parent: int) -> None:
    """Take tasks until the other end is closed or its process is gone."""
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_IGN)  # the parent decides, and closes
    torch.set_num_threads(1)
    while os.getppid() == parent:
        if not end.poll(_LOOK_SECONDS):
            continue
        try:
            task = end.recv()
        except (EOFError, ConnectionResetError):
            return
        end.send(_answer(work, task))


def _answer(work: Work, task: Any) -> tuple[Any, Exception | None]:
    try:
        return work(task), None
    except Exception as error:  # noqa: BLE001 - told to the parent, which raises it
        return None, error
