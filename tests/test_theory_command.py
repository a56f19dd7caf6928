"""`python -m src.theory`: the table, the JSON, the words, the picture, and what it refuses."""

import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import torch
from hydra.core.global_hydra import GlobalHydra

from src.arranged import arranged
from src.errors import InputError
from src.initializers.draw import draw_layers
from src.stacks import splits_of
from src.starts import start_of
from src.theory.__main__ import main
from src.theory.loss import expected_loss
from src.tracking.weights import save_weights
from tests.command import Outcome, called, undisturbed_logging
from tests.conftest import SMALL as TINY
from tests.training import tiny

SMALL = [item for item in TINY if not item.startswith("model.hidden")]
Run = Callable[..., Outcome]


@pytest.fixture
def theory(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Run]:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "argv", ["theory"])
    monkeypatch.delenv("HYDRA_FULL_ERROR", raising=False)

    def run(*arguments: str, small: bool = True) -> Outcome:
        GlobalHydra.instance().clear()
        return called(main, [*(SMALL if small else ()), *arguments])

    with undisturbed_logging():
        yield run
    GlobalHydra.instance().clear()


def told(theory: Run, *arguments: str) -> Any:
    outcome = theory("--json", *arguments)
    assert outcome.code == 0, outcome.err
    return json.loads(outcome.out, parse_constant=pytest.fail)


# --- numbers --------------------------------------------------------------------------------


@pytest.mark.slow
def test_he_and_relu_as_by_hand(theory: Run) -> None:
    found = told(theory, "init=he", "model.hidden=[30]*4", "dropout=0.25")
    x = splits_of(tiny()).train.batch(torch.arange(60))[0].double()
    moment = float(x.square().mean())
    assert found["inputs"]["second_moment"] == pytest.approx(moment, rel=1e-6)
    layers = found["layers"]
    assert [layer["fan_in"] for layer in layers] == [20, 30, 30, 30, 30]
    for number, layer in enumerate(layers):
        # q' = q/keep from the second layer on; E[φ²] = q/2; χ1 = 1/keep.
        assert layer["q"] == pytest.approx(2 * moment / 0.75**number, rel=1e-6)
        assert layer["q_without_dropout"] == pytest.approx(2 * moment, rel=1e-6)
        if number:
            assert layer["chi1"] == pytest.approx(4 / 3)
        if number < 4:
            assert layer["post_activation"] == pytest.approx(layer["q"] / 2)
            assert layer["post_activation_with_dropout"] == pytest.approx(layer["q"] / 1.5)
    assert layers[0]["chi1"] is None
    assert layers[-1]["post_activation"] is None
    assert found["gradient_factor"] == pytest.approx((4 / 3) ** 4)
    assert found["hidden"]["q_fixed_point"] == "infinity"
    assert found["hidden"]["regime"] == "chaotic"
    assert found["hidden"]["critical"]["sigma_w_squared"] == pytest.approx(1.5)
    loss = found["loss_at_start"]
    assert loss["training"] == pytest.approx(expected_loss(layers[-1]["q"], 10))
    assert loss["evaluation"] == pytest.approx(expected_loss(2 * moment, 10))


@pytest.mark.slow
def test_layers_of_their_own_law(theory: Run) -> None:
    layers = told(theory, "init=default", "model.hidden=[30,40]", "init.gain=2")["layers"]
    assert [layer["sigma_w_squared"] for layer in layers] == pytest.approx([4 / 3] * 3)
    assert [layer["sigma_b_squared"] for layer in layers] == pytest.approx(
        [1 / 60, 1 / 90, 1 / 120]
    )
    xavier = told(theory, "init=xavier", "model.hidden=[30,40]")["layers"]
    # n · 2/(n + m)
    assert [layer["sigma_w_squared"] for layer in xavier] == pytest.approx([0.8, 6 / 7, 1.6])


# --- words ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("typed", "words"),
    [
        (
            "init=he activation=tanh model.hidden=[100]*30 dropout=0.1",
            ["Chaotic: χ1 = 1.136", "q* = 0.77", "Critical at this σb", "init.gain by 0.67", "31"],
        ),
        ("init=he dropout=0", ["Critical: χ1 = 1;", "q* is undefined", "loses nothing"]),
        ("init=lecun dropout=0", ["Ordered: χ1 = 0.5", "q* = 0", "gain by 1.414"]),
        ("init=critical activation=tanh", ["Critical: χ1 = 1;", "q* = 0.27", "dropout masks"]),
        ("init=lecun activation=selu dropout=0", ["Chaotic: χ1 = 1.07", "q* = 1"]),
        ("activation=softplus", ["With softplus there is no critical σw", "searched σw from"]),
        ("init=zeros", ["All weights between hidden layers are 0", "2.303"]),
        ("init=ones", ["Not covered: layer 1 has weights with mean 1"]),
        ("init=uniform", ["Not covered: layer 1 has weights with mean 0.5"]),
        ("init=he init.bias.value=0.1", ["Not covered: layer 1 has biases with mean 0.1"]),
        ("init=he model.residual=true model.hidden=[9]*3", ["Not covered: model.residual=true"]),
        ("init=he model.hidden=[]", ["Expected loss at the start"]),
    ],
)
@pytest.mark.slow
def test_what_it_says(theory: Run, typed: str, words: list[str]) -> None:
    outcome = theory(*typed.split())
    assert outcome.code == 0, outcome.err
    assert outcome.err == ""
    for word in words:
        assert word in outcome.out, outcome.out


