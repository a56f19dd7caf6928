"""A sweep of 5,000 members is listed in under a second."""

import resource
import subprocess
import sys
import time
from pathlib import Path

import pytest

from src.config import PROJECT
from src.tracking.member import LOG, WEIGHTS
from tests.ledgers import swept

MEMBERS, TIMES, MOST = 5_000, 5, 1.0  # seconds
# Beside its result, what a member leaves.
FILES = (".hydra/config.yaml", ".hydra/hydra.yaml", ".hydra/overrides.yaml", "events.out", LOG)


@pytest.mark.slow
def test_five_thousand_rows(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The command as a whole, with all that it imports; the best of five.

    In processor time, which is the clock's where nothing else runs: the tests may have company.
    """
    statuses = ["done"] * (MEMBERS - 1_000) + ["pending"] * 500 + ["failed"] * 500
    sweep = swept(tmp_path / "multirun" / "s", statuses)
    for number in range(MEMBERS):
        (sweep / f"seed={number}" / ".hydra").mkdir()
        for name in (*FILES, WEIGHTS):
            (sweep / f"seed={number}" / name).touch()
    processor, clock = [], []
    for _ in range(TIMES):
        begun, spent = time.perf_counter(), of_children()
        done = subprocess.run(
            [sys.executable, "-m", "src.sweeps"],
            cwd=tmp_path,
            env={"PYTHONPATH": str(PROJECT)},
            capture_output=True,
            text=True,
            timeout=60,
            check=True,
        )
        processor.append(of_children() - spent)
        clock.append(time.perf_counter() - begun)
        assert "4,000 done, 500 failed, 500 pending of 5,000; " in done.stdout
    with capsys.disabled():
        print(f"\n{MEMBERS:,} ledger rows and their folders listed, {TIMES} times:")
        for name, seconds in (("processor", processor), ("clock", clock)):
            print(f"  {name} {', '.join(f'{each:.2f}' for each in seconds)} s")
    assert min(processor) < MOST


def of_children() -> float:
    """Processor seconds of the processes that have ended."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime
