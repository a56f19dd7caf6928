"""Composer.compose against Hydra's own load_sweep_config: the same trees, the same refusals."""

from collections.abc import Callable, Iterator
from pathlib import Path
from types import MethodType
from typing import Any

import pytest
from hydra import initialize_config_dir
from hydra._internal.config_loader_impl import ConfigLoaderImpl
from hydra.core.global_hydra import GlobalHydra
from hydra.core.utils import setup_globals
from hydra.types import RunMode
from hypothesis import given, settings
from hypothesis import strategies as st
from omegaconf import DictConfig, ListConfig, OmegaConf, open_dict

from src.composition import Composer
from src.config import CONF
from src.refusals import sentence
from tests.training import options

SWEPT = ["seed=1,2", "init=he,zeros", "optimizer.lr=0.1", "hydra.sweep.dir=there/${now:%f}"]


@pytest.fixture(scope="module")
def loader() -> Iterator[ConfigLoaderImpl]:
    setup_globals()
    with initialize_config_dir(str(CONF), version_base="1.3", job_name="train"):
        yield GlobalHydra.instance().config_loader()  # type: ignore[misc]


@pytest.fixture(scope="module")
def sweep(loader: ConfigLoaderImpl) -> DictConfig:
    made = loader.load_configuration("config", SWEPT, run_mode=RunMode.MULTIRUN)
    assert made.hydra.sweep.dir  # resolved, and so kept for all jobs
    return made


@pytest.fixture(scope="module")
def composer(loader: ConfigLoaderImpl, sweep: DictConfig) -> Composer:
    return Composer(loader, sweep)


def described(node: Any, key: object = None) -> Any:
    """All that OmegaConf knows of a tree: values, types, flags, what is optional."""
    facts = (
        key,
        type(node),
        node._metadata.ref_type,
        node._metadata.optional,
        node._metadata.flags,
    )
    if isinstance(node, DictConfig) and isinstance(node._content, dict):
        inner = [described(child, name) for name, child in node._content.items()]
        return (*facts, node._metadata.object_type, node._metadata.element_type, inner)
    if isinstance(node, ListConfig) and isinstance(node._content, list):
        return (*facts, [described(child) for child in node._content])
    return (*facts, node._value())


def parents(node: Any) -> bool:
    """Whether every node knows the one that holds it: interpolations are resolved upwards."""
    content: Any = getattr(node, "_content", None)
    children = content.values() if isinstance(content, dict) else content
    if not isinstance(content, dict | list):  # a leaf, null or an interpolation
        return True
    return all(child._get_parent() is node and parents(child) for child in children)


def told(error: BaseException | None) -> list[object]:
    chain: list[object] = []
    while error is not None:
        chain.append((type(error), str(error)))
        error = error.__cause__
    return chain


def attempted(compose: Callable[[], DictConfig]) -> tuple[Any, Exception | None]:
    try:
        return compose(), None
    except Exception as error:  # noqa: BLE001 - compared with another
        return None, error


def assert_equal(composer: Composer, loader: Any, sweep: DictConfig, overrides: list[str]) -> None:
    expected, refusal = attempted(lambda: loader.load_sweep_config(sweep, overrides))
    made, again = attempted(lambda: composer.compose(overrides))
    assert told(again) == told(refusal)
    if refusal is not None:
        assert again is not None
        assert sentence(again, overrides) == sentence(refusal, overrides)
        return
    assert described(made) == described(expected)
    assert parents(made)
    assert OmegaConf.get_cache(made) == OmegaConf.get_cache(expected)
    for tree in (made, expected):
        with open_dict(tree):
            tree.hydra.job.id, tree.hydra.job.num = "3", 3
    for key in ("hydra.sweep.subdir", "hydra.sweep.dir"):
        assert OmegaConf.select(made, key) == OmegaConf.select(expected, key)
    groups = [str(key) for key in expected if key != "hydra"]
    one, other = (OmegaConf.masked_copy(tree, groups) for tree in (made, expected))
    assert resolved(one) == resolved(other)


def resolved(tree: DictConfig) -> Any:
    made, error = attempted(lambda: OmegaConf.to_container(tree, resolve=True))  # type: ignore[arg-type,return-value]
    return made if error is None else told(error)


