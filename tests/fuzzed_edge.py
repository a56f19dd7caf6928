"""What the fuzz of command lines needs: a cheap edge, a limit of time, what a refusal leaves."""

import gc
import pickle
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from hydra._internal.config_loader_impl import ConfigLoaderImpl
from hydra._internal.config_repository import ConfigRepository

BASE = (
    *("data=synthetic", "data.features=20", "data.train_size=60", "data.validation_size=30"),
    *("data.test_size=30", "data.batch_size=10", "model.hidden=[8,6]", "trainer=smoke"),
    *("quiet=true", "logger=none", "diagnostics=off", "report.page=false"),
)
SECONDS = 20.0  # of the processor's time; no command may take longer to be refused


class LimitedTime(BaseException):
    """Neither an Exception nor a KeyboardInterrupt: nothing in a command catches it."""


@contextmanager
def limited(seconds: float = SECONDS) -> Iterator[None]:
    """LimitedTime after so much processor time, or six times that by the clock."""

    def over(*_: object) -> None:
        raise LimitedTime(f"still running after {seconds:g} s")

    timers = {signal.SIGPROF: signal.ITIMER_PROF, signal.SIGALRM: signal.ITIMER_REAL}
    before = {number: signal.signal(number, over) for number in timers}
    signal.setitimer(signal.ITIMER_PROF, seconds)
    signal.setitimer(signal.ITIMER_REAL, 6 * seconds)
    try:
        yield
    finally:
        for number, timer in timers.items():
            signal.setitimer(timer, 0)
            signal.signal(number, before[number])


@contextmanager
def cheap_edge() -> Iterator[None]:
    """Files are read, and equal lists of files made into one tree, once for all commands."""
    read: dict[Any, bytes] = {}
    trees: dict[Any, bytes] = {}
    load, compose = (
        ConfigRepository.load_config,
        ConfigLoaderImpl._compose_config_from_defaults_list,
    )

    def places(repository: Any) -> tuple[str, ...]:
        return tuple(source.full_path() for source in repository.get_sources())

    def load_once(self: ConfigRepository, config_path: str) -> Any:
        key = (places(self), config_path)
        if key not in read:
            read[key] = pickle.dumps(load(self, config_path=config_path))
        return pickle.loads(read[key])

    def compose_once(self: ConfigLoaderImpl, defaults: Any, repo: Any) -> Any:
        key = (places(repo), repr(defaults))
        if key not in trees:
            trees[key] = pickle.dumps(compose(self, defaults, repo))
        return pickle.loads(trees[key])

    with pytest.MonkeyPatch.context() as patch:
        # Spares the composition that only asks for hydra.mode and keeps its faults to itself.
        patch.setattr("hydra._internal.hydra.Hydra.get_mode", lambda *_, **__: None)
        patch.setattr(ConfigRepository, "load_config", load_once)
        patch.setattr(ConfigLoaderImpl, "_compose_config_from_defaults_list", compose_once)
        gc.freeze()
        try:
            yield
        finally:
            gc.unfreeze()


def left_behind(folder: Path) -> list[Path]:
    """What no refusal may leave: results, ledgers, members' folders."""
    found = [path for name in ("outputs", "multirun") for path in (folder / name).rglob("*")]
    return [path for path in found if path.is_file() and path.name != "multirun.yaml"]
