"""The table of arms, on the terminal."""

import io
import math
import os
import re
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from rich.text import Text

from src.report.analysis import Analysis, Options, analyse
from src.report.answer import answer
from src.report.terminal import ALIKE, UNSETTLED, headings, print_arms, rows
from tests.records import diverged, failed, made, written

HE = (0.90, 0.91, 0.92, 0.93)
XAVIER = (0.80, 0.82, 0.81, 0.83)


def member(accuracy: float, steps: int | None = 100, **changes: Any) -> dict[str, Any]:
    record = made(accuracy, **changes) | {"steps_to_80": steps, "folder": "x"}
    record["metrics"]["test"] = {"accuracy": accuracy - 0.1, "loss": 0.4}
    record["verdict"] = {"primary": "healthy", "index": 0, "found": []}
    return record


def arm(init: str, accuracies: Sequence[float], **changes: Any) -> list[dict[str, Any]]:
    return [
        member(accuracy, init__name=init, seed=seed, **changes)
        for seed, accuracy in enumerate(accuracies)
    ]


def cells(analysis: Analysis) -> list[dict[str, str]]:
    return [dict(zip(headings(analysis), row, strict=True)) for row in rows(analysis)]


def printed(records: Sequence[dict[str, Any]], capsys: pytest.CaptureFixture[str]) -> str:
    analysis = analyse(records)
    print_arms(analysis, answer(analysis))
    return capsys.readouterr().out


def test_a_row_for_each_arm() -> None:
    analysis = analyse([*arm("xavier", XAVIER), *arm("he", HE)])
    first, second = cells(analysis)
    assert list(first)[:2] == ["init", "n"]
    assert (first["init"], second["init"]) == ("he", "xavier")
    assert (first["n"], first["best %"], first["steps to 80 %"]) == ("4", "83.00", "100")
    assert first["verdict"] == "healthy"
    # Not one difference is near 0: nine points, and seeds that agree within two.
    assert (first[ALIKE], second[ALIKE]) == ("a", "b")
    (score,) = [text for title, text in first.items() if title.startswith("test acc. %")]
    assert score.startswith("81.50 ")


def test_an_interval_is_a_half_only_where_it_is_symmetric() -> None:
    analysis = analyse([*arm("he", HE), *arm("xavier", XAVIER)])
    for summary, row in zip(analysis.summaries, cells(analysis), strict=True):
        text = row["test acc. % (95 %)"]
        if "±" in text:
            mean, half = map(float, text.split(" ± "))
            low, high = mean - half, mean + half
        else:
            low, high = map(float, text.partition("[")[2].rstrip("]").split(", "))
        # Mean and half are rounded to 0.01 each, so either end is off by at most 0.01.
        assert math.isclose(low, 100 * summary.low, abs_tol=0.0101)
        assert math.isclose(high, 100 * summary.high, abs_tol=0.0101)


def test_all_arms_are_written_alike(monkeypatch: pytest.MonkeyPatch) -> None:
    from dataclasses import replace

    analysis = analyse([*arm("he", HE), *arm("xavier", XAVIER)])
    first, second = analysis.summaries
    even = replace(first, mean=0.8, low=0.79, high=0.81)
    skewed = replace(second, mean=0.7, low=0.65, high=0.71)
    both = replace(analysis, summaries=[even, even])
    assert [row["test acc. % (95 %)"] for row in cells(both)] == ["80.00 ± 1.00"] * 2
    both = replace(analysis, summaries=[even, skewed])
    assert [row["test acc. % (95 %)"] for row in cells(both)] == [
        "80.00 [79.00, 81.00]",
        "70.00 [65.00, 71.00]",
    ]


def test_validation_is_named_where_no_test_was_made() -> None:
    records = [*arm("he", HE), *arm("xavier", XAVIER)]
    for record in records:
        record["metrics"]["test"] = None
    (first, _) = cells(analyse(records))
    assert first["val. acc. % (95 %)"].startswith("91.50 ")


def test_a_loss_is_no_share() -> None:
    records = [*arm("he", HE), *arm("xavier", XAVIER)]
    first, _ = cells(analyse(records, Options(metric="validation_loss")))
    assert first["val. loss (95 %)"] == "0.5000 ± 0.0000"
    assert first["best"] == "0.5000"


def test_one_seed_an_arm_makes_no_claim(capsys: pytest.CaptureFixture[str]) -> None:
    records = [*arm("he", HE[:1]), *arm("xavier", XAVIER[:1])]
    analysis = analyse(records)
    first, _ = cells(analysis)
    assert first["n"] == "1"
    assert first["test acc. %"] == "80.00"
    assert ALIKE not in first
    out = " ".join(printed(records, capsys).split())
    assert "No claim can be made" in out
    assert out.count("Not settled: The only pair of arms, for want of seeds; seeds=10 on") == 1


@pytest.mark.parametrize(
    ("steps", "shown"),
    [
        ([10, 30, 20], "20"),
        ([10, None, 20], "20 (2 of 3)"),
        ([10, None, None], "1 of 3"),
        ([None, None, None], "never"),
        ([1_000, 3_000], "1,000"),
    ],
)
def test_steps_to_80(steps: list[int | None], shown: str) -> None:
    records = [member(0.8, taken, seed=seed) for seed, taken in enumerate(steps)]
    (row,) = cells(analyse(records))
    assert row["steps to 80 %"] == shown


