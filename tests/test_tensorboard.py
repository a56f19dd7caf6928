"""The event files of members that were trained, read back with TensorBoard's own reader."""

from pathlib import Path

import pytest
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
from tensorboard.plugins.hparams import api_pb2, plugin_data_pb2

from tests.training import Trained, tiny, train, vary


def curves(member: Trained) -> EventAccumulator:
    return EventAccumulator(str(member.folder)).Reload()


EPOCH_TAGS = {"loss/train", "loss/validation", "accuracy/train", "accuracy/validation"}
STEP_TAGS = {"loss/step", "accuracy/step"}
END_TAGS = {"loss/test", "accuracy/test", "accuracy/best", "accuracy/final", "loss/final"}


PROBE_TAGS = {
    f"{name}/layer_{layer}"
    for name in ("preactivation_std", "gradient_std", "dead_fraction", "update_ratio")
    for layer in (1, 2, 3)
    if (name, layer) != ("dead_fraction", 3)
}


def test_tags(four: list[Trained]) -> None:
    """The last has no update that is a number, no epoch and no test; nor a window of 3 steps."""
    common = {"learning_rate", "verdict/index"}
    for member in four[:3]:
        found = set(curves(member).Tags()["scalars"])
        assert found == EPOCH_TAGS | STEP_TAGS | END_TAGS | PROBE_TAGS | common
    found = set(curves(four[3]).Tags()["scalars"])
    start = {"loss/validation", "accuracy/validation", "accuracy/best"}
    assert {tag for tag in found if tag not in PROBE_TAGS} == start | common


def test_epoch_curves_are_the_rows(four: list[Trained]) -> None:
    for member in four:
        events = curves(member)
        for tag in EPOCH_TAGS & set(events.Tags()["scalars"]):
            name, part = tag.split("/")
            points = [(event.step, event.value) for event in events.Scalars(tag)]
            # A scalar of an event file is a float32: half an ulp, 2^-24 of it.
            assert points == [
                (row["step"], pytest.approx(row[f"{part}_{name}"], rel=2**-24))
                for row in member.rows
                if f"{part}_{name}" in row
            ]


def test_step_curves_are_means_over_windows(four: list[Trained]) -> None:
    """Windows of 3 steps, 12 steps: the two of an epoch have its training loss as their mean."""
    for member in four[:3]:
        events = curves(member)
        for tag, name in (("loss/step", "train_loss"), ("accuracy/step", "train_accuracy")):
            points = events.Scalars(tag)
            assert [point.step for point in points] == [3, 6, 9, 12]
            for epoch in (1, 2):
                first, second = points[2 * epoch - 2 : 2 * epoch]
                mean = (first.value + second.value) / 2
                assert mean == pytest.approx(member.rows[epoch][name], rel=2**-23)


def test_end_points_are_the_result(four: list[Trained]) -> None:
    for member in four[:3]:
        events, metrics = curves(member), member.record["metrics"]
        expected = {
            "loss/test": (12, metrics["test"]["loss"]),
            "accuracy/test": (12, metrics["test"]["accuracy"]),
            "loss/final": (12, metrics["last"]["validation_loss"]),
            "accuracy/final": (12, metrics["last"]["validation_accuracy"]),
            "accuracy/best": (metrics["best"]["step"], metrics["best"]["validation_accuracy"]),
        }
        for tag, (step, value) in expected.items():
            (point,) = events.Scalars(tag)
            assert (point.step, point.value) == (step, pytest.approx(value, rel=2**-24))
        rates = events.Scalars("learning_rate")
        rate = member.record["config"]["optimizer"]["lr"]
        assert [(p.step, p.value) for p in rates] == [
            (step, pytest.approx(rate, rel=2**-24)) for step in (0, 6, 12)
        ]


