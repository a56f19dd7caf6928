"""What a sweep leaves on the disk, and where two that should be equal differ."""

import json
import struct
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from pyarrow import parquet
from tensorboard.compat.proto.event_pb2 import Event

from src.ledger.rows import ENDED
from src.ledger.store import Ledger

MEMBERS = 24
# What of a result.json is of the run and not of the numbers. How stacks are cut depends on what
# is missing; the checksum is of all bytes, so of these as well.
OF_THE_RUN = (
    *("seconds", "stack_seconds", "members_in_stack", "attempts", "versions", "git_revision"),
    *("begun_by", "checksum", "device"),
)

Kept = dict[str, bytes]


def finished(home: Path) -> Kept:
    """What finished members have on disk, by path below home; every result there is whole."""
    found: Kept = {}
    for path in sorted(home.glob("*/result.json")):
        content = path.read_bytes()
        if json.loads(content)["status"] in ENDED:
            for each in (path, path.with_name("weights.safetensors")):
                found[each.relative_to(home).as_posix()] = each.read_bytes()
    return found


def lost(kept: Kept, home: Path) -> set[str]:
    """Members of whose files any is gone or is another."""
    return {
        Path(name).parent.name
        for name, content in kept.items()
        if not (home / name).is_file() or (home / name).read_bytes() != content
    }


def differences(home: Path, reference: Path) -> list[str]:
    """Where a complete sweep says something else than the one that was never stopped."""
    names = sorted(path.parent.name for path in reference.glob("*/result.json"))
    found = [] if len(names) == MEMBERS else [f"the reference has {len(names)} members"]
    for name in names:
        ours, theirs = home / name, reference / name
        if not (ours / "result.json").is_file():
            found.append(f"{name}: no result.json")
            continue
        weights = "weights.safetensors"
        if (ours / weights).read_bytes() != (theirs / weights).read_bytes():
            found.append(f"{name}: weights")
        mine, its = _numbers(ours), _numbers(theirs)
        found += [
            f"{name}: {key}" for key in mine.keys() | its.keys() if mine.get(key) != its.get(key)
        ]
        if not _records(ours).equals(_records(theirs)):
            found.append(f"{name}: records.parquet")
        if list(_points(ours)) != list(_points(theirs)):
            found.append(f"{name}: events")
    if (home / "summary.csv").read_bytes() != (reference / "summary.csv").read_bytes():
        found.append("summary.csv")
    with Ledger.read(home) as ledger:
        found += [f"{row.name}: {row.status}" for row in ledger.rows() if row.status != "done"]
    return found


def _numbers(member: Path) -> dict[str, Any]:
    result: dict[str, Any] = json.loads((member / "result.json").read_bytes())
    result["config"]["data"].pop("root")
    result["config"].pop("trust")
    return {key: value for key, value in result.items() if key not in OF_THE_RUN}


def _records(member: Path) -> Any:
    return parquet.read_table(member / "records.parquet")


def _points(member: Path) -> Iterator[tuple[str, int, bytes]]:
    """Tag, step and content of what TensorBoard draws over steps, in the order that it reads."""
    for path in sorted(member.glob("events.out.tfevents.*")):
        content, at = path.read_bytes(), 0
        while at < len(content):
            (size,) = struct.unpack_from("<Q", content, at)
            event = Event.FromString(content[at + 12 : at + 12 + size])
            at += size + 16  # the size, its check sum, and that of the event
            for value in event.summary.value:
                if value.HasField("simple_value"):
                    yield value.tag, event.step, struct.pack("<f", value.simple_value)
                elif value.tag.startswith(("weights", "preactivations", "gradients")):
                    yield value.tag, event.step, value.tensor.tensor_content