def test_results_from_before_steps_were_counted() -> None:
    records = arm("he", HE)
    for record in records:
        del record["steps_to_80"]
    (row,) = cells(analyse(records))
    assert row["steps to 80 %"] == "-"


def test_verdicts_are_counted_where_members_differ() -> None:
    records = arm("he", HE)
    records[0]["verdict"] = {"primary": "symmetric", "index": 1, "found": []}
    records += [diverged(init__name="he", seed=9) | {"folder": "x"}]
    (row,) = cells(analyse(records))
    assert row["verdict"] == "healthy 3, symmetric 1, - 1 (1 not finite)"
    lost = [diverged(seed=seed) | {"folder": "x"} for seed in range(3)]
    for record in lost:
        record["verdict"] = {"primary": "diverged", "index": 2, "found": []}
    (row,) = cells(analyse(lost))
    assert row["verdict"] == "diverged"
    records = arm("he", HE)
    records[0]["status"] = "diverged"
    (row,) = cells(analyse(records))
    assert row["verdict"] == "healthy (1 not finite)"


def test_the_tuned_settings_are_told() -> None:
    records = [
        *arm("he", XAVIER, optimizer__lr=0.1),
        *arm("he", HE, optimizer__lr=0.01),
        *arm("xavier", HE, optimizer__lr=0.1),
    ]
    told = {row["init"]: row["optimizer.lr (tuned)"] for row in cells(analyse(records))}
    assert told == {"he": "0.01", "xavier": "0.1"}


def test_a_failed_member_is_no_seed() -> None:
    records = [*arm("he", HE), failed(init__name="he", seed=7) | {"folder": "x"}]
    (row,) = cells(analyse(records))
    assert row["n"] == "4"


def test_what_stands_below(capsys: pytest.CaptureFixture[str]) -> None:
    # Five arms that differ by less than their seeds do: ten pairs, and none is settled.
    records = [record for k in range(5) for record in arm(f"init{k}", [x + k / 1e4 for x in HE])]
    records.append(failed(init__name="init0", seed=9) | {"folder": "x"})
    analysis = analyse(records)
    told = answer(analysis)
    lines = printed(records, capsys).splitlines()
    below = lines[lines.index(f"{told.question} {told.sentence}") :]
    assert below[1] == "Not settled:"
    plain = [line.replace("\N{MINUS SIGN}", "-") for line in told.unsettled]
    assert below[2 : 2 + UNSETTLED] == [f"  {line}" for line in plain[:UNSETTLED]]
    rest = below[2 + UNSETTLED]
    assert rest.startswith("  5 pairs more are not settled; the easiest would take about ")
    assert rest.endswith(" All pairs are in tables/pairs.csv of the report.")
    assert any(line.startswith("Note: Failed: 1 member") for line in below)
    # The rules of every report stand on the page, not at the end of each sweep.
    assert not any("Holm" in line for line in below)


def test_plain_off_a_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    out = printed([*arm("he", HE), *arm("xavier", XAVIER)], capsys)
    table = [line for line in out.splitlines() if line[:1] in "|+"]
    assert len(table) == 6
    assert all(line.isascii() for line in table)


@pytest.mark.slow
def test_an_output_that_knows_ascii_only(tmp_path: Path) -> None:
    """In a process of its own, whose encoding is set before its first word."""
    records = [*arm("hé", HE), *arm("xavier", [x + (-1) ** k / 100 for k, x in enumerate(HE)])]
    for record in records:
        record["verdict"]["found"] = [
            {"name": "chaotic", "sentence": "χ1 = 1.88", "remedy": "", "evidence": []}
        ]
    outcome = subprocess.run(
        [sys.executable, "-m", "src.report", written(tmp_path, *records), "--no-page"],
        env={**os.environ, "LC_ALL": "C", "PYTHONIOENCODING": "ascii", "PYTHONUTF8": "0"},
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert (outcome.returncode, outcome.stderr) == (0, "")
    assert outcome.stdout.isascii()
    assert "+-" in outcome.stdout
    assert re.search(r"interval -\d", outcome.stdout)  # a minus of the sentences
    assert "h\\xe9" in outcome.stdout


def test_a_narrow_terminal_cuts_no_number(monkeypatch: pytest.MonkeyPatch) -> None:
    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    analysis = analyse([*arm("n" * 60, HE), *arm("xavier", XAVIER)])
    terminal = Terminal()
    monkeypatch.setenv("COLUMNS", "80")
    monkeypatch.setattr("sys.stdout", terminal)
    print_arms(analysis, answer(analysis))
    assert "81.50" in terminal.getvalue()
    assert "\N{HORIZONTAL ELLIPSIS}" not in terminal.getvalue()
    lines = Text.from_ansi(terminal.getvalue()).plain.splitlines()
    assert max(map(len, lines)) <= 80


def test_very_many_arms(capsys: pytest.CaptureFixture[str]) -> None:
    records = [
        member(0.9 - k / 1_000, init__name=f"init{k:03}", seed=seed)
        for k in range(80)
        for seed in range(2)
    ]
    lines = [line.split("|") for line in printed(records, capsys).splitlines() if line[0] == "|"]
    places = [line[1].strip() for line in lines[1:]]
    assert places == [*map(str, range(1, 21)), "...", *map(str, range(76, 81))]
    assert lines[1][2].strip() == "init000"
