"""The folders that the stacked launcher opens, and what it tells callbacks, against Hydra's own."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from hydra import initialize_config_dir
from hydra._internal.callbacks import Callbacks
from hydra.core.global_hydra import GlobalHydra
from hydra.core.hydra_config import HydraConfig
from hydra.core.utils import JobReturn, run_job, setup_globals
from hydra.experimental.callback import Callback
from hydra.types import HydraContext, RunMode
from hypothesis import given, settings
from hypothesis import strategies as st
from omegaconf import DictConfig, OmegaConf
from omegaconf._utils import get_omega_conf_dumper

from src.config import CONF
from src.jobs import Jobs
from src.launch import launch, yaml_of
from src.ledger.store import LEDGER
from src.schema.stacks import StackLimits
from src.train import train
from tests.command import undisturbed_logging
from tests.conftest import SMALL

TOLD: list[tuple[str, Any]] = []


class Listener(Callback):
    """Keeps what it is told, as plain values; Hydra makes one by its name."""

    def on_job_start(self, config: DictConfig, **rest: Any) -> None:
        assert HydraConfig.get().job.num == config.hydra.job.num
        TOLD.append(("start", (OmegaConf.to_container(config), sorted(rest))))

    def on_job_end(self, config: DictConfig, job_return: JobReturn, **rest: Any) -> None:
        assert job_return.cfg is not None
        assert job_return.hydra_cfg is not None
        told = (
            OmegaConf.to_container(config),
            OmegaConf.to_container(job_return.cfg),
            OmegaConf.to_container(job_return.hydra_cfg),
            *(job_return.overrides or (), job_return.working_dir, job_return.task_name),
            *(job_return.status, sorted(rest)),
        )
        TOLD.append(("end", told))


@pytest.fixture
def hydra(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Any]:
    """A sweep's configuration and context, as a sweeper gives them to a launcher."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(GlobalHydra.instance(), "hydra", None)
    setup_globals()
    TOLD.clear()

    def prepared(*overrides: str) -> tuple[HydraContext, DictConfig]:
        loader = GlobalHydra.instance().config_loader()
        listening = "+hydra.callbacks.listener._target_=tests.test_launch.Listener"
        lists = [*overrides, listening]
        sweep = loader.load_configuration("config", lists, run_mode=RunMode.MULTIRUN)
        return HydraContext(loader, Callbacks(sweep)), sweep

    with undisturbed_logging(), initialize_config_dir(str(CONF), version_base="1.3"):
        yield prepared


JOBS = [
    [*SMALL, "quiet=true", "init=he", "seed=1"],
    [*SMALL, "quiet=true", "init=zeros", "model.weights=null", "data.order_seed=5"],
]


def by_hydra(context: HydraContext, sweep: DictConfig, jobs: Jobs) -> list[JobReturn]:
    return [
        run_job(
            lambda _: 0.5,
            jobs[position],
            job_dir_key="hydra.sweep.dir",
            job_subdir_key="hydra.sweep.subdir",
            hydra_context=context,
        )
        for position in range(len(jobs))
    ]


@pytest.mark.parametrize(
    "extra", [(), ("hydra/job_logging=default",), ("hydra.output_subdir=null",)]
)
@pytest.mark.slow
def test_against_run_job(
    hydra: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, extra: tuple[str, ...]
) -> None:
    context, sweep = hydra("hydra.sweep.dir=here", *extra)
    expected = by_hydra(context, sweep, Jobs(context.config_loader, sweep, JOBS, 3))
    (tmp_path / "here").rename(tmp_path / "there")
    told = sorted(TOLD, key=lambda event: event[0])
    TOLD.clear()

    class Done:
        objective = 0.5

    monkeypatch.setattr("src.sweep.Plan.train", lambda self, home: [Done()] * len(self.configs))
    returns = launch((context, sweep, train), StackLimits(), JOBS, 3)

    def files(folder: Path) -> dict[str, bytes]:
        paths = (path for path in folder.rglob("*") if path.is_file())
        return {str(path.relative_to(folder)): path.read_bytes() for path in paths}

    (tmp_path / "here" / LEDGER).unlink()  # Hydra keeps none
    assert files(tmp_path / "here") == files(tmp_path / "there")
    folders = [
        sorted(path.name for path in (tmp_path / name).iterdir()) for name in ("here", "there")
    ]
    assert folders[0] == folders[1]
    assert len(folders[0]) == 2
    # Starts all come first: the members are then trained together.
    assert [event for event, _ in TOLD] == ["start", "start", "end", "end"]
    assert list(map(repr, TOLD)) == list(map(repr, [*told[2:], *told[:2]]))
    for one, other in zip(returns, expected, strict=True):
        for key in ("overrides", "working_dir", "task_name", "status", "return_value"):
            assert getattr(one, key) == getattr(other, key), key


def test_a_member_without_a_value(hydra: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    class Failed:
        objective = float("nan")

    monkeypatch.setattr("src.sweep.Plan.train", lambda self, home: [Failed()] * len(self.configs))
    context, sweep = hydra("hydra.sweep.dir=here")
    before = HydraConfig.instance().cfg
    (returned,) = launch((context, sweep, train), StackLimits(), JOBS[:1], 0)
    assert returned.return_value != returned.return_value
    assert HydraConfig.instance().cfg is before


ASCII = st.text(st.characters(min_codepoint=32, max_codepoint=126), max_size=120)
UNICODE = st.text(st.characters(exclude_categories=["Cs"]), max_size=120)
NUMBERS = st.sampled_from(["1", "1.0", "1e3", "true", "off", "null", "~", "nan", "0x1", "1_0", ""])
SCALARS = st.none() | st.booleans() | st.integers() | st.floats() | NUMBERS
LEAVES = SCALARS | ASCII
KEYS = st.text(st.characters(min_codepoint=97, max_codepoint=122), min_size=1, max_size=20)
NESTED = st.recursive(
    LEAVES, lambda inner: st.lists(inner) | st.dictionaries(KEYS, inner), max_leaves=8
)


def by_omegaconf(content: Any) -> str:
    """What OmegaConf.to_yaml does once it has the plain content."""
    return str(
        yaml.dump(
            content,
            default_flow_style=False,
            allow_unicode=True,
            sort_keys=False,
            Dumper=get_omega_conf_dumper(),
        )
    )


@settings(max_examples=200, derandomize=True, deadline=None, database=None)
@given(st.dictionaries(KEYS, NESTED, max_size=4))
@pytest.mark.slow
def test_yaml_against_omegaconf(content: dict[str, Any]) -> None:
    assert yaml_of(content) == by_omegaconf(content)


@settings(max_examples=200, derandomize=True, deadline=None, database=None)
@given(st.lists(UNICODE))
def test_yaml_of_any_text_is_read_back(content: list[str]) -> None:
    """Not as OmegaConf writes it: PyYAML's own writer loses some of Unicode's line breaks."""
    assert yaml.safe_load(yaml_of(content)) == content
