"""What every test may use: the repository, a composed configuration, small made data."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from hydra import compose, initialize_config_dir

from src.config import CONF, PROJECT, Config, register, validated
from tests.command import Command, command_in

register()

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
)

Configure = Callable[..., Config]


@pytest.fixture(scope="session")
def configure() -> Configure:
    """Overrides in, checked Config out; `small=True` puts a tiny synthetic problem under them."""

    def compose_config(*overrides: str, small: bool = True) -> Config:
        with initialize_config_dir(str(CONF), version_base="1.3"):
            return validated(compose("config", [*(SMALL if small else ()), *overrides]))

    return compose_config


@pytest.fixture(scope="session")
def project() -> Path:
    return PROJECT


@pytest.fixture
def command(tmp_path: Path) -> Iterator[Command]:
    """`python -m src.train`, called in this process, in a folder of its own."""
    with command_in(tmp_path) as shell:
        yield shell
