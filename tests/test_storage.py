"""A disk that is full or read-only midway: no member's fault, nothing lost, and the same bits."""

import errno
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
from safetensors.torch import load_file

from src import members
from src.isolation import Stack
from src.ledger.store import Ledger
from src.report.results import read_result
from src.storage import concerns_all
from src.tracking.files import append, write_atomically
from src.tracking.member import MemberTracker
from src.tracking.stack import StackTracker
from tests.command import Command, Outcome, command_in
from tests.conftest import SMALL
from tests.mounts import fill, read_only, small_disk

# More than one stack, and more than one member in each.
ASKED = (
    *("-m", *SMALL, "quiet=true", "trainer.epochs=2", "init=he,xavier,zeros", "seeds=2"),
    *("hydra.launcher.max_stack=2", "logger=tensorboard"),
)
MEMBERS = 6


def sweep(command: Command, *more: str) -> Outcome:
    return command(*ASKED, "hydra.sweep.dir=disk/sweep", *more)


def story(home: Path) -> dict[str, Any]:
    """What must be equal to the bit: weights, numbers, records."""
    found: dict[str, Any] = {}
    for path in sorted(home.rglob("result.json")):
        record = read_result(path)
        name = str(path.parent.relative_to(home))
        keys = ("status", "step", "metrics", "epochs", "first_steps", "initial_weights", "verdict")
        found[name] = [repr(record[key]) for key in keys]
        found[name] += [weights(path.parent), (path.parent / "records.parquet").read_bytes()]
    return found


def weights(folder: Path) -> dict[str, bytes]:
    """Not the file: what safetensors notes beside the tensors has no order."""
    found = load_file(folder / "weights.safetensors")
    return {name: tensor.numpy().tobytes() for name, tensor in found.items()}


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    folder = tmp_path_factory.mktemp("undisturbed")
    with command_in(folder) as command:
        assert sweep(command).code == 0
    found = story(folder / "disk" / "sweep")
    assert len(found) == MEMBERS
    return found


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    with small_disk(tmp_path / "disk") as place:
        yield place


def at(moment: str, act: Callable[[], object], patch: pytest.MonkeyPatch) -> None:
    """Act once: in the sweep's second stack, before that is called."""
    begun: list[Stack] = []
    owner: Any
    owner, name = {
        "stack": (Stack, "run"),
        "start": (MemberTracker, "start"),
        "epoch": (StackTracker, "validated"),
        "weights": (members, "save_weights"),
        "result": (MemberTracker, "finish"),
        "ledger": (Ledger, "end"),
    }[moment]
    run = Stack.run
    acted: list[bool] = []

    def counted(stack: Stack) -> Any:
        begun.append(stack)
        return run(stack)

    patch.setattr(Stack, "run", counted)
    sound = getattr(owner, name)

    def acting(*arguments: Any, **named: Any) -> Any:
        if len(begun) == (1 if moment == "stack" else 2) and not acted:
            acted.append(bool(act()) or True)
        return sound(*arguments, **named)

    patch.setattr(owner, name, acting)


def check_stopped(outcome: Outcome, home: Path, reason: str) -> None:
    outcome.assert_refused(code=1)
    (sentence,) = (line for line in outcome.sentences if "goes on" in line)
    assert f"cannot be written ({reason})" in sentence
    assert sentence.startswith(str(home))
    assert f"python -m src.train resume={home} goes on with the rest." in sentence
    assert not [path for path in home.rglob("*") if path.name.endswith(".partial")]


def check_resumed(
    command: Command, home: Path, kept: dict[Path, bytes], whole: dict[str, Any]
) -> None:
    outcome = command(f"resume={home}")
    assert (outcome.code, outcome.err) == (0, "")
    assert story(home) == whole
    assert all(path.read_bytes() == content for path, content in kept.items())
    with Ledger.read(home) as ledger:
        assert {row.status for row in ledger.rows()} == {"done"}


def results(home: Path) -> dict[Path, bytes]:
    return {path: path.read_bytes() for path in home.rglob("result.json")}


FULL = [
    ("epoch", 0),
    pytest.param("start", 0, marks=pytest.mark.slow),
    pytest.param("weights", 4096, marks=pytest.mark.slow),
    pytest.param("weights", 16384, marks=pytest.mark.slow),
    pytest.param("result", 0, marks=pytest.mark.slow),
    pytest.param("result", 4096, marks=pytest.mark.slow),
    pytest.param("ledger", 0, marks=pytest.mark.slow),
    pytest.param("stack", 0, marks=pytest.mark.slow),
]


