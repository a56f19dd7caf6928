"""TensorBoard is told as much of a member that was tested later as of one tested at its end."""

from pathlib import Path

import pytest
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

from src.finished import complete
from src.members import train_members
from src.report.results import read
from tests.boards import BASE
from tests.training import even, train


@pytest.mark.slow
def test_its_pictures_and_its_test_numbers(tmp_path: Path) -> None:
    config, place = even(**BASE), tmp_path / "held" / "member=0"
    place.mkdir(parents=True)
    train_members([config], [place], ["he"], held_out=True)
    pictured = EventAccumulator(str(place)).Reload()
    assert "accuracy/test" not in pictured.scalars.Keys()
    assert complete(read(tmp_path / "held")) == []
    (alone,) = train([config], tmp_path / "alone")
    whole = EventAccumulator(str(alone.folder)).Reload()
    assert pictured.Tags()["images"] == whole.Tags()["images"] != []
    for tag in whole.Tags()["images"]:
        one, other = (board.Images(tag)[0] for board in (pictured, whole))
        assert (one.step, one.encoded_image_string) == (other.step, other.encoded_image_string)
    told = EventAccumulator(str(place)).Reload()
    assert sorted(told.scalars.Keys()) == sorted(whole.scalars.Keys())
    for name, value in alone.record["metrics"]["test"].items():
        (point,) = told.Scalars(f"{name}/test")
        (expected,) = whole.Scalars(f"{name}/test")
        assert (point.step, point.value) == (expected.step, expected.value)
        assert point.value == pytest.approx(value)


def test_nothing_is_told_where_there_is_no_board(tmp_path: Path) -> None:
    place = tmp_path / "member=0"
    place.mkdir()
    train_members([even(logger="none")], [place], ["he"], held_out=True)
    assert complete(read(tmp_path)) == []
    assert list(place.glob("events.out.*")) == []
