"""Ctrl-C and SIGTERM: the first ends a command where nothing is lost by it, the second at once.

Needs nothing of ours and little of Python's: a command is guarded by it while it imports the rest.
"""

import atexit
import os
import signal
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from types import FrameType
from typing import NoReturn

# Seconds within which a signal is the same one, sent twice: `timeout` sends it to the process and
# then to its group, of which that is a part.
ECHO = 0.1
_SIGNALS = (signal.SIGINT, signal.SIGTERM)
_CODES = tuple(128 + number for number in _SIGNALS)  # as a shell has it


class Terminated(KeyboardInterrupt):
    """SIGTERM, which ends a command as Ctrl-C does: what is finished is kept and told."""


class Stopped(BaseException):
    """A safe point that came after a signal; deferred() makes the interrupt of it.

    No KeyboardInterrupt as yet: Lightning ignores all further signals when it sees one.
    """


class _State:
    """Of the process: there is one main thread, which runs one command."""

    listening = False
    arrived = -ECHO  # when the last signal did, as time.monotonic() has it
    deferrals = 0
    request: int | None = None  # the signal that waits for a safe point
    ending: int | None = None  # the exit code of a command that has nothing left to do
    resume: str | None = None  # a sentence


@contextmanager
def handled() -> Iterator[None]:
    """A command: both signals are ours until it ends. On another thread than the main one, no."""
    before = {number: signal.getsignal(number) for number in _SIGNALS}
    kept = dict(vars(_State))
    _State.deferrals, _State.request, _State.ending, _State.resume = 0, None, None, None
    try:
        with suppress(ValueError):  # of threads that are not the main one
            for number in _SIGNALS:
                # What is started in the background of a script is not to hear Ctrl-C.
                if number != signal.SIGINT or before[number] is not signal.SIG_IGN:
                    signal.signal(number, _arrived)
            _State.listening = True
        yield
    finally:
        for name in ("listening", "deferrals", "request", "ending", "resume"):
            setattr(_State, name, kept[name])
        with suppress(ValueError):
            for number, handler in before.items():
                signal.signal(number, handler)


def listen() -> None:
    """Take SIGTERM back from whoever has put a handler of its own around ours, as Lightning does
    whenever it begins."""
    if _State.listening:
        with suppress(ValueError):
            signal.signal(signal.SIGTERM, _arrived)


@contextmanager
def deferred() -> Iterator[None]:
    """Within, a first signal waits for check(), or for the end; a second ends the process."""
    _State.deferrals += 1
    outermost = _State.deferrals == 1
    try:
        yield
        if outermost:
            check()
    except (Stopped, SystemExit):
        if outermost and _State.request is not None:
            raise _interrupt(_State.request) from None
        raise
    finally:
        _State.deferrals -= 1
        if outermost:
            _State.request = None


def requested() -> bool:
    """Whether a signal waits for a safe point."""
    return _State.request is not None


def check() -> None:
    """A safe point. Stopped where a signal waits for one; on the main thread only."""
    if _State.request is not None:
        raise Stopped


def resumable(command: str) -> None:
    """command: what goes on with what has begun here, to be typed."""
    _State.resume = f"{command} goes on from here."


def complete(command: str) -> None:
    """All members are finished. command: what makes the report of them, to be typed."""
    _State.resume = f"All members are finished; {command} makes the report."


def advice() -> str:
    """What to say after `interrupted.`, with a space before it: nothing where nothing has begun."""
    return f" {_State.resume}" if _State.resume is not None else ""


def ending(code: int) -> None:
    """All is told: one more signal leaves at once, with this exit code."""
    _State.ending = code


@contextmanager
def in_one_line() -> Iterator[None]:
    """Imports, and commands that have nothing to resume: an interrupt is told in one line."""
    before, own = signal.getsignal(signal.SIGTERM), False
    with suppress(ValueError):
        if before is signal.SIG_DFL:
            signal.signal(signal.SIGTERM, _terminated)
            own = True
    try:
        yield
    except KeyboardInterrupt as error:
        print(f"error: {word(error)}.", file=sys.stderr)
        sys.exit(exit_code(error))
    finally:
        if own:
            signal.signal(signal.SIGTERM, before)


@contextmanager
def process() -> Iterator[None]:
    """All that a process is there for: once it has come to its end, nothing can interrupt it."""
    try:
        with in_one_line():
            yield
    except SystemExit as end:
        if end.code in _CODES:
            _end(end.code)
        raise
    finally:
        for number in _SIGNALS:
            signal.signal(number, signal.SIG_IGN)


def _end(code: int) -> NoReturn:
    """Without what Python takes apart at its end, which takes a second where torch is there."""
    for number in _SIGNALS:
        signal.signal(number, signal.SIG_IGN)
    atexit._run_exitfuncs()
    for stream in (sys.stdout, sys.stderr):
        with suppress(Exception):
            stream.flush()
    os._exit(code)


def word(error: KeyboardInterrupt) -> str:
    return "terminated" if isinstance(error, Terminated) else "interrupted"


def lost(error: BaseException) -> KeyboardInterrupt | None:
    """The interrupt that was on its way when this was raised: argparse fails as it tidies up."""
    seen: list[BaseException] = []
    while error.__context__ is not None and error not in seen:
        seen.append(error)
        error = error.__context__
        if isinstance(error, KeyboardInterrupt):
            return error
    return None


def exit_code(error: KeyboardInterrupt) -> int:
    return _CODES[isinstance(error, Terminated)]


def _interrupt(number: int) -> KeyboardInterrupt:
    return Terminated() if number == signal.SIGTERM else KeyboardInterrupt()


def _terminated(number: int, frame: FrameType | None) -> None:
    raise Terminated


def _arrived(number: int, frame: FrameType | None) -> None:
    if _State.ending is not None:
        os._exit(_State.ending)
    now = time.monotonic()
    echo = now - _State.arrived < ECHO
    _State.arrived = now
    if echo:
        return
    if _State.deferrals == 0:
        raise _interrupt(number)
    if _State.request is not None:
        _leave_now(number)
    _State.request = number
    said = word(_interrupt(number))
    _say(f"{said}: the step is finished and what there is is written; once more ends at once.")


def _leave_now(number: int) -> None:
    """Nothing is unwound: what is on the disk is whole at any time, and a lock ends with us."""
    with suppress(Exception):  # a signal may have come in the middle of a line
        sys.stdout.flush()
    processes = sys.modules.get("multiprocessing")
    with suppress(Exception):
        for child in processes.active_children() if processes is not None else ():
            child.kill()
    error = _interrupt(number)
    _say(f"error: {word(error)}.{advice()}")
    os._exit(exit_code(error))


def _say(line: str) -> None:
    """On stderr itself: Python's own streams may be in the middle of a line, or a bar's."""
    with suppress(OSError):
        clear = "\r\x1b[2K\x1b[?25h" if os.isatty(2) else ""  # a bar's line, and its hidden cursor
        os.write(2, f"{clear}{line}\n".encode())
