"""Members tested from their weights: to the bit what their own runs alone would have found."""

import hashlib
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
import torch

from src import trust
from src.config import Config
from src.finished import complete
from src.members import train_members
from src.report.results import Record, read
from src.schema.data import Scaling
from src.tracking.files import read_result, write_result
from tests.own import ACTIVATION, EXAMPLE
from tests.training import even, tiny, train, vary

RESIDUAL = {"model__hidden": [16, 16, 16, 16], "model__residual": True}


def members() -> list[Config]:
    base = even(model__dropout=0.3)
    odd = tiny(trainer__epochs=2)  # sizes that fill no registers
    return [
        vary(base, init="he"),
        vary(base, activation="gelu", optimizer="sgd", seed=1, data__order_seed=1),
        vary(base, activation="leaky_relu", activation__negative_slope=0.3),
        vary(odd, init="xavier", activation="softplus"),
        vary(odd, seed=2, data__split_seed=4, data__scaling=Scaling.standard),
        vary(base, init="rezero", optimizer="adam", **RESIDUAL),
        vary(base, init="fixup", activation="tanh", **RESIDUAL),
        vary(base, trainer__precision="bf16-mixed"),
        vary(base, trainer__precision="bf16-mixed", seed=5),
    ]


def held_out(configs: Sequence[Config], folder: Path) -> list[Record]:
    folders = [folder / f"member={k}" for k in range(len(configs))]
    for path in folders:
        path.mkdir(parents=True)
    train_members(configs, folders, [path.name for path in folders], held_out=True)
    return read(folder)


