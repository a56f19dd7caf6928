"""Help, composing and checking wait for no torch: seconds that a typing error should not cost."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from src.config import CONF
from tests.conftest import SMALL

HEAVY = ("torch", "torchvision", "pytorch_lightning", "torchmetrics", "tensorboard", "numpy")

# What `python -m src.train -m init=he,xavier optimizer.lr=-1` does before it needs a device.
PLANNING = """
import sys
from hydra import compose, initialize_config_dir
from src.config import CONF, as_plain, validated
from src.report.conclusion import conclude
import src.cli, src.data.__main__, src.diagnose.__main__, src.sweep, src.theory.__main__, src.train
import hydra_plugins.starting_strength.launcher

assert not hasattr(src.train, "torch")
with initialize_config_dir(str(CONF), version_base="1.3"):
    for init in ("he", "xavier"):
        composed = compose("config", [*{small!r}, "init=" + init], return_hydra_config=True)
        config = validated(composed)
        assert as_plain(config)["init"]["name"] == init
    bad = compose("config", ["optimizer.lr=-1"], return_hydra_config=True)
    try:
        src.sweep.plan([bad])
    except src.errors.InputError as error:
        print(error)
print(sorted(name for name in {heavy!r} if name in sys.modules))
"""


def python(*arguments: str, folder: Path) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [sys.executable, *arguments], cwd=folder, capture_output=True, text=True, timeout=120
    )


def test_planning_a_sweep_imports_nothing_heavy(project: Path) -> None:
    code = PLANNING.format(small=SMALL, heavy=HEAVY)
    done = python("-c", code, folder=project)
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines() == [
        "optimizer.lr=-1.0: must be a finite number above 0.",
        "[]",
    ]


def test_the_check_sees_what_is_imported(project: Path) -> None:
    # The assertion above would hold for a module that does not exist, too.
    code = f"import sys, numpy; print([name for name in {HEAVY!r} if name in sys.modules])"
    assert python("-c", code, folder=project).stdout == "['numpy']\n"


@pytest.mark.slow
def test_training_imports_no_matplotlib(project: Path) -> None:
    """Lightning's libraries import it wherever it is installed, and it is: for src.theory."""
    told = "print([name for name in ('matplotlib', 'pytorch_lightning') if name in sys.modules])"
    code = f"import sys, src.members; {told}; import matplotlib.figure"
    done = python("-c", code, folder=project)
    assert done.returncode == 0, done.stderr
    assert done.stdout == "['pytorch_lightning']\n"


def test_the_doctor_explains_itself_without_torch(project: Path) -> None:
    told = f"print([name for name in {HEAVY!r} if name in sys.modules], file=sys.stderr)"
    code = f"""
import sys
from src.diagnose.__main__ import main
try:
    main(["--help"])
finally:
    {told}
"""
    done = python("-c", code, folder=project)
    assert done.returncode == 0
    assert done.stderr == "[]\n"
    for word in ("--json", "--steps", "--picture", "init=zeros activation=relu", "dropout"):
        assert word in done.stdout


@pytest.mark.slow
def test_the_doctor_waits_for_no_lightning(project: Path) -> None:
    code = "import sys, src.diagnose.examine; print('pytorch_lightning' in sys.modules)"
    done = python("-c", code, folder=project)
    assert done.returncode == 0, done.stderr
    assert done.stdout == "False\n"


@pytest.fixture(scope="module")
def help_text(project: Path, tmp_path_factory: pytest.TempPathFactory) -> str:
    done = python("-m", "src.train", "--help", folder=project)
    assert done.returncode == 0
    assert done.stderr == ""
    return done.stdout


@pytest.mark.parametrize("group", ["init", "activation", "optimizer", "data", "trainer", "logger"])
def test_help_lists_every_option(help_text: str, group: str) -> None:
    (line,) = [line for line in help_text.splitlines() if line.startswith(f"{group}: ")]
    options = sorted(path.stem for path in (CONF / group).glob("*.yaml"))
    assert line == f"{group}: {', '.join(options)}"


@pytest.mark.parametrize("words", ["python -m src.train -m", "group=option", "batch_size: 100"])
def test_help_tells_how_to_ask(help_text: str, words: str) -> None:
    assert words in help_text


def test_help_has_no_jargon(help_text: str) -> None:
    assert "???" not in help_text
    assert "_target_" not in help_text


@pytest.mark.parametrize("command", ["src.train", "src.diagnose"])
def test_ctrl_c_during_the_first_imports_is_told_in_one_line(
    project: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, command: str
) -> None:
    """Hydra is most of them: one in its place is interrupted as soon as it is imported."""
    (tmp_path / "hydra").mkdir()
    (tmp_path / "hydra" / "__init__.py").write_text("raise KeyboardInterrupt\n")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    done = python("-m", command, "init=he", folder=project)
    assert done.returncode == 130
    assert done.stderr == "error: interrupted.\n"
    assert done.stdout == ""


@pytest.mark.slow
def test_a_reader_that_has_enough(project: Path) -> None:
    # python -m src.train --help | head -1
    reading, writing = os.pipe()
    os.close(reading)
    done = subprocess.run(
        [sys.executable, "-m", "src.train", "--help"],
        cwd=project,
        stdout=writing,
        stderr=subprocess.PIPE,
        timeout=120,
    )
    os.close(writing)
    assert done.stderr == b""
