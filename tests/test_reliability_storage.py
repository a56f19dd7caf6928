"""A disk that fills up, a folder made read-only, data that change: told, and gone on from."""

import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from random import Random

import pytest

from src.config import PROJECT
from src.data.datasets import SHAPES
from src.ledger.store import LEDGER
from tests.forked import Nursery
from tests.mounts import read_only, small_disk
from tests.stopped import MEMBERS, RESUME, SEED, WORDS, Lane, differences, ended, finished, lost

pytestmark = pytest.mark.slow

SHARES = (0.02, 0.15, 0.35, 0.55, 0.75, 0.9)  # of what the sweep takes, that the disk has room for
MOMENTS = 5


@pytest.fixture(scope="module")
def lane(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lane]:
    with Nursery() as nursery:
        yield Lane(nursery, tmp_path_factory.mktemp("lane"), Random(SEED))


@pytest.fixture(scope="module")
def undisturbed(lane: Lane) -> tuple[Path, float]:
    """A sweep that nothing went wrong with, and its seconds."""
    home = lane.folder / "reference"
    code, said, seconds = lane.run([*WORDS, f"hydra.sweep.dir={home}"])
    assert code == 0, said
    return home, seconds


def refused(code: int, said: str, *reasons: str, expected: int = 1) -> list[str]:
    """What is wrong with how a command told a fault that is none of its members'."""
    errors = [line for line in said.splitlines() if line.startswith("error: ")]
    found = [] if code == expected else [f"exit code {code}: {said[-1500:]}"]
    found += [f"a trace: {said[-1500:]}"] if "Traceback" in said else []
    found += [] if any(r in line for line in errors for r in reasons) else [f"told: {errors}"]
    return found


def again(home: Path, said: str) -> list[str]:
    """What to type next: what was told, or the same again where nothing had begun."""
    told = RESUME.search(said)
    if told is not None:
        return [told[1]]
    if len(finished(home)) == 2 * MEMBERS:
        return [f"resume={home}"]  # it lacks its summary.csv alone
    assert not (home / LEDGER).exists(), f"does not say how to resume: {said[-1500:]}"
    return [*WORDS, f"hydra.sweep.dir={home}"]


def enlarge(disk: Path) -> None:
    words = ["mount", "-o", "remount,size=128m", str(disk)]
    subprocess.run(words, check=True, capture_output=True)


def kilobytes(folder: Path) -> int:
    """What its files take on a tmpfs, whose pages have 4 KB."""
    sizes = [path.stat().st_size for path in folder.rglob("*") if path.is_file()]
    return sum(-(-size // 4096) * 4 for size in sizes)


def test_full_disk(
    lane: Lane, undisturbed: tuple[Path, float], capsys: pytest.CaptureFixture[str]
) -> None:
    reference, _ = undisturbed
    needed, faults = kilobytes(reference), []
    kept_of_all = lost_of_all = hit = 0
    for k, share in enumerate(SHARES):
        place = lane.folder / f"disk{k}"
        with small_disk(place, f"{int(share * needed)}k"):
            home = place / "sweep"
            code, said, _ = lane.run([*WORDS, f"hydra.sweep.dir={home}"])
            if code == 0:
                faults.append(f"{share:.0%} of {needed} KB were enough")
                continue
            hit += 1
            faults += refused(code, said, "No space left on device", "disk is full")
            kept = finished(home)
            enlarge(place)
            code, said, _ = lane.run(again(home, said))
            faults += [] if code == 0 else [f"exit code {code}: {said[-1500:]}"]
            faults += differences(home, reference)
            kept_of_all, lost_of_all = (
                kept_of_all + len(kept) // 2,
                lost_of_all + len(lost(kept, home)),
            )
    with capsys.disabled():
        print(
            f"\nreliability: {hit} full disks ({SHARES[0]:.0%} to {SHARES[-1]:.0%} of {needed} "
            f"KB), {lost_of_all} of {kept_of_all} finished members lost, {len(faults)} faults"
        )
    assert faults == []
    assert lost_of_all == 0
    assert kept_of_all > 0


def test_folder_that_becomes_read_only(
    lane: Lane, undisturbed: tuple[Path, float], capsys: pytest.CaptureFixture[str]
) -> None:
    reference, seconds = undisturbed
    faults: list[str] = []
    kept_of_all = lost_of_all = hit = tries = 0
    while hit < MOMENTS and tries < 4 * MOMENTS:
        home = lane.folder / f"read_only{tries}"
        tries += 1
        running = lane.start([*WORDS, f"hydra.sweep.dir={home}"])
        running.wait(lane.random.uniform(0, 0.9 * seconds))
        if not home.is_dir():
            assert ended(running) == 0, running.said
            continue
        with read_only(home):
            code = ended(running)
            said, kept = running.said, finished(home)
        if code == 0 and len(kept) == 2 * MEMBERS:
            continue  # it had written all
        hit += 1
        faults += refused(code, said, "Read-only file system", "readonly")
        code, told, _ = lane.run(again(home, said))
        faults += [] if code == 0 else [f"exit code {code}: {told[-1500:]}"]
        faults += differences(home, reference)
        kept_of_all, lost_of_all = kept_of_all + len(kept) // 2, lost_of_all + len(lost(kept, home))
    with capsys.disabled():
        print(
            f"\nreliability: {hit} folders that became read-only (seed {SEED}), {lost_of_all} of "
            f"{kept_of_all} finished members lost, {len(faults)} faults"
        )
    assert faults == []
    assert lost_of_all == 0
    assert hit == MOMENTS


def test_data_that_change_between_start_and_resume(
    lane: Lane, undisturbed: tuple[Path, float], capsys: pytest.CaptureFixture[str]
) -> None:
    reference, _ = undisturbed
    data, home = lane.folder / "data", lane.folder / "changed"
    shutil.copytree(PROJECT / "data" / "fashion_mnist", data)
    running = lane.start([*WORDS, f"data.root={data}", f"hydra.sweep.dir={home}"])
    while len(finished(home)) == 0 and running.wait(0.05) is None:
        pass  # until some are finished
    running.signal(9)
    assert ended(running) == -9, running.said
    kept, faults = finished(home), []
    for name in SHAPES:
        path = data / name
        sound = path.read_bytes()
        for damaged in (_flipped(sound, lane.random), sound[: len(sound) // 2]):
            path.write_bytes(damaged)
            code, said, _ = lane.run([f"resume={home}"])
            faults += refused(code, said, str(path), expected=2)
            faults += sorted(lost(kept, home))
        path.write_bytes(sound)
    code, said, _ = lane.run([f"resume={home}"])
    assert code == 0, said
    with capsys.disabled():
        print(
            f"\nreliability: {2 * len(SHAPES)} damaged data files between start and resume, "
            f"{len(lost(kept, home))} of {len(kept) // 2} finished members lost, "
            f"{len(faults)} faults"
        )
    assert faults == []
    assert lost(kept, home) == set()
    assert differences(home, reference) == []


def test_no_process_is_left(lane: Lane) -> None:
    """After all of the above; the tests of a module run in the order of its lines."""
    assert lane.sessions
    assert lane.left() == []


def _flipped(content: bytes, random: Random) -> bytes:
    at = random.randrange(16, len(content))
    return content[:at] + bytes([content[at] ^ 1 << random.randrange(8)]) + content[at + 1 :]
