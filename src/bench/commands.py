"""Whole commands, imports and all: wall and CPU seconds, memory, and where the wall goes."""

import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from src.bench.harness import Epochs
from src.bench.turns import Worker, take_turns
from src.bench.work import Palette, arm
from src.config import PROJECT

COMMANDS = {
    "help": ["--help"],
    "smoke run": ["trainer=smoke", "data=synthetic", "quiet=true"],
    "single run of one epoch": ["trainer=cpu", "trainer.epochs=1", "quiet=true"],
}
OUTSIDE = "starting and leaving Python"


@dataclass(frozen=True)
class Command:
    """What one `python -m src.train` took.

    cpu: seconds of all threads; phases: wall seconds; cpu_phases: of the main thread.
    """

    wall: float
    cpu: float
    peak_mb: float
    phases: dict[str, float]
    cpu_phases: dict[str, float]


def run(arguments: Sequence[str]) -> Command:
    """The command in a process and a folder of its own; RuntimeError where it fails."""
    with tempfile.TemporaryDirectory() as folder:
        told = Path(folder) / "phases.json"
        places = [f"hydra.run.dir={folder}/run", f"hydra.sweep.dir={folder}/sweep"]
        if "--help" in arguments:
            places = []
        words = ["-m", "src.bench.measured", str(told), *arguments, *places]
        with (Path(folder) / "output").open("w+") as output:
            started = time.perf_counter()
            child = subprocess.Popen(
                [sys.executable, *words], cwd=PROJECT, stdout=output, stderr=output
            )
            _, status, usage = os.wait4(child.pid, 0)  # the usage of this child alone
            wall = time.perf_counter() - started
            child.returncode = os.waitstatus_to_exitcode(status)
            if child.returncode != 0:
                output.seek(0)
                raise RuntimeError(f"{' '.join(arguments)}: {output.read()[-2000:]}")
        found = json.loads(told.read_text())
    phases: dict[str, float] = found["wall"]
    phases[OUTSIDE] = wall - sum(phases.values())
    # Not usage.ru_maxrss, which has this process's own peak in it from before the exec.
    cpu = usage.ru_utime + usage.ru_stime
    return Command(wall, cpu, found["peak_mb"], phases, found["cpu"])


def commands(rounds: int) -> dict[str, dict[str, list[float]]]:
    """By command, wall and CPU seconds and peak MB in each round."""
    found: dict[str, list[Command]] = {name: [] for name in COMMANDS}
    for _ in range(rounds):
        for name, arguments in COMMANDS.items():
            found[name].append(run(arguments))
    return {name: _columns(runs) for name, runs in found.items()}


def _columns(runs: Sequence[Command]) -> dict[str, list[float]]:
    return {
        "wall": [one.wall for one in runs],
        "cpu": [one.cpu for one in runs],
        "peak_mb": [one.peak_mb for one in runs],
    }


# A job of almost no work, so that what a job costs is the harness's own.
TINY_JOB = (
    *("-m", "trainer=cpu", "trainer.epochs=0", "logger=none", "quiet=true", "data=synthetic"),
    *("data.features=10", "data.train_size=100", "data.validation_size=100"),
    *("data.test_size=100", "model.hidden=[10]"),
)


# The phases that are Hydra's: composing each job, making it a Config, opening its folder.
HYDRA = ("composing", "checking", "opening folders", "Hydra, otherwise")


JOB_INITS = ("zeros", "xavier", "he", "default", "general_rule", "uniform_centered")


def jobs(rounds: int, seeds: int = 5) -> dict[str, Any]:
    """CPU seconds of the main thread that one more job costs: 6 inits x seeds, less one job.

    By phase, and summed over Hydra's; imports, which vary more than the jobs cost, are in neither.
    """
    more = len(JOB_INITS) * seeds - 1
    phases: dict[str, list[float]] = {}
    for _ in range(rounds):
        one = run([*TINY_JOB, "init=zeros", "seed=0"]).cpu_phases
        all_of_them = run(
            [*TINY_JOB, f"init={','.join(JOB_INITS)}", f"seed=range({seeds})"]
        ).cpu_phases
        for name in one.keys() - {"imports"}:
            phases.setdefault(name, []).append((all_of_them[name] - one[name]) / more)
    hydra = [sum(of_round) for of_round in zip(*(phases[name] for name in HYDRA), strict=True)]
    return {"jobs": 1 + more, "cpu_per_job": hydra, "phases": phases}


SEEDS, EPOCHS = 5, 5


def sweep(
    palette: Palette, rounds: int, seeds: int = SEEDS, extra: Sequence[str] = ()
) -> dict[str, Any]:
    """A whole sweep, inits x seeds, against its training alone, which takes turns with it."""
    inits = ",".join(init.name for init in palette.inits)
    trainer = palette.base.trainer
    arguments = [
        *("-m", f"init={inits}", f"seed=range({seeds})", f"data={palette.base.data.name}"),
        *(f"trainer={trainer.name}", f"trainer.epochs={trainer.epochs}", "quiet=true", *extra),
    ]
    relu, rate = palette.activations[0], palette.base.optimizer.lr
    members = [
        arm(palette.base, init, relu, rate, seed) for init in palette.inits for seed in range(seeds)
    ]
    runs: list[Command] = []
    training: list[float] = []
    for _ in range(rounds):
        runs.append(run(arguments))
        (seconds,) = take_turns({"training": [Worker(partial(Epochs, members))]}, 1)["training"]
        training.append(seconds * len(members) * trainer.epochs)
    return {
        "command": "python -m src.train " + " ".join(arguments),
        "members": len(members),
        "epochs": trainer.epochs,
        **_columns(runs),
        "training": training,
        "phases": {name: [one.phases[name] for one in runs] for name in runs[0].phases},
    }