@pytest.mark.slow
def test_learning_rate_is_the_one_of_the_last_step(tmp_path: Path) -> None:
    """6 steps an epoch; at step 0 the first one, which is yet to come."""
    base = tiny(logger="tensorboard", trainer__epochs=2, optimizer__lr=0.5)
    warm = {"schedule__warmup_steps": 2}
    members = [
        vary(base, schedule="linear", **warm),
        vary(base, schedule="step", schedule__every_epochs=1),
        vary(base, schedule="warmup", schedule__warmup_steps=9),
    ]
    expected = [[1 / 3, 1 - 3 / 10, 1 - 9 / 10], [1, 1, 0.1], [0.1, 0.6, 1]]
    for member, factors in zip(train(members, tmp_path), expected, strict=True):
        points = [(p.step, p.value) for p in curves(member).Scalars("learning_rate")]
        assert points == [
            (step, pytest.approx(0.5 * factor, rel=2**-23))
            for step, factor in zip((0, 6, 12), factors, strict=True)
        ]
        column = hparams(member, "session_start_info").session_start_info.hparams
        assert column["learning_rate"].number_value == 0.5
        assert column["schedule"].string_value == member.record["config"]["schedule"]["name"]


def hparams(member: Trained, tag: str) -> plugin_data_pb2.HParamsPluginData:
    metadata = curves(member).summary_metadata[f"_hparams_/{tag}"]
    assert metadata.plugin_data.plugin_name == "hparams"
    return plugin_data_pb2.HParamsPluginData.FromString(metadata.plugin_data.content)


def test_hparams_session(four: list[Trained]) -> None:
    expected = [
        {"init": "he", "activation": "relu", "optimizer": "adam", "learning_rate": 0.01},
        {"init": "xavier", "activation": "tanh", "optimizer": "sgd", "seed": 3.0, "dropout": 0.2},
        {"init": "default", "weight_decay": 0.01, "dropout": 0.0, "hidden": "8-6", "epochs": 2.0},
        {"learning_rate": 1e30, "batch_size": 10.0, "data": "synthetic"},
    ]
    for member, some in zip(four, expected, strict=True):
        some["verdict"] = member.record["verdict"]["primary"]
    for k, (member, some) in enumerate(zip(four, expected, strict=True)):
        start = hparams(member, "session_start_info").session_start_info
        values = {
            key: value.string_value if value.HasField("string_value") else value.number_value
            for key, value in start.hparams.items()
        }
        assert some.items() <= values.items()
        assert start.group_name == ""
        end = hparams(member, "session_end_info").session_end_info
        status = api_pb2.STATUS_FAILURE if k == 3 else api_pb2.STATUS_SUCCESS
        assert end.status == status
        assert end.end_time_secs >= start.start_time_secs


def test_hparams_columns_are_the_same_for_all_and_exist_as_scalars(four: list[Trained]) -> None:
    """A column that differs between runs, or that no run writes, spoils the HParams tab."""
    experiments = [hparams(member, "experiment").experiment for member in four]
    columns = {
        tuple((info.name, info.type) for info in experiment.hparam_infos)
        for experiment in experiments
    }
    assert len(columns) == 1
    metrics = {info.name.tag for experiment in experiments for info in experiment.metric_infos}
    # 60 examples an epoch: too few for a window of 1,000, so none has a number of steps to 80 %.
    always = metrics - {"accuracy/steps_to_80"}
    assert len(always) == len(metrics) - 1 == 5
    for member in four[:3]:
        assert always <= set(curves(member).Tags()["scalars"])
        start = hparams(member, "session_start_info").session_start_info
        assert set(start.hparams) == {name for name, _ in next(iter(columns))}


def test_no_hp_metric(four: list[Trained]) -> None:
    for member in four:
        assert "hp_metric" not in curves(member).Tags()["scalars"]
        assert b"hp_metric" not in b"".join(
            path.read_bytes() for path in member.folder.glob("events.*")
        )


def test_logger_none_writes_no_events(tmp_path: Path) -> None:
    (member,) = train([tiny()], tmp_path)
    assert list(member.folder.glob("events.*")) == []
