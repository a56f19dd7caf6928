"""A finished member whose files were damaged is trained anew; what it had stays until that ends."""

import json
from pathlib import Path

import pytest

from src import members
from src.diagnostics.records import RECORDS
from src.ledger.rows import DONE, FAILED
from src.tracking import earlier
from src.tracking.files import RESULT, WEIGHTS
from tests.command import Command
from tests.conftest import SMALL
from tests.resuming import numbers, rows, whole_sweep

EVENTS, ASIDE = "events.out.tfevents.1.vm.2.0", "events.out.earlier.1.vm.2.0"
RESULT_SAYS = '{"status": "%s"}'


@pytest.mark.slow
def test_a_member_that_cannot_be_trained_anew_keeps_what_it_had(
    command: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sweep = whole_sweep(tmp_path, "-m", *SMALL, "init=zeros,he", "seed=0,1")
    expected = numbers(sweep.folder)
    home = sweep.folder / sweep.member("he", 0)
    before = {path.name: path.read_bytes() for path in home.iterdir() if path.is_file()}
    (home / RECORDS).write_bytes(b"")

    def broken(*_: object) -> None:
        raise ValueError("no such start")

    with monkeypatch.context() as patch:
        patch.setattr(members, "build_model", broken)
        outcome = command("resume=s")
    assert outcome.code == 1
    assert "no such start" in outcome.err
    assert "1 of 4 member(s) failed" in outcome.err
    assert rows(sweep.folder)[home.name].status == FAILED
    after = {path.name: path.read_bytes() for path in home.iterdir() if path.is_file()}
    changed = {name for name in before.keys() | after if before.get(name) != after.get(name)}
    assert changed == {RECORDS, "train.log"}
    assert command("resume=s").code == 0
    assert numbers(sweep.folder) == expected
    assert {row.status for row in rows(sweep.folder).values()} == {DONE}
    assert [path.name for path in home.iterdir() if "earlier" in path.name] == []
    assert len(list(home.glob("events.*"))) == 1


def finished(folder: Path, status: str = DONE) -> None:
    (folder / RESULT).write_text(json.dumps({"status": status, "config": {}, "label": ""}))
    for name in (WEIGHTS, RECORDS, EVENTS):
        (folder / name).write_text("old")


def content(folder: Path) -> dict[str, str]:
    return {path.name: path.read_text() for path in folder.iterdir() if path.name != RESULT}


def test_what_is_put_aside_comes_back(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(earlier, "is_finished", lambda _: True)
    finished(tmp_path)
    before = content(tmp_path)
    earlier.clear(tmp_path)
    aside = {f"{WEIGHTS}.earlier": "old", f"{RECORDS}.earlier": "old", ASIDE: "old"}
    assert content(tmp_path) == aside
    for _ in range(2):  # attempts, the first of which was killed
        (tmp_path / EVENTS.replace("1.vm", "9.vm")).write_text("new")
        (tmp_path / WEIGHTS).write_text("new")
        earlier.clear(tmp_path)
        assert content(tmp_path) == aside
    (tmp_path / WEIGHTS).write_text("new")
    earlier.put_back(tmp_path)
    assert content(tmp_path) == before
    earlier.clear(tmp_path)
    (tmp_path / WEIGHTS).write_text("new")
    earlier.drop(tmp_path)
    assert content(tmp_path) == {WEIGHTS: "new"}


@pytest.mark.parametrize("moved", [0, 1, 2])
def test_killed_while_it_puts_aside(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, moved: int
) -> None:
    monkeypatch.setattr(earlier, "is_finished", lambda _: True)
    finished(tmp_path)
    before = content(tmp_path)
    for name in (WEIGHTS, RECORDS)[:moved]:
        (tmp_path / name).rename(tmp_path / f"{name}.earlier")
    earlier.clear(tmp_path)
    earlier.put_back(tmp_path)
    assert content(tmp_path) == before


def test_of_a_member_that_has_not_finished_nothing_is_kept(tmp_path: Path) -> None:
    finished(tmp_path)
    (tmp_path / RESULT).write_text("{")
    assert not earlier.is_finished(tmp_path)
    earlier.clear(tmp_path)
    assert content(tmp_path) == {}
