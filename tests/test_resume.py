"""What is finished is kept, what is missing is trained, whatever a killed process has left."""

import json
import shutil
from pathlib import Path

import pytest

from src.ledger.rows import DONE, PENDING, RUNNING
from src.ledger.store import LEDGER, Ledger
from src.tracking.files import RESULT, WEIGHTS, read_result, remove_partials, write_result
from tests.command import Command
from tests.resuming import SWEEP, Whole, kept, numbers, rows, table, whole_sweep


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Whole:
    return whole_sweep(tmp_path_factory.mktemp("whole"))


@pytest.mark.slow
def test_the_ledger_of_a_sweep(whole: Whole) -> None:
    found = rows(whole.folder)
    assert set(found) == {path.parent.name for path in whole.folder.rglob(RESULT)}
    for row in found.values():
        assert (row.status, row.attempts, row.error) == (DONE, 1, None)
        assert row.started is not None
        assert row.ended is not None
        assert row.started <= row.ended
        assert row.data == {}  # made data have no files
        assert {"torch", "starting-strength", "python"} <= row.code.keys()
        record = json.loads((whole.folder / row.name / RESULT).read_text())
        assert row.result is not None
        assert row.result["step"] == record["step"]
        assert row.label == record["label"]
    with Ledger.read(whole.folder) as ledger:
        assert ledger.words == [*SWEEP, "hydra.sweep.dir=s"]
        assert set(ledger.configurations()) == {row.digest for row in found.values()}


def test_nothing_is_repeated(whole: Whole, command: Command, tmp_path: Path) -> None:
    folder = whole.copied(tmp_path)
    before, known = kept(folder), rows(folder)
    outcome = command("resume=s")
    assert (outcome.code, outcome.err) == (0, "")
    assert "resumed: 4 of 4 members are finished, 0 go on\n" in outcome.out
    assert (kept(folder), rows(folder)) == (before, known)
    assert table(outcome) == table(whole.outcome)


