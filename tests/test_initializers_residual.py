"""fixup and rezero: their laws layer by layer, what their blocks do at the start, refusals."""

from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor

from src.assembly import build_model
from src.config import Config
from src.errors import InputError
from src.initializers.draw import draw_layers, places
from src.initializers.place import Setting
from src.initializers.residual import Fixup, ReZero
from src.initializers.scheme import Moments
from src.schema.init import LayersConfig
from src.stacks import checked, splits_of
from src.starts import start_of
from tests.training import option, tiny, train, vary

SIZES = [40, *[30] * 8, 10]  # three blocks, (1, 2) to (5, 6), layer 7 left over
RESIDUAL: dict[str, Any] = {"model__residual": True, "model__hidden": [8] * 6}


def moments(scheme: Fixup | ReZero) -> list[Moments]:
    layers = places(SIZES, Setting(residual=True))
    return [scheme.at(place).moments(place.shape) for place in layers]


def test_fixup_by_its_formula() -> None:
    """He's variance; a branch's first weights by L^(-1/2), its last ones and the logits' 0."""
    zero, he, branch = Moments(0, 0), Moments(0, 2 / 30), Moments(0, 2 / 30 * (3 ** (-1 / 2)) ** 2)
    expected = [Moments(0, 2 / 40), branch, zero, branch, zero, branch, zero, he, zero]
    for found, wanted in zip(moments(Fixup()), expected, strict=True):
        assert found == pytest.approx(wanted, rel=1e-12, abs=0)


def test_rezero_by_its_formula() -> None:
    """xavier_normal_(gain=√2) on square weights, kaiming_normal_ on the first, Linear's last."""
    expected = [Moments(0, 2 / 40), *[Moments(0, 2 * 2 / (30 + 30))] * 7, Moments(0, 1 / (3 * 30))]
    for found, wanted in zip(moments(ReZero()), expected, strict=True):
        assert found == pytest.approx(wanted, rel=1e-12, abs=0)


@pytest.mark.parametrize("name", ["fixup", "rezero"])
def test_weights_that_are_drawn_have_these_variances(name: str) -> None:
    sizes = [200, *[150] * 4, 10]
    setting = Setting(residual=True)
    start = start_of(option("init", name))
    drawn = draw_layers(sizes, start, 0, setting)
    for place, (weight, bias) in zip(places(sizes, setting), drawn, strict=True):
        expected = start.scheme().at(place).moments(place.shape)
        assert not bool(bias.any())
        if expected.variance == 0:
            assert not bool(weight.any())
            continue
        # 5 standard errors of the variance of n normal numbers, √(2/n).
        allowed = 5 * expected.variance * (2 / weight.numel()) ** 0.5
        assert abs(float(weight.double().var()) - expected.variance) < allowed


def start(config: Config) -> list[Tensor]:
    """The preactivations of a member that has not been trained."""
    splits = splits_of(config)
    model = build_model([config], splits)
    x, _ = splits.train.batch(torch.arange(20))
    with torch.no_grad():
        return model.preactivations(x[None])


@pytest.mark.parametrize("name", ["fixup", "rezero"])
def test_every_block_starts_as_the_identity(name: str) -> None:
    """Behind a ReLU its shortcut hands on what it got, to the bit; under he it does not."""
    z = start(vary(tiny(**RESIDUAL), init=name))
    for layer in (2, 4):
        assert torch.equal(z[layer].relu(), z[0].relu())
    plain = start(vary(tiny(**RESIDUAL), init="he"))
    assert not torch.equal(plain[2].relu(), plain[0].relu())
    if name == "fixup":
        assert not bool(z[-1].any())  # the loss at the start is ln(classes)


@pytest.mark.parametrize(("name", "scale"), [("rezero", 0.0), ("fixup", 1.0), ("he", 1.0)])
def test_scales_at_the_start(name: str, scale: float) -> None:
    config = vary(tiny(**RESIDUAL), init=name)
    assert build_model([config], splits_of(config)).member_scales(0) == [scale, scale]


@pytest.mark.slow
def test_fifty_layers_train(tmp_path: Path) -> None:
    """Ten clearly separate classes, 24 blocks of ReLU: both learn them."""
    base = tiny(trainer__epochs=20, data__noise=0.05, data__train_size=200)
    base = vary(base, model__hidden=[16] * 50, model__residual=True, model__dropout=0.0)
    base = vary(base, optimizer__lr=0.003)
    for member in train([vary(base, init=name) for name in ("fixup", "rezero")], tmp_path):
        assert member.objective > 0.8
        assert member.rows[-1]["train_loss"] < member.rows[1]["train_loss"] / 2


# --- refused ------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["fixup", "rezero"])
def test_a_plain_network_is_refused(name: str) -> None:
    """Before any training, with every other fault of the sweep, one sentence each."""
    config = vary(tiny(), init=name)
    other = vary(tiny(), model__weights="/missing")
    with pytest.raises(InputError) as caught:
        checked([config, other, vary(config, seed=1)])
    told = str(caught.value).splitlines()
    assert told[0] == f"init={name}: needs residual blocks, but model.residual=false."
    assert len(told) == 2
    checked([vary(config, **RESIDUAL)])


@pytest.mark.parametrize("layer", ["first", "last"])
def test_a_layer_that_is_in_no_branch_is_refused(layer: str) -> None:
    layers = LayersConfig(**{layer: option("init", "rezero")})
    config = vary(tiny(), init="he", init__layers=layers)
    expected = (
        f"init.layers.{layer}=rezero: is for residual branches, which this layer is no part of."
    )
    for each in (config, vary(config, **RESIDUAL)):
        with pytest.raises(InputError) as caught:
            checked([each])
        assert str(caught.value) == expected
