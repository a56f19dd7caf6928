"""What make would do, without doing it."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

pytestmark = pytest.mark.skipif(shutil.which("make") is None, reason="needs make")


def dry(project: Path, folder: Path, *arguments: str) -> str:
    """What make would run. What make install would need is not looked at."""
    for name in ("pyproject.toml", "constraints.txt"):
        (folder / name).touch()
    command = ["make", "--dry-run", "--file", str(project / "Makefile"), *arguments]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    return done.stdout


def served(project: Path, folder: Path, *arguments: str) -> str:
    """The folder that TensorBoard would be started over."""
    out = dry(project, folder, "dashboard", *arguments)
    (line,) = [line for line in out.splitlines() if "--logdir" in line]
    shown = line.partition("--logdir ")[2].split()[0]
    assert f"Sweep shown: {shown} " in out
    return shown


def test_dashboard_serves_the_newest_sweep(project: Path, tmp_path: Path) -> None:
    assert served(project, tmp_path) == "multirun"
    for hour, name in enumerate(("named", "2026-01-02/09-00-00", "2026-01-01/12-00-00")):
        sweep = tmp_path / "multirun" / name
        (sweep / "init=he").mkdir(parents=True)
        (sweep / "multirun.yaml").touch()
        os.utime(sweep / "multirun.yaml", (10**9 + 3600 * hour,) * 2)
        assert served(project, tmp_path) == f"multirun/{name}"
    refused(tmp_path)
    assert served(project, tmp_path) == f"multirun/{name}"
    assert served(project, tmp_path, "RUNS=multirun") == "multirun"


def refused(folder: Path) -> None:
    """What a sweep leaves that is refused before it trains; newer than all others here."""
    (folder / "multirun" / "refused").mkdir()
    (folder / "multirun" / "refused" / "multirun.yaml").touch()


def test_report_is_of_the_newest_sweep(project: Path, tmp_path: Path) -> None:
    for hour, name in enumerate(("2026-01-02/09-00-00", "named")):
        (tmp_path / "multirun" / name / "init=he").mkdir(parents=True)
        (tmp_path / "multirun" / name / "init=he" / "result.json").touch()
        (tmp_path / "multirun" / name / "multirun.yaml").touch()
        os.utime(tmp_path / "multirun" / name / "multirun.yaml", (10**9 + 3600 * hour,) * 2)
    refused(tmp_path)
    (tmp_path / "multirun" / "begun" / "init=he").mkdir(parents=True)
    (tmp_path / "multirun" / "begun" / "multirun.yaml").touch()
    assert "-m src.report multirun/named\n" in dry(project, tmp_path, "report").replace(" \n", "\n")
    typed = ("report", "RUNS=multirun/old", "ARGS=--no-page")
    assert "-m src.report multirun/old --no-page\n" in dry(project, tmp_path, *typed)


def test_sweep_has_seeds_enough_for_a_claim(project: Path, tmp_path: Path) -> None:
    assert "-m src.train -m init=zeros,xavier,he seeds=10" in dry(project, tmp_path, "sweep")
    assert "-m src.train -m init=he" in dry(project, tmp_path, "sweep", "SWEEP=init=he")


def test_resume_is_of_the_newest_that_lacks_something(project: Path, tmp_path: Path) -> None:
    newest = 'folder="$(.venv/bin/python -m src.sweeps --newest)" && '
    assert newest in dry(project, tmp_path, "resume")
    asked = dry(project, tmp_path, "resume", "SWEEP=multirun/a=b,c=d", "ARGS=quiet=true")
    assert 'folder="multirun/a=b,c=d" && ' in asked
    assert '-m src.train resume="$folder" quiet=true' in asked


def test_sweeps_are_listed(project: Path, tmp_path: Path) -> None:
    assert "-m src.sweeps multirun/old --prune" in dry(
        project, tmp_path, "sweeps", "RUNS=multirun/old", "ARGS=--prune"
    )


@pytest.mark.parametrize(("answer", "kept"), [("n\n", True), ("", True), ("y\n", False)])
def test_clean_asks_before_it_deletes_results(
    project: Path, tmp_path: Path, answer: str, kept: bool
) -> None:
    """No answer, as where there is no terminal, is a no."""
    names = ("multirun/s/stack-0.ckpt", "multirun/s/init=he/result.json", "outputs/d/t/result.json")
    for name in (*names, "src/__pycache__/x.pyc", "tests/x.py"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()
    done = cleaned(project, tmp_path, answer)
    assert "Delete all results under outputs/ and multirun/? [y/N] " in done.stdout
    assert ("results kept" in done.stdout) == kept
    assert [(tmp_path / name).exists() for name in names] == [kept] * len(names)
    assert not (tmp_path / "src" / "__pycache__").exists()
    assert (tmp_path / "tests" / "x.py").exists()


def cleaned(project: Path, folder: Path, answer: str) -> "subprocess.CompletedProcess[str]":
    command = ["make", "--file", str(project / "Makefile"), "clean"]
    done = subprocess.run(
        command, cwd=folder, input=answer, capture_output=True, text=True, timeout=60
    )
    assert (done.returncode, done.stderr) == (0, "")
    return done


def test_clean_follows_no_link(project: Path, tmp_path: Path) -> None:
    """A link to results elsewhere goes; they stay."""
    elsewhere, work = tmp_path / "elsewhere", tmp_path / "work"
    for place in (elsewhere / "s", work / "src", work / "tests", work / "multirun" / "t u"):
        place.mkdir(parents=True)
        (place / "result.json").touch()
    (work / "multirun" / "README.md").touch()
    (work / "multirun" / "link").symlink_to(elsewhere)
    (work / "multirun" / "t u" / "link").symlink_to(elsewhere)
    (work / "outputs").symlink_to(elsewhere)
    cleaned(project, work, "y\n")
    assert (elsewhere / "s" / "result.json").exists()
    assert [path.name for path in (work / "multirun").iterdir()] == ["README.md"]
    assert not (work / "outputs").is_symlink()


def test_clean_without_sweeps(project: Path, tmp_path: Path) -> None:
    for name in ("src", "tests", "outputs/d"):
        (tmp_path / name).mkdir(parents=True)
    cleaned(project, tmp_path, "y\n")
    assert not (tmp_path / "outputs").exists()
