"""One table, one data set and one protocol."""

from typing import Any

import pytest

from src.errors import InputError
from src.report.analysis import analyse
from src.report.protocol import check, notes_of_origin, origin
from tests.records import failed, made


def of(sweep: str, *settings: dict[str, Any]) -> list[dict[str, Any]]:
    """Members of a sweep; a key is made where there is none."""
    records = []
    for each in settings:
        record = made() | {"sweep": sweep}
        record["config"]["trainer"] = {"name": "auto", "epochs": 5, "precision": "32-true"}
        for path, value in each.items():
            group, key = path.split(".")
            record["config"][group][key] = value
        records.append(record)
    return records


def refused(records: list[dict[str, Any]], *asked: str) -> str:
    with pytest.raises(InputError) as caught:
        check(records, asked)
    return str(caught.value)


@pytest.mark.parametrize(
    ("key", "values"),
    [
        ("data.name", ("fashion_mnist", "mnist")),
        ("data.noise", (0.1, 0.2)),
        ("data.classes", (10, 4)),
        ("data.validation_size", (100, 200)),
        ("data.generator_seed", (0, 1)),
    ],
)
def test_two_data_sets_are_refused_whoever_asks(key: str, values: tuple[Any, Any]) -> None:
    swept = of("a", *({key: value} for value in values))
    told = (
        f"{key}: {values[0]} and {values[1]}: one table holds one data set; "
        "give the folders of one, as FOLDER/*data=NAME*."
    )
    assert refused(swept) == refused(swept, "data") == told
    apart = of("a", {key: values[0]}) + of("b", {key: values[1]})
    assert refused(apart).startswith(f"{key}: {values[0]} in a and {values[1]} in b: ")


@pytest.mark.parametrize(
    ("key", "values"),
    [
        ("trainer.epochs", (5, 10)),
        ("trainer.steps_per_epoch", (20, 30)),
        ("trainer.precision", ("32-true", "bf16-mixed")),
        ("data.batch_size", (50, 100)),
        ("data.train_size", (500, 1000)),
        ("data.split_seed", (0, 1)),
    ],
)
def test_two_protocols_are_refused_between_folders_alone(key: str, values: tuple[Any, Any]) -> None:
    one, other = ({key: value} for value in values)
    check(of("a", one, other))
    check(of("a", one, other) + of("b", one))
    apart = of("a", one) + of("b", other)
    assert refused(apart) == (
        f"{key}: {values[0]} in a and {values[1]} in b: one table holds one protocol; "
        "leave a folder out, or name in report.scientific what is to be compared."
    )
    check(apart, [key])
    check(apart, [key.partition(".")[0]])
    assert refused(apart, "init", "optimizer").startswith(key)


def test_all_that_differs_is_told_at_once() -> None:
    apart = of("a", {"trainer.epochs": 5, "data.batch_size": 50})
    apart += of("b", {"trainer.epochs": 10, "data.batch_size": 100})
    told = refused(apart)
    assert "data.batch_size: 50 in a and 100 in b; trainer.epochs: 5 in a and 10 in b: one" in told
    assert refused(apart, "trainer").startswith("data.batch_size: 50 in a and 100 in b: one")


def test_many_values_are_cut_short() -> None:
    records = [record for k in range(9) for record in of(str(k), {"trainer.epochs": k})]
    told = refused(records)
    assert told.startswith("trainer.epochs: 0 in 0, 1 in 1, 2 in 2, 3 in 3 and 5 more: one")


def test_files_of_one_name_must_be_the_same() -> None:
    records = of("a", {}, {}, {})
    records[0]["data_sha256"] = {"train": "1", "test": "2"}
    records[1]["data_sha256"] = {"train": "1", "test": "2"}
    check(records)
    records[1]["data_sha256"] = {"train": "1", "test": "3"}
    assert refused(records).startswith("data_sha256: files of one name with different contents: ")


def test_what_older_results_do_not_tell_is_no_difference() -> None:
    old, new = of("a", {}) + of("b", {"data.train_size": 500})
    check([old, new])


def test_members_that_failed_are_not_looked_at() -> None:
    check([*of("a", {}), failed(data__name="mnist")])


def test_an_analysis_is_refused() -> None:
    with pytest.raises(InputError, match="one table holds one data set"):
        analyse(of("a", {"data.name": "mnist"}, {"data.name": "kmnist"}))


def test_where_members_were_made_is_said() -> None:
    assert list(notes_of_origin(of("a", {}, {}))) == []
    records = [
        made() | {"git_revision": f"r{k}", "versions": {"torch": "2"}, "device": "cpu"}
        for k in range(6)
    ]
    assert list(notes_of_origin(records)) == [
        "Members are of 6 revisions of the code: r0, r1, r2, r3 and 2 more."
    ]


def test_what_members_were_made_by_is_told_once() -> None:
    records = of("a", {}, {}) + of("b", {})
    for record in records:
        record["versions"] = {"torch": "2"}
    found = origin(records)
    assert found["versions"] == [{"torch": "2"}]
    assert found["sweep"] == ["a", "b"]
    assert found["git_revision"] == []
