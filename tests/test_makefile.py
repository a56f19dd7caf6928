"""What make would do, without doing it."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

pytestmark = pytest.mark.skipif(shutil.which("make") is None, reason="needs make")


def served(project: Path, folder: Path, *arguments: str) -> str:
    """The folder that TensorBoard would be started over."""
    command = ["make", "--dry-run", "--file", str(project / "Makefile"), "dashboard", *arguments]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    (line,) = [line for line in done.stdout.splitlines() if "--logdir" in line]
    shown = line.partition("--logdir ")[2].split()[0]
    assert f"Sweep shown: {shown} " in done.stdout
    return shown


def test_dashboard_serves_the_newest_sweep(project: Path, tmp_path: Path) -> None:
    # What make install would need is not looked at in a dry run.
    for name in ("pyproject.toml", "constraints.txt"):
        (tmp_path / name).touch()
    assert served(project, tmp_path) == "multirun"
    for hour, name in enumerate(("named", "2026-01-02/09-00-00", "2026-01-01/12-00-00")):
        sweep = tmp_path / "multirun" / name
        (sweep / "init=he").mkdir(parents=True)
        (sweep / "multirun.yaml").touch()
        os.utime(sweep / "multirun.yaml", (10**9 + 3600 * hour,) * 2)
        assert served(project, tmp_path) == f"multirun/{name}"
    assert served(project, tmp_path, "RUNS=multirun") == "multirun"
