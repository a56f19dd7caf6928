"""reuse=true: members that earlier sweeps and runs have trained are taken over, not trained again.

What counts as the same member: an equal configuration, where that decides a number; the same data
by their checksums; the same versions and revision of the code; the same kind of device.
"""

import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from src.config import Config, as_plain
from src.errors import InputError
from src.identity import hashed, identity_of
from src.ledger.rows import DIVERGED, DONE, Row
from src.ledger.store import LEDGER, Ledger
from src.ledger.taken import Taken, sound
from src.report.results import Record, read_result
from src.standing import Asked, Standing, summary
from src.sweeps.found import PLACES, homes
from src.tracking.files import RESULT, real

_CODE = ("starting-strength", "torch")


def sought(
    members: Sequence[Asked], standing: Standing, home: Path, held_out: bool
) -> dict[int, Taken]:
    """Of the missing members, by position, those that can be taken over; nothing is written yet.

    They are finished from now on, as the standing has it. held_out: the test set is not looked at
    before this sweep's end.
    """
    wanted: dict[str, list[int]] = {}
    for k, member in enumerate(members):
        if k not in standing.finished and not has_own(as_plain(member.config)):
            wanted.setdefault(standing.rows[k].digest, []).append(k)
    found: dict[int, Taken] = {}
    for sweep, row in _earlier(home) if wanted else ():
        for k in wanted.get(row.digest, ()):
            if k not in found:
                taken = _taken(sweep, row, members[k], home, held_out)
                found |= {} if taken is None else {k: taken}
    standing.finished |= {k: each.record for k, each in found.items()}
    return dict(sorted(found.items()))


def take_over(reused: Mapping[int, Taken], rows: Sequence[Row], ledger: Ledger) -> None:
    """Copy them; rows: of all members. OSError where a file cannot be written."""
    for k, each in reused.items():
        each.copy()
        ledger.end(rows[k].name, each.record["status"], summary(each.record))


def told(reused: Iterable[Taken], members: int) -> str:
    """6 of 24 members, and where they come from."""
    by_sweep: dict[Path, int] = {}
    for each in reused:
        by_sweep[each.sweep] = by_sweep.get(each.sweep, 0) + 1
    several = len(by_sweep) > 1
    places = [f"{_shown(at)} ({n:,})" if several else _shown(at) for at, n in by_sweep.items()]
    return f"reused: {sum(by_sweep.values()):,} of {members:,} members, from {', '.join(places)}"


def has_own(plain: Any) -> bool:
    """Whether a configuration names code of its own, whose content no hash is of."""
    if isinstance(plain, dict):
        return "_target_" in plain or any(map(has_own, plain.values()))
    return False


def _shown(path: Path) -> str:
    inside = path.is_relative_to(Path.cwd())
    return str(path.relative_to(Path.cwd()) if inside else path)


def _earlier(home: Path) -> Iterator[tuple[Path, Row]]:
    """All members that are known beside this sweep; those of the newest first."""
    here = home.resolve()
    above = next((each for each in here.parents if each.name in PLACES), None)
    base = Path.cwd() if above is None else above.parent
    places = [base / name for name in PLACES]
    others = [each for each in homes(places) if each.resolve() != here]
    known = []
    for each in others:
        if (each / LEDGER).is_file():
            try:
                with Ledger.read(each) as ledger:
                    known.append((-ledger.begun, each, ledger.rows()))
            except InputError:  # src.sweeps names it
                continue
    for _, each, rows in sorted(known, key=lambda found: found[:2]):
        yield from ((each, row) for row in rows)


def _taken(sweep: Path, row: Row, member: Asked, home: Path, held_out: bool) -> Taken | None:
    source = sweep / row.name
    # A ledger may be somebody else's, and its names anything.
    if not real(source).is_relative_to(real(sweep)):
        return None
    try:
        record = read_result(source / RESULT)
    except InputError:
        return None
    tested = bool((record.get("metrics") or {}).get("test"))
    alone = member.folder.resolve() == home.resolve()  # at whose end nobody tests it
    due = alone and not held_out and not tested and record["status"] == DONE
    if due or not _same(record, member.config, row.digest) or not sound(source, record):
        return None
    return Taken(source, sweep, member.folder, _as_of(record, member, source, home, held_out))


def _same(record: Record, config: Config, wanted: str) -> bool:
    if record["status"] not in (DONE, DIVERGED):
        return False
    there = record["config"]
    if (there.get("trainer") or {}).get("ckpt_path") is not None:
        return False  # its records are of half a run, and nobody knows what the other half was
    return (
        hashed(identity_of(record)) == wanted
        and same_code(record)
        and _same_device(record, config)
        and _same_data(record, config)
    )


def same_code(record: Record) -> bool:
    """By versions and revision; of a checkout with changes, or of none, by its very modules."""
    from src.tracking.provenance import git_revision, source_sha256, versions

    if record.get("begun_by"):
        return False  # a part of it was trained by other code
    there, here = record.get("versions") or {}, versions()
    if any(there.get(name) != here[name] for name in _CODE):
        return False
    then, now = record.get("git_revision"), git_revision()
    if then is None or now is None or "-dirty" in f"{then} {now}":
        return record.get("source_sha256") == source_sha256()
    return bool(then == now)


def _same_device(record: Record, config: Config) -> bool:
    import torch

    from src.capacity import on_gpu
    from src.tracking.provenance import device_name

    there = str(record.get("device", ""))
    if on_gpu(config.trainer):
        return there == device_name(torch.device("cuda"))
    return there.partition(" ")[0] == "cpu"


def _same_data(record: Record, config: Config) -> bool:
    from src.stacks import splits_of

    return record.get("data_sha256") == splits_of(config).checksums


def _as_of(record: Record, member: Asked, source: Path, home: Path, held_out: bool) -> Record:
    """The result as a member of this sweep: tested only where this sweep would have."""
    metrics = dict(record.get("metrics") or {})
    if held_out and "test" in metrics:
        metrics["test"] = None
    return {
        **record,
        "metrics": metrics,
        "label": member.label,
        "config": as_plain(member.config),
        "reused_from": Path(os.path.relpath(source.resolve(), home.resolve())).as_posix(),
        "folder": str(member.folder),
    }
