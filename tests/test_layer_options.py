"""init.layers.first and .last: another option for one layer, however the configuration is made."""

import json
import subprocess
import sys
from pathlib import Path
from time import perf_counter

import pytest
import torch
from hydra import compose, initialize_config_dir
from safetensors.torch import load_file

from src.config import CONF, as_plain, validated
from src.errors import InputError
from src.identity import resume_key
from src.initializers import schemes
from src.initializers.laws import Constant
from src.initializers.tuning import Tuned
from src.schema.init import ConstantInit, InitConfig, LayersConfig
from src.stacks import checked
from tests.command import Command
from tests.conftest import SMALL, Configure
from tests.training import option, options, tiny, vary

QUICK = (*SMALL, "quiet=true", "logger=none")
NAMES = ", ".join(options("init"))


@pytest.mark.parametrize(
    "name",
    [
        pytest.param(name, marks=() if name in ("he", "critical", "default") else pytest.mark.slow)
        for name in options("init")
    ],
)
def test_every_option_is_what_it_is_alone(configure: Configure, name: str) -> None:
    alone = option("init", name)
    config = configure("init=he", f"init.layers.first={name}", f"init.layers.last={name}")
    assert config.init.layers == LayersConfig(first=alone, last=alone)
    assert as_plain(config)["init"]["layers"]["last"] == as_plain(configure(f"init={name}"))["init"]


def test_keys_of_the_option(configure: Configure) -> None:
    typed = "init.layers.last={name: constant, value: 0.5, gain: 2, bias: {value: '${seed}'}}"
    last = configure("seed=7", typed).init.layers.last
    assert isinstance(last, ConstantInit)
    assert (last.value, last.gain, last.bias.value) == (0.5, 2.0, 7.0)
    assert configure("init.layers.last=null").init.layers == LayersConfig()


def test_an_option_of_ones_own_with_interpolations(tmp_path: Path) -> None:
    file = tmp_path / "init" / "seeded.yaml"
    file.parent.mkdir()
    head = "defaults:\n  - constant\n  - _self_\n"
    file.write_text(head + "name: seeded\nvalue: ${seed}\ngain: ${.value}\n")
    with initialize_config_dir(str(CONF), version_base="1.3"):
        for seed in (3, 4):
            where = (f"hydra.searchpath=[file://{tmp_path}]", f"seed={seed}")
            made = compose("config", [*where, "init.layers.last=seeded"], return_hydra_config=True)
            last = validated(made).init.layers.last
            assert (last.name, last.value, last.gain) == ("seeded", seed, seed)


@pytest.mark.slow
def test_a_member_is_told_from_one_without(configure: Configure) -> None:
    keys = {
        resume_key(configure(f"init.layers.last={each}"))
        for each in ("null", "zeros", "ones", "{name: constant, value: 0}")
    }
    assert len(keys) == 4


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ("last=foo", f"init.layers.last=foo: no such option; allowed: {NAMES}."),
        (
            "first=1",
            "init.layers.first=1: must be the name of an option of init, "
            "{name: <option>, <key>: <value>} or null.",
        ),
        (
            "last={value: 1}",
            "init.layers.last={'value': 1}: must be the name of an option of init, "
            "{name: <option>, <key>: <value>} or null.",
        ),
        (
            "last={name: he, layers: {last: zeros}}",
            "init.layers.last.layers={'first': None, 'last': 'zeros'}: must be left out; an option "
            "for one layer has no layers of its own.",
        ),
        (
            "last={name: zeros, valu: 1}",
            "init.layers.last.valu: no such key; allowed here: init.layers.last.bias, "
            "init.layers.last.gain, init.layers.last.law, init.layers.last.layers, "
            "init.layers.last.name, init.layers.last.value.",
        ),
        ("last={name: zeros, value: all}", "init.layers.last.value=all: must be a number."),
        (
            "first={name: normal, std: -1}",
            "init.layers.first.std=-1.0: must be a finite number of at least 0.",
        ),
        (
            "last={name: he, law: normal}",
            "init.layers.last.law=normal: must be variance_scaling; "
            "choose with init.layers.last=<option>.",
        ),
        (
            "last.gain=3",
            "init.layers.last.gain: is set with its option: "
            "init.layers.last={name: <option>, gain: <value>}.",
        ),
    ],
)
@pytest.mark.slow
def test_what_is_refused(command: Command, typed: str, said: str) -> None:
    outcome = command(*QUICK, f"init.layers.{typed}")
    outcome.assert_refused()
    assert outcome.sentences == [said]


