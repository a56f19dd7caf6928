"""What TensorBoard's own backend makes of trained members: rows, charts, pictures, texts."""

import io
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml
from PIL import Image

from src.diagnostics.records import read
from src.diagnostics.verdicts.names import NAMES
from src.schema.run import Detail
from src.tracking.board import MOST_LAYERS, layout_of, shown_layers
from tests.boards import BASE, trained_sweep
from tests.tensorboard_server import Backend
from tests.training import Trained, even, train, vary


@pytest.fixture(scope="module")
def sweep(tmp_path_factory: pytest.TempPathFactory) -> list[Trained]:
    return trained_sweep(tmp_path_factory.mktemp("sweep"))


@pytest.fixture(scope="module")
def backend(sweep: list[Trained]) -> Backend:
    return Backend(sweep[0].folder.parent)


@pytest.mark.slow
def test_hparams_has_a_row_for_every_member(sweep: list[Trained], backend: Backend) -> None:
    rows = backend.rows()
    assert set(rows) == {member.folder.name for member in sweep}
    for member in sweep:
        row = rows[member.folder.name]
        record = member.record
        assert row.hparams["verdict"].string_value == record["verdict"]["primary"]
        assert row.hparams["init"].string_value == record["config"]["init"]["name"]
        metrics = {value.name.tag: value.value for value in row.metric_values}
        expected = {
            "accuracy/best": record["metrics"]["best"]["validation_accuracy"],
            "verdict/index": NAMES.index(record["verdict"]["primary"]),
        }
        if record["metrics"]["last"] is not None:
            expected["accuracy/final"] = record["metrics"]["last"]["validation_accuracy"]
            expected["loss/final"] = record["metrics"]["last"]["validation_loss"]
        if record["metrics"]["test"] is not None:
            expected["accuracy/test"] = record["metrics"]["test"]["accuracy"]
        if record["steps_to_80"] is not None:
            expected["accuracy/steps_to_80"] = record["steps_to_80"]
        # Event files hold float32: half an ulp, 2^-24 of it.
        assert metrics == {tag: pytest.approx(value, rel=2**-24) for tag, value in expected.items()}


def test_who_diverged_has_no_validation_accuracy_at_the_end(
    sweep: list[Trained], backend: Backend
) -> None:
    """As in the table and in result.json; the curve that it came to is drawn."""
    assert [member.status for member in sweep] == ["done", "done", "diverged"]
    run = sweep[2].folder.name
    tags = {value.name.tag for value in backend.rows()[run].metric_values}
    assert tags == {"accuracy/best", "verdict/index"}
    assert backend.lines(run, "^accuracy/validation$") != {}


@pytest.mark.slow
def test_members_with_one_label_in_two_sweeps_have_rows_of_their_own(tmp_path: Path) -> None:
    """Both below one folder, as two commands of the same words leave them in multirun/."""
    base = even(**BASE, logger__detail=Detail.few)
    sweeps = {
        name: train([vary(base, init="he", seed=seed)], tmp_path / name)
        for name, seed in (("monday", 0), ("tuesday", 1))
    }
    assert len({one.record["label"] for (one,) in sweeps.values()}) == 1
    rows = Backend(tmp_path).rows()
    assert set(rows) == {"monday/member=0", "tuesday/member=0"}
    for name, (member,) in sweeps.items():
        (row, last) = rows[f"{name}/member=0"], member.rows[-1]
        metrics = {value.name.tag: value.value for value in row.metric_values}
        assert metrics["loss/final"] == pytest.approx(last["validation_loss"], rel=2**-24)
        assert len(row.sessions) == 1


def test_only_the_one_that_learns_reaches_80_percent(sweep: list[Trained]) -> None:
    """Of 20 steps an epoch; the window is 10. At 80 % the training accuracy was there as well."""
    first, *others = (member.record["steps_to_80"] for member in sweep)
    assert 10 <= first <= 40
    assert others == [None, None]
    assert sweep[0].rows[-1]["train_accuracy"] > 0.8


def test_hparams_columns(backend: Backend) -> None:
    columns = backend.columns()
    shown = {info.name for info in columns.hparam_infos if info.differs}
    assert shown == {"activation", "init", "learning_rate", "optimizer", "seed", "verdict"}
    headings = [info.display_name for info in columns.metric_infos]
    assert headings == [
        "validation accuracy",
        "best validation accuracy",
        "steps to 80%",
        "verdict index",
        "test accuracy",
        "validation loss",
    ]
    told = {info.display_name: info.description for info in columns.metric_infos}
    assert told["verdict index"] == ", ".join(f"{k} {name}" for k, name in enumerate(NAMES))


