"""A sweep of 5,000 members is listed in under a second."""

import resource
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

import pytest

from src.config import PROJECT
from src.tracking.files import LOG, WEIGHTS
from tests.conftest import Tell
from tests.ledgers import swept

MEMBERS, TIMES, MOST = 5_000, 5, 1.0  # seconds
# Beside its result, what a member leaves.
FILES = (".hydra/config.yaml", ".hydra/hydra.yaml", ".hydra/overrides.yaml", "events.out", LOG)


@pytest.mark.slow
def test_five_thousand_rows(tmp_path: Path, tell: Tell) -> None:
    """Beyond what the command takes for one row, which is its start; the best of each.

    In processor time, which is the clock's where nothing else runs: the tests may have company.
    """
    one = made(tmp_path / "one", ["done"])
    all_of_them = ["done"] * (MEMBERS - 1_000) + ["pending"] * 500 + ["failed"] * 500
    many = made(tmp_path / "many", all_of_them)
    start, whole, clock = [], [], []
    for _ in range(TIMES):
        start.append(listed(one)[0])
        begun = time.perf_counter()
        seconds, said = listed(many)
        whole.append(seconds)
        clock.append(time.perf_counter() - begun)
        assert "4,000 done, 500 failed, 500 pending of 5,000; " in said
    found = min(whole) - min(start)
    tell(f"{MEMBERS:,} ledger rows and their folders listed, {TIMES} times: {found:.2f} s")
    for name, each in (("processor", whole), ("of one row", start), ("clock", clock)):
        tell(f"  {name} {', '.join(f'{seconds:.2f}' for seconds in each)} s")
    assert found < MOST


def made(folder: Path, statuses: Sequence[str]) -> Path:
    """A folder with such a sweep, and with the files of its members."""
    sweep = swept(folder / "multirun" / "s", statuses)
    for number in range(len(statuses)):
        (sweep / f"seed={number}" / ".hydra").mkdir()
        for name in (*FILES, WEIGHTS):
            (sweep / f"seed={number}" / name).touch()
    return folder


def listed(folder: Path) -> tuple[float, str]:
    """Processor seconds of the command there, and what it says."""
    before = of_children()
    done = subprocess.run(
        [sys.executable, "-m", "src.sweeps"],
        cwd=folder,
        env={"PYTHONPATH": str(PROJECT)},
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    return of_children() - before, done.stdout


def of_children() -> float:
    """Processor seconds of the processes that have ended."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime
