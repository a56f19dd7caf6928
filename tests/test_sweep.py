"""A sweep from its command to its files: planned, trained as stacks, written, ranked, told."""

import csv
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from hydra import compose, initialize_config_dir
from hydra.test_utils.launcher_common_tests import LauncherTestSuite, sweep_2_jobs
from hydra.test_utils.test_utils import TSweepRunner
from omegaconf import DictConfig, OmegaConf, open_dict
from safetensors.torch import load_file

from src.config import CONF
from src.diagnostics.records import RECORDS
from src.errors import InputError
from src.ledger.store import LEDGER
from src.question import labels
from src.sweep import plan
from src.tracking.files import LOG, RESULT, WEIGHTS
from tests.command import Outcome, command_in, undisturbed_logging
from tests.conftest import SMALL

QUICK = (*SMALL, "quiet=true")


@pytest.fixture(scope="module")
def composed() -> DictConfig:
    with initialize_config_dir(str(CONF), version_base="1.3"):
        return compose("config", [*QUICK], return_hydra_config=True)


def job(composed: DictConfig, *overrides: str, folder: str = "", **values: object) -> DictConfig:
    """A composed job as Hydra would hand it over, with `values` set (__ for the dot)."""
    made = composed.copy()
    with open_dict(made):
        made.hydra.overrides.task = list(overrides)
        made.hydra.sweep.dir = "/sweep"
        made.hydra.sweep.subdir = folder or ",".join(overrides)
    for key, value in values.items():
        OmegaConf.update(made, key.replace("__", "."), value)
    return made


@pytest.mark.parametrize(
    ("jobs", "expected"),
    [
        ([["init=he"]], ["init=he"]),
        ([[]], ["default"]),
        ([["init=he", "seed=1"], ["init=he", "seed=2"]], ["seed=1", "seed=2"]),
        (
            [["a=1", "b=1"], ["a=1", "b=2"], ["a=2", "b=1"]],
            ["a=1,b=1", "a=1,b=2", "a=2,b=1"],
        ),
        # Two members that differ in nothing are told by their init, and refused elsewhere.
        ([["a=1"], ["a=1"]], ["default", "default"]),
        ([["a=1"], ["a=1", "b=1"]], ["default", "b=1"]),
    ],
)
def test_labels(jobs: list[list[str]], expected: list[str]) -> None:
    assert labels(jobs, ["default"] * len(jobs)) == expected


def test_labels_of_nothing() -> None:
    assert labels([], []) == []


def test_plan(composed: DictConfig) -> None:
    jobs = [job(composed, f"seed={seed}", seed=seed) for seed in (3, 1, 2)]
    planned = plan(jobs)
    assert [config.seed for config in planned.configs] == [3, 1, 2]
    assert planned.folders == [Path(f"/sweep/seed={seed}") for seed in (3, 1, 2)]
    assert planned.labels == ["seed=3", "seed=1", "seed=2"]


def test_plan_tells_every_distinct_fault(composed: DictConfig) -> None:
    jobs = [
        job(composed, "a", optimizer__lr=-1.0),
        job(composed, "b", optimizer__lr=-1.0, seed=5),
        job(composed, "c", trainer__epochs=-1),
        job(composed, "d"),
        job(composed, "d", folder="e"),
        job(composed, "d", folder="e"),
    ]
    with pytest.raises(InputError) as caught:
        plan(jobs)
    assert str(caught.value).splitlines() == [
        "optimizer.lr=-1.0: must be a finite number above 0.",
        "trainer.epochs=-1: must be an integer of at least 0.",
        "e: asked for 2 times; each member must be different.",
    ]


def test_plan_of_jobs_that_share_a_fault_of_their_data(
    composed: DictConfig, tmp_path: Path
) -> None:
    missing = f"{tmp_path}/absent"
    jobs = [job(composed, f"s={seed}", seed=seed, model__weights=missing) for seed in (1, 2)]
    with pytest.raises(InputError) as caught:
        plan(jobs)
    assert len(str(caught.value).splitlines()) == 1
    assert missing in str(caught.value)


@dataclass(frozen=True)
class Sweep:
    """A finished sweep of zeros and he, by one launcher."""

    folder: Path
    outcome: Outcome
    opened: list[Path]

    def member(self, init: str) -> Path:
        return self.folder / f"init={init}"

    def record(self, init: str) -> dict[str, Any]:
        return dict(json.loads((self.member(init) / RESULT).read_text()))

    def summary(self) -> list[dict[str, str]]:
        return list(csv.DictReader((self.folder / "summary.csv").read_text().splitlines()))


def swept(folder: Path, launcher: str) -> Sweep:
    # What all members share is kept out of the names of their folders.
    shared = ",".join(item.partition("=")[0] for item in (*QUICK, "logger.every_n_steps"))
    with command_in(folder) as command:
        outcome = command(
            "-m",
            *QUICK,
            "init=zeros,he",
            "logger.every_n_steps=2",
            "hydra.sweep.dir=here",
            f"hydra.job.config.override_dirname.exclude_keys=[{shared}]",
            f"hydra/launcher={launcher}",
        )
        return Sweep(folder / "here", outcome, command.job_folders())


