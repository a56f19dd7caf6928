"""A user's own initialiser, activation and optimizer, as a user has them: src is not touched."""

import json
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file

from src import activations
from src.assembly import build_model, recipes
from src.capacity import moments
from src.config import Config
from src.engine.batched import BatchedEngine
from src.engine.choice import engine_for
from src.engine.cpu import CpuEngine
from src.engine.reference import ReferenceEngine
from src.initializers.draw import draw_layers
from src.members import train_members
from src.schema.own import OwnActivation, OwnOptimizer
from src.stacks import checked, group, splits_of
from src.starts import start_of
from src.streams import stream
from tests.command import Command
from tests.own import ACTIVATION, EXAMPLE, MY_CONF, OPTIMIZER, TYPED, own
from tests.own_example.my_package.starts import checkerboard
from tests.training import even, train, vary


@pytest.fixture(autouse=True)
def _importable(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(EXAMPLE))


# --- as it is typed -----------------------------------------------------------------------

SWEEP = (
    *("-m", "--config-dir", str(MY_CONF), "init=checkerboard,he"),
    *("activation=squareplus,relu", "optimizer=layerwise,adam"),
)
OVERRIDE = "init.layers.last=zeros"


def records(command: Command) -> dict[tuple[str, ...], dict[str, Any]]:
    """By the names of init, activation and optimizer."""
    read = {path: json.loads(path.read_text()) for path in command.results()}
    return {
        tuple(each["config"][name]["name"] for name in ("init", "activation", "optimizer")): {
            **each,
            "weights": load_file(path.parent / "weights.safetensors"),
        }
        for path, each in read.items()
    }


@pytest.mark.slow
def test_a_sweep_of_own_and_builtin_pieces(command: Command) -> None:
    # Two threads, for which torch's own pieces are trained by processes even after autograd ran.
    outcome = command(*SWEEP, *TYPED, "hydra.launcher.threads=2")
    assert (outcome.code, outcome.err) == (0, "")
    found = records(command)
    assert len(found) == 8
    assert {each["status"] for each in found.values()} == {"done"}
    config = found["checkerboard", "squareplus", "layerwise"]["config"]
    assert config["init"]["_target_"] == "my_package.starts.checkerboard"
    assert config["init"]["arguments"] == {"scale": 0.1}
    assert config["optimizer"]["_target_"] == "my_package.optimizers.LayerwiseSGD"
    # In turn it is no other: to the bit.
    alone = command(*SWEEP, *TYPED, "hydra.launcher.max_stack=1", "hydra.sweep.dir=alone")
    assert alone.code == 0
    single = records(Command(command.folder / "alone"))
    for name, record in found.items():
        for key in ("metrics", "epochs"):
            assert record[key] == single[name][key]
        for key, tensor in record["weights"].items():
            assert torch.equal(tensor, single[name]["weights"][key]), (name, key)


@pytest.mark.slow
def test_a_single_run_with_the_search_path_and_arguments(command: Command) -> None:
    outcome = command(
        f"hydra.searchpath=[file://{MY_CONF}]",
        "init=checkerboard",
        "init.arguments.scale=0.5",
        OVERRIDE,
        *TYPED,
        "trainer.epochs=0",
    )
    assert (outcome.code, outcome.err) == (0, "")
    (path,) = command.results()
    weights = load_file(path.parent / "weights.safetensors")
    assert 0.4 < float(weights["0.weight"].abs().max()) <= 0.5
    assert float(weights["4.weight"].abs().max()) == 0
    assert json.loads(path.read_text())["config"]["init"]["layers"]["last"]["name"] == "zeros"


def test_what_torch_ships_needs_no_code(tmp_path: Path) -> None:
    hard = {"min_val": -2.0, "max_val": 2.0}
    member = vary(
        even(),
        activation=OwnActivation("hard", "torch.nn.functional.hardtanh", hard),
        optimizer=OwnOptimizer(name="adamax", _target_="torch.optim.Adamax", lr=0.01),
    )
    module = vary(member, activation=OwnActivation("hard", "torch.nn.Hardtanh", hard))
    one, other = train([member, module], tmp_path)
    assert one.status == other.status == "done"
    assert one.rows == other.rows


def test_own_starts_are_the_callables_draws() -> None:
    config = own()
    ((weight, bias), *_) = draw_layers([32, 8], start_of(config.init), 3)
    again = checkerboard((8, 32), generator=stream(3, "weight", 0), scale=0.1)
    assert torch.equal(weight, again)
    assert torch.equal(bias, torch.zeros(8))


# --- in a stack ---------------------------------------------------------------------------