@pytest.fixture(scope="module")
def two(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("two")
    held_out([even(seed=k) for k in range(2)], folder)
    return folder


@pytest.fixture
def pair(two: Path, tmp_path: Path) -> Path:
    """Two members that have not been tested, to be spoilt."""
    for path in two.rglob("*"):
        if path.is_file():
            copy = tmp_path / path.relative_to(two)
            copy.parent.mkdir(exist_ok=True)
            copy.write_bytes(path.read_bytes())
    return tmp_path


def change(path: Path, **values: Any) -> None:
    write_result(path, {**read_result(path), **values})


def are_tested(folder: Path) -> list[bool]:
    return [record["metrics"]["test"] is not None for record in read(folder)]


@pytest.mark.slow
def test_against_single_runs(tmp_path: Path) -> None:
    configs = members()
    records = held_out(configs, tmp_path / "held")
    assert [record["metrics"]["test"] for record in records] == [None] * len(configs)
    before = [(Path(record["folder"]) / "result.json").read_text() for record in records]
    assert complete(records) == []
    for k, (config, text) in enumerate(zip(configs, before, strict=True)):
        (alone,) = train([config], tmp_path / f"alone={k}")
        path = tmp_path / "held" / f"member={k}" / "result.json"
        assert json.loads(path.read_text())["metrics"]["test"] == alone.record["metrics"]["test"], k
        # Nothing else of the file has changed.
        test = json.dumps(alone.record["metrics"]["test"], indent=2).replace("\n", "\n    ")
        body, _, seal = path.read_text().rpartition(',\n  "checksum": ')
        assert (
            text.rpartition(',\n  "checksum": ')[0].replace('"test": null', f'"test": {test}')
            == body
        ), k
        assert seal == f'"{hashlib.sha256(body.encode()).hexdigest()}"\n}}\n'
        assert "tested from its weights: loss" in path.with_name("train.log").read_text()


@pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA GPU was found")
def test_on_a_gpu_against_single_runs(tmp_path: Path) -> None:
    configs = [vary(even(seed=k), trainer="gpu", trainer__epochs=1) for k in range(3)]
    records = held_out(configs, tmp_path / "held")
    assert complete(records) == []
    for config, record in zip(configs, records, strict=True):
        (alone,) = train([config], tmp_path / record["label"])
        # From weights that a stack of three trained: other last bits than alone.
        test = alone.record["metrics"]["test"]
        assert record["metrics"]["test"]["loss"] == pytest.approx(test["loss"], rel=1e-4)


def test_missing_weights_are_told_and_the_rest_goes_on(pair: Path) -> None:
    path = pair / "member=0" / "weights.safetensors"
    path.unlink()
    (sentence,) = complete(read(pair))
    assert sentence.startswith(f"{path}: not a readable safetensors file (")
    assert sentence.endswith(").")
    assert are_tested(pair) == [False, True]


@pytest.mark.parametrize("content", [b"", b"x" * 400])
def test_damaged_weights_are_told(pair: Path, content: bytes) -> None:
    path = pair / "member=1" / "weights.safetensors"
    path.write_bytes(content)
    assert complete(read(pair)) == [f"{path}: was changed since it was written (checksum)."]
    assert are_tested(pair) == [True, False]


def test_the_weights_of_another_member_are_told(pair: Path) -> None:
    path = pair / "member=1" / "weights.safetensors"
    path.write_bytes((pair / "member=0" / "weights.safetensors").read_bytes())
    assert complete(read(pair)) == [f"{path}: was changed since it was written (checksum)."]
    assert are_tested(pair) == [True, False]


def test_other_weights_than_the_network_has(pair: Path) -> None:
    path = pair / "member=0" / "result.json"
    config = json.loads(path.read_text())["config"]
    config["model"]["hidden"] = [32, 8]
    change(path, config=config)
    (sentence,) = complete(read(pair))
    assert "but this network has" in sentence
    assert are_tested(pair) == [False, True]


def test_other_data_than_they_were_trained_on(pair: Path) -> None:
    change(pair / "member=0" / "result.json", data_sha256={"train-images": "ab"})
    (sentence,) = complete(read(pair))
    folder = pair / "member=0"
    assert sentence == (
        f'{folder}: was trained on data of {{"train-images": "ab"}}, but here is {{}}.'
    )
    assert are_tested(pair) == [False, True]


@pytest.mark.parametrize(
    ("group", "values", "words"),
    [
        ("activation", {"name": "relu", "foo": 1}, "config.activation has the keys name, foo"),
        ("model", {"hidden": "many"}, "Invalid value"),
        ("model", {"dropout": 2.0}, "model.dropout=2.0: must be at least 0"),
        ("data", {}, "name"),
        ("trainer", None, "config.trainer is None"),
    ],
)
def test_a_configuration_that_is_none(pair: Path, group: str, values: Any, words: str) -> None:
    path = pair / "member=0" / "result.json"
    config = json.loads(path.read_text())["config"]
    change(path, config={**config, group: values})
    (sentence,) = complete(read(pair))
    assert sentence.startswith(f"{path}: not a configuration of this version (")
    assert words in sentence
    assert are_tested(pair) == [False, True]


def test_a_gpu_that_is_not_there(pair: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("torch.cuda.is_available", lambda: False)
    path = pair / "member=0" / "result.json"
    config = json.loads(path.read_text())["config"]
    config["trainer"]["accelerator"] = "gpu"
    change(path, config=config)
    (sentence,) = complete(read(pair))
    assert sentence == (
        f"{pair / 'member=0'}: was trained with trainer=gpu; no CUDA GPU was found."
    )
    assert are_tested(pair) == [False, True]


def test_a_stack_that_cannot_be_tested_leaves_the_others(
    pair: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise MemoryError("no more room")

    monkeypatch.setattr("src.finished.test_stack", full)
    sentences = complete(read(pair))
    assert sentences == [f"{pair / f'member={k}'}: MemoryError: no more room." for k in range(2)]
    assert are_tested(pair) == [False, False]


def test_foreign_code_needs_trust(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(EXAMPLE))
    monkeypatch.setattr(trust, "_APPROVED", set())
    config = vary(even(), activation=ACTIVATION)
    records = held_out([config], tmp_path / "held")
    (sentence,) = complete(records)
    assert "activation._target_=my_package.activations.squareplus" in sentence
    assert sentence.endswith("comes from a file of an earlier run; trust=true lets it be imported.")
    assert complete(records, trust=True) == []
    (alone,) = train([config], tmp_path / "alone")
    assert read(tmp_path / "held")[0]["metrics"]["test"] == alone.record["metrics"]["test"]