CHOICES = [
    *(f"init={name}" for name in ("he", "zeros", "general_rule", "uniform", "foo", "'he'", "")),
    *(f"optimizer={name}" for name in ("sgd", "momentum", "radam", "[adam]", "null", "3")),
    *("activation=elu", "activation=tanh", "data=synthetic", "data=kmnist", "trainer=smoke"),
    *("logger=none", "logger=tensorboard", "init/bias=zero", "init@here=he", "+init=he"),
    *("~optimizer", "~logger=tensorboard", "++data=mnist", "schema=config"),
]
VALUES = [
    *(
        "seed=3",
        "seed=abc",
        "seed=null",
        "seed=true",
        "seed='4'",
        "seed=1e3",
        "seed=${data.split_seed}",
    ),
    *("optimizer.lr=0.1", "optimizer.lr=1", "optimizer.lr=fast", "optimizer.momentum=0.5"),
    *("model.hidden=[8,6]", "model.hidden=[]", "model.hidden=3", "model={dropout:0.1}", "model=3"),
    *("init.scale=3", "init.low=1", "init.bias={law:zeros}", "init={scale:1}", "init.bias.foo=1"),
    *(
        "data.order_seed=9",
        "data.batch_size=50",
        "data.root=a/b c",
        "data.root='a=b,c'",
        "quiet=maybe",
    ),
    *(
        "+foo=1",
        "+model.foo=1",
        "++seed=5",
        "+seed=1",
        "~seed",
        "~optimizer.lr",
        "~nothing",
        "foo.bar=1",
    ),
    *(
        "hydra.verbose=true",
        "hydra.job.name=other",
        "hydra/job_logging=default",
        "hydra={mode:null}",
    ),
    *(
        "model.weights=${now:%Y}",
        "model.weights=ä€",
        "trainer.epochs=1,2",
        "trainer.epochs=choice(1,2)",
    ),
    *("=3", "seed", "a=b=c", "optimizer.lr=[1", "model.hidden.0=5", "trainer.ckpt_path=???"),
]


@pytest.mark.slow
@settings(max_examples=60, derandomize=True, deadline=None, database=None)
@given(
    choices=st.lists(st.sampled_from(CHOICES), max_size=4),
    values=st.lists(st.sampled_from(VALUES), max_size=4),
    turned=st.booleans(),
)
def test_against_hydra(
    composer: Composer,
    loader: ConfigLoaderImpl,
    sweep: DictConfig,
    choices: list[str],
    values: list[str],
    turned: bool,
) -> None:
    overrides = values + choices if turned else choices + values
    assert_equal(composer, loader, sweep, overrides)


@pytest.mark.parametrize("override", CHOICES + VALUES)
@pytest.mark.slow
def test_one_override_against_hydra(
    composer: Composer, loader: ConfigLoaderImpl, sweep: DictConfig, override: str
) -> None:
    assert_equal(composer, loader, sweep, ["init=he", override])


@pytest.mark.slow
def test_every_option_of_every_group_against_hydra(
    loader: ConfigLoaderImpl, sweep: DictConfig, monkeypatch: pytest.MonkeyPatch
) -> None:
    """n-th options at once: Hydra builds the first tree, the others are grafts."""
    composer = Composer(loader, sweep)
    whole = []

    def counted(self: ConfigLoaderImpl, sweep: DictConfig, overrides: list[str]) -> DictConfig:
        whole.append(overrides)
        return ConfigLoaderImpl.load_sweep_config(self, sweep, overrides)

    monkeypatch.setattr(
        composer._loader, "load_sweep_config", MethodType(counted, composer._loader)
    )
    groups = sorted(path.name for path in CONF.iterdir() if path.is_dir() and path.name != "hydra")
    names = {group: options(group) for group in groups}
    for number in range(max(map(len, names.values()))):
        choices = [f"{group}={names[group][number % len(names[group])]}" for group in groups]
        assert_equal(composer, loader, sweep, choices)
    assert len(whole) == 1


PLANTED = {
    "primary": (
        "defaults:\n  - near: one\n  - far: plain\n  - _self_\n"
        "far:\n  own: ${seed}\nseed: 0\nside: 0\n"
    ),
    "far/plain": "a: 1\n",
    "far/other": "a: 2\nc: {d: 1}\n",
    "far/reaching": "# @package _global_\nfar:\n  a: 3\nside: 77\n",
    "far/beside": "defaults:\n  - /near@side_by_side: one\nb: 2\n",
    "far/dependent": "defaults:\n  - /near@inner: ${near}\nb: 3\n",
    "near/one": "which: one\n",
    "near/two": "which: two\n",
    "near/meddling": "# @package _global_\nnear:\n  which: three\nfar:\n  a: 9\n",
}


@pytest.mark.slow
def test_options_that_reach_beyond_their_group(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, text in PLANTED.items():
        path = tmp_path / f"{name}.yaml"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    monkeypatch.setattr(GlobalHydra.instance(), "hydra", None)
    with initialize_config_dir(str(tmp_path), version_base="1.3", job_name="train"):
        loader: Any = GlobalHydra.instance().config_loader()
        sweep = loader.load_configuration("primary", [], run_mode=RunMode.MULTIRUN)
        assert sweep.hydra.sweep.dir  # resolved, and so kept for all jobs
        composer = Composer(loader, sweep)
        for near in ("one", "two", "meddling"):
            for far in ("plain", "other", "reaching", "beside", "dependent", "absent", "plain"):
                choices = [f"near={near}", f"far={far}"]
                assert_equal(composer, loader, sweep, [*choices, "seed=3"])
                assert_equal(composer, loader, sweep, choices[::-1])
                assert_equal(composer, loader, sweep, [*choices, f"far={far}"])
