"""Results are read back: old runs and failed ones too; a broken file is named."""

import json
import os
from pathlib import Path
from typing import Any

import pytest

from src.errors import InputError
from src.report.conclusion import conclude
from src.report.metrics import metric
from src.report.results import load, read, setting, varied
from tests.records import CONFIG, failed, made, written


def test_load_finds_every_result_in_order(tmp_path: Path) -> None:
    written(tmp_path / "b", made(0.1))
    written(tmp_path / "a" / "deep", made(0.2, seed=1), made(0.3, seed=2))
    (tmp_path / "a" / "result.json.partial").write_text("{")
    records = load(tmp_path)
    assert [metric(record, "validation_accuracy") for record in records] == [0.2, 0.3, 0.1]
    assert [Path(record["folder"]).relative_to(tmp_path).as_posix() for record in records] == [
        "a/deep/member=0",
        "a/deep/member=1",
        "b/member=0",
    ]


def test_load_of_nothing(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert load(tmp_path) == []
    assert conclude(tmp_path).records == []
    assert conclude(tmp_path / "absent").records == []
    assert capsys.readouterr().out == ""
    assert list(tmp_path.iterdir()) == []
    with pytest.raises(InputError, match="absent: no such folder"):
        load(tmp_path / "absent")


@pytest.mark.parametrize(
    "content",
    ["", "{", '{"status": "done"', "[]", "null", '"text"', "{}", '{"status": "done"}', b"\xff\xfe"],
)
def test_broken_result_is_named(tmp_path: Path, content: str | bytes) -> None:
    path = written(tmp_path, made()) / "member=0" / "result.json"
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    with pytest.raises(InputError) as caught:
        load(tmp_path)
    assert str(caught.value).startswith(f"{path}: not a ")
    assert str(caught.value).endswith(".")
    assert "\n" not in str(caught.value)


def test_setting() -> None:
    record = made()
    assert setting(record, "seed") == 0
    assert setting(record, "optimizer.lr") == 0.001
    assert setting(record, "init") == "he"
    assert setting(record, "model") == CONFIG["model"]
    with pytest.raises(KeyError):
        setting(record, "init.low")


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ([{}], []),
        ([{}, {}], []),
        ([{}, {"optimizer__lr": 0.1}], ["optimizer.lr"]),
        ([{}, {"model__hidden": [9]}], ["model.hidden"]),
        ([{}, {"init__name": "zeros", "init__scale": 0.0}], ["init"]),
        ([{}, {"init__scale": 3.0}], ["init.scale"]),
        ([{}, {"init__bias__value": 1.0}], ["init.bias.value"]),
        # The other seeds follow seed, and say nothing new.
        (
            [{}, {"seed": 1, "data__order_seed": 1, "model__dropout_seed": 1}],
            ["seed"],
        ),
        ([{}, {"model__dropout_seed": 1}], ["model.dropout_seed"]),
        (
            [{}, {"optimizer__name": "sgd", "seed": 1}, {"data__batch_size": 9}],
            ["optimizer", "data.batch_size", "seed"],
        ),
    ],
)
def test_varied(changes: list[dict[str, Any]], expected: list[str]) -> None:
    assert varied([made(**change) for change in changes]) == expected


def test_varied_where_a_key_is_absent() -> None:
    other = made()
    del other["config"]["optimizer"]["betas"]
    assert varied([made(), other]) == ["optimizer.betas"]


def test_varied_tells_false_from_zero_and_absent_from_null() -> None:
    for one, two in ((0, False), (1, 1.0), (None, "null")):
        first, second = made(seed=one), made(seed=two)
        assert varied([first, second]) == ["seed"], (one, two)


def test_a_key_of_a_group_is_told_where_the_name_does_not_decide_it() -> None:
    """adam and sgd, each at two learning rates: without the rates the rows are pairs of equals."""
    records = [
        made(optimizer={"name": name, "lr": lr}) for name in ("adam", "sgd") for lr in (0.1, 0.01)
    ]
    assert varied(records) == ["optimizer", "optimizer.lr"]
    assert varied([records[0], records[3]]) == ["optimizer"]


def test_a_seed_that_is_set_by_itself_is_told() -> None:
    records = [made(seed=seed, data__order_seed=order) for seed in (0, 1) for order in (0, 1)]
    assert varied(records) == ["data.order_seed", "seed"]