@pytest.mark.slow
def test_a_sweep_names_all_faults(command: Command) -> None:
    outcome = command("-m", *QUICK, "init=he", "init.layers.last=zeros,foo,1,bar")
    outcome.assert_refused()
    keys = [sentence.partition(":")[0] for sentence in outcome.sentences]
    assert keys == [f"init.layers.last={each}" for each in ("foo", "1", "bar")]


@pytest.mark.slow
def test_a_sweep_of_layers(command: Command) -> None:
    swept = ("init=he,ones", "init.layers.last=zeros,null", "init.layers.first=null,xavier")
    outcome = command("-m", *QUICK, *swept, "trainer.epochs=0")
    assert (outcome.code, outcome.err) == (0, "")
    assert len(command.results()) == 8
    for path in command.results():
        init = json.loads(path.read_text())["config"]["init"]
        weights = load_file(path.parent / "weights.safetensors")
        first, last = init["layers"]["first"], init["layers"]["last"]
        assert bool(weights["4.weight"].any()) == (last is None)
        assert last is None or (last["name"], last["value"]) == ("zeros", 0.0)
        if init["name"] == "ones":
            assert bool((weights["0.weight"] == 1).all()) == (first is None)
            assert bool((weights["2.weight"] == 1).all())


# --- schemes that cannot stand for a layer ------------------------------------------------


class Tunes(Constant, Tuned):
    """Like those that look at data."""


class OfBranches(Constant):
    needs_residual = True


@pytest.mark.parametrize(
    ("scheme", "said"),
    [
        (Tunes, "tunes a whole network; it cannot start one layer of it."),
        (OfBranches, "is for residual branches, which this layer is no part of."),
    ],
)
def test_schemes_of_whole_networks(
    monkeypatch: pytest.MonkeyPatch, scheme: type, said: str
) -> None:
    monkeypatch.setitem(schemes.SCHEMES, "constant", scheme)
    last: InitConfig = option("init", "zeros")
    with pytest.raises(InputError) as caught:
        checked([vary(tiny(init="he"), init__layers=LayersConfig(last=last))])
    assert str(caught.value) == f"init.layers.last=zeros: {said}"


# --- cost ---------------------------------------------------------------------------------


@pytest.mark.slow
def test_ten_thousand_jobs_read_each_option_once() -> None:
    """Reading and composing one takes several times as long as checking a whole job."""
    with initialize_config_dir(str(CONF), version_base="1.3"):
        plain = compose("config", list(QUICK), return_hydra_config=True)
        layered = compose("config", [*QUICK, "init.layers.last=zeros"], return_hydra_config=True)

    def seconds(composed: object) -> float:
        started = perf_counter()
        for _ in range(20):
            validated(composed)  # type: ignore[arg-type]
        return perf_counter() - started

    seconds(layered)
    assert min(seconds(layered) for _ in range(3)) < 2 * min(seconds(plain) for _ in range(3))


@pytest.mark.slow
def test_torch_is_not_waited_for(project: Path) -> None:
    code = (
        "import sys\n"
        "from hydra import compose, initialize_config_dir\n"
        "from src.config import CONF, register, validated\n"
        "register()\n"
        "with initialize_config_dir(str(CONF), version_base='1.3'):\n"
        "    made = validated(compose('config', ['init.layers.last=zeros']))\n"
        "print(made.init.layers.last.name, 'torch' in sys.modules)\n"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=project, capture_output=True, text=True)
    assert done.stdout == "zeros False\n", done.stderr


@pytest.mark.slow
def test_seeds_of_a_layer_do_not_depend_on_the_other_layers(command: Command) -> None:
    typed = (*QUICK, "trainer.epochs=0", "init.layers.first=xavier")
    command(*typed, "init=he", "hydra.run.dir=a")
    command(*typed, "init=ones", "hydra.run.dir=b")
    one, other = (load_file(command.folder / name / "weights.safetensors") for name in "ab")
    assert torch.equal(one["0.weight"], other["0.weight"])
    assert not torch.equal(one["2.weight"], other["2.weight"])
