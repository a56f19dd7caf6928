"""Signals as a terminal, a shell and a batch system send them: to real processes, which end."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.conftest import SMALL
from tests.test_interrupted_commands import results, states

pytestmark = pytest.mark.slow

HERE = ("-m", *SMALL, "hydra.sweep.dir=here", "init=he,xavier")
SWEEP = (
    *(*HERE, "seeds=2", "model.hidden=[8],[6]", "data.train_size=2000", "trainer.epochs=5"),
    "trainer.chunk_steps=4",
)
LONG = (
    *(*HERE, "seeds=8", "model.hidden=[64,64]", "data.train_size=200000"),
    *("trainer.chunk_steps=20000", "diagnostics=off", "hydra.launcher.threads=2"),
)
PATIENCE = 120.0  # seconds; all machines are slow at times
RESUME = "python -m src.train resume=here goes on from here."
REPORT = "All members are finished; python -m src.report here makes the report."
WAITS = "the step is finished and what there is is written; once more ends at once."


def _hears() -> None:
    """A shell's background jobs do not, nor do those that they start."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


@contextmanager
def started(project: Path, folder: Path, *words: str) -> Iterator[subprocess.Popen[str]]:
    """The command, in a session of its own: of whatever it leaves behind, that is known."""
    environment = os.environ | {"PYTHONPATH": str(project), "OMP_NUM_THREADS": "2"}
    process = subprocess.Popen(
        [sys.executable, "-m", "src.train", *words],
        cwd=folder,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
        preexec_fn=_hears,
    )
    try:
        yield process
    finally:
        for left in members_of(process.pid):
            os.kill(left, signal.SIGKILL)
        process.communicate()


def members_of(session: int) -> list[int]:
    """Processes of a session that run, by /proc."""
    found = []
    for status in Path("/proc").glob("[0-9]*/stat"):
        try:
            state, _, _, its = status.read_text().rpartition(")")[2].split()[:4]
        except OSError:  # it has just ended
            continue
        if int(its) == session and state != "Z":
            found.append(int(status.parent.name))
    return found


def wait_for(found: Callable[[], object]) -> None:
    end = time.monotonic() + PATIENCE
    while not found():
        assert time.monotonic() < end
        time.sleep(0.01)


def run(project: Path, folder: Path, *words: str) -> None:
    with started(project, folder, *words) as process:
        _, err = process.communicate(timeout=PATIENCE)
        assert (process.returncode, err) == (0, "")


@pytest.fixture(scope="module")
def uninterrupted(project: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("uninterrupted")
    run(project, folder, *SWEEP)
    return folder


def composing(here: Path) -> bool:
    return here.is_dir()


def training(here: Path) -> bool:
    return any("epoch 2," in path.read_text() for path in here.glob("*/train.log"))


def written(here: Path) -> bool:
    return any(here.glob("*/result.json"))


def reported(here: Path) -> bool:
    return (here / "report").is_dir()


def page_of(here: Path) -> Path:
    return here / "report" / "index.html"


def told(err: str, said: str) -> bool:
    """Whether it is the one sentence; with the command that goes on, where a sweep has begun."""
    return err in (f"error: {said}.\n", f"error: {said}. {RESUME}\n")


@pytest.mark.parametrize(
    ("moment", "number", "whole_group"),
    [
        (composing, signal.SIGTERM, False),
        (training, signal.SIGINT, True),
        (written, signal.SIGTERM, True),
        (reported, signal.SIGINT, False),
    ],
)
def test_once(
    project: Path,
    tmp_path: Path,
    uninterrupted: Path,
    moment: Callable[[Path], bool],
    number: signal.Signals,
    whole_group: bool,
) -> None:
    here, page = tmp_path / "here", f"report.page={moment is reported}"
    with started(project, tmp_path, *SWEEP, page) as process:
        wait_for(lambda: moment(here))
        (os.killpg if whole_group else os.kill)(process.pid, number)
        _, err = process.communicate(timeout=PATIENCE)
        assert members_of(process.pid) == []
    said = "terminated" if number == signal.SIGTERM else "interrupted"
    code = process.returncode
    if moment is composing:
        assert (code, told(err, said)) == (128 + number, True), err
    elif moment is reported and page_of(here).is_file():
        # All may have been told when the signal comes.
        assert (code, err) == (0, "") or (code, told(err, said)) == (128 + number, True), err
    elif moment is reported:  # all that was asked for is trained, and the page not yet made
        assert (code, err) == (128 + number, f"error: {said}. {REPORT}\n")
    else:
        waited = [f"{said}: {WAITS}"] if moment in (training, written) else []
        assert (code, err.splitlines()) == (128 + number, [*waited, f"error: {said}. {RESUME}"])
    if moment is not composing:
        assert "running" not in states(here)
    begun = (here / "ledger.sqlite").exists()
    run(project, tmp_path, *(["resume=here"] if begun else SWEEP))
    assert results(tmp_path) == results(uninterrupted)
    assert len(results(tmp_path)) == 8
    assert page_of(here).is_file() == (moment is reported)


@pytest.mark.parametrize(
    ("numbers", "said"),
    [
        ((signal.SIGTERM, signal.SIGINT), "interrupted"),
        ((signal.SIGINT, signal.SIGTERM), "terminated"),
        ((signal.SIGKILL,), None),
    ],
)
def test_at_once_in_the_middle_of_a_long_step(
    project: Path, tmp_path: Path, numbers: tuple[signal.Signals, ...], said: str | None
) -> None:
    """Forked processes compute it, and are not left behind."""
    here = tmp_path / "here"
    with started(project, tmp_path, *LONG) as process:
        wait_for(lambda: list(here.glob("*/train.log")) and len(members_of(process.pid)) > 2)
        time.sleep(0.5)
        first = time.monotonic()
        for number in numbers:
            os.kill(process.pid, number)
            time.sleep(0.3)
        process.wait(timeout=PATIENCE)
        assert time.monotonic() - first < PATIENCE / 2
        wait_for(lambda: not members_of(process.pid))
        _, err = process.communicate()
    if said is None:
        assert process.returncode == -signal.SIGKILL
    else:
        assert err.splitlines()[-1] == f"error: {said}. {RESUME}"
        assert process.returncode == 128 + numbers[-1]
    assert states(here) == ["running"] * 16


def test_during_the_first_imports(project: Path, tmp_path: Path) -> None:
    with started(project, tmp_path, *SWEEP) as process:
        maps = Path("/proc") / str(process.pid) / "maps"
        wait_for(lambda: "_yaml" in maps.read_text())  # Hydra has begun to be imported
        process.send_signal(signal.SIGINT)
        _, err = process.communicate(timeout=PATIENCE)
    # Where this process is slow to look, a sweep may have begun to train.
    lines = [line for line in err.splitlines(keepends=True) if line != f"interrupted: {WAITS}\n"]
    assert (process.returncode, told("".join(lines), "interrupted")) == (130, True), err
