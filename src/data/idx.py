"""Reading IDX files, and refusing every one that is not exactly what it should be.

Format: two zero bytes, a type byte (8: unsigned bytes), the number of dimensions, each dimension
as a big-endian 32-bit integer, then the data. http://yann.lecun.com/exdb/mnist/
"""

import gzip
import hashlib
import math
import struct
import zlib
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor

from src.data.datasets import SHAPES, Dataset
from src.errors import InputError


@dataclass(frozen=True)
class IdxFile:
    """The checked content of one file: uint8 tensor, raw bytes as unpacked, their SHA-256."""

    name: str
    content: bytes
    sha256: str

    @property
    def tensor(self) -> Tensor:
        shape = SHAPES[self.name]
        header = 4 + 4 * len(shape)
        return torch.frombuffer(bytearray(self.content), dtype=torch.uint8, offset=header).view(
            shape
        )


def locate(folder: Path, name: str) -> Path | None:
    """The file called `name` or `name`.gz in the folder, if it is there."""
    for path in (folder / name, folder / f"{name}.gz"):
        if path.is_file():
            return path
    return None


def read(path: Path, name: str, dataset: Dataset) -> IdxFile:
    """The file as checked content; InputError names the file and what is wrong with it."""
    content = _unpacked(path, _size(name))
    _check_header(path, name, content)
    sha256 = hashlib.sha256(content).hexdigest()
    expected = dataset.sha256.get(name)
    if expected and sha256 != expected:
        raise InputError(
            f"{path}: SHA-256 {sha256}, but {dataset.name}'s {name} has {expected}; "
            "the file is not used."
        )
    if len(SHAPES[name]) == 1:
        _check_labels(path, content, dataset)
    return IdxFile(name, content, sha256)


def _size(name: str) -> int:
    """Bytes of the whole file."""
    return 4 + 4 * len(SHAPES[name]) + math.prod(SHAPES[name])


def _unpacked(path: Path, size: int) -> bytes:
    """At most a byte more than there must be: what is packed may say that it has no end."""
    try:
        with path.open("rb") as stream:
            if path.suffix != ".gz":
                return stream.read(size + 1)
            with gzip.GzipFile(fileobj=stream) as packed:
                return packed.read(size + 1)
    except (EOFError, zlib.error, gzip.BadGzipFile) as error:
        raise InputError(f"{path}: a truncated or damaged gzip file ({error}).") from error
    except OSError as error:
        raise InputError(f"{path}: cannot be read ({error.strerror or error}).") from error


def _check_header(path: Path, name: str, content: bytes) -> None:
    shape = SHAPES[name]
    magic = bytes((0, 0, 8, len(shape)))
    if content[:4] != magic:
        raise InputError(
            f"{path}: begins with the bytes {content[:4].hex() or 'nothing'}, "
            f"but an IDX file of {len(shape)} dimension(s) begins with {magic.hex()}."
        )
    header = 4 + 4 * len(shape)
    found = struct.unpack(f">{len(shape)}I", content[4:header]) if len(content) >= header else ()
    if found != shape:
        raise InputError(f"{path}: has the shape {found}, but {name} has {shape}.")
    size = _size(name)
    if len(content) != size:
        length = f"{len(content)}" if len(content) < size else f"more than {size}"
        raise InputError(f"{path}: {length} bytes, truncated or padded; must be {size}.")


def _check_labels(path: Path, content: bytes, dataset: Dataset) -> None:
    largest = max(content[8:])
    if largest >= dataset.classes:
        raise InputError(f"{path}: label {largest}, but must be below {dataset.classes}.")