def test_what_is_missing_is_trained(whole: Whole, command: Command, tmp_path: Path) -> None:
    """A folder that is gone, and a result that is cut off."""
    folder = whole.copied(tmp_path)
    gone, damaged = whole.member("he", 0), whole.member("he", 1)
    shutil.rmtree(folder / gone)
    text = (folder / damaged / RESULT).read_text()
    (folder / damaged / RESULT).write_text(text[: len(text) // 2])
    before = kept(folder / whole.member("zeros", 0))
    outcome = command("resume=s")
    assert outcome.code == 0
    assert "resumed: 2 of 4 members are finished, 2 go on\n" in outcome.out
    first, second = sorted(outcome.err.splitlines(), key=lambda line: "readable" not in line)
    assert first.startswith(f"note: s/{damaged}/result.json: not a readable result")
    assert first.endswith("this member is trained again.")
    assert second == (
        f"note: s/{gone}: is done in ledger.sqlite, but has no result.json; it is trained again."
    )
    assert numbers(folder) == numbers(whole.folder)
    assert table(outcome) == table(whole.outcome)
    assert kept(folder / whole.member("zeros", 0)) == before
    found = rows(folder)
    assert [found[name].attempts for name in (gone, damaged)] == [2, 2]
    assert {row.status for row in found.values()} == {DONE}


@pytest.mark.parametrize("how", ["damaged", "gone", "elsewhere", "nameless"])
@pytest.mark.slow
def test_a_result_whose_weights_are_lost(
    whole: Whole, command: Command, tmp_path: Path, how: str
) -> None:
    folder = whole.copied(tmp_path)
    member = whole.member("he", 0)
    weights = folder / member / WEIGHTS
    if how == "damaged":
        weights.write_bytes(weights.read_bytes()[:-1] + b"x")
    elif how == "gone":
        weights.unlink()
    else:
        record = read_result(folder / member / RESULT)
        name = f"../{member}/{WEIGHTS}" if how == "elsewhere" else "a\0b"
        write_result(folder / member / RESULT, {**record, "files": {name: "0"}})
    outcome = command("resume=s")
    assert outcome.code == 0
    assert "resumed: 3 of 4 members are finished, 1 goes on\n" in outcome.out
    said = {"damaged": "was changed", "elsewhere": "files names ../"}.get(how, "not readable")
    (line,) = outcome.err.splitlines()
    assert line.startswith(f"note: s/{member}/")
    assert said in line
    assert line.endswith("; this member is trained again.")
    assert numbers(folder) == numbers(whole.folder)


@pytest.mark.slow
def test_a_result_that_the_ledger_does_not_know(
    whole: Whole, command: Command, tmp_path: Path
) -> None:
    """Killed between result.json and the ledger's row."""
    folder = whole.copied(tmp_path)
    with Ledger.at(folder) as ledger:
        ledger.begin([whole.member("he", 0), whole.member("he", 1)])
        ledger.wait([whole.member("he", 1)])
    assert {row.status for row in rows(folder).values()} == {RUNNING, PENDING, DONE}
    before = kept(folder)
    outcome = command("resume=s", "quiet=true")
    assert (outcome.code, outcome.err) == (0, "")
    assert "resumed" not in outcome.out
    assert {row.status for row in rows(folder).values()} == {DONE}
    assert all(row.result is not None for row in rows(folder).values())
    assert kept(folder) == before


@pytest.mark.slow
def test_killed_before_a_folder_was_opened(whole: Whole, command: Command, tmp_path: Path) -> None:
    folder = whole.copied(tmp_path)
    with Ledger.at(folder) as ledger:
        ledger.begin(list(rows(folder)))
        ledger.wait(list(rows(folder)))
    for path in folder.iterdir():
        if path.is_dir():
            shutil.rmtree(path)
    outcome = command("resume=s")
    assert (outcome.code, outcome.err) == (0, "")
    assert "resumed: 0 of 4 members are finished, 4 go on\n" in outcome.out
    assert numbers(folder) == numbers(whole.folder)
    assert table(outcome) == table(whole.outcome)


@pytest.mark.parametrize("how", ["absent", "empty", "damaged"])
@pytest.mark.slow
def test_without_a_ledger_the_overrides_are_typed(
    whole: Whole, command: Command, tmp_path: Path, how: str
) -> None:
    folder = whole.copied(tmp_path)
    shutil.rmtree(folder / whole.member("he", 0))
    content = {"empty": b"", "damaged": (folder / LEDGER).read_bytes()[:5_000]}
    if how in content:
        (folder / LEDGER).write_bytes(content[how])
    else:
        (folder / LEDGER).unlink()
    before = kept(folder)
    outcome = command("resume=s")
    outcome.assert_refused()
    assert "where the overrides that began it are typed as well" in outcome.err
    assert kept(folder) == before
    # Refused for another reason, it is as it was.
    command("resume=s", *SWEEP, "seed=x").assert_refused()
    assert not list(folder.glob("*.damaged"))
    outcome = command("resume=s", *SWEEP)
    assert outcome.code == 0
    assert "resumed: 3 of 4 members are finished, 1 goes on\n" in outcome.out
    assert kept(folder).items() > before.items()
    assert numbers(folder) == numbers(whole.folder)
    assert {row.status for row in rows(folder).values()} == {DONE}
    assert (folder / f"{LEDGER}.damaged").exists() == (how == "damaged")
    assert ("note: " in outcome.err) == (how == "damaged")
    with Ledger.read(folder) as ledger:
        assert ledger.words[: len(SWEEP)] == list(SWEEP)
    assert command("resume=s").code == 0


@pytest.mark.parametrize("name", ["a b", "ä,ß=1", "it's $HOME"])
@pytest.mark.slow
def test_a_folder_that_was_moved(whole: Whole, command: Command, tmp_path: Path, name: str) -> None:
    folder = whole.copied(tmp_path, name)
    shutil.rmtree(folder / whole.member("zeros", 1))
    before = kept(folder)
    outcome = command(f"resume={folder if name[0] == 'a' else name}")
    assert outcome.code == 0, outcome.err
    assert "resumed: 3 of 4 members are finished, 1 goes on\n" in outcome.out
    assert kept(folder).items() > before.items()
    assert numbers(folder) == numbers(whole.folder)
    assert [path.name for path in tmp_path.iterdir()] == [name]


@pytest.mark.slow
def test_a_sweep_is_extended(whole: Whole, command: Command, tmp_path: Path) -> None:
    folder = whole.copied(tmp_path)
    before = kept(folder)
    more = [word if word != "seeds=2" else "seeds=3" for word in SWEEP]
    outcome = command(*more, "resume=s")
    assert (outcome.code, outcome.err) == (0, "")
    assert "resumed: 4 of 6 members are finished, 2 go on\n" in outcome.out
    assert kept(folder).items() > before.items()
    # From now on these are its members.
    (third,) = [
        name for name, row in rows(folder).items() if {"seed=2", "init=he"} <= {*row.overrides}
    ]
    shutil.rmtree(folder / third)
    assert "resumed: 5 of 6" in command("resume=s").out
    # A part of it leaves them so.
    part = [word if word != "seeds=2" else "seeds=1" for word in SWEEP]
    assert "resumed: 2 of 2" in command(*part, "resume=s").out
    assert "resumed: 6 of 6" in command("resume=s").out


@pytest.mark.slow
def test_without_resume_finished_runs_are_refused(
    whole: Whole, command: Command, tmp_path: Path
) -> None:
    folder = whole.copied(tmp_path)
    before, known = kept(folder), rows(folder)
    outcome = command(*SWEEP, "hydra.sweep.dir=s")
    outcome.assert_refused()
    assert len(outcome.sentences) == 4
    # Nor is anything of an earlier command left over.
    command("resume=absent").assert_refused()
    command(*SWEEP, "hydra.sweep.dir=s").assert_refused()
    assert (kept(folder), rows(folder)) == (before, known)


@pytest.mark.slow
def test_what_is_half_written_is_removed(whole: Whole, command: Command, tmp_path: Path) -> None:
    folder = whole.copied(tmp_path)
    missing = whole.member("he", 0)
    (folder / missing / RESULT).unlink()
    partial = ".result.json.0123abcd.partial"
    left = [folder, folder / missing, folder / missing / ".hydra"]
    for place in left:
        (place / partial).touch()
    assert command("resume=s").code == 0
    assert [place for place in left if (place / partial).exists()] == []
    remove_partials(folder / "absent")
