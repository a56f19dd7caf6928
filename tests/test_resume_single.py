"""A single run, resumed in its folder."""

import os
from pathlib import Path

import pytest

from src.ledger.rows import DONE
from src.tracking.files import RESULT
from tests.command import Command
from tests.conftest import SMALL
from tests.resuming import QUICK, numbers, rows


@pytest.mark.slow
def test_a_single_run(command: Command, tmp_path: Path) -> None:
    outcome = command(*QUICK, "init=he", "hydra.run.dir=r")
    assert (outcome.code, outcome.err) == (0, "")
    expected = numbers(tmp_path / "r")
    assert [(row.name, row.status) for row in rows(tmp_path / "r").values()] == [(".", DONE)]
    hydra = {path.name: path.read_bytes() for path in (tmp_path / "r" / ".hydra").iterdir()}
    again = command("resume=r")
    assert (again.code, again.err) == (0, "")
    assert "resumed: 1 of 1 members is finished, 0 go on\n" in again.out
    os.rename("r", "q")
    (tmp_path / "q" / RESULT).unlink()
    again = command("resume=q")
    assert again.code == 0
    assert "resumed: 0 of 1 members are finished, 1 goes on\n" in again.out
    assert numbers(tmp_path / "q") == expected
    assert [row.attempts for row in rows(tmp_path / "q").values()] == [2]
    refused = command("resume=q", *SMALL, "logger=none", "init=zeros")
    refused.assert_refused()
    assert refused.sentences == [
        f"{tmp_path}/q: was begun with init=he, not zeros; what was begun is kept."
    ]
    found = {path.name: path.read_bytes() for path in (tmp_path / "q" / ".hydra").iterdir()}
    assert found == hydra
