"""Memory and open files stay where they are, however many members one process trains."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import Tell

GROWTH = 1.10


@pytest.mark.slow
def test_memory_and_open_files_are_flat_from_100_members_to_1000(project: Path, tell: Tell) -> None:
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    command = [sys.executable, "-m", "tests.thousand"]
    ended = subprocess.run(
        command, cwd=project, env=environment, capture_output=True, text=True, timeout=600
    )
    assert ended.returncode == 0, ended.stderr
    for line in ended.stdout.splitlines():
        tell(f"members in one process: {line}")
    found = {line["members"]: line for line in map(json.loads, ended.stdout.splitlines())}
    first, last = found[100], found[1000]
    assert last["resident_kb"] < GROWTH * first["resident_kb"], found
    assert last["files"] == first["files"], found
