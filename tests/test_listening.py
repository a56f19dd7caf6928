"""A command is no service: it listens to nothing; the dashboard listens to this machine alone."""

import os
import re
import shlex
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

from tests.own import TYPED

LISTENING = "0A"  # the state in /proc/net/tcp
SECONDS = 120.0


def open_sockets(process: int) -> set[str]:
    """The inodes of the sockets that a process and its children hold."""
    found: set[str] = set()
    for each in (process, *children(process)):
        with suppress(OSError):  # it has ended
            for path in list(Path(f"/proc/{each}/fd").iterdir()):
                with suppress(OSError):  # closed meanwhile
                    link = os.readlink(path)
                    found |= {link[8:-1]} if link.startswith("socket:[") else set()
    return found


def children(process: int) -> Iterator[int]:
    with suppress(OSError):
        for path in Path(f"/proc/{process}/task").glob("*/children"):
            for child in map(int, path.read_text().split()):
                yield child
                yield from children(child)


def bound(process: int) -> dict[str, bool]:
    """Its sockets of an internet protocol: address:port -> whether it listens."""
    inodes = open_sockets(process)
    found: dict[str, bool] = {}
    if not inodes:
        return found
    for name in ("tcp", "tcp6", "udp", "udp6"):
        with suppress(OSError):  # without IPv6
            for line in Path(f"/proc/{process}/net/{name}").read_text().splitlines()[1:]:
                columns = line.split()
                if columns[9] in inodes:
                    found[columns[1]] = columns[3] == LISTENING
    return found


@contextmanager
def started(command: list[str], folder: Path) -> Iterator[subprocess.Popen[bytes]]:
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parent.parent)}
    process = subprocess.Popen(
        command,
        cwd=folder,
        env=environment | {"OMP_NUM_THREADS": "1"},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    try:
        yield process
    finally:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def test_a_socket_is_seen() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = f"{server.getsockname()[1]:04X}"
        assert bound(os.getpid())[f"0100007F:{port}"]
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as unheard:
        unheard.bind(("127.0.0.1", 0))
        assert f"0100007F:{unheard.getsockname()[1]:04X}" in bound(os.getpid())


@pytest.mark.slow
@pytest.mark.skipif(not Path("/proc/net/tcp").exists(), reason="needs /proc")
def test_training_listens_to_nothing(tmp_path: Path) -> None:
    words = [*TYPED[:-2], "trainer.epochs=20", "report.page=false", "init=he,zeros"]
    looks = 0
    seen: dict[str, bool] = {}
    with started([sys.executable, "-m", "src.train", "-m", *words], tmp_path) as process:
        until = time.monotonic() + SECONDS
        while process.poll() is None and time.monotonic() < until:
            seen |= bound(process.pid)
            looks += 1
            time.sleep(0.01)
        assert process.returncode == 0
    assert len(list(tmp_path.rglob("result.json"))) == 2
    assert looks > 50
    assert seen == {}


@pytest.mark.slow
@pytest.mark.skipif(not Path("/proc/net/tcp").exists(), reason="needs /proc")
def test_the_dashboard_is_this_machines_own(tmp_path: Path, project: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    dry = ["make", "-n", "-o", "install", "dashboard", f"RUNS={tmp_path}", f"PORT={port}"]
    told = subprocess.run(dry, cwd=project, capture_output=True, text=True, check=True).stdout
    (line,) = re.findall(r"^.*/tensorboard (--logdir .*)$", told, re.MULTILINE)
    tensorboard = str(Path(sys.executable).with_name("tensorboard"))
    with started([tensorboard, *shlex.split(line)], tmp_path) as process:
        until, found = time.monotonic() + SECONDS, dict[str, bool]()
        here = f"0100007F:{port:04X}"
        while not found.get(here) and time.monotonic() < until:
            found = bound(process.pid)
            time.sleep(0.05)
        assert process.poll() is None
    assert found[here]
    # Beside it TensorBoard's own reader of files listens, to TensorBoard.
    assert all(address.startswith("0100007F:") for address in found if found[address])
