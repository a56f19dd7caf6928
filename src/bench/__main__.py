"""`make bench`: one epoch through the whole harness against the loops its users would write."""

import argparse
import json
import platform
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import torch
from hydra import compose, initialize_config_dir

from src.bench.peers import NotebookLoop, PlainLoop
from src.bench.stacks import stacks
from src.config import CONF, PROJECT, Config, register, validated
from src.data.examples import Splits
from src.members import train_members
from src.schema.data import IdxDataConfig
from src.stacks import splits_of
from src.tracking.provenance import versions

HARNESS, PLAIN, NOTEBOOK = "harness", "plain in-memory loop", "DataLoader + ToTensor loop"


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m src.bench", description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--json", type=Path, help="where to write the figures")
    arguments = parser.parse_args()
    figures = {
        "date": date.today().isoformat(),
        "machine": f"{platform.machine()}, {torch.get_num_threads()} threads",
        "versions": versions(),
        "command": f"python -m src.bench --rounds {arguments.rounds}",
        **epochs(arguments.rounds),
        **stacks(_splits(), arguments.rounds),
        **commands(arguments.rounds),
    }
    report(figures)
    if arguments.json:
        arguments.json.parent.mkdir(parents=True, exist_ok=True)
        arguments.json.write_text(json.dumps(figures, indent=2) + "\n")
        print(f"written to {arguments.json}")


def _splits() -> Splits:
    return splits_of(_config())


def _config() -> Config:
    register()
    with initialize_config_dir(str(CONF), version_base="1.3"):
        return validated(compose("config", ["trainer=cpu", "trainer.epochs=1", "quiet=true"]))


def epochs(rounds: int) -> dict[str, Any]:
    """Seconds for one epoch and its evaluations; the ways take turns, so that noise is shared."""
    config = _config()
    assert isinstance(config.data, IdxDataConfig)
    splits = splits_of(config)
    plain, notebook = PlainLoop(splits), NotebookLoop(Path(config.data.root))

    def harness() -> float:
        with tempfile.TemporaryDirectory() as folder:
            (result,) = train_members([config], [Path(folder)], ["bench"])
            return float(result.record["metrics"]["test"]["accuracy"])

    ways: dict[str, Callable[[], float]] = {
        HARNESS: harness,
        PLAIN: plain.run,
        NOTEBOOK: notebook.run,
    }
    plain.run()  # the first round of anything pays for what the process has not yet loaded
    harness()
    seconds: dict[str, list[float]] = {name: [] for name in ways}
    for _ in range(rounds):
        for name, way in ways.items():
            seconds[name].append(_timed(way))
    ratios = {
        name: [theirs / ours for theirs, ours in zip(seconds[name], seconds[HARNESS], strict=True)]
        for name in (PLAIN, NOTEBOOK)
    }
    return {"epoch_seconds": seconds, "times_faster_than": ratios}


def _timed(way: Callable[[], float]) -> float:
    started = time.perf_counter()
    accuracy = way()
    elapsed = time.perf_counter() - started
    if not accuracy > 0.7:
        raise RuntimeError(f"this way did not learn (test accuracy {accuracy}): nothing to time")
    return elapsed


COMMANDS = {
    "help": ["--help"],
    "smoke": ["trainer=smoke", "data=synthetic"],
    "single run": ["trainer=cpu", "trainer.epochs=1"],
}


def commands(rounds: int) -> dict[str, Any]:
    """Wall seconds and peak resident MB of whole commands, imports and all."""
    seconds: dict[str, list[float]] = {name: [] for name in COMMANDS}
    memory: dict[str, list[float]] = {name: [] for name in COMMANDS}
    for _ in range(rounds):
        for name, arguments in COMMANDS.items():
            with tempfile.TemporaryDirectory() as folder:
                where = [] if name == "help" else [f"hydra.run.dir={folder}"]
                command = [sys.executable, "-c", _MEASURED, *arguments, *where]
                done = subprocess.run(
                    command, cwd=PROJECT, capture_output=True, text=True, check=True
                )
            wall, kilobytes = done.stderr.strip().splitlines()[-1].split()
            seconds[name].append(float(wall))
            memory[name].append(float(kilobytes) / 1024)
    return {"command_seconds": seconds, "command_peak_mb": memory}


# Runs `python -m src.train` as a child and tells what it took, Python's own start included.
_MEASURED = """
import resource, subprocess, sys, time
started = time.perf_counter()
subprocess.run([sys.executable, "-m", "src.train", *sys.argv[1:]], check=True)
print(time.perf_counter() - started, resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss,
      file=sys.stderr)
"""


def report(figures: dict[str, Any]) -> None:
    for title, unit in (
        ("epoch_seconds", "s"),
        ("times_faster_than", "x"),
        ("member_epoch_seconds", "s"),
        ("largest_stack_times_faster_than", "x"),
        ("command_seconds", "s"),
        ("command_peak_mb", "MB"),
    ):
        for name, values in figures[title].items():
            middle, low, high = statistics.median(values), min(values), max(values)
            print(
                f"{title:32} {name:28} median {middle:8.2f} {unit:2} "
                f"(n={len(values)}, {low:.2f} to {high:.2f})"
            )


if __name__ == "__main__":
    main()
