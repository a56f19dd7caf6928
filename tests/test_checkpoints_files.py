"""Checkpoints that cannot be written, or gone on from: told in a line, and nothing is lost."""

import logging
from pathlib import Path
from typing import Any

import pytest
import torch

from src.checkpoints import file
from src.checkpoints.file import UnfitError, read, write
from src.config import Config
from src.errors import InputError
from src.ledger.store import LEDGER
from src.schema.own import OwnOptimizer
from src.stacks import checked
from src.tracking.files import EVENTS
from src.tracking.kept import KeptFiles
from tests.interrupting import interrupted, resumed, same_story, trained
from tests.own import EXAMPLE, own
from tests.own_broken import THEIRS
from tests.training import Trained, even, vary


def members() -> list[Config]:
    base = even(
        logger="tensorboard",
        logger__every_n_steps=3,
        trainer__chunk_steps=1,
        trainer__checkpoint_seconds=1e-9,
        trainer__epochs=2,
    )
    return [base, vary(base, seed=1)]


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> list[Trained]:
    return trained(members(), tmp_path_factory.mktemp("whole"))


def the_checkpoint(home: Path) -> Path:
    (found,) = home.glob("stack-*.ckpt")
    return found


def begun_again(whole: list[Trained], home: Path, path: Path, caplog: Any) -> str:
    """The members of a checkpoint that is no use: they begin at their start; what is said of it."""
    for name in ("weights.safetensors", "records.parquet"):
        (home / "member=0" / name).write_bytes(b"of an earlier attempt")
    caplog.clear()
    with caplog.at_level(logging.WARNING):
        found = resumed(members(), home)
    for one, other in zip(found, whole, strict=True):
        log = (one.folder / "train.log").read_text()
        assert "goes on" not in log.rpartition("started again")[2]
        assert "started again" in log
        assert len(list(one.folder.glob(f"{EVENTS}*"))) == 1
        (one.folder / "train.log").write_text((other.folder / "train.log").read_text())
        assert same_story(one, other)
    (said,) = [record.getMessage() for record in caplog.records if str(path) in record.getMessage()]
    assert "begin at their start" in said
    return str(said)


@pytest.mark.slow
def test_one_that_is_damaged(
    whole: list[Trained], tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    interrupted(members(), tmp_path, 6)
    path = the_checkpoint(tmp_path)
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)
    assert "damaged" in begun_again(whole, tmp_path, path, caplog)


@pytest.mark.slow
def test_one_of_another_device(
    whole: list[Trained], tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    interrupted(members(), tmp_path, 6)
    path = the_checkpoint(tmp_path)
    write(path, {**read(path), "kind": "cuda"})
    assert "kind cuda" in begun_again(whole, tmp_path, path, caplog)


@pytest.mark.parametrize("key", ["optimizers", "tracker", "parameters", "files"])
@pytest.mark.slow
def test_one_that_does_not_fit(
    whole: list[Trained], tmp_path: Path, caplog: pytest.LogCaptureFixture, key: str
) -> None:
    """Its SHA-256 fits, but nobody who writes checkpoints wrote this."""
    interrupted(members(), tmp_path, 6)
    path = the_checkpoint(tmp_path)
    content = {**read(path)}
    changed: dict[str, Any] = {
        "optimizers": [{"state": {}, "param_groups": []}] * 2,
        "tracker": {**content["tracker"], "pending": [1.0]},
        "parameters": [torch.zeros(2, 3)] * 6,
        "files": [{**each, "events": "../../outside"} for each in content["files"]],
    }
    write(path, {**content, key: changed[key]})
    begun_again(whole, tmp_path, path, caplog)


@pytest.mark.parametrize("short", [False, True])
@pytest.mark.slow
def test_an_event_file_that_is_lost(whole: list[Trained], tmp_path: Path, short: bool) -> None:
    """The numbers go on all the same; what is left of it is not shown beside the new one."""
    interrupted(members(), tmp_path, 6)
    (path,) = (tmp_path / "member=0").glob(f"{EVENTS}*")
    path.write_bytes(path.read_bytes()[:500])
    if not short:
        path.unlink()
    again = resumed(members(), tmp_path)
    assert len(list((tmp_path / "member=0").glob(f"{EVENTS}*"))) == 1
    assert not path.exists() or path.stat().st_size > 500  # of one second they have one name
    assert repr(again[0].record["metrics"]) == repr(whole[0].record["metrics"])
    assert same_story(again[1], whole[1])


def test_no_name_of_an_event_file_leads_elsewhere() -> None:
    sound = KeptFiles(1, f"{EVENTS}1", 2, ("a",), 3.0).as_plain()
    assert KeptFiles.of(sound) == KeptFiles(1, f"{EVENTS}1", 2, ("a",), 3.0)
    for name in ("train.log", f"../{EVENTS}1", f"/tmp/{EVENTS}1"):
        with pytest.raises(ValueError, match="no event file's name"):
            KeptFiles.of({**sound, "events": name})


@pytest.mark.slow
def test_a_disk_that_is_full(
    whole: list[Trained],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    def full(*arguments: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("src.checkpoints.saver.write", full)
    with caplog.at_level(logging.WARNING):
        found = trained(members(), tmp_path)
    assert all(same_story(one, other) for one, other in zip(found, whole, strict=True))
    (said,) = [record.getMessage() for record in caplog.records]
    assert "No space left on device" in said
    assert said.endswith("training goes on")
    assert {path.name for path in tmp_path.iterdir() if path.is_file()} == {LEDGER}


@pytest.mark.parametrize("target", ["Forgetful", "Opaque"])
def test_an_optimizer_whose_state_a_checkpoint_would_lose(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    target: str,
) -> None:
    """It trains, and is told that it would begin at its start."""
    (tmp_path / "theirs.py").write_text(THEIRS)
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.syspath_prepend(str(EXAMPLE))
    theirs = OwnOptimizer(name="made", _target_=f"theirs.{target}", lr=0.1)
    configs = [vary(own(trainer__chunk_steps=1), optimizer=theirs)]
    with caplog.at_level(logging.WARNING):
        interrupted(configs, tmp_path / "home", 5)
    (said,) = [record.getMessage() for record in caplog.records]
    assert f"theirs.{target}" in said
    assert said.endswith("after an interruption its members begin at their start")
    assert not list((tmp_path / "home").glob("stack-*.ckpt"))


def test_one_of_an_earlier_version(tmp_path: Path) -> None:
    path = tmp_path / "old.ckpt"
    torch.save({"pytorch-lightning_version": "2.5", "state_dict": {}}, path)
    with pytest.raises(InputError) as caught:
        checked([even(trainer__ckpt_path=str(path))])
    said = f"trainer.ckpt_path={path}: a checkpoint of an earlier version, which this one cannot"
    assert str(caught.value).startswith(said)


def test_every_byte_counts(tmp_path: Path) -> None:
    path = tmp_path / "stack-1.ckpt"
    write(path, {"a": torch.arange(4)})
    whole = path.read_bytes()
    assert torch.load(path, weights_only=True)["format"] == file.FORMAT
    for place in range(0, len(whole), 7):
        damaged = bytearray(whole)
        damaged[place] ^= 0x10
        path.write_bytes(damaged)
        with pytest.raises(UnfitError):
            read(path)
    for size in (0, 1, 80, len(whole) - 1):
        path.write_bytes(whole[:size])
        with pytest.raises(UnfitError):
            read(path)


# --- its parts ----------------------------------------------------------------------------
