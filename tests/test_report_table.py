"""The ranked table, on the terminal and as summary.csv."""

import csv
import io
import math
from pathlib import Path
from typing import Any

import pytest

from src.report.metrics import METRICS, metric
from src.report.results import load, varied
from src.report.table import HEADINGS, ranked, summary
from tests.records import diverged, failed, made, written
from tests.reporting import shown


def rows(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text)))


def test_ranked() -> None:
    records = [
        failed(),
        made(0.3, "low"),
        diverged(),
        made(0.9, "b"),
        made(0.9, "a"),
        made(0.0, "zero"),
    ]
    order = [record["label"] for record in ranked(records)]
    assert order == ["a", "b", "low", "zero", "diverged", "failed"]
    assert [record["label"] for record in ranked(records[::-1])] == order
    assert ranked([]) == []


@pytest.mark.parametrize("name", METRICS)
@pytest.mark.parametrize(
    "broken",
    [
        failed(),
        made() | {"metrics": None},
        made() | {"metrics": {}},
        made() | {"metrics": dict.fromkeys(("initial", "best", "last", "test"))},
        made() | {"metrics": {stage: {} for stage in ("initial", "best", "last", "test")}},
    ],
    ids=["failed", "null", "empty", "null stages", "empty stages"],
)
def test_missing_metric_is_nan(broken: dict[str, Any], name: str) -> None:
    assert math.isnan(metric(broken, name))


def test_metric_of_a_whole_record() -> None:
    values = {name: metric(made(0.8), name) for name in METRICS}
    assert values == {
        "validation_accuracy": 0.8,
        "best_validation_accuracy": 0.8,
        "validation_loss": 0.5,
        "train_loss": 0.6,
        "test_accuracy": 0.7,
        "initial_validation_loss": 2.3,
    }


def test_summary(tmp_path: Path) -> None:
    written(tmp_path, made(0.5, seed=1), diverged(seed=2), failed(seed=3), made(0.75))
    records = ranked(load(tmp_path))
    first, second, third, fourth = rows(summary(records, varied(records)))
    assert first == {
        "rank": "1",
        "seed": "0",
        "status": "done",
        "step": "48",
        "verdict": "-",
        "steps_to_80": "",
        "validation_accuracy": "0.75",
        "best_validation_accuracy": "0.75",
        "validation_loss": "0.5",
        "train_loss": "0.6",
        "test_accuracy": "0.7",
        "initial_validation_loss": "2.3",
        "folder": "member=3",
    }
    assert (second["seed"], second["validation_accuracy"]) == ("1", "0.5")
    assert (third["status"], third["step"], third["validation_accuracy"]) == ("diverged", "37", "")
    assert (fourth["status"], fourth["step"], fourth["best_validation_accuracy"]) == (
        "failed",
        "",
        "",
    )


def test_summary_quotes_what_csv_must_quote() -> None:
    record = made(model__hidden=[8, 6], optimizer__name='a "b",\nc') | {"folder": "x/a,b"}
    (row,) = rows(summary([record], ["model.hidden", "optimizer"]))
    assert row["model.hidden"] == "[8, 6]"
    assert row["optimizer"] == 'a "b",\nc'
    assert row["folder"] == "a,b"


def test_summary_where_a_setting_is_absent() -> None:
    record = made() | {"folder": "x"}
    (row,) = rows(summary([record], ["init.low", "seed"]))
    assert (row["init.low"], row["seed"]) == ("", "0")


def test_show(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    written(tmp_path, made(0.5), diverged(init__name="ones"), made(0.8765, init__name="he2"))
    records = shown(tmp_path)
    out = capsys.readouterr().out
    assert [record["label"] for record in records] == ["a", "a", "diverged"]
    assert (tmp_path / "summary.csv").read_text() == summary(records, ["init"])
    lines = [line for line in out.splitlines() if line.startswith("| ")]
    for heading in ("#", "init", *HEADINGS.values(), "status"):
        assert heading in lines[0]
    assert [line.split("|")[1].strip() for line in lines[1:]] == ["1", "2", "3"]
    assert "87.65" in lines[1]
    assert "diverged at step 37" in lines[3]
    assert out.endswith(f"3 member(s) in {tmp_path}\n")


def test_show_of_equal_members_names_their_init(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    shown(written(tmp_path, made()))
    assert "init" in capsys.readouterr().out


def test_show_prints_what_rich_would_take_for_markup(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    shown(written(tmp_path, made(optimizer__name="[bold]x[/bold]"), made(optimizer__name="[/]")))
    out = capsys.readouterr().out
    assert "[bold]x[/bold]" in out
    assert "[/]" in out


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


LONG = "n" * 60


def test_wide_tables_are_not_cut_in_a_pipe(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    shown(written(tmp_path, made(init__name=LONG), made(optimizer__name=LONG)))
    assert capsys.readouterr().out.count(LONG) == 2


def test_a_narrow_terminal_cuts_no_number(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    # The settings may be folded; a score of "87.…" would be no score.
    records = [
        made(0.8765, init__name=LONG, data__batch_size=128),
        made(0.1234, optimizer__name=LONG, seed=1, model__hidden=[1024, 512]),
    ]
    terminal = Terminal()
    monkeypatch.setenv("COLUMNS", "80")
    monkeypatch.setattr("sys.stdout", terminal)
    shown(written(tmp_path, *records))
    assert "87.65" in terminal.getvalue()
    assert "12.34" in terminal.getvalue()
    assert "\N{HORIZONTAL ELLIPSIS}" not in terminal.getvalue()


def test_a_long_table_shows_both_ends(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    count = 100
    written(tmp_path, *(made(1 - seed / 1_000, seed=seed) for seed in range(count)))
    shown(tmp_path)
    out = capsys.readouterr().out
    lines = [line.split("|") for line in out.splitlines() if line.startswith("| ")][1:]
    places = [line[1].strip() for line in lines]
    assert places == [*map(str, range(1, 21)), "...", *map(str, range(96, 101))]
    assert f"all 100 rows are in {tmp_path / 'summary.csv'}" in out
    assert len(rows((tmp_path / "summary.csv").read_text())) == count
