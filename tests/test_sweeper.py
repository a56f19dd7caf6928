"""The grid sweeper and the launcher's options, from the command line."""

import csv
import json
import subprocess
import sys
from dataclasses import fields
from pathlib import Path
from typing import Any

import pytest
import torch
from hydra._internal.config_loader_impl import ConfigLoaderImpl
from omegaconf import OmegaConf

from src.config import CONF
from src.schema.stacks import StackLimits
from tests.command import Command
from tests.conftest import SMALL

QUICK = (*SMALL, "quiet=true", "logger=none", "trainer.epochs=0")


@pytest.fixture
def composed(monkeypatch: pytest.MonkeyPatch) -> list[list[str]]:
    """The overrides of every job that Hydra itself has composed."""
    seen: list[list[str]] = []
    original = ConfigLoaderImpl.load_sweep_config

    def counted(self: Any, master_config: Any, sweep_overrides: list[str]) -> Any:
        seen.append(sweep_overrides)
        return original(self, master_config, sweep_overrides)

    monkeypatch.setattr(ConfigLoaderImpl, "load_sweep_config", counted)
    return seen


@pytest.mark.slow
def test_a_sweep_is_composed_once_for_all_seeds(
    command: Command, composed: list[list[str]]
) -> None:
    outcome = command("-m", *QUICK, "init=he,zeros", "seed=range(3)")
    assert (outcome.code, outcome.err) == (0, "")
    # Hydra built one tree; its choices of groups are all that it was asked for.
    assert composed == [["data=synthetic", "trainer=cpu", "logger=none", "init=he"]]
    assert len(command.results()) == 6


@pytest.mark.parametrize("sweeper", ["grid", "basic"])
@pytest.mark.parametrize("launcher", ["stacked", "basic"])
@pytest.mark.slow
def test_any_sweeper_with_any_launcher(
    command: Command, composed: list[list[str]], sweeper: str, launcher: str
) -> None:
    outcome = command(
        "-m", *QUICK, "seed=1,2", f"hydra/sweeper={sweeper}", f"hydra/launcher={launcher}"
    )
    assert (outcome.code, outcome.err) == (0, "")
    seeds = [json.loads(path.read_text())["seeds"]["seed"] for path in command.results()]
    assert sorted(seeds) == [1, 2]
    # The basic sweeper composes every job to check it, and the basic launcher to run it.
    times = {("grid", "stacked"): 1, ("basic", "stacked"): 3, ("grid", "basic"): 4}
    assert len(composed) == times.get((sweeper, launcher), 4)


def test_folders_named_by_an_interpolation(command: Command) -> None:
    """Which is each job's own: Hydra's default is such a one."""
    named = "hydra.sweep.subdir=${hydra.job.override_dirname}"
    outcome = command("-m", *QUICK, "seed=1,2", "hydra.sweep.dir=s", named)
    assert (outcome.code, outcome.err) == (0, "")
    names = [path.parent.name.split(",") for path in command.results()]
    assert [sorted(f"seed={seed}" in name for name in names) for seed in (1, 2)] == [
        [False, True],
        [False, True],
    ]


@pytest.mark.slow
def test_batches(command: Command) -> None:
    outcome = command("-m", *QUICK, "seed=range(5)", "hydra.sweeper.max_batch_size=2")
    assert (outcome.code, outcome.err) == (0, "")
    stacks = [json.loads(path.read_text())["members_in_stack"] for path in command.results()]
    assert sorted(stacks) == [1, 2, 2, 2, 2]
    assert outcome.out.count("test acc. %") == 1
    (path,) = command.folder.rglob("summary.csv")
    assert len(list(csv.reader(path.read_text().splitlines()))) == 6


@pytest.mark.slow
def test_a_batch_that_is_refused_leaves_those_before_it(command: Command) -> None:
    outcome = command("-m", *QUICK, "seed=1,2,x", "hydra.sweeper.max_batch_size=2")
    outcome.assert_refused()
    assert outcome.sentences == ["seed=x: must be an integer."]
    assert len(command.results()) == 2
    assert outcome.out.count("val. acc. %") == 1
    assert len([*command.folder.rglob("summary.csv")]) == 1


FAULTS = [
    (
        "init=foo,bar optimizer.lr=abc",
        ["init=foo: no such option", "init=bar: no such option", "optimizer.lr=abc: must be a num"],
    ),
    (
        "init=he,foo seed=1,x model.dropout=2",
        ["init=foo: no such", "seed=x: must be an integer.", "model.dropout=2.0: must be at least"],
    ),
    # Nothing is said of a key whose group is not known, nor of what may follow from a fault.
    (
        "init=foo,he init.scale=abc",
        ["init=foo: no such option", "init.scale=abc: must be a number"],
    ),
    ("init=foo,fooo init.scale=abc", ["init=foo: no such", "init=fooo: no such"]),
    ("data.train_size=abc data.batch_size=4000 seed=1,2", ["data.train_size=abc: must be an int"]),
    ("foo=1 +bar=2 seed=1,2", ["foo: no such key", "bar: no such key"]),
    (
        "optimizer=Adam,sgd optimizer.betas=3",
        ["optimizer=Adam: no such", "optimizer.betas: no such"],
    ),
    (
        "optimizer.lr=[1 init=he=x seed=1,2",
        ["optimizer.lr=[1: cannot", "init=he=x: cannot be read"],
    ),
    ("hydra.launcher.max_stack=0 seed=1,2", ["hydra.launcher.max_stack=0: must be an integer of"]),
    ("hydra.launcher.memory_gb=-1 seed=1,2", ["hydra.launcher.memory_gb=-1: must be a finite"]),
    ("hydra.launcher.threads=two seed=1,2", ["hydra.launcher.threads=two: must be an integer"]),
    ("hydra.launcher.threads=9999 seed=1,2", ["hydra.launcher.threads=9999: must be at most"]),
    ("+hydra.launcher.foo=1 seed=1,2", ["hydra.launcher.foo: no such key"]),
    ("hydra.sweeper.max_batch_size=0 seed=1,2", ["hydra.sweeper.max_batch_size=0: must be an int"]),
    ("hydra.sweep.dir=out/${init.name} init=he,zeros", ["hydra.sweep.dir=out/he: must be out/d"]),
    ("hydra.launcher.memory_gb=1e-9 seed=1,2", ["model.hidden=[8, 6]: a member needs"]),
    ("hydra.launcher.stacks=2 seed=1,2", ["hydra.launcher.stacks: no such key"]),
    ("hydra.sweeper.max_batch=2 seed=1,2", ["hydra.sweeper.max_batch: no such key"]),
]


