"""Results are read back: old runs and failed ones too; a broken file is named."""

from pathlib import Path
from typing import Any

import pytest

from src.errors import InputError
from src.report.metrics import metric
from src.report.results import load, setting, varied
from src.report.table import show
from tests.records import CONFIG, made, written


def test_load_finds_every_result_in_order(tmp_path: Path) -> None:
    written(tmp_path / "b", made(0.1))
    written(tmp_path / "a" / "deep", made(0.2), made(0.3))
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
    assert show(tmp_path) == []
    assert show(tmp_path / "absent") == []
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