@pytest.fixture(scope="module")
def stacked(tmp_path_factory: pytest.TempPathFactory) -> Sweep:
    return swept(tmp_path_factory.mktemp("stacked"), "stacked")


@pytest.fixture(scope="module")
def basic(tmp_path_factory: pytest.TempPathFactory) -> Sweep:
    return swept(tmp_path_factory.mktemp("basic"), "basic")


@pytest.mark.parametrize("launcher", ["stacked", "basic"])
def test_sweep_writes_every_member(launcher: str, request: pytest.FixtureRequest) -> None:
    sweep: Sweep = request.getfixturevalue(launcher)
    assert (sweep.outcome.code, sweep.outcome.err) == (0, "")
    assert sweep.opened == [sweep.member("he"), sweep.member("zeros")]
    assert {path.name for path in sweep.folder.iterdir()} == {
        "init=he",
        "init=zeros",
        LEDGER,
        "multirun.yaml",
        "summary.csv",
    }
    for folder in sweep.opened:
        names = {path.name for path in folder.iterdir()}
        events = {name for name in names if name.startswith("events.out.tfevents.")}
        # Of single jobs the test numbers come in a file of their own.
        assert len(events) == {"stacked": 1, "basic": 2}[launcher]
        # Nothing half-written is left beside them.
        assert names - events == {".hydra", RESULT, WEIGHTS, LOG, RECORDS}
        assert {path.name for path in (folder / ".hydra").iterdir()} == {
            "config.yaml",
            "hydra.yaml",
            "overrides.yaml",
        }
        assert folder.name in (folder / ".hydra" / "overrides.yaml").read_text()
        # A launcher of single jobs has them tested at the end of the sweep.
        lines = (folder / LOG).read_text().splitlines()
        assert any(line.endswith(" done") for line in lines[-2:])


def test_results_of_a_sweep(stacked: Sweep) -> None:
    for init in ("zeros", "he"):
        record = stacked.record(init)
        assert record["config"]["init"]["name"] == init
        assert (record["status"], record["step"], record["members_in_stack"]) == ("done", 6, 2)
        assert record["label"] == f"init={init}"


def test_summary_against_the_results(stacked: Sweep) -> None:
    rows = stacked.summary()
    assert [row["rank"] for row in rows] == ["1", "2"]
    assert {row["init"] for row in rows} == {"zeros", "he"}
    accuracies = [float(row["validation_accuracy"]) for row in rows]
    assert accuracies == sorted(accuracies, reverse=True)
    for row in rows:
        metrics = stacked.record(row["init"])["metrics"]
        # Six significant digits are written.
        for key in ("validation_accuracy", "validation_loss", "train_loss"):
            assert float(row[key]) == pytest.approx(metrics["last"][key], rel=1e-5)
        assert float(row["test_accuracy"]) == pytest.approx(metrics["test"]["accuracy"], rel=1e-5)
        assert row["folder"] == f"init={row['init']}"


def test_table_is_printed_once_and_ranked(stacked: Sweep) -> None:
    out = stacked.outcome.out
    assert out.count("test acc. %") == 1
    lines = [line.split("|") for line in out.splitlines() if line.startswith("| ")][1:]
    shown = [(line[1].strip(), line[2].strip()) for line in lines]
    assert shown == [(row["rank"], row["init"]) for row in stacked.summary()]
    assert out.splitlines()[-1].startswith("2 member(s) in ")


def test_stacked_against_basic_launcher(stacked: Sweep, basic: Sweep) -> None:
    assert basic.outcome.out.count("test acc. %") == 1
    for init in ("zeros", "he"):
        weights = load_file(stacked.member(init) / WEIGHTS)
        twin = load_file(basic.member(init) / WEIGHTS)
        assert weights.keys() == twin.keys()
        for name, tensor in weights.items():
            assert tensor.equal(twin[name]), f"{init}: {name}"
        one, other = stacked.record(init), basic.record(init)
        assert one["metrics"] == other["metrics"]
        assert (one["members_in_stack"], other["members_in_stack"]) == (2, 1)


@pytest.fixture(name="undisturbed_logging")
def _undisturbed_logging() -> Iterator[None]:
    with undisturbed_logging():
        yield


# Hydra's tests were written for tasks that run in their own folder, the default of old versions.
FOREIGN = [f"hydra.searchpath=[file://{CONF}]", "hydra.job.chdir=true"]


@pytest.mark.usefixtures("undisturbed_logging", "hydra_restore_singletons")
@pytest.mark.slow
def test_a_task_that_is_not_ours(hydra_sweep_runner: TSweepRunner, tmp_path: Path) -> None:
    overrides = ["hydra/launcher=stacked", *FOREIGN]
    sweep_2_jobs(hydra_sweep_runner, overrides, lambda _: 100, tmp_path)


@pytest.mark.slow
@pytest.mark.usefixtures("undisturbed_logging")
@pytest.mark.parametrize(("launcher_name", "overrides"), [("stacked", FOREIGN)])
class TestOtherTasks(LauncherTestSuite):
    """Hydra's own suite for launchers: tasks that are not ours run as they do without us."""