@pytest.mark.parametrize(("moment", "left"), FULL)
@pytest.mark.slow
def test_a_full_disk_loses_nothing(
    command: Command,
    disk: Path,
    undisturbed: dict[str, Any],
    monkeypatch: pytest.MonkeyPatch,
    moment: str,
    left: int,
) -> None:
    with monkeypatch.context() as patch:
        at(moment, lambda: fill(disk, left), patch)
        outcome = sweep(command)
    home = Path("disk/sweep")
    check_stopped(outcome, home, outcome.err.partition("cannot be written (")[2].partition(")")[0])
    reasons = ("No space left on device", "database or disk is full")
    assert any(reason in outcome.err for reason in reasons)
    kept = results(home)
    assert len(kept) in (2, 3)
    assert {read_result(path)["status"] for path in kept} == {"done"}
    with Ledger.read(home) as ledger:
        assert not {row.status for row in ledger.rows()} & {"failed", "diverged"}
    (disk / "filler").unlink()
    check_resumed(command, home, kept, undisturbed)


@pytest.mark.parametrize(
    "moment", ["epoch", *(pytest.param(m, marks=pytest.mark.slow) for m in ("start", "result"))]
)
@pytest.mark.slow
def test_a_folder_that_turns_read_only_loses_nothing(
    command: Command,
    disk: Path,
    undisturbed: dict[str, Any],
    monkeypatch: pytest.MonkeyPatch,
    moment: str,
) -> None:
    home = Path("disk/sweep")
    with ExitStack() as mounts, monkeypatch.context() as patch:
        at(moment, lambda: mounts.enter_context(read_only(disk)), patch)
        outcome = sweep(command)
        check_stopped(outcome, home, "Read-only file system")
    kept = results(home)
    assert len(kept) == 2
    check_resumed(command, home, kept, undisturbed)


@pytest.mark.slow
def test_a_single_run_goes_on_as_well(
    command: Command, disk: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = (*SMALL, "quiet=true", "logger=none")
    with monkeypatch.context() as patch:
        sound = MemberTracker.finish

        def filling(*arguments: Any) -> Any:
            fill(disk)
            return sound(*arguments)

        patch.setattr(MemberTracker, "finish", filling)
        outcome = command(*asked, f"hydra.run.dir={disk}/one")
    check_stopped(outcome, disk / "one", "No space left on device")
    (disk / "filler").unlink()
    assert command(f"resume={disk}/one").code == 0
    assert command(*asked, "hydra.run.dir=other").code == 0
    assert weights(disk / "one") == weights(Path("other"))


def test_whose_trouble_a_file_is(tmp_path: Path) -> None:
    """Root may write into any folder, so what is not writable here is what is not there."""
    home = tmp_path / "home"
    home.mkdir()

    def error(number: int, path: Path | None) -> OSError:
        return OSError(number, "no", *([] if path is None else [str(path)]))

    assert concerns_all(error(errno.ENOSPC, None), home)
    assert concerns_all(error(errno.EDQUOT, Path("/elsewhere")), home)
    assert concerns_all(BrokenPipeError(), home)
    assert not concerns_all(error(errno.EACCES, home / "one" / "train.log"), home)
    assert not concerns_all(error(errno.EROFS, Path("/elsewhere/file")), home)
    assert not concerns_all(error(errno.ENOMEM, None), home)
    assert not concerns_all(RuntimeError("No space left on device"), home)
    home.rmdir()
    assert concerns_all(error(errno.ENOENT, home / "one" / "train.log"), home)
    assert not concerns_all(error(errno.ENOENT, Path("/elsewhere/file")), home)


def test_what_is_appended_is_whole(disk: Path) -> None:
    path = disk / "log"
    append(path, b"before\n")
    fill(disk, left=8192)
    with pytest.raises(OSError, match="No space left") as raised:
        append(path, bytes(65536))
    assert raised.value.filename == str(path)
    assert path.read_bytes() == b"before\n"


def test_no_half_of_a_file_stands_for_it(disk: Path) -> None:
    path = disk / "whole"
    write_atomically(path, b"before")
    fill(disk, left=8192)
    with pytest.raises(OSError, match="No space left") as raised:
        write_atomically(path, bytes(65536))
    assert raised.value.filename == str(path)
    assert path.read_bytes() == b"before"
    assert [each.name for each in disk.iterdir() if "whole" in each.name] == ["whole"]
    with read_only(disk), pytest.raises(OSError, match="Read-only") as raised:
        write_atomically(path, b"after")
    assert raised.value.filename == str(path)
