"""A disk that fills up, a folder made read-only, data that change: told, and gone on from."""

import shutil
import subprocess
from pathlib import Path
from random import Random

import pytest

from src.config import PROJECT
from src.data.datasets import SHAPES
from src.ledger.resumption import command
from src.ledger.store import LEDGER
from tests.conftest import Tell
from tests.left_behind import MEMBERS, differences, finished, lost
from tests.mounts import read_only, small_disk
from tests.stopped import SEED, WORDS, Lane, Tally, ended, typed
from tests.undisturbed import Bench

pytestmark = pytest.mark.slow

SHARES = (0.02, 0.2, 0.4, 0.6, 0.9)  # of what the sweep takes, that the disk has room for
STANDS = (0, 0, 1, 9, 17)  # members that are finished when the folder is closed, at least


def refused(code: int, said: str, *reasons: str, codes: tuple[int, ...] = (1,)) -> list[str]:
    """What is wrong with how a command told a fault that is none of its members'."""
    errors = [line for line in said.splitlines() if line.startswith("error: ")]
    found = [] if code in codes else [f"exit code {code}: {said[-1500:]}"]
    found += [f"a trace: {said[-1500:]}"] if "Traceback" in said else []
    found += [] if any(r in line for line in errors for r in reasons) else [f"told: {errors}"]
    return found


def again(home: Path, said: str) -> list[str]:
    """What to type next: what was told, or the same again where nothing had begun."""
    told = typed(said)
    if told is not None:
        return told
    if len(finished(home)) == 2 * MEMBERS:
        return [f"resume={home}"]  # it lacks its summary.csv alone
    assert not (home / LEDGER).exists(), f"does not say how to resume: {said[-1500:]}"
    return [*WORDS, f"hydra.sweep.dir={home}"]


def completed(lane: Lane, home: Path, said: str, reference: Path) -> Tally:
    """Once what stood in its way is gone: the rest of the sweep, and what is wrong with it."""
    kept = finished(home)
    code, told, _ = lane.run(again(home, said))
    faults = [] if code == 0 else [f"exit code {code}: {told[-1500:]}"]
    faults += differences(home, reference) if code == 0 else []
    return Tally(1, 0, len(kept) // 2, len(lost(kept, home)), 1, 0, faults)


def enlarge(disk: Path) -> None:
    words = ["mount", "-o", "remount,size=128m", str(disk)]
    subprocess.run(words, check=True, capture_output=True)


def kilobytes(folder: Path) -> int:
    """What its files take on a tmpfs, whose pages have 4 KB."""
    sizes = [path.stat().st_size for path in folder.rglob("*") if path.is_file()]
    return sum(-(-size // 4096) * 4 for size in sizes)


def test_full_disk(bench: Bench, tell: Tell) -> None:
    needed = kilobytes(bench.reference)

    def filled(lane: Lane, share: float) -> Tally:
        place = lane.folder / f"disk{share}"
        with small_disk(place, f"{int(share * needed)}k"):
            home = place / "sweep"
            code, said, _ = lane.run([*WORDS, f"hydra.sweep.dir={home}"])
            if code == 0:
                return Tally(faults=[f"{share:.0%} of {needed} KB were enough"])
            faults = refused(code, said, "No space left on device", "disk is full")
            enlarge(place)
            return completed(lane, home, said, bench.reference) + Tally(faults=faults)

    tally = sum(bench.shared_out(SHARES, filled), Tally())
    tell(
        f"reliability: {tally.stops} full disks ({SHARES[0]:.0%} to {SHARES[-1]:.0%} of "
        f"{needed} KB), {tally.lost} of {tally.kept} finished members lost, "
        f"{len(tally.faults)} faults"
    )
    assert tally.faults == []
    assert tally.lost == 0
    assert tally.kept > 0


def test_folder_that_becomes_read_only(bench: Bench, tell: Tell) -> None:
    def closed(lane: Lane, stand: float) -> Tally:
        home = lane.folder / f"read_only{len(lane.sessions)}"
        running = lane.start([*WORDS, f"hydra.sweep.dir={home}"])
        while not home.is_dir() or len(finished(home)) < 2 * stand:
            assert running.wait(0.01) is None, running.said
        # Within a stack, or, where none is finished, anywhere before the first.
        running.wait(lane.random.uniform(0, bench.seconds[False] / (4 if stand else 2)))
        with read_only(home):
            code = ended(running)
            said = running.said
            if code == 0:
                return Tally()  # it had written all
            begun = (home / LEDGER).exists()
            told = ("Read-only file system",) if begun else ("cannot be written",)
            faults = refused(code, said, *told, codes=(1,) if begun else (1, 2))
        return completed(lane, home, said, bench.reference) + Tally(faults=faults)

    tally = sum(bench.shared_out(STANDS, closed), Tally())
    tell(
        f"reliability: {tally.stops} folders that became read-only (seed {SEED}), "
        f"{tally.lost} of {tally.kept} finished members lost, {len(tally.faults)} faults"
    )
    assert tally.faults == []
    assert tally.lost == 0
    assert tally.kept > 0


def test_data_that_change_between_start_and_resume(bench: Bench, tell: Tell) -> None:
    lane = bench.lanes[0]
    data, home = lane.folder / "data", lane.folder / "changed"
    shutil.copytree(PROJECT / "data" / "fashion_mnist", data)
    running = lane.start([*WORDS, f"data.root={data}", f"hydra.sweep.dir={home}"])
    while len(finished(home)) < MEMBERS and running.wait(0.05) is None:
        pass  # until half of them are finished
    running.signal(9)
    assert ended(running) == -9, running.said
    kept, faults = finished(home), []
    for number, name in enumerate(SHAPES):
        path = data / name
        sound = path.read_bytes()
        damaged = sound[: len(sound) // 2] if number % 2 else _flipped(sound, lane.random)
        path.write_bytes(damaged)
        code, said, _ = lane.run(again(home, command(home)))
        faults += refused(code, said, str(path), codes=(2,))
        path.write_bytes(sound)
    tally = completed(lane, home, command(home), bench.reference)
    faults += tally.faults + sorted(lost(kept, home))
    tell(
        f"reliability: {len(SHAPES)} damaged data files between start and resume, "
        f"{tally.lost} of {tally.kept} finished members lost, {len(faults)} faults"
    )
    assert faults == []
    assert kept


def test_no_process_is_left(bench: Bench) -> None:
    """After all of the above; the tests of a module run in the order of its lines."""
    assert all(lane.sessions for lane in bench.lanes)
    assert bench.left() == []


def _flipped(content: bytes, random: Random) -> bytes:
    at = random.randrange(16, len(content))
    return content[:at] + bytes([content[at] ^ 1 << random.randrange(8)]) + content[at + 1 :]