def mixed(**changes: Any) -> list[Config]:
    base = own(**changes)
    return [
        base,
        vary(base, activation="relu", seed=1),
        vary(base, optimizer="adam", model__dropout=0.5),
        vary(base, init="he", activation="gelu", optimizer="sgd", data__order_seed=3),
        vary(base, activation=OwnActivation("other", "torch.nn.functional.hardtanh"), seed=2),
        vary(base, schedule="cosine", optimizer__clip_norm=0.2, optimizer__lr=0.03),
    ]


@pytest.mark.slow
def test_a_mixed_stack_against_single_runs(tmp_path: Path) -> None:
    """In one stack, which planning would not make: an engine must not care."""
    configs = mixed()
    folders = [tmp_path / str(k) for k in range(len(configs))]
    for folder in folders:
        folder.mkdir()
    labels = [folder.name for folder in folders]
    train_members(configs, folders, labels, [list(range(len(configs)))])
    alone = train(configs, tmp_path / "alone", max_stack=1)
    for folder, single in zip(folders, alone, strict=True):
        weights = load_file(folder / "weights.safetensors")
        assert all(torch.equal(weights[name], single.weights[name]) for name in weights)
        assert json.loads((folder / "result.json").read_text())["epochs"] == single.rows


def test_own_pieces_stack_among_themselves() -> None:
    """Beside others they would cost those their processes, and on a GPU their graphs."""
    configs = mixed()
    assert group([*configs, *configs]) == [
        [0, 4, 5, 6, 10, 11],
        [1, 7],
        [2, 8],
        [3, 9],
    ]


def test_engines() -> None:
    configs = mixed()
    model = build_model(configs, splits_of(configs[0]))
    made = recipes(configs, splits_of(configs[0]))
    engine = engine_for(model, made, "32-true")
    assert isinstance(engine, CpuEngine)
    assert not engine._forks
    assert isinstance(engine_for(model, made, "bf16-mixed"), ReferenceEngine)
    given = [[tuple(t.shape) for t in o.param_groups[0]["params"]] for o in engine.optimizers]
    assert given[0] == [(32, 32), (16, 32), (10, 16), (32,), (16,), (10,)]
    assert len(given[2]) == 1  # of torch's own: one vector


def test_batched_engine_with_an_own_activation() -> None:
    """What trains on a GPU, here on a CPU, against the reference engine."""
    configs = [vary(config, optimizer="momentum") for config in mixed() if config.seed != 1]
    examples = splits_of(configs[0]).train
    rows = torch.arange(32).view(2, 1, 16).expand(2, 2, 16)
    ends = []
    for kind in (BatchedEngine, ReferenceEngine):
        model = build_model(configs, splits_of(configs[0])).double()
        engine = kind(model, recipes(configs, splits_of(configs[0])))
        engine.run(rows, 0, examples, [True] * len(configs))
        ends.append([parameter.detach().clone() for parameter in model.parameters()])
        if isinstance(engine, BatchedEngine):
            assert not engine.captures
    for one, other in zip(*ends, strict=True):
        # Two steps in float64, on numbers of size 1: roundings of some 1e-16 each.
        assert torch.allclose(one, other, rtol=0, atol=1e-12)


def test_equal_activations_are_one_function() -> None:
    same, other = (OwnActivation("b", ACTIVATION._target_, {"b": b}) for b in (4.0, 1.0))
    built = [
        activations.build(each.name, **each.parameters()) for each in (ACTIVATION, same, other)
    ]
    assert built[0] is built[1]
    assert built[0] is not built[2]


@pytest.mark.slow
def test_checkpoints_of_own_pieces(tmp_path: Path) -> None:
    whole = train([own(trainer__epochs=2), own(trainer__epochs=2, seed=1)], tmp_path / "whole")
    saved = [own(trainer__epochs=1, trainer__checkpoint=True, seed=seed) for seed in (0, 1)]
    train(saved, tmp_path / "first")
    (path,) = (tmp_path / "first").glob("*.ckpt")
    resumed = [own(trainer__epochs=2, trainer__ckpt_path=str(path), seed=seed) for seed in (0, 1)]
    assert checked(resumed) == [[0, 1]]
    for one, other in zip(train(resumed, tmp_path / "second"), whole, strict=True):
        assert all(torch.equal(one.weights[name], other.weights[name]) for name in one.weights)


def test_what_an_own_optimizer_keeps_is_counted() -> None:
    assert moments(own()) == 1
    adamax = OwnOptimizer(name="adamax", _target_="torch.optim.Adamax", lr=0.01)
    assert moments(vary(own(), optimizer=adamax)) == 2
    plain = OwnOptimizer(name="sgd", _target_="torch.optim.SGD", lr=0.01)
    assert moments(vary(own(), optimizer=plain)) == 0
    assert OPTIMIZER.lr == 0.1
