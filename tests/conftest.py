"""What every test may use: the repository, a composed configuration, small made data."""

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hydra import compose, initialize_config_dir

from src.config import CONF, PROJECT, Config, register, validated
from src.data.datasets import SHAPES, Dataset
from tests.command import Command, command_in
from tests.idx_files import TINY, Files, made_dataset, made_files

if TYPE_CHECKING:
    from tests.training import Trained
    from tests.undisturbed import Bench

register()
# Of the make that runs the tests; not for those that tests run.
for _name in ("ARGS", "MAKEFLAGS", "MAKELEVEL"):
    os.environ.pop(_name, None)

SMALL = (
    "data=synthetic",
    "data.features=20",
    "data.train_size=60",
    "data.validation_size=30",
    "data.test_size=30",
    "data.batch_size=10",
    "model.hidden=[8,6]",
    "trainer=cpu",
    "trainer.epochs=1",
    "report.page=false",  # seconds of pictures
)

Configure = Callable[..., Config]
Tell = Callable[[str], None]
_TOLD = "told"


@pytest.fixture(scope="session")
def configure() -> Configure:
    """Overrides in, checked Config out; `small=True` puts a tiny synthetic problem under them."""

    def compose_config(*overrides: str, small: bool = True) -> Config:
        with initialize_config_dir(str(CONF), version_base="1.3"):
            return validated(compose("config", [*(SMALL if small else ()), *overrides]))

    return compose_config


@pytest.fixture
def tell(record_property: Callable[[str, object], None]) -> Tell:
    """What is to be said of this test once all have ended, in whichever process it runs."""
    return lambda line: record_property(_TOLD, line)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    ended = [each for found in terminalreporter.stats.values() for each in found]
    lines = [
        str(value)
        for report in ended
        if getattr(report, "when", None) == "call"
        for name, value in report.user_properties
        if name == _TOLD
    ]
    if lines:
        terminalreporter.section("counted")
        for line in lines:
            terminalreporter.write_line(line)


@pytest.fixture(scope="session")
def project() -> Path:
    return PROJECT


@pytest.fixture
def command(tmp_path: Path) -> Iterator[Command]:
    """`python -m src.train`, called in this process, in a folder of its own."""
    with command_in(tmp_path) as shell:
        yield shell


@pytest.fixture
def elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where a command is called that tells its refusals as a user has them."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("HYDRA_FULL_ERROR", raising=False)
    return tmp_path


@pytest.fixture
def tiny_shapes(monkeypatch: pytest.MonkeyPatch) -> None:
    """50 training and 20 test images in place of 60,000 and 10,000.

    The one table of shapes is changed in place: whoever imported it sees the small ones.
    """
    for name, shape in TINY.items():
        monkeypatch.setitem(SHAPES, name, shape)


@pytest.fixture
def files() -> Files:
    return made_files()


@pytest.fixture
def dataset(files: Files) -> Dataset:
    return made_dataset(files)


@pytest.fixture(scope="session")
def four(tmp_path_factory: pytest.TempPathFactory) -> "list[Trained]":
    """Three members, and one that diverges at step 1, trained with TensorBoard on."""
    from tests.training import tiny, train, vary

    base = tiny(logger="tensorboard", logger__every_n_steps=3, trainer__epochs=2)
    members = [
        vary(base, init="he", optimizer__lr=0.01),
        vary(base, init="xavier", activation="tanh", optimizer="sgd", seed=3),
        vary(base, activation="gelu", optimizer="adamw", model__dropout=0.0),
        vary(base, init="uniform", optimizer="sgd", optimizer__lr=1e30),
    ]
    return train(members, tmp_path_factory.mktemp("four"))


@pytest.fixture(scope="session")
def bench(tmp_path_factory: pytest.TempPathFactory) -> "Iterator[Bench]":
    """Two lanes for sweeps that are stopped, and the sweep that none has stopped."""
    from tests.undisturbed import undisturbed

    with undisturbed([tmp_path_factory.mktemp("lane") for _ in range(2)]) as ready:
        yield ready
