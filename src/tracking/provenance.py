"""Where a result came from: versions of the software, revision of the code, device."""

import platform
import subprocess
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from typing import TYPE_CHECKING

from src.config import PROJECT

if TYPE_CHECKING:
    import torch

_PACKAGES = ("torch", "pytorch-lightning", "hydra-core", "omegaconf", "tensorboard", "safetensors")


@cache
def versions() -> dict[str, str]:
    found = {"python": platform.python_version()}
    for package in ("starting-strength", *_PACKAGES):
        try:
            found[package] = version(package)
        except PackageNotFoundError:
            found[package] = "not installed"
    return found


@cache
def git_revision() -> str | None:
    """The commit of the code, with -dirty where files differ from it; None outside a checkout."""
    command = ["git", "describe", "--always", "--dirty", "--abbrev=40", "--exclude=*"]
    try:
        done = subprocess.run(command, cwd=PROJECT, capture_output=True, text=True, timeout=10)
    except (OSError, subprocess.TimeoutExpired):
        return None
    return done.stdout.strip() or None


def code() -> dict[str, str]:
    """All that a ledger says of it: the versions, and the revision where it is known."""
    revision = git_revision()
    return {**versions(), **({} if revision is None else {"revision": revision})}


def device_name(device: "torch.device") -> str:
    import torch

    if device.type == "cuda":
        return torch.cuda.get_device_name(device)
    return f"cpu ({torch.get_num_threads()} threads)"
