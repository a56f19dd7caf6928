"""`python -m src.train` at a fraction of its start: forked from a process that has imported it all.

What is forked runs src.train.main with its words, in a session of its own, as a shell would have
it run: signals as they come, an exit code, its words on files. Only the imports are not its own.
"""

import io
import json
import os
import select
import signal
import subprocess
import sys
from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from contextlib import redirect_stderr, redirect_stdout, suppress
from pathlib import Path
from tempfile import mkdtemp
from types import TracebackType

from src.config import PROJECT

_HEAVY = ("src.members", "src.stacks", "src.held_out", "src.report.analysis")


class Running(ABC):
    """A command that runs, with its words on output. wait() before the next is begun."""

    def __init__(self, pid: int, output: Path) -> None:
        self.pid, self.output = pid, output

    @abstractmethod
    def wait(self, seconds: float) -> int | None:
        """The exit code, or that of the signal as a negative number; None: it still runs."""

    def signal(self, number: int) -> None:
        """To the process alone, not to what it has forked."""
        os.kill(self.pid, number)

    def left(self) -> list[int]:
        """Processes of its session: itself, and what it has started."""
        found = []
        for place in Path("/proc").iterdir():
            if place.name.isdecimal():
                try:
                    fields = (place / "stat").read_text().rpartition(")")[2].split()
                except OSError:
                    continue  # ended meanwhile
                if int(fields[3]) == self.pid and fields[0] != "Z":
                    found.append(int(place.name))
        return found

    @property
    def said(self) -> str:
        return self.output.read_text()


class Process(Running):
    """Of a new interpreter."""

    def __init__(self, words: Sequence[str], folder: Path, output: Path) -> None:
        with output.open("w") as stream:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "src.train", *words],
                cwd=folder,
                env={**os.environ, "PYTHONPATH": str(PROJECT)},
                stdin=subprocess.DEVNULL,
                stdout=stream,
                stderr=stream,
                start_new_session=True,
            )
        super().__init__(self._process.pid, output)

    def wait(self, seconds: float) -> int | None:
        try:
            return self._process.wait(seconds)
        except subprocess.TimeoutExpired:
            return None


class Fork(Running):
    """Of a nursery."""

    def __init__(self, pid: int, output: Path, nursery: "Nursery") -> None:
        assert pid > 1  # no group is ever sent a signal
        super().__init__(pid, output)
        self._nursery = nursery
        self._code: int | None = None

    def wait(self, seconds: float) -> int | None:
        if self._code is None and self._nursery.answers(seconds):
            self._code = json.loads(self._nursery.answer())
        return self._code


class Nursery:
    """The process that forks them, one at a time."""

    def __init__(self) -> None:
        environment = {**os.environ, "PYTHONPATH": str(PROJECT), "OPENBLAS_NUM_THREADS": "1"}
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.forked"],
            cwd=PROJECT,
            env=environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            bufsize=0,
        )

    def ready(self) -> None:
        """Wait until all is imported; once, before the first start."""
        self.answer()

    def start(self, words: Sequence[str], folder: Path, output: Path) -> Fork:
        assert self._process.stdin is not None
        with suppress(BrokenPipeError):  # told by the answer
            asked = json.dumps([list(words), str(folder), str(output)])
            self._process.stdin.write(asked.encode() + b"\n")
        return Fork(json.loads(self.answer()), output, self)

    def answers(self, seconds: float) -> bool:
        """Whether there is an answer within that time."""
        assert self._process.stdout is not None
        return bool(select.select([self._process.stdout.fileno()], [], [], seconds)[0])

    def answer(self) -> bytes:
        assert self._process.stdout is not None
        try:
            return _line(self._process.stdout.fileno())
        except EOFError:
            code = self._process.wait()
            raise RuntimeError(f"nothing forks any more, with exit code {code}") from None

    def __enter__(self) -> "Nursery":
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._process.kill()
        self._process.communicate()


def _line(end: int) -> bytes:
    """Unbuffered: what is not yet asked for stays for select to see."""
    found = b""
    while not found.endswith(b"\n"):
        more = os.read(end, 1)
        if not more:
            raise EOFError("the process that forks commands has ended")
        found += more
    return found


def _become(folder: str, output: str) -> None:
    """The child: nothing of the nursery's is left but its modules."""
    os.setsid()
    os.chdir(folder)
    opened = os.open(output, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o644)
    nothing = os.open(os.devnull, os.O_RDONLY)
    for mine, its in ((nothing, 0), (opened, 1), (opened, 2)):
        os.dup2(mine, its)
    os.closerange(3, 20)


def serve() -> None:
    """Fork what lines of standard input ask for; answer each with its number, then its end."""
    import gc
    import importlib

    for module in _HEAVY:
        importlib.import_module(module)
    from src.interruption import process
    from src.train import main

    _warm(main)
    gc.freeze()  # what all share is not copied by looking at it
    os.write(1, b"ready\n")
    signals = (signal.SIGINT, signal.SIGTERM)
    while asked := _asked():
        words, folder, output = json.loads(asked)
        # One that comes before the command has begun waits for it.
        signal.pthread_sigmask(signal.SIG_BLOCK, signals)
        pid = os.fork()
        if pid == 0:
            _become(folder, output)
            sys.argv[:] = ["train"]
            with process():
                signal.pthread_sigmask(signal.SIG_UNBLOCK, signals)
                main(words)
            return
        signal.pthread_sigmask(signal.SIG_UNBLOCK, signals)
        os.write(1, f"{pid}\n".encode())
        # Not yet reaped: its number is no other's while it may be sent signals.
        os.waitid(os.P_PID, pid, os.WEXITED | os.WNOWAIT)
        _, status = os.waitpid(pid, 0)
        os.write(1, f"{os.waitstatus_to_exitcode(status)}\n".encode())


def _warm(main: Callable[[Sequence[str]], None]) -> None:
    """Have Hydra look for its plugins and read its grammar once: a sweep that it is to refuse."""
    sys.argv[:] = ["train"]
    with suppress(SystemExit), redirect_stdout(io.StringIO()), redirect_stderr(io.StringIO()):
        main(["-m", "init=he,xavier", "optimizer.lr=-1", f"hydra.sweep.dir={mkdtemp()}"])


def _asked() -> bytes:
    try:
        return _line(0)
    except EOFError:
        return b""  # the test has ended


if __name__ == "__main__":
    serve()
