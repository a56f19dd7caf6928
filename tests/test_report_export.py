"""Tables out of a report: whole, exact, and well-formed where a compiler will read them."""

import io
import math
import re
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from src.errors import InputError
from src.report.__main__ import main
from src.report.analysis import Analysis, Options, analyse
from src.report.export import ARMS, arms, encoded, pairs, tables
from src.report.printed import LATEX, MARKDOWN, latex, markdown
from src.report.results import read
from src.report.write import write
from tests.records import diverged, made, written

MORE = {"pairs.csv", "members.csv", "members.parquet"}
# Every letter that LaTeX or Markdown takes for its own; a name is whatever a user wrote.
WILD = r"a_b & 50% $x$ #1 {y} ~z^2 \q [w] <v> |u| `t` *s* \"r\" -- é"


def analysed(*names: str, seeds: int = 4, **more: Any) -> Analysis:
    """The first name has one diverged member; every arm is tuned over two rates."""
    records = [
        made(0.9 - 0.2 * k - rate + seed / 1000, init__name=name, seed=seed, optimizer__lr=rate)
        | {"folder": f"{name}-{seed}", "steps_to_80": 40 + seed, **more}
        for k, name in enumerate(names)
        for rate in (0.01, 0.3)
        for seed in range(seeds)
    ]
    lost = diverged(init__name=names[0], seed=seeds, optimizer__lr=0.01) | {"folder": "lost"}
    return analyse([*records, lost])


@pytest.fixture(scope="module")
def whole() -> Analysis:
    return analysed("he", "zeros", WILD)


def test_csv_and_parquet_hold_the_same_numbers_to_the_bit(whole: Analysis) -> None:
    text = pd.read_csv(io.BytesIO(encoded(whole, ".csv")))
    binary = pd.read_parquet(io.BytesIO(encoded(whole, ".parquet")))
    assert list(text.columns) == list(binary.columns)
    for place, (arm, summary) in enumerate(zip(whole.arms, whole.summaries, strict=True)):
        for frame in (text, binary):
            row = frame.iloc[place]
            assert (row["rank"], row["arm"], row["init"]) == (place + 1, arm.name, arm.name)
            assert float(row["optimizer.lr"]) == 0.01
            assert (row["n"], row["mean"], row["low"]) == (summary.n, summary.mean, summary.low)
            assert (row["letters"], row["tried"]) == (whole.letters[place], 2)
            assert row["diverged"] == (1 if arm.name == "he" else 0)


def test_all_pairs_are_in_a_table_of_their_own(whole: Analysis) -> None:
    frame = pd.read_csv(io.BytesIO(tables(whole)["pairs.csv"]))
    assert len(frame) == len(whole.pairs) == 3
    for (_, row), pair, plan in zip(frame.iterrows(), whole.pairs, whole.plans, strict=True):
        names = (whole.arms[pair.first].name, whole.arms[pair.second].name)
        assert (row["first"], row["second"]) == names
        assert (row["n"], row["difference"], row["low"]) == (pair.n, pair.difference, pair.low)
        assert (row["adjusted"], row["claimed"]) == (pair.adjusted, pair.claimed)
        more = None if plan is None else plan.more
        assert row["more_seeds"] == more or (more is None and math.isnan(row["more_seeds"]))
    alone = [made(seed=seed) | {"folder": str(seed)} for seed in range(3)]
    assert "pairs.csv" not in tables(analyse(alone))
    assert pairs(whole)["claimed"].dtype == bool


def test_numbers_that_are_not_there_are_empty() -> None:
    two = analysed("he", "zeros", seeds=1)
    frame = pd.read_csv(io.BytesIO(encoded(two, ".csv")))
    assert frame["low"].isna().all()
    assert frame["sd"].isna().all()


def test_steps_are_those_by_which_half_have_arrived(whole: Analysis) -> None:
    frame = arms(whole).set_index("arm")
    assert frame.loc["zeros", "watched"] == frame.loc["zeros", "arrived"] == 4
    assert frame.loc["zeros", "steps_to_80"] == 41  # of 40, 41, 42, 43
    never = [made(init__name=name, seed=seed) for name in ("he", "zeros") for seed in range(3)]
    old = arms(analyse(never))
    assert (old["watched"] == 0).all()
    assert old["steps_to_80"].isna().all()


def unescaped(text: str) -> str:
    for letter, escaped in sorted(LATEX.items(), key=lambda item: -len(item[1])):
        text = text.replace(escaped, f"\x00{ord(letter)}\x01")
    return re.sub("\x00(\\d+)\x01", lambda found: chr(int(found[1])), text)


