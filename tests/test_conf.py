"""Every YAML under conf/, because it is there: it composes, is checked, and says its source."""

import json
from collections.abc import Iterator
from dataclasses import MISSING as NO_DEFAULT
from dataclasses import Field, fields, is_dataclass
from enum import Enum
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from hydra import compose, initialize_config_dir
from hydra.errors import ConfigCompositionException
from omegaconf import MISSING, OmegaConf

from src.config import CONF, Config, as_plain, validated
from src.schema.run import ModelConfig
from tests.conftest import Configure

OPTIONS = {
    "init": (
        "zeros ones constant uniform uniform_centered general_rule normal_rule normal "
        "truncated_normal default lecun lecun_uniform xavier xavier_normal he he_uniform "
        "variance_scaling "
        "gain kumar kumar_as_published_code dropout_aware hendrycks_gimpel "
        "orthogonal identity diagonal_noise sparse sparse_martens rai zero_hadamard "
        "keras_he keras_xavier keras_lecun jax_he jax_xavier jax_lecun tf1_he tf1_xavier tf1_lecun "
        "tf1_contrib_he tf1_contrib_xavier flux_lecun mxnet_default mxnet_xavier_gaussian "
        "mxnet_msra mxnet_orthogonal sklearn "
        "fixup rezero mup "
        "lsuv data_dependent meta_init grad_init "
        "critical"
    ),
    "activation": (
        "identity relu leaky_relu elu selu gelu silu mish softplus softsign tanh sigmoid"
    ),
    "optimizer": "sgd momentum nesterov rmsprop adagrad adam adamw nadam radam",
    "schedule": "constant warmup cosine linear step",
    "data": "fashion_mnist mnist kmnist synthetic",
    "trainer": "auto cpu gpu smoke",
    "logger": "tensorboard none",
    "diagnostics": "off light full",
}


def group_of(path: Path) -> str:
    return path.relative_to(CONF).parts[0]


YAMLS = sorted(CONF.rglob("*.yaml"))
GROUPED = [path for path in YAMLS if group_of(path) in OPTIONS]

# Where a YAML departs from the default of its dataclass, and has to: what makes the option itself.
DEPARTURES = {
    ("optimizer", "adamw", "weight_decay"),
    ("optimizer", "momentum", "momentum"),
    ("optimizer", "nesterov", "momentum"),
    ("optimizer", "nesterov", "nesterov"),
    ("init", "default", "bias"),
    ("init", "mxnet_orthogonal", "gain"),
    ("init", "critical", "bias"),
    ("schedule", "warmup", "warmup_steps"),
    ("trainer", "cpu", "accelerator"),
    ("trainer", "gpu", "accelerator"),
    ("trainer", "smoke", "accelerator"),
    ("trainer", "smoke", "epochs"),
    ("trainer", "smoke", "steps_per_epoch"),
    ("logger", "none", "tensorboard"),
}


def named(path: Path) -> str:
    return str(path.relative_to(CONF).with_suffix(""))


@cache
def row(number: int) -> Config:
    """Composing is slow: the n-th options of all groups at once, so few rows cover all."""
    files = {group: [path for path in GROUPED if group_of(path) == group] for group in OPTIONS}
    overrides = [f"{group}={paths[number % len(paths)].stem}" for group, paths in files.items()]
    with initialize_config_dir(str(CONF), version_base="1.3"):
        return validated(compose("config", overrides))


def config_with(path: Path) -> Config:
    return row([other for other in GROUPED if group_of(other) == group_of(path)].index(path))


def option_of(path: Path) -> Any:
    return getattr(config_with(path), group_of(path))


def test_the_table_is_whole() -> None:
    found: dict[str, set[str]] = {}
    for path in GROUPED:
        group, *rest = path.relative_to(CONF).with_suffix("").parts
        found.setdefault(group, set()).add("/".join(rest))
    assert found == {group: set(names.split()) for group, names in OPTIONS.items()}
    assert len(GROUPED) == sum(len(names.split()) for names in OPTIONS.values())


@pytest.mark.parametrize("path", GROUPED, ids=named)
def test_option_composes_under_its_own_name(path: Path) -> None:
    option = option_of(path)
    assert option.name == path.stem
    for item in fields(option):
        value = getattr(option, item.name)
        assert value != MISSING, f"{item.name} has no value"


