"""A fault stays with the member whose it is: halves, retries, and where a sweep ends early."""

import gc
import logging
import math
import time
import traceback
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import torch

from src.checkpoints.places import home_of
from src.errors import SweepStopped, told, writable
from src.interruption import Stopped, check
from src.ledger.rows import FAILED
from src.report.results import Record
from src.schema.on_failure import STOP, retries
from src.standing import name_of, objective
from src.storage import concerns_all
from src.tracking.member import MemberTracker
from src.tracking.provenance import git_revision, source_sha256, versions
from src.tuned import UntunableMembers

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Result:
    """What became of one member; all else is in its result.json, and need not be in memory."""

    status: str
    objective: float = math.nan  # last validation accuracy; NaN if it diverged or failed
    error: str | None = None

    @classmethod
    def of(cls, record: Record) -> "Result":
        """record: what its result.json says."""
        return cls(record["status"], objective(record), record.get("error"))


@dataclass(frozen=True)
class Fault:
    """An exception as text: one that is kept keeps what its frames hold, a whole stack."""

    sentence: str
    trace: str
    status: str = FAILED

    @classmethod
    def of(cls, error: BaseException) -> "Fault":
        return cls(told(error), writable("".join(traceback.format_exception(error))))


Train = Callable[[list[MemberTracker]], "list[Result | Fault]"]


class Stack:
    """Members that train together, until each has a result.

    A stack that raises is tried again in halves, so that one member's fault is its own, and a
    stack too large for the memory finds its size. Members are independent: whatever stack one is
    in, its numbers are the same.
    """

    def __init__(self, members: Sequence[MemberTracker], train: Train) -> None:
        self._train = train
        self._members = dict(enumerate(members))  # those that have no result yet
        self._results: dict[int, Result] = {}
        self._retried = Counter[int]()
        self._stop = False
        self._ledger, self._home = members[0].ledger, home_of(members)

    def run(self) -> list[Result]:
        """In the order given.

        SweepStopped where a member has failed that asks for it. OSError where files cannot be
        written, whosever they are. Members without a result are then waiting in the ledger.
        """
        waiting = [list(self._members)]
        try:
            self._begin(waiting[0])
            while waiting:
                waiting += self._attempt(waiting.pop())
                if self._stop:
                    raise SweepStopped(f"on_failure={STOP}: the first member that failed ended it.")
        except BaseException:
            self._let_wait()
            raise
        return [self._results[k] for k in sorted(self._results)]

    def _attempt(self, positions: list[int]) -> list[list[int]]:
        """Train them together; the stacks to be tried next, the first one last."""
        check()
        started = time.perf_counter()
        outcomes = self._outcomes(positions)
        if isinstance(outcomes, Fault):
            log.warning(
                "a stack of %d failed (%s); trying its halves", len(positions), outcomes.sentence
            )
            _free()
            again = list(positions)
            self._afresh(again)
            middle = len(again) // 2
            return [half for half in (again[middle:], again[:middle]) if half]
        others = [k for k in positions if k not in outcomes]
        if others:
            self._afresh(others)
        alone: list[list[int]] = []
        for k, outcome in outcomes.items():
            if isinstance(outcome, Result):
                del self._members[k]
                self._results[k] = outcome
            elif self._retry(k, outcome):
                alone.append([k])
            else:
                self._fail(k, outcome, started)
        if alone:
            _free()
        return [*alone, *([others] if others else [])]

    def _outcomes(self, positions: list[int]) -> "dict[int, Result | Fault] | Fault":
        """Of each, but for those that have to be tried again; or why the whole stack failed."""
        members = [self._members[k] for k in positions]
        try:
            return dict(zip(positions, self._train(members), strict=True))
        except UntunableMembers as error:
            return {positions[k]: Fault.of(fault) for k, fault in error.faults.items()}
        except (KeyboardInterrupt, Stopped):
            raise
        except BaseException as error:  # code of the user's may raise anything
            if concerns_all(error, self._home):
                raise
            fault = Fault.of(error)
        # A checkpoint that was named is that of the whole stack: halves could not go on from it.
        if len(members) == 1 or members[0].config.trainer.ckpt_path is not None:
            return dict.fromkeys(positions, fault)
        return fault

    def _retry(self, k: int, fault: Fault) -> bool:
        """Whether the member is to be tried again, alone."""
        member = self._members[k]
        most = retries(member.config.on_failure)
        if self._retried[k] >= most:
            return False
        self._retried[k] += 1
        said = f"failed: {fault.sentence}; retry {self._retried[k]} of {most}"
        log.warning("%s: %s", member.label, said)
        try:
            member.say(f"{said}\n{fault.trace}")
            member.flush()
        except OSError as error:
            if concerns_all(error, self._home):
                raise
        again = [k]
        self._afresh(again)
        self._begin(again)
        return bool(again)

    def _afresh(self, positions: list[int]) -> None:
        """Before their first step once more; without those whose files do not let them."""
        for k in list(positions):
            try:
                self._members[k] = self._members[k].afresh()
            except OSError as error:
                if concerns_all(error, self._home):
                    raise
                positions.remove(k)
                self._fail(k, Fault.of(error), time.perf_counter())

    def _fail(self, k: int, fault: Fault, started: float) -> None:
        """Mark it in its log, in its result and in the ledger."""
        member = self._members.pop(k)
        log.error("failed: %s: %s", member.label, fault.sentence)
        try:
            member.fail(fault.sentence, fault.trace, facts_of_attempt(1, started))
        except OSError as error:  # its folder is gone, say: the ledger has it still
            if concerns_all(error, self._home):
                self._members[k] = member
                raise
        if self._ledger is not None:
            name = name_of(member.folder, self._ledger.folder)
            self._ledger.fail(name, fault.sentence, fault.trace)
        self._results[k] = Result(FAILED, error=fault.sentence)
        self._stop |= member.config.on_failure == STOP

    def _begin(self, positions: Sequence[int]) -> None:
        """Tell the ledger that they train from now on."""
        if self._ledger is not None:
            self._ledger.begin(self._names(positions))

    def _let_wait(self) -> None:
        if self._ledger is not None:
            with suppress(OSError):  # on a full disk they are left as running, which is as good
                self._ledger.wait(self._names(self._members))

    def _names(self, positions: Iterable[int]) -> list[str]:
        return [name_of(self._members[k].folder, self._home) for k in positions]


def _free() -> None:
    """What a failed attempt held: Lightning's trainer and our module hold each other."""
    gc.collect()
    torch.cuda.empty_cache()  # nothing, where no GPU is used


def facts_of_attempt(members: int, started: float) -> dict[str, Any]:
    """What results say of the attempt that they come from."""
    seconds = time.perf_counter() - started
    return {
        "members_in_stack": members,
        "stack_seconds": seconds,
        "seconds": seconds / members,
        "versions": versions(),
        "git_revision": git_revision(),
        "source_sha256": source_sha256(),
    }
