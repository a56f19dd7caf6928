"""How long a report takes, with all that it imports, and how large its page is."""

import resource
import subprocess
import sys
import time
from pathlib import Path

import pytest

from src.config import as_plain
from tests.conftest import Configure
from tests.large_sweep import made


@pytest.mark.slow
@pytest.mark.parametrize(
    ("inits", "activations", "epochs", "seconds"), [(3, 1, 5, 10), (20, 5, 50, 40)]
)
def test_a_report_is_quick_and_its_page_small(
    configure: Configure,
    tmp_path: Path,
    project: Path,
    inits: int,
    activations: int,
    epochs: int,
    seconds: float,
) -> None:
    """30 members, and 1,000 of 50 epochs. Aimed at are 5 s and 20 s on two idle cores; the bounds
    are twice that, in CPU time, so that a busy machine fails nothing. -s shows the figures."""
    config = as_plain(configure(f"trainer.epochs={epochs}", small=False))
    sweep = made(
        tmp_path / "sweep", config, inits=inits, activations=activations, seeds=10, epochs=epochs
    )
    before, started = _cpu(), time.perf_counter()
    done = subprocess.run(
        [sys.executable, "-m", "src.report", str(sweep), "--quiet"],
        cwd=project,
        capture_output=True,
        text=True,
        check=False,
    )
    wall, cpu = time.perf_counter() - started, _cpu() - before
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    size = (sweep / "report" / "index.html").stat().st_size
    members = inits * activations * 10
    print(f"{members:,} members: {wall:.1f} s, {cpu:.1f} s of CPU, {size / 1e6:.1f} MB")
    assert f"{members:,} member(s) in {sweep}" in done.stdout
    assert cpu < seconds
    assert size < 15e6


def _cpu() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime
