"""What a resumption goes on with: the same configuration, the same data, and which code."""

import json
from pathlib import Path

import pytest

from src import stacks
from src.agreement import check_configurations, check_data, other_code
from src.errors import InputError
from src.ledger.rows import DONE
from src.ledger.store import LEDGER, Ledger
from src.tracking import provenance
from src.tracking.files import LOG, RESULT
from tests.command import Command
from tests.conftest import SMALL
from tests.idx_files import made_files, write
from tests.resuming import kept, rows

QUICK = (*SMALL, "logger=none", "quiet=true")


def _forget() -> None:
    """As a process does that begins: what it has loaded."""
    stacks._load.cache_clear()
    stacks._checksums.clear()


def told(then: object, now: object, folders: int = 1) -> str:
    pairs = [(Path(f"s/{k}"), json.dumps(then), json.dumps(now)) for k in range(folders)]
    with pytest.raises(InputError) as caught:
        check_configurations(pairs)
    return str(caught.value)


def test_what_differs_is_named() -> None:
    check_configurations([(Path("s"), '{"seed": 1}', '{"seed": 1}')])
    he, lecun = {"name": "he", "gain": 2, "x": 1}, {"name": "lecun", "y": 2}
    lr = {"lr": 0.001, "name": "adam"}
    said = told({"optimizer": lr}, {"optimizer": {**lr, "lr": 0.01}}, folders=24)
    assert said == (
        "s/0 (and 23 more): was begun with optimizer.lr=0.001, not 0.01; what was begun is kept."
    )
    assert "init=he, not lecun;" in told({"init": he}, {"init": lecun})
    assert "a=null, not [1]; " in told({}, {"a": [1]})
    many = dict.fromkeys("abcde", 1)
    assert "a=1, not 2, b=1, not 2, c=1, not 2 and 2 more" in told(many, dict.fromkeys("abcde", 2))
    with pytest.raises(InputError, match="another configuration"):
        check_configurations([(Path("s"), None, "{}")])


def test_data_that_differ() -> None:
    here = {"images": "a" * 64, "labels": "b" * 64}
    check_data(Path("s"), [here, {}, {"images": "a" * 64}], here)
    check_data(Path("s"), [here], {})
    with pytest.raises(InputError) as caught:
        check_data(Path("s"), [here, {**here, "labels": "c" * 64}], here)
    said = str(caught.value)
    assert "SHA-256 of labels was cccccccccccc..., " in said
    assert "now it is bbbbbbbbbbbb...;" in said
    assert "\n" not in said


def test_code_that_differs() -> None:
    here = {"torch": "2.14.1", "starting-strength": "0.7.0", "revision": "a" * 40 + "-dirty"}
    assert other_code([here, {}, {"absent": "1"}], here) is None
    then = [{**here, "starting-strength": each} for each in ("0.5.0", "0.6.0", "0.6.0")]
    assert other_code([*then, {**here, "revision": "b" * 40}], here) == (
        "trained so far by starting-strength 0.5.0 or 0.6.0, revision bbbbbbbbbbbb; "
        "goes on with starting-strength 0.7.0, revision aaaaaaaaaaaa-dirty"
    )


@pytest.mark.slow
def test_other_members_are_refused(command: Command, tmp_path: Path) -> None:
    sweep = ("-m", *QUICK, "trainer.epochs=0", "seed=1,2")
    assert command(*sweep, "hydra.sweep.dir=s").code == 0
    before, known = kept(tmp_path / "s"), rows(tmp_path / "s")
    outcome = command(*sweep, "optimizer.lr=0.5", "resume=s", "report.metric=auto")
    outcome.assert_refused()
    (said,) = outcome.sentences
    assert said.startswith(
        "s: was begun without optimizer.lr=0.5; 2 of its 2 members are not among the 2 asked for."
    )
    other = [word if word != "logger=none" else "logger=tensorboard" for word in sweep]
    (said,) = command(*other, "resume=s").sentences
    assert said.startswith("s: was begun with logger=none, not logger=tensorboard; 2 of its 2 ")
    (said,) = command(*sweep[:-1], "seed=2,3", "resume=s").sentences
    assert said.startswith("s: was begun with seed=1, not seed=3; 1 of its 2 ")
    # In a folder that says nothing of it.
    subdir = "hydra.sweep.subdir=${seed}"
    assert command(*sweep, "hydra.sweep.dir=t", subdir).code == 0
    outcome = command(*sweep, subdir, "optimizer.lr=0.5", "resume=t")
    outcome.assert_refused()
    assert outcome.sentences == [
        "t/1 (and 1 more): was begun with optimizer.lr=0.001, not 0.5; what was begun is kept."
    ]
    # So it is where nothing is finished.
    (tmp_path / "t" / "1" / RESULT).unlink()
    again = command(*sweep, subdir, "optimizer.lr=0.5", "resume=t", "seed=1")
    again.assert_refused()
    assert "t/1: was begun with optimizer.lr=0.001, not 0.5" in again.err
    assert (kept(tmp_path / "s"), rows(tmp_path / "s")) == (before, known)


