"""Files appear whole or not at all: temporary name, fsync, rename."""

import json
import math
import os
import uuid
from pathlib import Path
from typing import Any

RESULT = "result.json"  # what a finished member's folder holds
_PARTIAL = ".partial"


def write_atomically(path: Path, content: bytes) -> None:
    """OSError of the path, and not of the file that stands for it until it is whole."""
    partial = path.with_name(f".{path.name}.{uuid.uuid4().hex[:8]}{_PARTIAL}")
    try:
        with partial.open("wb") as stream:
            stream.write(content)
            stream.flush()
            os.fsync(stream.fileno())
        partial.replace(path)
    except OSError as error:
        if error.errno is None:
            raise
        raise OSError(error.errno, error.strerror, str(path)) from error
    finally:
        partial.unlink(missing_ok=True)


def remove_partials(folder: Path) -> None:
    """What processes that were killed have left there, and one folder below."""
    for pattern in (f".*{_PARTIAL}", f"*/.*{_PARTIAL}"):
        for path in folder.glob(pattern):
            path.unlink(missing_ok=True)


def write_json(path: Path, value: Any) -> None:
    """As strict JSON: a number that is not finite becomes null."""
    text = json.dumps(_finite(value), indent=2, allow_nan=False, ensure_ascii=False)
    write_atomically(path, (text + "\n").encode())


def _finite(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _finite(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_finite(item) for item in value]
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value
