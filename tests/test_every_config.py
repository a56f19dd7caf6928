"""Every init runs with every activation and every optimizer: all YAMLs, because they are there."""

from collections import Counter
from dataclasses import replace
from itertools import product
from pathlib import Path

import pytest
import torch

from src.assembly import build_model
from src.config import Config
from src.errors import InputError
from src.initializers.draw import check as check_start
from src.initializers.schemes import SCHEMES
from src.stacks import sizes, splits_of
from src.starts import setting, start_of
from tests.training import Trained, option, options, tiny, train, vary

INITS, ACTIVATIONS, OPTIMIZERS = options("init"), options("activation"), options("optimizer")

# Starts that fan_in or fan_out scales: on standard problems nothing may blow up within an epoch.
SCALED = [name for name in INITS if option("init", name).law == "variance_scaling"]


def member(init: str, activation: str, optimizer: str) -> Config:
    residual = SCHEMES[option("init", init).law].needs_residual
    base = tiny(trainer__steps_per_epoch=3)
    if residual:
        base = vary(base, model__hidden=[8] * 4, model__residual=True)
    return vary(base, init=init, activation=activation, optimizer=optimizer)


def check(configs: list[Config], trained: list[Trained]) -> None:
    assert len(trained) == len(configs)
    for config, result in zip(configs, trained, strict=True):
        name = f"{config.init.name}, {config.activation.name}, {config.optimizer.name}"
        assert result.status in ("done", "diverged"), f"{name}: {result.record.get('error')}"
        if config.init.name in SCALED:
            assert result.status == "done", name
        if result.status == "done":
            assert [row["step"] for row in result.rows] == [0, 3], name
            assert all(bool(tensor.isfinite().all()) for tensor in result.weights.values()), name
            assert moved(config, result), name


def moved(config: Config, result: Trained) -> bool:
    """Some weight or bias is not where it began; under zeros it is the last bias alone."""
    start = build_model([config], splits_of(config)).member(0)
    return any(
        not torch.equal(tensor, result.weights[f"{2 * layer}.{kind}"])
        for layer, pair in enumerate(start)
        for kind, tensor in zip(("weight", "bias"), pair, strict=True)
    )


def test_the_tables_are_not_empty() -> None:
    assert min(len(INITS), len(ACTIVATIONS), len(OPTIMIZERS)) > 5
    assert len(SCALED) > 5


def sound(init: str, activation: str) -> bool:
    """Whether the scheme has a law for the activation."""
    config = member(init, activation, "adam")
    try:
        check_start(sizes(config, splits_of(config)), start_of(config.init), setting(config))
    except InputError:
        return False
    return True


@pytest.mark.slow
def test_the_pairs_without_a_law() -> None:
    """Kumar's needs a derivative at 0; at critical's σb = .1 four have no point that attracts."""
    found = {pair for pair in product(INITS, ACTIVATIONS) if not sound(*pair)}
    pointless = {("critical", name) for name in ("gelu", "silu", "mish", "softplus")}
    assert found == {("kumar", "leaky_relu"), ("kumar", "selu"), *pointless}


@pytest.mark.slow
def test_every_pair_of_init_and_activation_and_every_optimizer(tmp_path: Path) -> None:
    """A covering set: optimizers take turns, so that each meets most inits and activations."""
    configs = [
        member(init, activation, OPTIMIZERS[(i + 2 * a) % len(OPTIMIZERS)])
        for (i, init), (a, activation) in product(enumerate(INITS), enumerate(ACTIVATIONS))
        if sound(init, activation)
        and ((i + a) % 3 == 0 or init in ("default", "zeros", "critical") or activation == "relu")
    ]
    counts = Counter(
        name for c in configs for name in (c.init.name, c.activation.name, c.optimizer.name)
    )
    assert min(counts[name] for name in (*INITS, *ACTIVATIONS, *OPTIMIZERS)) >= 3
    check(configs, train(configs, tmp_path))


@pytest.mark.slow
def test_every_init_with_every_activation_and_every_optimizer(tmp_path: Path) -> None:
    pairs = [pair for pair in product(INITS, ACTIVATIONS) if sound(*pair)]
    off = option("diagnostics", "off")  # looking takes ten times as long as three steps
    configs = [
        replace(member(*pair, optimizer), diagnostics=off)
        for pair in pairs
        for optimizer in OPTIMIZERS
    ]
    check(configs, train(configs, tmp_path))


@pytest.mark.slow
def test_every_trainer_that_this_machine_has(tmp_path: Path) -> None:
    """cpu, smoke and auto on the tiny problem; gpu differs in its accelerator alone."""
    base = tiny()
    names = options("trainer")
    assert {"cpu", "smoke", "auto", "gpu"} <= set(names)
    for name in names:
        trainer = option("trainer", name)
        assert trainer.name == name
        if name != "gpu":
            small = replace(trainer, epochs=1, steps_per_epoch=2)
            (result,) = train([replace(base, trainer=small)], tmp_path / name)
            assert result.status == "done"
    gpu = replace(option("trainer", "gpu"), name="auto", accelerator=base.trainer.accelerator)
    auto = replace(option("trainer", "auto"), accelerator=base.trainer.accelerator)
    assert gpu == auto