@pytest.mark.usefixtures("tiny_shapes")
@pytest.mark.slow
def test_the_data_of_a_sweep(command: Command, tmp_path: Path) -> None:
    """Of files that nobody has published a checksum of."""
    root = write(tmp_path / "data", made_files())
    sizes = ("data.train_size=30", "data.validation_size=20", "data.batch_size=10")
    place = (f"data.root={root}", "hydra.sweep.dir=s")
    quick = ("model.hidden=[8]", "trainer=cpu", "trainer.epochs=1", "report.page=false")
    sweep = ("-m", "data=kmnist", *sizes, *quick, "seeds=2", "logger=none", "quiet=true")
    assert command(*sweep, *place).code == 0
    (done, missing) = rows(tmp_path / "s").values()
    record = json.loads((tmp_path / "s" / missing.name / RESULT).read_text())
    assert done.data == missing.data == record["data_sha256"]
    assert len(done.data) == 4
    (tmp_path / "s" / missing.name / RESULT).unlink()
    before = kept(tmp_path / "s")
    write(root, made_files(seed=1))
    more = [word if word != "seeds=2" else "seeds=3" for word in sweep]
    for words in ([], sweep, more):
        _forget()
        outcome = command("resume=s", *words, place[0])
        assert outcome.code == 2
        assert "s: was begun with other data: the SHA-256 of t10k-images-idx3-ubyte" in outcome.err
        assert "internal" not in outcome.err
    with Ledger.at(tmp_path / "s") as ledger:
        # Even where the member itself was never begun.
        ledger.enter([done])
        ledger._set("DELETE FROM members WHERE name = ?", [(missing.name,)])
    _forget()
    assert "was begun with other data" in command("resume=s", place[0]).err
    assert kept(tmp_path / "s") == before
    # Elsewhere, they are those of before.
    write(tmp_path / "moved", made_files())
    assert command("resume=s", f"data.root={tmp_path}/moved").code == 0
    assert {row.status for row in rows(tmp_path / "s").values()} == {DONE}


@pytest.mark.usefixtures("tiny_shapes")
@pytest.mark.slow
def test_the_data_of_a_checkpoint(command: Command, tmp_path: Path) -> None:
    """Nothing else says what they were, where the ledger and the result are lost."""
    write(tmp_path / "data", made_files())
    sizes = ("data.train_size=30", "data.validation_size=20", "data.batch_size=10")
    quick = ("model.hidden=[8]", "trainer=cpu", "trainer.epochs=1", "report.page=false")
    single = ("data=kmnist", f"data.root={tmp_path}/data", *sizes, *quick, "logger=none")
    assert command(*single, "trainer.checkpoint=true", "hydra.run.dir=r").code == 0
    (path,) = (tmp_path / "r").glob("stack-*.ckpt")
    on = f"trainer.ckpt_path={path}"
    assert command(*single, "trainer.epochs=2", on, "hydra.run.dir=a").code == 0
    write(tmp_path / "data", made_files(seed=1))
    _forget()
    refused = command(*single, "trainer.epochs=2", on, "hydra.run.dir=b")
    refused.assert_refused()
    assert refused.sentences == [
        f"{on}: was trained on other data: the SHA-256 of t10k-images-idx3-ubyte is another one "
        "here."
    ]
    for name in (LEDGER, RESULT):
        (tmp_path / "r" / name).unlink()
    outcome = command(*single, "resume=r")
    assert outcome.code == 0
    log = (tmp_path / "r" / LOG).read_text()
    assert "started again" in log
    assert "goes on" not in log
    (said,) = [line for line in outcome.out.splitlines() if path.name in line]
    assert "was trained on other data" in said
    assert said.endswith("its members begin at their start")


@pytest.mark.slow
def test_other_code_is_told(
    command: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sweep = ("-m", *SMALL, "logger=none", "trainer.epochs=0", "seed=1,2", "hydra.sweep.dir=s")
    assert "trained so far" not in command(*sweep).out
    (first, second) = rows(tmp_path / "s").values()
    (tmp_path / "s" / second.name / RESULT).unlink()
    now = {**provenance.code(), "torch": "99"}
    monkeypatch.setattr(provenance, "code", lambda: now)
    outcome = command("resume=s")
    assert outcome.code == 0
    before = first.code["torch"]
    assert f"trained so far by torch {before}; goes on with torch 99\n" in outcome.out
    codes = [row.code["torch"] for row in rows(tmp_path / "s").values()]
    assert codes == [before, "99"]
    (tmp_path / "s" / second.name / RESULT).unlink()
    assert "trained so far" not in command("resume=s", "quiet=true").out
