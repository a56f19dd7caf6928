"""Where a result came from: versions of the software, revision of the code, device."""

import platform
import subprocess
from functools import cache
from importlib.metadata import PackageNotFoundError, version

import torch

from src.config import PROJECT

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


def device_name(device: torch.device) -> str:
    if device.type == "cuda":
        return torch.cuda.get_device_name(device)
    return f"cpu ({torch.get_num_threads()} threads)"
