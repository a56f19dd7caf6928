"""What is left of a member: result.json, its log, and weights for plain torch."""

import hashlib
import json
from datetime import datetime
from itertools import pairwise
from pathlib import Path
from typing import Any
from unittest.mock import ANY

import pytest
import torch
import torch.nn.functional as F
from safetensors import safe_open
from safetensors.torch import load_file
from torch import nn

from src.config import as_plain
from src.diagnostics.records import RECORDS
from src.stacks import splits_of
from tests.training import Trained, same_weights, tiny, train, vary

ACTIVATIONS: dict[str, type[nn.Module]] = {"relu": nn.ReLU, "tanh": nn.Tanh, "gelu": nn.GELU}


def strict(path: Path) -> Any:
    def refuse(constant: str) -> None:
        raise AssertionError(f"{constant} is not JSON")

    return json.loads(path.read_text(), parse_constant=refuse)


# --- result.json --------------------------------------------------------------------------


@pytest.mark.slow
def test_files_of_a_member(four: list[Trained]) -> None:
    for member in four:
        names = {path.name for path in member.folder.iterdir()}
        events = {name for name in names if name.startswith("events.out.tfevents.")}
        assert len(events) == 1
        assert names - events == {"result.json", "weights.safetensors", "train.log", RECORDS}


def test_result_fields(four: list[Trained]) -> None:
    for k, member in enumerate(four):
        saved = strict(member.folder / "result.json")
        body = (member.folder / "result.json").read_bytes().partition(b',\n  "checksum": "')[0]
        assert saved.popitem() == ("checksum", hashlib.sha256(body).hexdigest())
        assert saved["files"] == {
            name: hashlib.sha256((member.folder / name).read_bytes()).hexdigest()
            for name in ("weights.safetensors", RECORDS)
        }
        assert {**saved, "written": ANY} == json.loads(json.dumps(member.record))
        assert saved["status"] == ("diverged" if k == 3 else "done")
        assert saved["step"] == (1 if k == 3 else 12)
        assert saved["label"] == f"member={k}"
        assert saved["members_in_stack"] == 4
        assert saved["seconds"] * 4 == pytest.approx(saved["stack_seconds"], rel=0.1)
        assert saved["device"].startswith("cpu")
        assert saved["data_sha256"] == {}
        assert saved["classes"] == 10
        assert len(saved["first_steps"]["train_loss"]) == (1 if k == 3 else 12)
        assert [entry["layer"] for entry in saved["initial_weights"]] == [1, 2, 3]
        assert {"python", "torch", "pytorch-lightning", "hydra-core"} <= saved["versions"].keys()
        assert "git_revision" in saved
        assert set(saved["metrics"]) == {"initial", "best", "last", "test"}


def test_result_holds_the_whole_configuration(four: list[Trained]) -> None:
    config = tiny(logger="tensorboard", logger__every_n_steps=3, trainer__epochs=2)
    config = vary(config, init="xavier", activation="tanh", optimizer="sgd", seed=3)
    assert four[1].record["config"] == as_plain(config)
    assert four[1].record["seeds"] == {
        "seed": 3,
        "data.order_seed": 0,
        "data.split_seed": 0,
        "model.dropout_seed": 0,
    }


def test_metrics_are_rows_of_the_epochs(four: list[Trained]) -> None:
    for member in four[:3]:
        metrics = member.record["metrics"]
        assert [row["epoch"] for row in member.rows] == [0, 1, 2]
        assert metrics["initial"] == member.rows[0]
        assert metrics["last"] == member.rows[-1]
        best = max(row["validation_accuracy"] for row in member.rows)
        assert metrics["best"]["validation_accuracy"] == best
        assert metrics["best"] in member.rows
        assert member.objective == member.rows[-1]["validation_accuracy"]
        assert set(metrics["test"]) == {"loss", "accuracy"}


def test_log_tells_the_story_with_times(four: list[Trained]) -> None:
    lines = (four[0].folder / "train.log").read_text().splitlines()
    for line in lines:
        datetime.strptime(line[:19], "%Y-%m-%d %H:%M:%S")
    said = [line[20:] for line in lines]
    assert said[0] == "member=0: started"
    assert [line.partition(",")[0] for line in said[1:4]] == ["epoch 0", "epoch 1", "epoch 2"]
    square = "no pictures of filters and examples: 20 inputs are not those of a square"
    assert said[4:] == [square, "done"]


# --- weights.safetensors ------------------------------------------------------------------


@pytest.mark.parametrize("k", range(3))
def test_weights_in_plain_torch_give_the_reported_test_accuracy(
    four: list[Trained], k: int
) -> None:
    """With safetensors and torch alone, from what the file itself says."""
    path = four[k].folder / "weights.safetensors"
    with safe_open(str(path), framework="pt") as file:
        notes = file.metadata()
    state = load_file(path)
    widths = [20, *json.loads(notes["hidden"]), 10]
    layers: list[nn.Module] = []
    for i, o in pairwise(widths):
        layers += [nn.Linear(i, o), ACTIVATIONS[notes["activation"]]()]
    network = nn.Sequential(*layers[:-1])
    network.load_state_dict(state, strict=True)
    splits = splits_of(tiny())
    assert notes["scaling"] == "unit"
    x = splits.test.images.float() / 255
    with torch.no_grad():
        logits = network(x)
    test = four[k].record["metrics"]["test"]
    assert float((logits.argmax(dim=1) == splits.test.labels).double().mean()) == test["accuracy"]
    # 30 float32 losses of size 3 or less, in products and sums of another grouping.
    loss = float(F.cross_entropy(logits, splits.test.labels))
    assert loss == pytest.approx(test["loss"], abs=10 * 3 * 2**-24)


def test_a_run_may_start_from_the_weights_of_another(four: list[Trained], tmp_path: Path) -> None:
    path = str(four[0].folder / "weights.safetensors")
    base = tiny(trainer__epochs=0)
    again, fresh = train([vary(base, model__weights=path), base], tmp_path)
    assert same_weights(again, four[0])
    assert not same_weights(fresh, four[0])
    assert again.record["metrics"]["test"] == four[0].record["metrics"]["test"]
