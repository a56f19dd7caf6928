"""Where the four files can come from. A source offers a folder; `provide` checks and installs.

Order: files already under data.root, an operating-system package's folder, torchvision's
download; `make data` adds the installation of that package. Local files come before the network,
so that a machine without one never waits for a time-out.
"""

import logging
import os
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Sequence
from http.client import HTTPException
from pathlib import Path
from typing import Protocol

from filelock import FileLock

from src.data.datasets import SHAPES, Dataset
from src.data.idx import IdxFile, locate, read
from src.errors import InputError, on_one_line

log = logging.getLogger(__name__)

_NETWORK_TIMEOUT = 30.0  # seconds without a byte


class Unavailable(Exception):
    """This source cannot offer the dataset; the message says why."""


class Source(Protocol):
    def offer(self, dataset: Dataset, workspace: Path) -> Path:
        """A folder with the files, packed or not; Unavailable where there is none."""
        ...


class PackageFolder:
    """Files that an operating-system package has put on this machine."""

    def __init__(self, folder: str | None = None) -> None:
        self.folder = folder

    def offer(self, dataset: Dataset, workspace: Path) -> Path:
        folder = self.folder or dataset.package_folder
        if folder is None:
            raise Unavailable(f"no operating-system package is known for {dataset.name}")
        if not Path(folder).is_dir():
            raise Unavailable(f"{folder} does not exist")
        return Path(folder)


class TorchvisionDownload:
    """torchvision's own download, from `mirrors` first, then from the mirrors it knows."""

    def __init__(self, mirrors: Sequence[str] = ()) -> None:
        self.mirrors = [url.rstrip("/") + "/" for url in mirrors]

    def offer(self, dataset: Dataset, workspace: Path) -> Path:
        import torchvision.datasets

        original = getattr(torchvision.datasets, dataset.torchvision_class)
        reasons = []
        before = socket.getdefaulttimeout()
        socket.setdefaulttimeout(_NETWORK_TIMEOUT)
        try:
            # One at a time: torchvision itself gives up at a mirror that breaks the connection.
            for mirror in [*self.mirrors, *original.mirrors]:
                # A subclass of the same name: torchvision derives the folder from it.
                mirrored = type(original.__name__, (original,), {"mirrors": [mirror]})
                try:
                    return Path(mirrored(root=str(workspace), download=True).raw_folder)
                except (OSError, RuntimeError, EOFError, ValueError, HTTPException) as error:
                    said = on_one_line(error)
                    reasons.append(f"{mirror}: {said}")
        finally:
            socket.setdefaulttimeout(before)
        found = "; ".join(dict.fromkeys(reasons)) or "no mirror is known"
        raise Unavailable(f"torchvision could not download it ({found})")


class PackageInstall:
    """Installs the Debian or Ubuntu package that carries the files; only as root."""

    def offer(self, dataset: Dataset, workspace: Path) -> Path:
        if dataset.debian_package is None:
            raise Unavailable(f"no operating-system package is known for {dataset.name}")
        if os.geteuid() != 0 or shutil.which("apt-get") is None:
            raise Unavailable("installing a package needs root on Debian or Ubuntu")
        install = ["apt-get", "install", "-y", "-q", dataset.debian_package]
        environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
        for command in (install, ["apt-get", "update", "-q"], install):
            done = subprocess.run(command, capture_output=True, text=True, env=environment)
            if command is install and done.returncode == 0:
                return PackageFolder().offer(dataset, workspace)
        reason = (done.stderr.strip().splitlines() or ["no reason given"])[-1]
        raise Unavailable(f"apt-get install {dataset.debian_package} failed ({reason})")


def provide(dataset: Dataset, root: Path, sources: Sequence[Source]) -> dict[str, IdxFile]:
    """The four checked files, from data.root or else from the first source that has them.

    What a source offers is checked in full and copied into data.root, each file under its final
    name only once it is whole. A lock keeps two processes from doing this at once.
    """
    files = _read_folder(dataset, root)
    if files is not None:
        return files
    try:
        root.mkdir(parents=True, exist_ok=True)
        with FileLock(root / ".lock"):
            return _read_folder(dataset, root) or _acquire(dataset, root, sources)
    except OSError as error:
        raise InputError(f"data.root={root}: cannot be written ({error.strerror}).") from error


def _read_folder(dataset: Dataset, root: Path) -> dict[str, IdxFile] | None:
    # torchvision keeps its copy in <root>/<class>/raw; both layouts are welcome.
    for folder in (root, root / dataset.torchvision_class / "raw"):
        found = {name: locate(folder, name) for name in SHAPES}
        if all(found.values()):
            return {name: read(path, name, dataset) for name, path in found.items() if path}
    return None


def _acquire(dataset: Dataset, root: Path, sources: Sequence[Source]) -> dict[str, IdxFile]:
    reasons = []
    for source in sources:
        with tempfile.TemporaryDirectory(prefix=".partial-", dir=root) as workspace:
            try:
                folder = source.offer(dataset, Path(workspace))
                files = _read_folder(dataset, folder)
                if files is None:
                    raise Unavailable(f"{folder} lacks some of the four files")
                install(files, root, Path(workspace))
                log.info("%s: taken from %s", dataset.name, type(source).__name__)
                return files
            except (Unavailable, InputError) as error:
                reasons.append(str(error).rstrip("."))
    raise InputError(_three_ways(dataset, root, reasons))


def install(files: dict[str, IdxFile], root: Path, workspace: Path) -> None:
    """Write the unpacked files into root under their plain names, each at once."""
    for name, file in files.items():
        partial = workspace / f"{name}.partial"
        with partial.open("wb") as stream:
            stream.write(file.content)
            stream.flush()
            os.fsync(stream.fileno())
        partial.replace(root / name)


def _three_ways(dataset: Dataset, root: Path, reasons: Sequence[str]) -> str:
    fetch = "make data"
    if dataset.name != "fashion_mnist":
        fetch = f"python -m src.data {dataset.name}"
    ways = [f"copy {', '.join(SHAPES)} (or the same with .gz) into {root}"]
    if dataset.debian_package:
        ways.append(
            f"install the package {dataset.debian_package} (Debian, Ubuntu; `{fetch}` does it "
            "as root)"
        )
    ways.append(
        f"run `{fetch}` where torchvision's mirrors, or one that you name in "
        "data.mirrors, can be reached"
    )
    return (
        f"data.root={root}: the files of {dataset.name} are not there ({'; '.join(reasons)}). "
        f"{len(ways)} ways to provide them: {'; or '.join(ways)}."
    )
