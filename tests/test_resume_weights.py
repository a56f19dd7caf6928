"""Sweeps that begin with a file of weights, which may be another one when they are resumed."""

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from src.fit import fit_stack
from src.identity import BEGAN_WITH, sha256_of_weights
from src.ledger.store import LEDGER
from src.tracking.files import LOG, RESULT, WEIGHTS
from tests.command import Command
from tests.conftest import SMALL
from tests.resuming import kept, rows

QUICK = (*SMALL, "logger=none", "quiet=true")


@pytest.mark.slow
def test_the_initial_weights_of_a_sweep(command: Command, tmp_path: Path) -> None:
    """Their file is replaced once members are finished, or gone: these stay what they are of."""
    single = (*QUICK, "trainer.epochs=0", "init=he")
    for seed in (1, 2):
        assert command(*single, f"seed={seed}", f"hydra.run.dir=r{seed}").code == 0
    file = Path(shutil.copy(tmp_path / "r1" / WEIGHTS, tmp_path / "w.safetensors"))
    sweep = (
        "-m",
        *QUICK,
        "trainer.epochs=0",
        f"model.weights={file}",
        "hydra.sweep.dir=multirun/s",
    )
    assert command(*sweep, "seed=0,1").code == 0
    home = tmp_path / "multirun" / "s"
    before, known = kept(home), rows(home)
    shutil.copy(tmp_path / "r2" / WEIGHTS, file)
    again = ("resume=multirun/s", "trust=true")
    for words in (again, [*sweep[:-1], "seed=0,1,2", *again]):
        outcome = command(*words)
        outcome.assert_refused()
        assert "(and 1 more): was begun with model.weights=" in outcome.err
    assert (kept(home), rows(home)) == (before, known)
    # Nothing is trained from one that is gone, and what is finished was not trained from it.
    file.unlink()
    assert command(*again).code == 0
    assert {row.digest for row in rows(home).values()} == {row.digest for row in known.values()}
    shutil.copy(tmp_path / "r2" / WEIGHTS, file)
    anew = (*sweep[:-1], "seed=0", "hydra.sweep.dir=multirun/t", "quiet=false", "reuse=true")
    outcome = command(*anew)
    assert outcome.code == 0
    assert "reused" not in outcome.out


@pytest.mark.slow
def test_without_the_ledger(command: Command, tmp_path: Path) -> None:
    """What a member began with stands in its result, and in the checkpoint that it goes on from."""
    for seed in (1, 2):
        single = (*QUICK, "trainer.epochs=0", "init=he")
        assert command(*single, f"seed={seed}", f"hydra.run.dir=r{seed}").code == 0
    file = Path(shutil.copy(tmp_path / "r1" / WEIGHTS, tmp_path / "w.safetensors"))
    asked = ("-m", *QUICK, f"model.weights={file}", "seed=0,1", "trainer.checkpoint=true")
    assert command(*asked, "hydra.sweep.dir=multirun/s").code == 0
    home = tmp_path / "multirun" / "s"
    first = [name for name, row in rows(home).items() if "seed=0" in row.overrides]
    (home / LEDGER).unlink()
    expected = kept(home)
    assert command(*asked, "resume=multirun/s").code == 0
    assert {name: when for name, when in kept(home).items() if ".hydra" not in name} == {
        name: when for name, when in expected.items() if ".hydra" not in name
    }
    (home / LEDGER).unlink()
    shutil.copy(tmp_path / "r2" / WEIGHTS, file)
    outcome = command(*asked, "resume=multirun/s")
    outcome.assert_refused()
    assert "was begun with model.weights=" in outcome.err
    for path in home.glob(f"*/{RESULT}"):
        path.unlink()
    outcome = command(*asked, "resume=multirun/s")
    assert outcome.code == 0
    log = (home / first[0] / LOG).read_text()
    assert "started again" in log
    assert "goes on" not in log


@pytest.mark.slow
def test_replaced_while_it_trains(
    command: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A result says what the file held when its member began."""
    for seed in (1, 2):
        single = (*QUICK, "trainer.epochs=0", "init=he")
        assert command(*single, f"seed={seed}", f"hydra.run.dir=r{seed}").code == 0
    file = Path(shutil.copy(tmp_path / "r1" / WEIGHTS, tmp_path / "w.safetensors"))
    held = sha256_of_weights(file)

    def fitted(*arguments: Any) -> Any:
        shutil.copy(tmp_path / "r2" / WEIGHTS, file)
        return fit_stack(*arguments)

    monkeypatch.setattr("src.members.fit_stack", fitted)
    assert command(*QUICK, f"model.weights={file}", "hydra.run.dir=r3").code == 0
    assert sha256_of_weights(file) != held
    assert json.loads((tmp_path / "r3" / RESULT).read_text())[BEGAN_WITH] == held
