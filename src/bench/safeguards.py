"""What it costs that no run is lost: whole sweeps with ledger and checkpoints, and without."""

import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from src.bench.timed import WITH, WITHOUT
from src.config import PROJECT

INITS = ("he", "xavier", "lecun", "default", "he_uniform", "xavier_normal")
SEEDS, EPOCHS = 5, 5
NO_CHECKPOINTS = "trainer.checkpoint_seconds=null"


def safeguards(rounds: int, extra: Sequence[str] = ()) -> dict[str, Any]:
    """Wall seconds of both, in turns, and of those of the first what either part took."""
    arguments = [
        *("-m", f"init={','.join(INITS)}", f"seed=range({SEEDS})", "trainer=cpu"),
        *(f"trainer.epochs={EPOCHS}", "quiet=true", "report.page=false", *extra),
    ]
    wall: dict[str, list[float]] = {WITH: [], WITHOUT: []}
    inside: dict[str, list[float]] = {}
    run(WITHOUT, [*arguments, "trainer.epochs=0"])  # the first reads what lies on the disk
    for number in range(rounds):
        for kind in (WITH, WITHOUT) if number % 2 == 0 else (WITHOUT, WITH):
            more = [NO_CHECKPOINTS] if kind == WITHOUT else []
            seconds, parts = run(kind, [*arguments, *more])
            wall[kind].append(seconds)
            for name, value in parts.items() if kind == WITH else ():
                inside.setdefault(name, []).append(value)
    return {
        "command": "python -m src.train " + " ".join(arguments),
        "members": len(INITS) * SEEDS,
        "epochs": EPOCHS,
        "wall": wall,
        "inside": inside,
    }


def run(kind: str, arguments: Sequence[str]) -> tuple[float, dict[str, float]]:
    """The command's wall seconds, and those within its parts; RuntimeError where it fails."""
    with tempfile.TemporaryDirectory() as folder:
        told = Path(folder) / "seconds.json"
        words = ["-m", "src.bench.timed", str(told), kind, *arguments]
        started = time.perf_counter()
        done = subprocess.run(
            [sys.executable, *words, f"hydra.sweep.dir={folder}/sweep"],
            cwd=PROJECT,
            capture_output=True,
            text=True,
        )
        wall = time.perf_counter() - started
        if done.returncode != 0:
            raise RuntimeError(f"{' '.join(arguments)}: {done.stderr[-2000:]}")
        parts: dict[str, float] = json.loads(told.read_text())
    return wall, parts
