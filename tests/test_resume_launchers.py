"""Sweeps of other launchers, in this process and in others, resumed as ours are."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from src.ledger.claim import claim, release
from src.ledger.rows import DONE, RUNNING
from src.ledger.store import LEDGER, Ledger
from src.tracking.files import RESULT
from tests.command import Command
from tests.resuming import QUICK, kept, numbers, rows, table

SWEEP = ("-m", *QUICK, "trainer.epochs=0", "init=zeros,he", "seeds=2", "hydra.sweep.dir=s")
WAYS = {
    "basic": ("hydra/launcher=basic",),
    "chdir": ("hydra/launcher=basic", "hydra.job.chdir=true"),
    "batches": ("hydra.sweeper.max_batch_size=2",),
    "basic sweeper": ("hydra/sweeper=basic",),
}


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.slow
def test_any_way(command: Command, tmp_path: Path, way: str) -> None:
    whole = command(*SWEEP, *WAYS[way])
    assert (whole.code, whole.err) == (0, "")
    folder = tmp_path / "s"
    expected, known = numbers(folder), rows(folder)
    assert len(known) == 4
    assert {row.status for row in known.values()} == {DONE}
    assert sorted(row.number for row in known.values()) == [0, 1, 2, 3]
    with Ledger.read(folder) as ledger:
        assert ledger.words == [*SWEEP, *WAYS[way]]
    (gone,) = [name for name, row in known.items() if {"init=he", "seed=0"} <= {*row.overrides}]
    shutil.rmtree(folder / gone)
    results = {key: when for key, when in kept(folder).items() if ".hydra/" not in key}
    outcome = command("resume=s")
    assert outcome.code == 0, outcome.err
    assert f"note: {'s' if way in ('batches', 'basic sweeper') else folder}/{gone}" in outcome.err
    assert "resumed: " in outcome.out
    assert kept(folder).items() > results.items()
    assert numbers(folder) == expected
    assert table(outcome) == table(whole)
    # All of it is there: nothing is trained, and what a sweeper is told is the same.
    again = command("resume=s")
    assert (again.code, again.err) == (0, "")
    assert kept(folder).items() > results.items()
    assert "0 s left" not in again.out


@pytest.mark.slow
def test_a_member_that_another_process_trains_still(command: Command, tmp_path: Path) -> None:
    """What a launcher has begun elsewhere may outlive it."""
    assert command(*SWEEP, *WAYS["basic"]).code == 0
    name = next(iter(rows(tmp_path / "s")))
    (tmp_path / "s" / name / RESULT).unlink()
    with Ledger.at(tmp_path / "s") as ledger:
        ledger.begin([name])
    assert rows(tmp_path / "s")[name].status == RUNNING
    command("resume=s", "trainer.epochs=0").assert_refused()
    claim(tmp_path / "s" / name)
    outcome = command("resume=s", "hydra/launcher=stacked")
    outcome.assert_refused()
    assert f"{name}: another process trains it; wait until that has ended." in outcome.err
    release()
    assert command("resume=s", "hydra/launcher=stacked").code == 0


JOBLIB = '''
"""As hydra-joblib-launcher runs jobs: each in a process that knows nothing of the command."""
from pathlib import Path

from hydra.core.hydra_config import HydraConfig
from hydra.core.singleton import Singleton
from hydra.core.utils import configure_log, filter_overrides, run_job, setup_globals
from hydra.plugins.launcher import Launcher
from joblib import Parallel, delayed
from omegaconf import open_dict


class Elsewhere(Launcher):
    def setup(self, *, hydra_context, task_function, config):
        self.context, self.task, self.config = hydra_context, task_function, config

    def launch(self, job_overrides, initial_job_idx):
        setup_globals()
        configure_log(self.config.hydra.hydra_logging, self.config.hydra.verbose)
        Path(str(self.config.hydra.sweep.dir)).mkdir(parents=True, exist_ok=True)
        return Parallel(n_jobs=2, backend="loky")(
            delayed(job)(k + initial_job_idx, words, self, Singleton.get_state())
            for k, words in enumerate(job_overrides)
        )


def job(number, words, launcher, state):
    setup_globals()
    Singleton.set_state(state)
    sweep = launcher.context.config_loader.load_sweep_config(launcher.config, list(words))
    with open_dict(sweep):
        sweep.hydra.job.id = sweep.hydra.job.num = number
    HydraConfig.instance().set_config(sweep)
    return run_job(
        hydra_context=launcher.context,
        config=sweep,
        task_function=launcher.task,
        job_dir_key="hydra.sweep.dir",
        job_subdir_key="hydra.sweep.subdir",
    )
'''


@pytest.mark.slow
def test_jobs_in_processes_of_their_own(tmp_path: Path, project: Path) -> None:
    plugins = tmp_path / "plugins" / "hydra_plugins" / "elsewhere"
    plugins.mkdir(parents=True)
    (plugins / "__init__.py").touch()
    (plugins / "launcher.py").write_text(JOBLIB)
    options = tmp_path / "conf" / "hydra" / "launcher"
    options.mkdir(parents=True)
    target = "hydra_plugins.elsewhere.launcher.Elsewhere"
    (options / "elsewhere.yaml").write_text(f"# @package hydra.launcher\n_target_: {target}\n")
    here = {"PYTHONPATH": f"{project}:{plugins.parent.parent}", "OMP_NUM_THREADS": "1"}

    def command(*words: str) -> subprocess.CompletedProcess[str]:
        # Named as a module, the task is found again by the processes that are given it.
        line = "from src.train import main; import sys; main(sys.argv[1:])"
        return subprocess.run(
            [sys.executable, "-c", line, *words],
            cwd=tmp_path,
            env={**os.environ, **here},
            capture_output=True,
            text=True,
            timeout=300,
        )

    sweep = ("-m", *QUICK, "trainer.epochs=0", "seeds=3", "hydra.sweep.dir=s")
    done = command(*sweep, "--config-dir", "conf", "hydra/launcher=elsewhere")
    assert done.returncode == 0, done.stdout + done.stderr
    folder = tmp_path / "s"
    expected = numbers(folder)
    names = list(rows(folder))
    assert [row.status for row in rows(folder).values()] == [DONE] * 3
    (folder / names[1] / RESULT).unlink()
    before = {key: when for key, when in kept(folder).items() if ".hydra/" not in key}
    done = command("resume=s", "trust=true")  # of its --config-dir
    assert done.returncode == 0, done.stdout + done.stderr
    assert "resumed: 2 members are finished, the others go on" in done.stdout
    assert kept(folder).items() > before.items()
    assert numbers(folder) == expected
    assert {row.status for row in rows(folder).values()} == {DONE}
    assert not (folder / f"{LEDGER}-wal").exists()
