"""`python -m src.sweeps --prune`: what a finished sweep needs no more goes, and nothing else."""

import builtins
from pathlib import Path

import pytest

from src.errors import InputError
from src.sweeps.disk import disk, prune
from src.sweeps.found import found
from src.sweeps.words import size
from src.tracking.files import RESULT
from tests.ledgers import sweeps, swept, trained_elsewhere

MULTIRUN = Path("multirun")


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def littered(name: str, statuses: list[str]) -> list[Path]:
    """A sweep with what a killed process may leave in it."""
    sweep = swept(MULTIRUN / name, statuses)
    files = [sweep / "stack-0a1b2c3d.ckpt", sweep / "seed=0" / ".result.json.1.partial"]
    for path in files:
        path.write_bytes(bytes(10_000))
    return files


def test_prune_takes_what_is_needless_and_no_more(monkeypatch: pytest.MonkeyPatch) -> None:
    needless = littered("finished", ["done", "diverged"])
    needed = [
        *littered("interrupted", ["done", "pending"]),
        *littered("failed", ["done", "failed"]),
        *littered("running", ["done"]),
    ]
    everything = {path for path in MULTIRUN.rglob("*") if path.is_file()}
    (MULTIRUN / "finished" / "link").symlink_to(Path("multirun/interrupted").resolve())
    for answer in ("", "n", "no", "x"):
        monkeypatch.setattr(builtins, "input", lambda _, answer=answer: answer)
        assert sweeps("--prune").out.endswith("nothing was removed\n")
    with trained_elsewhere(MULTIRUN / "running"):
        freed = size(sum(disk(MULTIRUN / "finished").needless.values()))
        outcome = sweeps("--prune", "--yes")
    assert (outcome.code, outcome.err) == (0, "")
    told = f"{freed} freed; 3 that are not finished are left as they are\n"
    assert outcome.out.endswith(told)
    left = {path for path in MULTIRUN.rglob("*") if path.is_file()}
    assert everything - left == set(needless)
    assert all(path.exists() for path in needed)
    assert "nothing to remove from 1 finished" in sweeps("--prune", "multirun/finished").out


def test_prune_takes_only_what_is_the_sweeps_own() -> None:
    """Not what another sweep within it goes on from, and no file that somebody else has made."""
    needless = littered("outer", ["done"])
    outer = MULTIRUN / "outer"
    littered("outer/nest", ["done", "pending"])
    (outer / "marked" / "a").mkdir(parents=True)
    (outer / "marked" / "multirun.yaml").touch()
    (outer / "a" / "b" / "c").mkdir(parents=True)
    for name in (
        *("stack-mine.ckpt", "stack-0A1B2C3D.ckpt", "stack-0a1b2c3d4.ckpt", "a.partial"),
        *("seed=0/stack-0a1b2c3d.ckpt", "a/b/c/.x.partial"),
        *("marked/stack-0a1b2c3d.ckpt", "marked/a/.x.partial"),
    ):
        (outer / name).write_bytes(bytes(10_000))
    everything = {path for path in MULTIRUN.rglob("*") if path.is_file()}
    total = disk(outer).total
    assert total > 10_000 * 12
    assert sweeps("--prune", "--yes").code == 0
    assert everything - {path for path in MULTIRUN.rglob("*") if path.is_file()} == set(needless)
    assert total - disk(outer).total >= 20_000


def test_prune_asks_a_person(monkeypatch: pytest.MonkeyPatch) -> None:
    files = littered("s", ["done"])
    asked: list[str] = []

    def nobody(question: str) -> str:
        asked.append(question)
        raise EOFError

    monkeypatch.setattr(builtins, "input", nobody)
    assert "nothing was removed" in sweeps("--prune").out
    assert asked[0].startswith("Remove 2 file(s), ")
    monkeypatch.setattr(builtins, "input", lambda _: "y")
    assert " freed" in sweeps("--prune").out
    assert not any(path.exists() for path in files)


def test_prune_leaves_what_has_just_been_resumed() -> None:
    files = littered("s", ["done"])
    (sweep,) = found([MULTIRUN])
    with trained_elsewhere(sweep.folder), pytest.raises(InputError, match="trains its members"):
        prune(sweep)
    (sweep.folder / "seed=0" / RESULT).unlink()
    assert prune(sweep) == 0
    assert all(path.exists() for path in files)
