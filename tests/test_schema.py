"""Every range of the configuration: the last value allowed, the first refused, and the sentence."""

from dataclasses import fields
from math import inf, nan
from typing import Any

import pytest

from src.config import SCHEMAS
from src.errors import InputError
from src.schema.activation import EluConfig, GeluConfig, LeakyReluConfig, SoftplusConfig
from src.schema.data import DataConfig, IdxDataConfig, SyntheticDataConfig
from src.schema.diagnostics import DiagnosticsConfig
from src.schema.init import (
    BiasConfig,
    ConstantInit,
    UniformInit,
)
from src.schema.optimizer import (
    AdagradConfig,
    AdamConfig,
    NAdamConfig,
    RAdamConfig,
    RMSpropConfig,
    SGDConfig,
)
from src.schema.run import PRECISIONS, Accelerator, LoggerConfig, ModelConfig, TrainerConfig
from src.schema.schedule import CosineConfig, LinearConfig, ScheduleConfig, StepConfig
from tests.init_ranges import INIT_RANGES
from tests.ranges import BETAS, COUNT, FINITE, NOT_NEGATIVE, POSITIVE, SEED, SHARE, Range

RANGES = [
    *INIT_RANGES,
    *(Range(schema, "optimizer.lr", *POSITIVE) for schema in SCHEMAS["optimizer"].values()),
    *(
        Range(schema, "optimizer.weight_decay", *NOT_NEGATIVE)
        for schema in SCHEMAS["optimizer"].values()
    ),
    *(
        Range(schema, "optimizer.clip_norm", (None, *POSITIVE[0]), *POSITIVE[1:])
        for schema in SCHEMAS["optimizer"].values()
    ),
    *(
        Range(schema, "optimizer.eps", *POSITIVE)
        for schema in (RMSpropConfig, AdagradConfig, AdamConfig, NAdamConfig, RAdamConfig)
    ),
    *(
        Range(schema, "optimizer.betas", BETAS, ([], [0.9], [0.9] * 3), "a list of two numbers")
        for schema in (AdamConfig, NAdamConfig, RAdamConfig)
    ),
    Range(SGDConfig, "optimizer.momentum", *NOT_NEGATIVE),
    Range(SGDConfig, "optimizer.dampening", *NOT_NEGATIVE),
    Range(SGDConfig, "optimizer.nesterov", (False,), (True,), "false unless optimizer.momentum"),
    Range(RMSpropConfig, "optimizer.alpha", *SHARE),
    Range(RMSpropConfig, "optimizer.momentum", *NOT_NEGATIVE),
    Range(AdagradConfig, "optimizer.lr_decay", *NOT_NEGATIVE),
    Range(AdagradConfig, "optimizer.initial_accumulator_value", *NOT_NEGATIVE),
    Range(NAdamConfig, "optimizer.momentum_decay", *NOT_NEGATIVE),
    Range(LeakyReluConfig, "activation.negative_slope", *FINITE),
    Range(EluConfig, "activation.alpha", *POSITIVE),
    Range(SoftplusConfig, "activation.beta", *POSITIVE),
    Range(DataConfig, "data.batch_size", (1, 48_000), (0, -1), "an integer of at least 1"),
    Range(DataConfig, "data.batch_size", (48_000,), (48_001,), "at most data.train_size=48000"),
    Range(DataConfig, "data.train_size", (100,), (0, -1), "an integer of at least 1"),
    Range(DataConfig, "data.validation_size", *COUNT),
    Range(DataConfig, "data.split_seed", *SEED),
    Range(DataConfig, "data.order_seed", *SEED),
    Range(SyntheticDataConfig, "data.test_size", *COUNT),
    Range(SyntheticDataConfig, "data.features", *COUNT),
    Range(SyntheticDataConfig, "data.classes", (2, 256), (0, 1, 257), "from 2 to 256"),
    Range(SyntheticDataConfig, "data.noise", *NOT_NEGATIVE),
    Range(SyntheticDataConfig, "data.generator_seed", *SEED),
    Range(ModelConfig, "model.hidden", ([], [1], [8, 6]), ([0], [8, -1]), "integers of at least 1"),
    Range(ModelConfig, "model.dropout", *SHARE),
    Range(ModelConfig, "model.dropout_seed", *SEED),
    Range(ModelConfig, "model.label_smoothing", *SHARE),
    Range(ScheduleConfig, "schedule.warmup_steps", (0, 1), (-1,), "an integer of at least 0"),
    *(
        Range(schema, "schedule.final", (0.0, 0.5, 1.0), (-0.1, 1.1, nan, inf), "from 0 to 1")
        for schema in (LinearConfig, CosineConfig)
    ),
    Range(StepConfig, "schedule.gamma", (1e-300, 1.0), (0.0, 1.1, -1.0, nan), "at most 1"),
    Range(StepConfig, "schedule.every_epochs", *COUNT),
    Range(
        TrainerConfig,
        "trainer.precision",
        PRECISIONS,
        ("16", "32", ""),
        "32-true, tf32, bf16-mixed",
    ),
    Range(TrainerConfig, "trainer.epochs", (0, 1), (-1,), "an integer of at least 0"),
    Range(TrainerConfig, "trainer.steps_per_epoch", (None, 1), (0, -1), COUNT[2]),
    Range(TrainerConfig, "trainer.chunk_steps", *COUNT),
    Range(TrainerConfig, "trainer.checkpoint_seconds", (None, *POSITIVE[0]), *POSITIVE[1:]),
    Range(LoggerConfig, "logger.every_n_steps", *COUNT),
    Range(
        DiagnosticsConfig,
        "diagnostics.early_steps",
        ([], [0], [3, 1]),
        ([-1], [0, -2]),
        "a list of integers of at least 0",
    ),
    Range(DiagnosticsConfig, "diagnostics.every_n_steps", (None, 1), (0, -1), COUNT[2]),
    Range(DiagnosticsConfig, "diagnostics.samples", (2, 500), (1, 0, -1), "at least 2"),
]
GOOD = [(item, value) for item in RANGES for value in item.good]
BAD = [(item, value) for item in RANGES for value in item.bad]


