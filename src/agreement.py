"""Whether what goes on is what was begun: its configuration, its data, its code."""

import json
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from src.errors import InputError

Checksums = Mapping[str, str]  # SHA-256 by the name of a file
_NAMED = 3  # of many differences, so many are named
_SHORT = 12  # digits of a hash


def check_configurations(begun: Iterable[tuple[Path, str | None, str]]) -> None:
    """InputError for members that were begun with another configuration, a line for each kind.

    begun: folder, and configuration then and now as src.identity.identity has it; None where
    nobody knows any more what it was.
    """
    kinds: dict[str, list[Path]] = {}
    for folder, then, now in begun:
        if then != now:
            kinds.setdefault(_told(then, now), []).append(folder)
    faults = []
    for said, folders in kinds.items():
        more = f" (and {len(folders) - 1:,} more)" if len(folders) > 1 else ""
        faults.append(f"{folders[0]}{more}: was begun with {said}; what was begun is kept.")
    if faults:
        raise InputError("\n".join(faults))


def _told(then: str | None, now: str) -> str:
    if then is None:
        return "another configuration"
    found = list(_differences(json.loads(then), json.loads(now)))
    if not found:
        return "another configuration"
    more = f" and {len(found) - _NAMED:,} more" if len(found) > _NAMED else ""
    return ", ".join(f"{there}, not {here}" for there, here in found[:_NAMED]) + more


def _differences(then: Any, now: Any, path: str = "") -> Iterator[tuple[str, str]]:
    if not (isinstance(then, dict) and isinstance(now, dict)):
        if then != now:
            yield f"{path}={_shown(then)}", _shown(now)
        return
    if "name" in then and then["name"] != now.get("name", then["name"]):
        # Two options of a group have different keys, which is not what to tell.
        yield f"{path}={_shown(then['name'])}", _shown(now["name"])
        return
    for key in sorted({*then, *now}):
        below = f"{path}.{key}" if path else key
        yield from _differences(then.get(key), now.get(key), below)


def _shown(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value)


def check_data(home: Path, then: Iterable[Checksums], now: Checksums) -> None:
    """InputError where the files are other ones than those of some member so far."""
    for before in then:
        for file in sorted(before.keys() & now.keys()):
            if before[file] != now[file]:
                raise InputError(
                    f"{home}: was begun with other data: the SHA-256 of {file} was "
                    f"{before[file][:_SHORT]}..., but of the file there now it is "
                    f"{now[file][:_SHORT]}...; with the former file in data.root it goes on."
                )


def other_code(then: Iterable[Mapping[str, str]], now: Mapping[str, str]) -> str | None:
    """What to say where members so far were trained by other versions; None where by the same."""
    before: dict[str, dict[str, None]] = {}
    for found in then:
        for name, version in found.items():
            if name in now and version != now[name]:
                before.setdefault(name, {})[version] = None
    if not before:
        return None
    former = ", ".join(f"{name} {' or '.join(map(_abbreviated, before[name]))}" for name in before)
    present = ", ".join(f"{name} {_abbreviated(now[name])}" for name in before)
    return f"trained so far by {former}; goes on with {present}"


def _abbreviated(version: str) -> str:
    """A git revision by its first digits, whether or not files differed from it."""
    revision, dash, dirty = version.partition("-")
    return f"{revision[:_SHORT]}{dash}{dirty}" if len(revision) == 40 else version