@pytest.mark.parametrize("typed", ["init=ones", "model.residual=true model.hidden=[9]*3"])
def test_what_is_not_covered_has_no_number(theory: Run, typed: str) -> None:
    found = told(theory, *typed.split())
    assert {layer["q"] for layer in found["layers"]} == {None}
    assert found["hidden"] is None
    assert found["gradient_factor"] is None
    assert found["loss_at_start"] == {"training": None, "evaluation": None}


@pytest.mark.slow
def test_weights_of_a_file_are_measured(theory: Run, tmp_path: Path) -> None:
    layers = draw_layers([20, 300, 300, 10], start_of(tiny(init="he").init), 7)
    save_weights(tmp_path / "w.safetensors", layers, {"activation": "relu"})
    typed = ("model.hidden=[300,300]", f"model.weights={tmp_path}/w.safetensors")
    found = told(theory, *typed)
    assert all(layer["measured"] for layer in found["layers"])
    expected = [w.shape[1] * float(w.double().var(unbiased=False)) for w, _ in layers]
    assert [layer["sigma_w_squared"] for layer in found["layers"]] == pytest.approx(expected)
    assert any("measured on what this seed draws" in line for line in found["said"])
    assert found["layers"][-1]["q"] is not None


@pytest.mark.slow
def test_a_deep_network_is_shortened_on_the_terminal_alone(theory: Run) -> None:
    typed = ("init=he", "model.hidden=[30]*40")
    rows = [line for line in theory(*typed).out.splitlines() if line.startswith("|")]
    assert len(rows) == 1 + 8 + 1 + 4
    assert any(set(row.replace("|", "").split()) == {"..."} for row in rows)
    assert len(told(theory, *typed)["layers"]) == 41


# --- the command line -----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("typed", "expected"),
    [
        ("model.hidden=[100]*3", "model.hidden=[100,100,100]"),
        ("model.hidden=[8, 6]*2", "model.hidden=[8, 6,8, 6]"),
        ("model.hidden=[9]*2,[7]*3", "model.hidden=[9,9],[7,7,7]"),
        ("model.hidden=choice([9]*2,[7])", "model.hidden=choice([9,9],[7])"),
        ("model.hidden=[9]*1", "model.hidden=[9]"),
        ("model.hidden=[9]*0", "model.hidden=[]"),
        ("model.hidden=[9]", "model.hidden=[9]"),
        ("model.hidden=[9]*1000000000", "model.hidden=[9]*1000000000"),
        ("model.hidden=[9]*-1", "model.hidden=[9]*-1"),
        ("init.name=[9]*2", "init.name=[9]*2"),
    ],
)
def test_a_list_times_a_number(typed: str, expected: str) -> None:
    assert arranged([typed]) == [expected]
    assert arranged(["-m", typed]) == [expected, "-m"]


REFUSED = [
    ("--picture x.gif", ["--picture=x.gif: must be a file that ends in .png or .pdf or .svg."]),
    ("--picture x", ["--picture=x: must be"]),
    ("--picture nowhere/x.png", ["--picture=nowhere/x.png: must be in a folder that exists."]),
    ("--pictures x.png", ["--pictures"]),
    ("--picture", ["--picture", "expected one argument"]),
    ("-m init=he", ["-m"]),
    ("init=foo", ["init=foo: no such option"]),
    ("init=he,xavier", ["init=he,xavier: must be one value"]),
    ("hidden=[3]", ["hidden", "Did you mean model.hidden?"]),
    ("dropout=1.5", ["model.dropout=1.5: must be at least 0 and below 1."]),
    ("model.hidden=[9]*-1", ["model.hidden=[9]*-1"]),
    ("init=critical activation=softplus", ["activation=softplus: no critical σw at σb = 0.1"]),
    ("init=ones --picture x.png", ["--picture=x.png: nothing to draw; layer 1 has weights"]),
]


@pytest.mark.parametrize(("typed", "words"), REFUSED)
def test_bad_input_is_told(theory: Run, typed: str, words: list[str], tmp_path: Path) -> None:
    outcome = theory(*typed.split())
    outcome.assert_refused()
    assert len(outcome.sentences) == 1
    assert not (tmp_path / "x.png").exists()
    for word in words:
        assert word in outcome.err, outcome.err


def test_missing_data_is_told(theory: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def nothing(*_: object) -> None:
        raise InputError("data.root=here: fashion_mnist is not there.")

    monkeypatch.setattr("src.data.examples.provide", nothing)
    outcome = theory(f"data.root={tmp_path}", "data.split_seed=77", small=False)
    outcome.assert_refused()
    assert outcome.out == ""


@pytest.mark.slow
def test_help_explains(project: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "src.theory", "--help"], cwd=project, capture_output=True, text=True
    )
    assert done.returncode == 0
    assert done.stderr == ""
    for word in ("--json", "--picture", "init=he activation=tanh", "laws", "dropout"):
        assert word in done.stdout


# --- the picture ----------------------------------------------------------------------------

BEGINS = {"png": b"\x89PNG", "pdf": b"%PDF", "svg": b"<?xml"}


@pytest.mark.parametrize(
    "ending",
    [pytest.param(ending, marks=() if ending == "png" else pytest.mark.slow) for ending in BEGINS],
)
@pytest.mark.slow
def test_picture_is_written_as_its_ending_says(theory: Run, ending: str, tmp_path: Path) -> None:
    path = tmp_path / f"phases.{ending}"
    outcome = theory("--json", "init=he", "--picture", str(path))
    assert outcome.code == 0, outcome.err
    assert path.read_bytes().startswith(BEGINS[ending])
    assert json.loads(outcome.out)["init"] == "he"
    assert str(path) in outcome.err
