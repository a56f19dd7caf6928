"""Two processes on one folder, as real processes: the second is told, and a death frees it."""

import fcntl
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from src.errors import InputError
from src.ledger.claim import LOCK, claim, claimed, release
from src.ledger.store import LEDGER, Ledger

# Claims, forks a process that outlives it, says so, and waits.
OTHER = """
import os, sys, time
from pathlib import Path
from src.ledger.claim import claim
claim(Path(sys.argv[1]))
if os.fork() == 0:
    time.sleep(60)
print(os.getpid(), flush=True)
time.sleep(60)
"""


@contextmanager
def other_process(folder: Path, project: Path) -> Iterator[int]:
    command = [sys.executable, "-c", OTHER, str(folder)]
    process = subprocess.Popen(
        command, cwd=project, stdout=subprocess.PIPE, text=True, start_new_session=True
    )
    try:
        assert process.stdout is not None
        yield int(process.stdout.readline())
    finally:
        os.killpg(process.pid, signal.SIGKILL)  # its child as well
        process.communicate()


@pytest.fixture(autouse=True)
def _released() -> Iterator[None]:
    yield
    release()


@pytest.mark.slow
def test_a_second_process_is_told_and_a_death_frees(tmp_path: Path, project: Path) -> None:
    Ledger.at(tmp_path, ["seeds=3"]).close()
    with other_process(tmp_path, project) as process:
        assert claimed(tmp_path)
        with pytest.raises(InputError) as caught:
            claim(tmp_path)
        said = str(caught.value)
        assert f"process {process} on {socket.gethostname()} trains its members since 20" in said
        assert str(tmp_path) in said
        os.kill(process, signal.SIGKILL)
        # The process that it has forked is still there, and holds nothing.
        claim(tmp_path)
    with Ledger.read(tmp_path) as ledger:
        assert ledger.holder["process"] == os.getpid()


def test_without_a_ledger_nothing_is_known_of_the_other(tmp_path: Path, project: Path) -> None:
    with other_process(tmp_path, project), pytest.raises(InputError) as caught:
        claim(tmp_path)
    assert "another process trains its members" in str(caught.value)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    "holder", [None, {}, {"process": "x"}, {"process": 2**22 + 1, "host": "", "since": 0}]
)
def test_of_a_holder_that_is_gone_nothing_is_said(
    tmp_path: Path, project: Path, holder: dict[str, object] | None
) -> None:
    """It was killed; who claims the folder now has not told the ledger yet."""
    with other_process(tmp_path, project):
        with Ledger.at(tmp_path) as ledger:
            ledger.tell("holder", holder and {**holder, "host": socket.gethostname()})
        with pytest.raises(InputError, match="another process trains its members"):
            claim(tmp_path)


def test_claims_of_one_process(tmp_path: Path) -> None:
    one, other = tmp_path / "one", tmp_path / "other"
    one.mkdir()
    other.mkdir()
    assert not claimed(one)
    claim(one)
    claim(one)
    claim(other)
    assert (claimed(one), claimed(other)) == (True, True)
    release(one)
    assert (claimed(one), claimed(other)) == (False, True)
    release()
    assert not claimed(other)
    assert not claimed(tmp_path / "absent")


def test_folders_that_cannot_be_locked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As on NFS, where a lock needs a file that is open for writing."""
    original = fcntl.flock

    def flock(opened: int, how: int) -> None:
        if os.path.isdir(f"/proc/self/fd/{opened}"):
            raise OSError(9, "Bad file descriptor")
        original(opened, how)

    monkeypatch.setattr(fcntl, "flock", flock)
    assert not claimed(tmp_path)
    claim(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == [LOCK]
    held = os.open(tmp_path / LOCK, os.O_RDWR)
    with pytest.raises(BlockingIOError):
        original(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
    release()
    original(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
    assert claimed(tmp_path)
    with pytest.raises(InputError, match="another process"):
        claim(tmp_path)
    os.close(held)
    # Where no file can be locked either, nobody is held up.
    monkeypatch.setattr(fcntl, "flock", lambda *_: (_ for _ in ()).throw(OSError(95, "no locks")))
    claim(tmp_path)


def test_who_looks_for_an_instant_holds_nobody_up(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    looking = os.open(tmp_path, os.O_RDONLY | os.O_DIRECTORY)
    fcntl.flock(looking, fcntl.LOCK_SH)
    original = time.sleep

    def sleep(seconds: float) -> None:
        os.close(looking)
        original(seconds)

    monkeypatch.setattr(time, "sleep", sleep)
    claim(tmp_path)
    assert LEDGER not in os.listdir(tmp_path)
