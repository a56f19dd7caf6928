"""What a member is: the part of its configuration that decides its numbers, and a hash of it."""

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from src.config import Config, as_plain
from src.schedules import SPANNING

# What is shown of a run, how it is started and what is done about its faults.
_SHOWN = ("quiet", "trust", "logger", "report", "on_failure", "reuse")
_WHERE = ("ckpt_path", "checkpoint", "checkpoint_seconds", "name", "accelerator")
_UNREADABLE = "not readable: "  # before the path of a file in place of its hash


def resume_key(config: Config) -> str:
    """What must agree for a member to go on from a checkpoint: all that decides its numbers.

    So the length of the run may differ, unless the member's learning rate is spread over it.
    """
    plain = _deciding(as_plain(config))
    if config.schedule.decay not in SPANNING:
        del plain["trainer"]["epochs"]
    del plain["diagnostics"]
    return json.dumps(plain, sort_keys=True)


def identity(plain: Mapping[str, Any]) -> str:
    """All that decides what a result says, as JSON; of a weights file its content.

    plain: a configuration as src.config.as_plain gives it, and as result.json has it.
    """
    found = _deciding(plain)
    weights = found.get("model", {}).get("weights")
    if weights is not None:
        found["model"]["weights"] = _content(Path(str(weights)))
    return json.dumps(found, sort_keys=True)


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


def _deciding(plain: Mapping[str, Any]) -> dict[str, Any]:
    """A copy without what decides no number; configurations of others may lack any part of it."""
    found: dict[str, Any] = json.loads(json.dumps(plain))
    for key in _SHOWN:
        found.pop(key, None)
    for group, keys in {"trainer": _WHERE, "data": ("root", "mirrors")}.items():
        for key in keys:
            found.get(group, {}).pop(key, None)
    return found


def _content(path: Path) -> str:
    try:
        if not path.is_file():  # reading a pipe may never end
            return f"{_UNREADABLE}{path}"
        return hashlib.sha256(path.read_bytes()).hexdigest()
    except OSError:
        return f"{_UNREADABLE}{path}"  # told of by whoever trains from it
