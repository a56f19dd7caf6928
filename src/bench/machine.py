"""What a figure was measured on and with. Imports no torch: children report what needs it."""

import os
import platform
import subprocess
import sys
import threading
from contextlib import suppress
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from src.config import PROJECT

PACKAGES = (
    *("starting-strength", "torch", "torchvision", "pytorch-lightning", "hydra-core", "omegaconf"),
    *("tensorboard", "numpy", "jax", "jaxlib", "optax", "matplotlib"),
)


def machine() -> dict[str, Any]:
    return {
        "cpu": _from_proc("/proc/cpuinfo", "model name") or platform.processor(),
        "cores": len(os.sched_getaffinity(0)),
        "memory_gb": round(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 1e9, 1),
        "system": platform.platform(),
        **torch_says(),
    }


def torch_says() -> dict[str, Any]:
    """Threads that torch takes, and the name of its GPU or None."""
    code = (
        "import torch; print(torch.get_num_threads()); "
        "print(torch.cuda.get_device_name() if torch.cuda.is_available() else '')"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    threads, gpu = done.stdout.splitlines()[-2:]
    return {"torch_threads": int(threads), "gpu": gpu or None}


def versions() -> dict[str, str]:
    found = {"python": platform.python_version()}
    for package in PACKAGES:
        try:
            found[package] = version(package)
        except PackageNotFoundError:
            found[package] = "not installed"
    return found


def revision() -> str:
    command = ["git", "describe", "--always", "--dirty", "--abbrev=12", "--exclude=*"]
    done = subprocess.run(command, cwd=PROJECT, capture_output=True, text=True, check=False)
    return done.stdout.strip() or "unknown"


def resident_mb(peak: bool) -> float:
    """Resident memory of this process, now or at its peak."""
    key = "VmHWM" if peak else "VmRSS"
    return float(_from_proc("/proc/self/status", key).removesuffix("kB")) / 1024


def forget_peak() -> None:
    """Begin the peak of resident memory of this process anew (proc(5), clear_refs)."""
    with open("/proc/self/clear_refs", "w") as file:
        file.write("5")


def _from_proc(path: str, key: str) -> str:
    """The first value of `key : value` lines, or nothing."""
    with open(path) as lines:
        for line in lines:
            name, _, value = line.partition(":")
            if name.strip() == key:
                return value.strip()
    return ""


class Processes(threading.Thread):
    """Watches what the processes of this one hold for themselves; shared memory is in our own."""

    def __init__(self) -> None:
        super().__init__(daemon=True)
        self.peak_mb = 0.0
        self._done = threading.Event()

    def __enter__(self) -> "Processes":
        self.start()
        return self

    def __exit__(self, *exception: object) -> None:
        self._done.set()
        self.join()

    def run(self) -> None:
        while not self._done.wait(0.05):
            self.peak_mb = max(self.peak_mb, sum(map(_private_mb, children())))


def children() -> list[int]:
    """The processes that this one's threads have begun."""
    found: list[int] = []
    for path in Path("/proc/self/task").glob("*/children"):
        with suppress(OSError):  # the thread has ended meanwhile
            found += map(int, path.read_text().split())
    return found


def _private_mb(process: int) -> float:
    try:
        lines = Path(f"/proc/{process}/smaps_rollup").read_text().splitlines()
    except OSError:  # it has ended meanwhile
        return 0.0
    return sum(int(line.split()[1]) for line in lines if line.startswith("Private_")) / 1024