def told(case: Any) -> str:
    return f"{case.schema.__name__}.{case.name}" if isinstance(case, Range) else repr(case)


@pytest.mark.parametrize(("item", "value"), GOOD, ids=told)
def test_good_value(item: Range, value: Any) -> None:
    assert getattr(item.make(value), item.name) == value


@pytest.mark.parametrize(("item", "value"), BAD, ids=told)
def test_bad_value_is_told(item: Range, value: Any) -> None:
    with pytest.raises(InputError) as caught:
        item.make(value)
    message = str(caught.value)
    assert message.startswith(f"{item.key}={value}: must be ")
    assert item.allowed in message
    assert message.endswith(".")


@pytest.mark.parametrize("value", [1e38, -1e38, 1e300])
def test_numbers_beyond_float32_are_told(value: float) -> None:
    """torch raises for them, or draws infinities, long after the check."""
    with pytest.raises(InputError, match=r"init\.value=.* to fit float32"):
        ConstantInit(name="made", value=value)


def test_tf32_on_a_cpu_is_told() -> None:
    with pytest.raises(InputError) as caught:
        TrainerConfig(name="made", precision="tf32", accelerator=Accelerator.cpu)
    assert str(caught.value) == (
        "trainer.precision=tf32: must be 32-true or bf16-mixed where trainer.accelerator=cpu: "
        "only a GPU has tf32."
    )


def test_each_beta_is_told_by_its_place() -> None:
    for betas, place in (([1.0, 0.9], "[0]=1.0"), ([0.9, 1.5], "[1]=1.5"), ([nan, 0.9], "[0]=nan")):
        with pytest.raises(InputError) as caught:
            AdamConfig(name="made", lr=0.1, betas=betas)
        expected = f"optimizer.betas{place}: must be at least 0 and below 1."
        assert str(caught.value) == expected


def test_nesterov_needs_momentum_and_no_dampening() -> None:
    SGDConfig(name="made", lr=0.1, nesterov=True, momentum=0.9)
    with pytest.raises(InputError):
        SGDConfig(name="made", lr=0.1, nesterov=True, momentum=0.9, dampening=0.1)


def test_mirrors() -> None:
    IdxDataConfig(name="made", root="/", mirrors=["http://127.0.0.1/", "https://127.0.0.1/"])
    for url in ("ftp://127.0.0.1/", "/data", ""):
        with pytest.raises(InputError) as caught:
            IdxDataConfig(name="made", root="/", mirrors=["http://127.0.0.1/", url])
        assert str(caught.value) == f"data.mirrors={url}: must be an http(s) URL."


def numbers(schema: type) -> set[str]:
    """Fields that hold numbers, by their annotations."""
    kinds = (int, float, list[int], list[float], int | None, float | None)
    return {item.name for item in fields(schema) if item.type in kinds}


def test_every_number_has_a_range() -> None:
    # A new number without a check here, or without one in the schema, fails.
    schemas = {schema for group in SCHEMAS.values() for schema in group.values()}
    schemas |= {BiasConfig, ModelConfig, TrainerConfig, LoggerConfig}
    checked = {(item.schema, item.name) for item in RANGES}
    # An inherited check is tested where it is written.
    unchecked = {
        f"{schema.__name__}.{name}"
        for schema in schemas
        for name in numbers(schema)
        if not any((base, name) in checked for base in schema.__mro__)
    }
    assert unchecked == set()


@pytest.mark.parametrize(
    ("config", "expected"),
    [
        (GeluConfig(name="gelu"), {"approximate": "none"}),
        (UniformInit(name="u", low=0.0, high=1.0), {"low": 0.0, "high": 1.0}),
    ],
)
def test_parameters_are_plain(config: Any, expected: dict[str, Any]) -> None:
    assert config.parameters() == expected


def test_hyperparameters_are_plain() -> None:
    found = AdamConfig(name="adam", lr=0.1, weight_decay=0.5).hyperparameters()
    assert found == {
        "lr": 0.1,
        "weight_decay": 0.5,
        "betas": (0.9, 0.999),
        "eps": 1e-8,
        "amsgrad": False,
    }
