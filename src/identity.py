"""What a member is: the part of its configuration that decides its numbers, and a hash of it."""

import hashlib
import json
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any

from src.config import Config, as_plain
from src.schedules import SPANNING

# What is shown of a run, how it is started and what is done about its faults.
_SHOWN = ("quiet", "trust", "logger", "report", "on_failure", "reuse")
_WHERE = ("ckpt_path", "checkpoint", "checkpoint_seconds", "name", "accelerator")
BEGAN_WITH = "model_weights_sha256"  # of a result whose member began with a file of weights
_UNREADABLE = "not readable: "  # before the path of a file in place of its hash


def resume_key(config: Config) -> str:
    """What must agree for a member to go on from a checkpoint: all that decides its numbers.

    So the length of the run may differ, unless the member's learning rate is spread over it.
    """
    plain = _with_content(_deciding(as_plain(config)))
    if config.schedule.decay not in SPANNING:
        del plain["trainer"]["epochs"]
    del plain["diagnostics"]
    return json.dumps(plain, sort_keys=True)


def identity(plain: Mapping[str, Any], weights: str | None = None) -> str:
    """All that decides what a result says, as JSON; of a weights file its content.

    plain: a configuration as src.config.as_plain gives it, and as result.json has it. weights:
    the SHA-256 of its file of weights when it began; without it that of the file now.
    """
    return json.dumps(_with_content(_deciding(plain), weights), sort_keys=True)


def identity_of(record: Mapping[str, Any]) -> str:
    """The same of a result; of its weights file what that held when its member began."""
    return identity(record["config"], record.get(BEGAN_WITH))


def digest(plain: Mapping[str, Any]) -> str:
    """The hash by which equal members are known."""
    return hashed(identity(plain))


def hashed(known: str) -> str:
    """The same of what identity has given."""
    return hashlib.sha256(known.encode()).hexdigest()


def lost_weights(known: str) -> bool:
    """Whether identity could not read the file of weights that it was to know by its content."""
    weights = json.loads(known)["model"]["weights"]
    return isinstance(weights, str) and weights.startswith(_UNREADABLE)


def without_weights(known: str) -> str:
    """What identity has given, whatever its file of weights holds."""
    found = json.loads(known)
    found["model"]["weights"] = None
    return json.dumps(found, sort_keys=True)


def _deciding(plain: Mapping[str, Any]) -> dict[str, Any]:
    """A copy without what decides no number; configurations of others may lack any part of it."""
    found: dict[str, Any] = json.loads(json.dumps(plain))
    for key in _SHOWN:
        found.pop(key, None)
    for group, keys in {"trainer": _WHERE, "data": ("root", "mirrors")}.items():
        for key in keys:
            found.get(group, {}).pop(key, None)
    return found


def _with_content(plain: dict[str, Any], known: str | None = None) -> dict[str, Any]:
    """With the content of the file of weights in place of its path."""
    weights = plain.get("model", {}).get("weights")
    if weights is not None:
        plain["model"]["weights"] = known or sha256_of_weights(Path(str(weights)))
    return plain


def sha256_of_weights(path: Path) -> str:
    """The SHA-256 of a file of weights; where it cannot be read, that it cannot."""
    try:
        if not path.is_file():  # reading a pipe may never end
            return f"{_UNREADABLE}{path}"
        now = path.stat()
        return _hashed(path, now.st_mtime_ns, now.st_size, now.st_ino)
    except OSError:
        return f"{_UNREADABLE}{path}"  # told of by whoever trains from it


@lru_cache(maxsize=64)
def _hashed(path: Path, *_: int) -> str:
    """The numbers tell one content from another at the same path."""
    return hashlib.sha256(path.read_bytes()).hexdigest()