@pytest.mark.parametrize(("typed", "sentences"), FAULTS, ids=lambda case: str(case)[:40])
@pytest.mark.slow
def test_all_faults_are_told(command: Command, typed: str, sentences: list[str]) -> None:
    outcome = command("-m", *QUICK, *typed.split())
    outcome.assert_refused()
    assert outcome.out == ""
    told = sorted(outcome.sentences)
    assert len(told) == len(sentences), told
    for sentence, start in zip(told, sorted(sentences), strict=True):
        assert sentence.startswith(start)
    assert command.job_folders() == []


@pytest.mark.slow
def test_a_key_that_only_the_swept_options_have(command: Command) -> None:
    """Hydra alone refuses it: the default optimizer, Adam, has no momentum."""
    outcome = command("-m", *QUICK, "optimizer=momentum,nesterov", "optimizer.momentum=0.5")
    assert (outcome.code, outcome.err) == (0, "")
    records = [json.loads(path.read_text())["config"] for path in command.results()]
    assert [record["optimizer"]["momentum"] for record in records] == [0.5, 0.5]
    assert {record["optimizer"]["name"] for record in records} == {"momentum", "nesterov"}


@pytest.mark.slow
def test_the_division_is_told_once(command: Command) -> None:
    loud = [item for item in QUICK if item != "quiet=true"]
    outcome = command("-m", *loud, "seed=range(5)", "hydra.launcher.max_stack=2")
    assert outcome.out.count("5 members train in 3 stacks of at most 2.\n") == 1
    outcome = command("-m", *loud, "model.hidden=[8],[5]", "hydra.sweep.dir=apart")
    assert outcome.out.splitlines()[0] == (
        "No two members can train together: they differ in model.hidden."
    )
    outcome = command("-m", *loud, "seed=7,8", "hydra.sweep.dir=together")
    assert "stacks" not in outcome.out
    assert "No two" not in outcome.out


@pytest.mark.slow
def test_threads_are_those_asked_for(command: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    before = torch.get_num_threads()
    outcome = command("-m", *QUICK, "seed=1,2", "hydra.launcher.threads=1")
    assert outcome.code == 0
    devices = {json.loads(path.read_text())["device"] for path in command.results()}
    assert devices == {"cpu (1 threads)"}
    assert torch.get_num_threads() == before


def test_the_options_stand_in_the_yaml() -> None:
    path = CONF / "hydra" / "launcher" / "stacked.yaml"
    written: Any = OmegaConf.to_container(OmegaConf.load(path))
    assert set(written) - {"_target_"} == {item.name for item in fields(StackLimits)}
    assert all(written[item.name] is None for item in fields(StackLimits))


# Members of one step each, in a process of their own: what grows with their number?
MANY = """
import os, sys, threading
from pathlib import Path
import src.sweep, src.train
import src.report.answer, src.report.terminal  # what they import costs the same for any number

descriptors, memory = [], []
def seen():
    descriptors.append(len(os.listdir("/proc/self/fd")))
    memory.append(int(Path("/proc/self/statm").read_text().split()[1]) * 4096 / 1e6)
from src import members
run = members._train_stack
def counted(trackers, progress):
    seen()
    return run(trackers, progress)
members._train_stack = counted
src.train.main(sys.argv[1:])
seen()
trained, told = memory[-2] - memory[4], memory[-1] - memory[-2]
grown = max(descriptors) - descriptors[0], trained, told
print(*grown, len(memory), threading.active_count())
"""


@pytest.mark.slow
def test_two_thousand_members(tmp_path: Path, project: Path) -> None:
    arguments = [*SMALL, "seed=range(2000)", "trainer.steps_per_epoch=1", "hydra.sweep.dir=here"]
    done = subprocess.run(
        [sys.executable, "-c", MANY, "-m", *arguments],
        cwd=tmp_path,
        env={"PYTHONPATH": str(project), "PATH": "/usr/bin:/bin"},
        capture_output=True,
        text=True,
        timeout=600,
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert len(list((tmp_path / "here").glob("*/result.json"))) == 2_000
    assert "2,000 member(s) in here" in done.stdout
    assert done.stdout.count("\n") < 150
    more_descriptors, trained, told, stacks, threads = map(
        float, done.stdout.splitlines()[-1].split()
    )
    assert stacks == -(-2_000 // 64) + 1
    assert more_descriptors <= 3
    assert trained <= 100  # MB for 1,750 members
    assert told <= 2_000 * 0.1  # MB: the report holds all results, of about 0.06 each
    assert threads < 100