def test_members_without_a_result_are_counted(tmp_path: Path) -> None:
    written(tmp_path, made(), made(seed=1), made(seed=2))
    for number in range(3, 5):
        (tmp_path / f"member={number}" / ".hydra").mkdir(parents=True)
    (tmp_path / "member=0" / ".hydra").mkdir()
    (tmp_path / "pictures").mkdir()
    members = read(tmp_path)
    assert len(members) == 3
    assert members.notes == ["2 of 5 members have no result yet."]


def test_a_sweep_in_which_nothing_is_finished(tmp_path: Path) -> None:
    (tmp_path / "member=0" / ".hydra").mkdir(parents=True)
    told = r"holds no result.json; a sweep leaves one for each member. 1 were begun"
    with pytest.raises(InputError, match=told):
        read(tmp_path)
    assert load(tmp_path) == []


def test_one_broken_file_does_not_hide_the_others(tmp_path: Path) -> None:
    written(tmp_path, *(made(seed=seed) for seed in range(8)))
    for number in range(5):
        (tmp_path / f"member={number}" / "result.json").write_text('{"status": "do')
    members = read(tmp_path)
    assert [setting(record, "seed") for record in members] == [5, 6, 7]
    (note,) = members.notes
    assert note.startswith("5 result(s) cannot be read and are left out: ")
    for number in range(3):
        assert f"{tmp_path / f'member={number}' / 'result.json'}: not a readable result" in note
    assert "member=3" not in note
    assert note.endswith("And 2 more.")


def test_folders_given_twice_or_nested_count_once(tmp_path: Path) -> None:
    inner = written(tmp_path / "inner", made(), made(seed=1))
    (tmp_path / "link").symlink_to(inner)
    members = read(tmp_path, inner, inner / "member=0", tmp_path / "link", tmp_path)
    assert len(members) == 2
    assert members.notes == []


def test_a_members_folder_gives_that_member(tmp_path: Path) -> None:
    written(tmp_path / "member=0", made(seed=7))
    (tmp_path / "member=0" / "result.json").write_text(json.dumps(made()))
    assert [setting(record, "seed") for record in read(tmp_path / "member=0")] == [0]
    assert len(read(tmp_path)) == 1


def at(folder: Path, when: float, *records: dict[str, Any]) -> Path:
    for path in written(folder, *records).rglob("result.json"):
        os.utime(path, (when, when))
    return folder


def test_of_equal_members_the_newest_counts(tmp_path: Path) -> None:
    old = at(tmp_path / "old", 1_000, made(0.5), made(0.6, seed=1))
    new = at(tmp_path / "new", 2_000, made(0.5), made(0.7, seed=1), made(0.8, seed=2))
    for folders in ((old, new), (new, old)):
        members = read(*folders)
        found = {setting(each, "seed"): metric(each, "validation_accuracy") for each in members}
        assert found == {0: 0.5, 1: 0.7, 2: 0.8}
        assert (
            members.notes[0] == "2 member(s) repeat another's settings; of each the newest counts."
        )
        assert members.notes[1].startswith("1 of these differ in their numbers: ")
        assert "member=1" in members.notes[1]
        assert "member=0" not in members.notes[1]


def test_a_failed_member_gives_way_to_one_that_came_through(tmp_path: Path) -> None:
    done = at(tmp_path / "a", 1_000, made())
    lost = at(tmp_path / "b", 2_000, failed())
    for folders in ((done, lost), (lost, done)):
        (record,) = members = read(*folders)
        assert record["status"] == "done"
        assert len(members.notes) == 1


def test_where_files_lie_is_no_setting(tmp_path: Path) -> None:
    here = written(tmp_path / "a", made(data__root="/a", logger={"name": "none"}))
    there = written(tmp_path / "b", made(data__root="/b", logger={"name": "tensorboard"}))
    assert len(read(here, there)) == 1


def test_the_sweep_of_a_member(tmp_path: Path) -> None:
    sweep = written(tmp_path / "sweep" / "deep", made(), made(seed=1)).parent
    (sweep / "multirun.yaml").write_text("")
    alone = written(tmp_path / "alone", made(seed=2))
    records = read(sweep / "deep" / "member=0", sweep, alone)
    assert [record["sweep"] for record in records] == [str(sweep), str(sweep), str(alone)]
