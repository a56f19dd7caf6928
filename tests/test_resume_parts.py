"""Sweeps that are resumed in part by launchers that are given their members in parts."""

import shutil
from pathlib import Path

import pytest

from src.ledger.rows import DONE
from src.ledger.store import Ledger
from src.tracking.files import RESULT
from tests.command import Command
from tests.resuming import QUICK, Whole, kept, rows, whole_sweep

BEGUN = ("-m", *QUICK, "trainer.epochs=0", "init=he,xavier")
WAYS = {
    "batches": "hydra.sweeper.max_batch_size=1",
    "basic": "hydra/launcher=basic",
}


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Whole:
    return whole_sweep(tmp_path_factory.mktemp("whole"), *BEGUN)


def words(folder: Path) -> list[str]:
    with Ledger.read(folder) as ledger:
        return ledger.words


def asking(init: str, way: str) -> list[str]:
    return [*BEGUN[:-1], f"init={init}", "resume=s", WAYS[way]]


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.slow
def test_fewer(whole: Whole, command: Command, tmp_path: Path, way: str) -> None:
    """What is left out is asked for by the first words still."""
    folder = whole.copied(tmp_path)
    (xavier,) = [name for name, row in rows(folder).items() if "init=xavier" in row.overrides]
    (folder / xavier / RESULT).unlink()
    first = words(folder)
    assert command(*asking("he", way)).code == 0
    assert words(folder) == first
    assert not (folder / xavier / RESULT).exists()
    assert command("resume=s").code == 0
    assert (folder / xavier / RESULT).exists()
    assert {row.status for row in rows(folder).values()} == {DONE}


@pytest.mark.parametrize("way", ["hydra.sweeper.max_batch_size=1", "hydra/launcher=stacked"])
@pytest.mark.slow
def test_fewer_than_were_begun(whole: Whole, command: Command, tmp_path: Path, way: str) -> None:
    """Killed in its first batch: the ledger knows of the others by its words alone."""
    folder = whole.copied(tmp_path)
    (xavier,) = [name for name, row in rows(folder).items() if "init=xavier" in row.overrides]
    with Ledger.at(folder) as ledger, ledger._transaction() as connection:
        connection.execute("DELETE FROM members WHERE name = ?", (xavier,))
    shutil.rmtree(folder / xavier)
    first = words(folder)
    assert command(*BEGUN[:-1], "init=he", "resume=s", way).code == 0
    assert words(folder) == first
    assert command("resume=s").code == 0
    assert (folder / xavier / RESULT).exists()


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.slow
def test_others(whole: Whole, command: Command, tmp_path: Path, way: str) -> None:
    folder = whole.copied(tmp_path)
    before, first, known = kept(folder), words(folder), rows(folder)
    outcome = command(*asking("he,zeros", way))
    outcome.assert_refused()
    (said,) = outcome.sentences
    assert said.startswith("s: was begun with init=xavier, not init=zeros; 1 of its 2 members")
    assert "are not among the 2 asked for." in said
    assert (kept(folder), words(folder), rows(folder)) == (before, first, known)


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.slow
def test_more(whole: Whole, command: Command, tmp_path: Path, way: str) -> None:
    """In any order; from then on they belong to the sweep."""
    folder = whole.copied(tmp_path)
    before = {key: when for key, when in kept(folder).items() if ".hydra/" not in key}
    assert command(*asking("zeros,xavier,he", way)).code == 0
    assert len(rows(folder)) == 3
    assert kept(folder).items() > before.items()
    (zeros,) = [name for name, row in rows(folder).items() if "init=zeros" in row.overrides]
    shutil.rmtree(folder / zeros)
    assert command("resume=s").code == 0
    assert (folder / zeros / RESULT).exists()
