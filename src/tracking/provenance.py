"""Where a result came from: versions of the software, revision of the code, device."""

import hashlib
import platform
import subprocess
from collections.abc import Mapping
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
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


@cache
def source_sha256() -> str:
    """Of this program's modules: what a revision does not say of a checkout with changes."""
    found, root = hashlib.sha256(), Path(__file__).parents[1]
    for path in sorted(root.rglob("*.py")):
        content = path.read_bytes()
        found.update(f"{path.relative_to(root).as_posix()} {len(content)}\n".encode() + content)
    return found.hexdigest()


def code() -> dict[str, str]:
    """All that a ledger says of it: the versions, and the revision where it is known."""
    revision = git_revision()
    return {**versions(), **({} if revision is None else {"revision": revision})}


def trained_by() -> dict[str, str]:
    """The same, and the hash of the modules, which says what was changed since the revision."""
    return {**code(), "source_sha256": source_sha256()}


def is_other(then: Mapping[str, str]) -> bool:
    """Whether such code is another than this. A revision may differ in what is no code."""
    known = {name: version for name, version in trained_by().items() if name != "revision"}
    return any(then.get(name) != version for name, version in known.items())


def device_name(device: "torch.device") -> str:
    import torch

    if device.type == "cuda":
        return torch.cuda.get_device_name(device)
    return f"cpu ({torch.get_num_threads()} threads)"
