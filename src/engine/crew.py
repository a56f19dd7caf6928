"""Processes that share the memory of the one that forked them, one a core.

Threads would do but for Python's interpreter lock: a step is some thirty short calls into torch,
and two threads hand the lock to and fro at each of them.
"""

import multiprocessing
import os
import pickle
import signal
import sys
import threading
import time
import traceback
import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from multiprocessing import util
from multiprocessing.connection import Connection, wait
from typing import Any, cast

import torch

Work = Callable[[Any], Any]

# How often a process looks whether its parent is still there, in the middle of a task as well.
_LOOK_SECONDS = 2.0
_SIGNALS = (signal.SIGINT, signal.SIGTERM)


def can_fork() -> bool:
    """Only where a fork of a process with threads is known to be sound, and Python allows it."""
    return sys.platform == "linux" and not multiprocessing.current_process().daemon


class Crew:
    """Runs work(task) in processes forked here and now: they see all memory as it is at present.

    A task and what is made of it travel by plain pickle, so neither should hold torch's tensors:
    torch would send those through files and sockets. After an exception the crew is to be closed.
    """

    def __init__(self, work: Work, processes: int) -> None:
        context = multiprocessing.get_context("fork")
        self._ends: list[Connection] = []
        self._processes: list[Any] = []
        # At the exit of this process, before multiprocessing waits for the crew to end by itself.
        self._closing = util.Finalize(self, _close, (self._ends, self._processes), exitpriority=0)
        try:
            with _forking():
                for _ in range(processes):
                    here, there = context.Pipe()
                    arguments = (work, there, os.getpid())
                    process = context.Process(target=_serve, args=arguments, daemon=True)
                    process.start()
                    there.close()
                    self._ends.append(here)
                    self._processes.append(process)
        except BaseException:
            self.close()
            raise

    def map(self, tasks: Sequence[Any]) -> list[Any]:
        """The results in the order of the tasks; each process takes the next as it is free.

        What a task raises is raised here. RuntimeError where a process has died.
        """
        results: dict[int, Any] = {}
        waiting = iter(enumerate(tasks))
        busy: dict[Connection, int] = {}
        for end in self._ends:
            self._hand_next(end, waiting, busy)
        while busy:
            for ready in wait(list(busy)):
                end = cast(Connection, ready)
                results[busy.pop(end)] = self._received(end)
                self._hand_next(end, waiting, busy)
        return [results[position] for position in range(len(tasks))]

    def _hand_next(
        self, end: Connection, waiting: Iterator[tuple[int, Any]], busy: dict[Connection, int]
    ) -> None:
        for position, task in waiting:
            try:
                end.send_bytes(pickle.dumps(task))
            except OSError:
                raise self._death(end) from None
            busy[end] = position
            return

    def _received(self, end: Connection) -> Any:
        try:
            answer = end.recv_bytes()
        except (EOFError, OSError):
            raise self._death(end) from None
        result, error = pickle.loads(answer)  # noqa: S301 - from a process of our own
        if error is not None:
            raise error
        return result

    def _death(self, end: Connection) -> RuntimeError:
        process = self._processes[self._ends.index(end)]
        process.join()
        return RuntimeError(
            f"a training process died (exit code {process.exitcode}); "
            "-9 is what the system gives a process when memory runs out"
        )

    def close(self) -> None:
        """End the processes, in the middle of a task as well."""
        self._closing()


def _close(ends: list[Connection], processes: list[Any]) -> None:
    """May be interrupted, and called again."""
    for process in processes:
        process.kill()
    while processes:
        processes[-1].join()
        processes.pop().close()
    while ends:
        ends.pop().close()


@contextmanager
def _forking() -> Iterator[None]:
    """No signal reaches a new process before it has said what it does with signals."""
    before = signal.pthread_sigmask(signal.SIG_BLOCK, _SIGNALS)
    try:
        with warnings.catch_warnings():
            # Python 3.12 and later warn of locks that other threads may hold. The processes only
            # compute: no printing, no logging, one thread.
            warnings.simplefilter("ignore", DeprecationWarning)
            yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _serve(work: Work, end: Connection, parent: int) -> None:
    """Take tasks until the other end is closed or its process is gone."""
    for number in _SIGNALS:
        signal.signal(number, signal.SIG_IGN)  # the parent decides, and closes
    signal.pthread_sigmask(signal.SIG_UNBLOCK, _SIGNALS)
    torch.set_num_threads(1)
    threading.Thread(target=_end_with, args=(parent,), daemon=True).start()
    with suppress(EOFError, OSError):
        while True:
            end.send_bytes(_answer(work, pickle.loads(end.recv_bytes())))  # noqa: S301


def _end_with(parent: int) -> None:
    while os.getppid() == parent:
        time.sleep(_LOOK_SECONDS)
    os._exit(1)


def _answer(work: Work, task: Any) -> bytes:
    """The pickled result and None, or None and the exception."""
    try:
        return pickle.dumps((work(task), None))
    except Exception as error:  # noqa: BLE001 - told to the parent, which raises it
        error.add_note(traceback.format_exc())
        with suppress(Exception):
            answer = pickle.dumps((None, error))
            pickle.loads(answer)  # noqa: S301 - some exceptions are read only by their own class
            return answer
        told = "".join(traceback.format_exception(error))
        return pickle.dumps((None, RuntimeError(told)))
