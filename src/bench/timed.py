"""`python -m src.bench.timed FILE with|without ARGUMENT...` runs `python -m src.train ARGUMENT...`
and writes what its ledger and its checkpoints took; without: the ledger's changes are not made.
"""

import json
import os
import sys
import threading
import time
from collections.abc import Callable
from functools import wraps
from pathlib import Path
from typing import Any

from src.bench.names import BEHIND, CHECKPOINTS, LEDGER, SYNC, WAITED

WITH, WITHOUT = "with", "without"
WRITES = ("tell", "enter", "begin", "end", "fail", "wait")  # the methods that change a ledger


class Clock:
    """Wall seconds within named calls; a call within another of its thread is not counted twice."""

    def __init__(self) -> None:
        self.seconds = dict.fromkeys((*WAITED, BEHIND), 0.0)
        self._of_thread = threading.local()

    def timed(self, owner: Any, name: str, kind: str) -> None:
        """Have every call of owner.name booked; it does what it did."""
        bound = isinstance(vars(owner)[name], classmethod)
        call: Callable[..., Any] = getattr(owner, name)

        @wraps(call)
        def booked(*arguments: Any, **named: Any) -> Any:
            if getattr(self._of_thread, "within", False):
                return call(*arguments, **named)
            self._of_thread.within, began = True, time.perf_counter()
            try:
                return call(*arguments, **named)
            finally:
                self._of_thread.within = False
                self.seconds[kind] += time.perf_counter() - began

        setattr(owner, name, staticmethod(booked) if bound else booked)

    def watch(self) -> None:
        """All that a ledger and the checkpoints of a stack do, and what waits for the disk."""
        from src import sweep
        from src.checkpoints.saver import Saver
        from src.ledger.store import Ledger

        for name in [name for name, call in vars(Ledger).items() if _is_public(name, call)]:
            self.timed(Ledger, name, LEDGER)
        self.timed(sweep, "standing", LEDGER)  # what is finished already, by the hash of each
        for name in ("__init__", "take", "__exit__"):
            self.timed(Saver, name, CHECKPOINTS)
        self.timed(Saver, "_write", BEHIND)
        self.timed(os, "fsync", SYNC)


def _is_public(name: str, call: object) -> bool:
    return not name.startswith("_") and (callable(call) or isinstance(call, classmethod))


def forget() -> None:
    """Let no ledger of this process note anything."""
    from src.ledger.store import Ledger

    for name in WRITES:
        setattr(Ledger, name, lambda *_, **__: None)


def main() -> None:
    path, kind, *arguments = sys.argv[1:]
    sys.argv[1:] = arguments
    clock = Clock()
    if kind == WITHOUT:
        forget()
    else:
        clock.watch()
    from src.train import main as train

    train(arguments)
    Path(path).write_text(json.dumps(clock.seconds))


if __name__ == "__main__":
    main()