def test_probes_are_drawn(sweep: list[Trained], backend: Backend) -> None:
    for member in sweep[:2]:
        records = read(member.folder / "records.parquet")
        for name, probe in (
            ("preactivation_std", "preactivation_std"),
            ("gradient_std", "gradient_variance"),
            ("update_ratio", "update_ratio"),
            ("dead_fraction", "dead_fraction"),
        ):
            for layer in (1, 2, 3):
                known = {r.step: r.value for r in records if (r.probe, r.layer) == (probe, layer)}
                if name == "gradient_std":
                    known = {step: np.sqrt(value) for step, value in known.items()}
                tag = f"{name}/layer_{layer}"
                lines = backend.lines(member.folder.name, f"^{tag}$")
                points = {step: value for _, step, value in lines.get(tag, [])}
                assert points == pytest.approx(known, rel=2**-23)
                # The weights of zeros are 0 and stay so: no ratio to them. Logits do not die.
                none = tag == "dead_fraction/layer_3" or (
                    name == "update_ratio" and member is sweep[1]
                )
                assert bool(points) is not none, tag


def test_the_layout_lays_arms_over_each_other(sweep: list[Trained], backend: Backend) -> None:
    """Each run has written it; merged it is that of one. Each chart finds one line a run."""
    layout = backend.layout()
    layout = json.loads(layout) if isinstance(layout, str) else layout
    titles = [category["title"] for category in layout["category"]]
    assert titles == [
        "loss and accuracy",
        "std of preactivations",
        "std of gradients",
        "dead units",
        "update to weight",
    ]
    charts = [chart for category in layout["category"] for chart in category["chart"]]
    assert len(charts) == 4 + 3 + 3 + 2 + 3
    assert len({chart["title"] for chart in charts}) == len(charts)
    for chart in charts:
        (pattern,) = chart["multiline"]["tag"]
        assert len(backend.lines(sweep[0].folder.name, pattern)) == 1, pattern


def test_histograms_at_the_early_steps_and_epochs_ends(
    sweep: list[Trained], backend: Backend
) -> None:
    found = backend.tensors("histograms", sweep[0].folder.name)
    names = ("weights", "preactivations", "gradients")
    assert set(found) == {f"{name}/layer_{layer}" for name in names for layer in (1, 2, 3)}
    for tag, points in found.items():
        assert [point.step for point in points] == [0, 1, 2, 5, 10, 20, 40], tag
    counts = {tag: {point.numpy[:, 2].sum() for point in points} for tag, points in found.items()}
    assert counts["weights/layer_1"] == {32 * 36}
    assert counts["preactivations/layer_2"] == {128 * 16}
    assert counts["gradients/layer_3"] == {10 * 16}
    last = found["weights/layer_1"][-1].numpy
    weight = sweep[0].weights["0.weight"]
    assert last[0, 0] == weight.min()
    assert last[-1, 1] == pytest.approx(float(weight.max()), rel=1e-6)
    # No gradient comes to the first layer of zeros: a peak at 0, as wide as a single value.
    for point in backend.tensors("histograms", sweep[1].folder.name)["gradients/layer_1"]:
        assert point.numpy.tolist() == [[0.0, 0.0, 32 * 36]]


def test_images_after_training(sweep: list[Trained], backend: Backend) -> None:
    for member in sweep[:2]:
        images = backend.images(member.folder.name)
        assert set(images) == {"confusion_matrix", "filters/layer_1", "misclassified"}
        for png in images.values():
            assert Image.open(io.BytesIO(png)).width > 100
    assert backend.images(sweep[2].folder.name) == {}


def test_texts(sweep: list[Trained], backend: Backend) -> None:
    for member in sweep:
        texts = backend.tensors("text", member.folder.name)
        assert set(texts) == {"configuration", "verdict"}
        (code,) = (point.numpy.item().decode() for point in texts["configuration"])
        assert code.startswith("```yaml\n")
        assert code.endswith("```")
        found = yaml.safe_load(code.removeprefix("```yaml\n").removesuffix("```"))
        assert found == member.record["config"]
        (words,) = (point.numpy.item().decode() for point in texts["verdict"])
        for each in member.record["verdict"]["found"]:
            assert f"## {each['name'].replace('_', ' ')}" in words
            assert each["sentence"] in words
            assert each["remedy"] in words
            for evidence in each["evidence"]:
                assert f"| {evidence['probe']} | " in words


@pytest.mark.parametrize("layers", [1, 2, MOST_LAYERS, MOST_LAYERS + 1, 50])
def test_shown_layers(layers: int) -> None:
    shown = shown_layers(layers)
    assert shown[0] == 1
    assert shown[-1] == layers
    assert len(shown) == len(set(shown)) == min(layers, MOST_LAYERS)
    assert shown == sorted(shown)


def test_a_layout_without_probes_has_the_training_alone() -> None:
    layout: Any = layout_of([1, 2], measured=False)
    assert [category.title for category in layout.category] == ["loss and accuracy"]
