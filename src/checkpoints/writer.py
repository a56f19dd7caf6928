"""A thread that writes checkpoints behind the training; only the newest is worth it."""

import logging
from collections.abc import Callable
from threading import Condition, Thread

from src.errors import told

log = logging.getLogger(__name__)

Job = Callable[[], None]


class Writer:
    """Does one job at a time. What waits gives way to what comes later."""

    def __init__(self, name: str) -> None:
        """name: of what is written, for those who are told that it is not."""
        self.name = name
        self._change = Condition()
        self._waiting: Job | None = None
        self._busy = self._failed = False
        self._thread: Thread | None = None  # begun with the first job: before it, all may fork

    def put(self, job: Job) -> None:
        with self._change:
            self._waiting = job
            if self._thread is None:
                self._thread = Thread(target=self._work, name="checkpoints", daemon=True)
                self._thread.start()
            self._change.notify_all()

    def finish(self) -> None:
        """Wait until the last is written; the thread ends."""
        self._end(drop=False)

    def drop(self) -> None:
        """What still waits is not needed any more; the thread ends."""
        self._end(drop=True)

    def tell(self, error: Exception) -> None:
        """The first failure alone: a full disk fails each time."""
        if not self._failed:
            self._failed = True
            log.warning("%s: not written (%s); training goes on", self.name, told(error))

    def _end(self, drop: bool) -> None:
        with self._change:
            thread, self._thread = self._thread, None
            if drop:
                self._waiting = None
            self._change.notify_all()
        if thread is not None:
            thread.join()

    def _work(self) -> None:
        while True:
            with self._change:
                while self._waiting is None:
                    if self._thread is None:
                        return
                    self._change.wait()
                job, self._waiting = self._waiting, None
            try:
                job()
            except Exception as error:  # noqa: BLE001 - whatever it is, the training goes on
                self.tell(error)