def test_latex_is_a_well_formed_tabular(whole: Analysis) -> None:
    lines = latex(whole).splitlines()
    assert lines[0] == r"% \usepackage{booktabs}"
    assert lines[1].startswith("% Means with their 95 % intervals")
    body = [line for line in lines if not line.startswith("%")]
    begun = re.fullmatch(r"\\begin\{tabular\}\{([lr]+)\}", body[0])
    assert begun is not None
    assert body[1::2][:1] == [r"\toprule"]
    assert body[3] == r"\midrule"
    assert body[-2:] == [r"\bottomrule", r"\end{tabular}"]
    rows = [body[2], *body[4:-2]]
    assert len(rows) == 1 + len(whole.arms)
    for row in rows:
        assert row.endswith(r" \\")
        cells = re.split(r"(?<!\\)&", row.removesuffix(r"\\"))
        assert len(cells) == len(begun[1])
        bare = re.sub(r"\\[{}]", "", row)
        assert bare.count("{") == bare.count("}")
        # Outside of escapes nothing is left that LaTeX takes for its own.
        assert not re.search(r"(?<!\\)[%$#_]|(?<!\{)\[|[~^]", re.sub(r"\\text\w+\{\}", "", row))
    names = [unescaped(re.split(r" (?<!\\)& ", row)[0]) for row in rows[1:]]
    assert sorted(names) == sorted([WILD, "he", "zeros"])


def test_latex_of_an_arm_in_full(whole: Analysis) -> None:
    (row,) = [line for line in latex(whole).splitlines() if line.startswith("zeros")]
    summary = whole.summaries[[arm.name for arm in whole.arms].index("zeros")]
    letters = whole.letters[[arm.name for arm in whole.arms].index("zeros")]
    percent = [100 * value for value in (summary.mean, summary.low, summary.high, summary.sd)]
    mean, low, high, sd = (f"{value:.2f}" for value in percent)
    assert row == (
        rf"zeros & 0.01 & 4 & {mean}\textsuperscript{{{letters}}} & {low} to {high} & {sd} "
        rf"& {100 * summary.best:.2f} & 41 & - \\"
    )


def test_markdown_is_a_table_with_its_legend(whole: Analysis) -> None:
    lines = markdown(whole).splitlines()
    table = lines[: 2 + len(whole.arms)]
    widths = {len(re.split(r"(?<!\\)\|", line)) for line in table}
    assert len(widths) == 1
    assert set(table[1]) <= set("|-: ")
    (wild,) = [line for line in table if "50%" in line]
    cell = re.split(r"(?<!\\)\|", wild)[1].strip()
    for letter, escaped in MARKDOWN.items():
        if letter != "\\":
            cell = cell.replace(escaped, letter)
    assert cell.replace("\\\\", "\\") == WILD
    assert "<sup>" in table[2]
    assert lines[-1].startswith("Means with their 95 % intervals")


@pytest.mark.parametrize("make", [latex, markdown])
def test_without_seeds_there_are_no_intervals_and_no_letters(make: Any) -> None:
    text = make(analysed("he", "zeros", seeds=1))
    assert "No interval and no claim" in text
    assert "interval of" not in text
    assert "textsuperscript" not in text
    assert "<sup>" not in text


def test_losses_are_not_percent() -> None:
    records = [made(init__name=name, seed=seed) for name in ("he", "zeros") for seed in range(3)]
    text = markdown(analyse(records, Options(metric="validation_loss")))
    assert "| validation loss |" in text
    assert "0.5000" in text


def test_a_lone_arm_without_settings() -> None:
    found = tables(analyse([made(seed=seed) | {"folder": str(seed)} for seed in range(3)]))
    assert b"all members" in found["arms.tex"]


def test_all_tables(whole: Analysis) -> None:
    found = tables(whole)
    assert set(found) == {*(f"arms{suffix}" for suffix in ARMS), *MORE}
    members = pd.read_csv(io.BytesIO(found["members.csv"]))
    assert len(members) == len(whole.records) == 25
    again = pd.read_parquet(io.BytesIO(found["members.parquet"]))
    assert list(again.columns) == list(members.columns)
    assert math.isclose(again["validation_accuracy"].sum(), members["validation_accuracy"].sum())
    assert found == tables(whole)  # the same bytes again


@pytest.mark.parametrize("suffix", ARMS)
def test_the_command_writes_what_it_is_asked_for(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], suffix: str
) -> None:
    records = [made(0.5 + k / 10, init__name=name) for k, name in enumerate(("he", "zeros"))]
    sweep, path = written(tmp_path / "sweep", *records), tmp_path / f"arms{suffix}"
    main([str(sweep), "--export", str(path), "--no-page", "--quiet"])
    assert f"table: {path}\n" in capsys.readouterr().out
    assert path.read_bytes() == encoded(analyse(read(sweep)), suffix)


def test_a_report_has_all_tables(tmp_path: Path) -> None:
    records = [made(0.5 + k / 10, init__name=name) for k, name in enumerate(("he", "zeros"))]
    analysis = analyse(read(written(tmp_path / "sweep", *records)))
    write(analysis, tmp_path / "report")
    found = {path.name: path.read_bytes() for path in (tmp_path / "report/tables").iterdir()}
    assert found == tables(analysis)


def test_an_unknown_kind_is_refused(whole: Analysis) -> None:
    with pytest.raises(InputError, match=r"a table as .xlsx: must be one of .csv, .parquet, .tex"):
        encoded(whole, ".xlsx")