@pytest.mark.parametrize("path", GROUPED, ids=named)
def test_option_sets_no_unknown_key(path: Path) -> None:
    written = OmegaConf.to_container(OmegaConf.load(path))
    assert isinstance(written, dict)
    known = {item.name for item in fields(option_of(path))}
    assert written.keys() - {"defaults"} <= known
    # A YAML that names no schema would not be checked at all.
    assert "schema" in str(written["defaults"])


def test_unknown_key_in_a_yaml_is_refused(tmp_path: Path) -> None:
    # The check above and Hydra's own both rest on this.
    (tmp_path / "init").mkdir()
    sound = (CONF / "init" / "he.yaml").read_text()
    (tmp_path / "init" / "sound.yaml").write_text(sound.replace("name: he", "name: sound"))
    (tmp_path / "init" / "planted.yaml").write_text(sound + "sclae: 2.0\n")
    where = f"hydra.searchpath=[file://{tmp_path}]"
    with initialize_config_dir(str(CONF), version_base="1.3"):
        assert compose("config", [where, "init=sound"]).init.scale == 2
        with pytest.raises(ConfigCompositionException) as caught:
            compose("config", [where, "init=planted"])
    assert "sclae" in str(caught.value.__cause__ or caught.value)


@pytest.mark.parametrize("path", YAMLS, ids=named)
def test_yaml_begins_with_its_source(path: Path) -> None:
    first = path.read_text().splitlines()[0]
    assert first.startswith("# ")
    # A sentence, or a reference: a bare repetition of the name says nothing.
    assert len(first.split()) >= 4


def test_no_file_is_hidden_from_the_table() -> None:
    assert list(CONF.rglob("*.yml")) == []
    others = {group_of(path) for path in YAMLS} - OPTIONS.keys()
    assert others <= {"config.yaml", "hydra", "study"}


def default_of(item: "Field[Any]") -> Any:
    if item.default is not NO_DEFAULT:
        return item.default
    return item.default_factory() if item.default_factory is not NO_DEFAULT else MISSING


def departures(option: Any) -> Iterator[str]:
    for item in fields(option):
        default = default_of(item)
        if default != MISSING and getattr(option, item.name) != default:
            yield item.name


@pytest.mark.parametrize("path", GROUPED, ids=named)
def test_dataclass_defaults_against_yaml(path: Path) -> None:
    group = group_of(path)
    found = {(group, path.stem, key) for key in departures(option_of(path))}
    assert found == {entry for entry in DEPARTURES if entry[:2] == (group, path.stem)}


def test_run_wide_defaults_against_yaml(configure: Configure) -> None:
    config = configure(small=False)
    assert config.model == ModelConfig()
    for item in fields(Config):
        if item.name in ("seed", "quiet", "trust"):
            assert getattr(config, item.name) == default_of(item)


def test_what_runs_when_nothing_is_said(configure: Configure) -> None:
    config = configure(small=False)
    names = {group: getattr(config, group).name for group in OPTIONS}
    assert names == {
        "init": "default",
        "activation": "relu",
        "optimizer": "adam",
        "schedule": "constant",
        "data": "fashion_mnist",
        "trainer": "auto",
        "logger": "tensorboard",
        "diagnostics": "light",
    }
    assert config.model.hidden == [256, 128]
    assert config.data.train_size + config.data.validation_size == 60_000


def leaves(node: Any) -> Iterator[Any]:
    if isinstance(node, dict):
        for key, child in node.items():
            assert isinstance(key, str)
            yield from leaves(child)
    elif isinstance(node, list):
        for child in node:
            yield from leaves(child)
    else:
        yield node


@pytest.mark.parametrize("path", GROUPED, ids=named)
def test_as_plain_is_json(path: Path) -> None:
    plain = as_plain(config_with(path))
    assert json.loads(json.dumps(plain, allow_nan=False)) == plain
    for leaf in leaves(plain):
        assert leaf is None or type(leaf) in (bool, int, float, str)
        assert not isinstance(leaf, Enum)
    assert plain.keys() == {item.name for item in fields(Config)}
    assert not is_dataclass(plain[group_of(path)])
