"""The file of a checkpoint: plain data as torch keeps it, and after that the SHA-256 of its bytes.

torch.load reads past what follows the end of its archive, so that the file is torch's own as well.
"""

import hashlib
import os
import pickle
from contextlib import suppress
from pathlib import Path
from typing import Any, BinaryIO

import torch

from src.tracking.files import replaced

FORMAT = "starting-strength checkpoint 1"
PATTERN = "stack-*.ckpt"

_MARK = b"\nsha256 "
_TRAILER = len(_MARK) + 64 + 1  # with the digest in hexadecimal, and the end of its line
_BLOCK = 1 << 20

Content = dict[str, Any]


class UnfitError(Exception):
    """A checkpoint that cannot be gone on from; its text says why, without a full stop."""


class _Hashed:
    """A stream that knows the SHA-256 of what was written; nothing is held twice."""

    def __init__(self, stream: BinaryIO) -> None:
        self.stream, self.hash = stream, hashlib.sha256()

    def write(self, part: bytes) -> int:
        self.hash.update(part)
        return self.stream.write(part)

    def flush(self) -> None:
        self.stream.flush()


def write(path: Path, content: Content) -> None:
    """Whole or not at all; OSError of the path where it cannot be written."""
    with replaced(path) as stream:
        hashed = _Hashed(stream)
        torch.save({"format": FORMAT, **content}, hashed)  # type: ignore[arg-type]
        stream.write(_MARK + hashed.hash.hexdigest().encode() + b"\n")


def remove(path: Path) -> None:
    """One that cannot be removed is in nobody's way."""
    with suppress(OSError):
        path.unlink(missing_ok=True)


def read(path: Path) -> Content:
    """Its tensors stay in the file until they are copied. UnfitError where it is not whole."""
    try:
        _check(path)
        # weights_only: a checkpoint of somebody else's runs no code.
        found = torch.load(path, map_location="cpu", weights_only=True, mmap=True)
    except OSError as error:
        raise UnfitError(f"not readable ({error.strerror or error})") from error
    except (RuntimeError, ValueError, EOFError, KeyError, pickle.UnpicklingError) as error:
        # torch's own message would have the user load the file as code.
        raise UnfitError(f"not a checkpoint of this program ({type(error).__name__})") from error
    if not isinstance(found, dict) or found.get("format") != FORMAT:
        raise UnfitError("not a checkpoint of this version")
    return found


def _check(path: Path) -> None:
    """UnfitError unless the bytes are those that were written."""
    hashed = hashlib.sha256()
    with path.open("rb") as stream:
        left = os.fstat(stream.fileno()).st_size - _TRAILER
        while left > 0:
            part = stream.read(min(left, _BLOCK))
            if not part:
                raise UnfitError("cut short while it was read")
            hashed.update(part)
            left -= len(part)
        trailer = stream.read() if left == 0 else b""
    if not trailer.startswith(_MARK):
        raise UnfitError(_what_else(path))
    if trailer != _MARK + hashed.hexdigest().encode() + b"\n":
        raise UnfitError("damaged: its bytes are not those of its SHA-256")


def _what_else(path: Path) -> str:
    """What a file is that has no SHA-256 at its end."""
    try:
        found = torch.load(path, map_location="cpu", weights_only=True, mmap=True)
        if "pytorch-lightning_version" in found:
            return "a checkpoint of an earlier version, which this one cannot go on from"
    except Exception:  # noqa: BLE001 - a foreign file can raise anything
        return "not a checkpoint of this program, or one that was cut short"
    return "not a checkpoint of this program"
