"""Files appear whole or not at all: temporary name, fsync, rename. What changes later is told."""

import hashlib
import json
import math
import os
import re
import stat
import uuid
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, BinaryIO

from src.errors import InputError, on_one_line

RESULT = "result.json"  # what a finished member's folder holds
WEIGHTS, LOG = "weights.safetensors", "train.log"
EVENTS = "events.out.tfevents."  # how the name of each event file begins
FILES = "files"  # its key: SHA-256 of what was written beside it, by name
CHECKSUM = "checksum"  # its last key: SHA-256 of the bytes before it

_PARTIAL = ".partial"
_SEAL = re.compile(rb',\n  "checksum": "([0-9a-f]{64})"\n\}\n\Z')


def write_atomically(path: Path, content: bytes, durable: bool = True) -> None:
    """As replaced() has it."""
    with replaced(path, durable) as stream:
        stream.write(content)


@contextmanager
def replaced(path: Path, durable: bool = True) -> Iterator[BinaryIO]:
    """What is written within becomes the file at the end, unless something is raised.

    OSError of the path, and not of the file that stands for it until it is whole.

    The file is as it was or as it is to be, whenever the process is killed, and on most file
    systems also when the power is cut. The folder is not flushed: what was renamed in the last
    seconds before that may be gone, never half there. durable: whether the content is flushed
    first; without it a power cut may leave an empty file, which suits what is written anew.
    """
    partial = path.with_name(f".{path.name}.{uuid.uuid4().hex[:8]}{_PARTIAL}")
    try:
        with partial.open("wb") as stream:
            yield stream
            stream.flush()
            if durable:
                os.fsync(stream.fileno())
        partial.replace(path)
    except OSError as error:
        if error.errno is None:
            raise
        raise OSError(error.errno, error.strerror, str(path)) from error
    finally:
        with suppress(OSError):  # a read-only file system refuses it, and hides the reason
            partial.unlink(missing_ok=True)


def append(path: Path, content: bytes) -> None:
    """All of it or, where that raises, nothing: OSError names the path."""
    before = None
    try:
        with path.open("ab", buffering=0) as stream:
            before = stream.tell()
            left = memoryview(content)
            while left:
                left = left[stream.write(left) :]
    except OSError as error:
        if before is not None:
            with suppress(OSError):
                os.truncate(path, before)
        raise OSError(error.errno, error.strerror, str(path)) from error


def content_of(path: Path, most: int | None = None) -> bytes:
    """OSError of what is no regular file: a pipe would be waited for, a device has no end.

    most: bytes that are read of a longer one.
    """
    if not stat.S_ISREG(path.stat().st_mode):
        raise OSError("not a regular file")
    with path.open("rb") as stream:
        return stream.read(-1 if most is None else most)


def real(path: Path) -> Path:
    """Without links, and for one that leads round to itself too: there Path.resolve raises."""
    return Path(os.path.realpath(path))


def sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def sha256_of(path: Path) -> str:
    """Of a file, which is not held in memory. OSError as of content_of."""
    if not stat.S_ISREG(path.stat().st_mode):
        raise OSError("not a regular file")
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def check_sum(name: str | Path, content: bytes, expected: str | None) -> None:
    """InputError where the content is not what was written. expected: its SHA-256, if known."""
    if expected is not None and sha256(content) != expected:
        raise InputError(f"{name}: was changed since it was written (checksum).")


def expected_of(record: Mapping[str, Any], name: str) -> str | None:
    """What a result says of a file beside it: its SHA-256, empty of one that is not of that result.

    None of a result from before results had this.
    """
    files = record.get(FILES)
    return None if files is None else str(files.get(name, ""))


def remove_partials(folder: Path) -> None:
    """What processes that were killed have left there, in members' folders, and one below these."""
    for pattern in (f".*{_PARTIAL}", f"*/.*{_PARTIAL}", f"*/*/.*{_PARTIAL}"):
        for path in folder.glob(pattern):
            path.unlink(missing_ok=True)


def write_json(path: Path, value: Any) -> None:
    """As strict JSON: a number that is not finite becomes null."""
    write_atomically(path, _text(value))


def write_result(path: Path, result: Mapping[str, Any]) -> None:
    """A member's result, with the checksum by which read_result knows it again."""
    plain = {key: value for key, value in result.items() if key != CHECKSUM}
    plain.setdefault(FILES, {})
    body = _text(plain).removesuffix(b"\n}\n")
    seal = f',\n  "{CHECKSUM}": "{sha256(body)}"\n}}\n'
    write_atomically(path, body + seal.encode())


def read_result(path: Path) -> Any:
    """What write_result wrote; InputError where the file was changed since, or is no JSON.

    A result from before there were checksums, which has no `files` either, is read as it stands.
    """
    try:
        content = content_of(path)
        found = json.loads(content)
    except (OSError, ValueError, RecursionError) as error:
        raise InputError(f"{path}: not a readable result ({on_one_line(error)}).") from error
    sealed = _SEAL.search(content)
    if sealed is not None:
        check_sum(path, content[: sealed.start()], sealed[1].decode())
        del found[CHECKSUM]
    elif isinstance(found, dict) and {FILES, CHECKSUM} & found.keys():
        raise InputError(f"{path}: was changed since it was written (checksum).")
    return found


def _text(value: Any) -> bytes:
    text = json.dumps(_finite(value), indent=2, allow_nan=False, ensure_ascii=False)
    return (text + "\n").encode()


def _finite(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _finite(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_finite(item) for item in value]
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value
