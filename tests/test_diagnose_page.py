"""What the doctor's page is made of: histograms, numbers, the outlook of each verdict, tables."""

import io
import math
from typing import Any

import numpy as np
import pytest
import torch
from rich.console import Console

from src.diagnose.examine import Examined
from src.diagnose.histograms import BINS, Histogram, histogram
from src.diagnose.page import LONGEST, page
from src.diagnose.table import ranked, table
from src.diagnose.words import FAILED, OUTLOOKS, Hope, number, outlook
from src.diagnostics.records import Record
from src.diagnostics.verdicts.names import NAMES
from src.diagnostics.verdicts.verdict import Evidence, Verdict
from tests.training import tiny, vary

# --- histograms -----------------------------------------------------------------------------


@pytest.mark.parametrize("scale", [1e-30, 1.0, 1e30])
def test_counts_against_numpy(scale: float) -> None:
    values = torch.randn(2_000, generator=torch.Generator().manual_seed(5)) * scale
    found = histogram(values.view(40, 50))
    counts, edges = np.histogram(values.double().numpy(), bins=BINS)
    assert found.counts == tuple(counts)
    assert (found.low, found.high) == (edges[0], edges[-1])
    assert found.left_out == 0


def test_what_is_not_finite_is_left_out() -> None:
    found = histogram(torch.tensor([0.0, 1.0, math.inf, math.nan]))
    assert (found.low, found.high, found.left_out) == (0.0, 1.0, 2)
    assert sum(found.counts) == 2
    assert histogram(torch.tensor([math.nan])) == Histogram((), 0.0, 0.0, 1)


def test_the_widest_range_that_there_is() -> None:
    largest = torch.finfo(torch.float32).max
    found = histogram(torch.tensor([-largest, 0.0, largest]))
    assert sum(found.counts) == 3
    assert found.counts[0] == found.counts[-1] == 1


def test_bars_are_as_high_as_the_counts() -> None:
    assert Histogram((0, 1, 50, 100, 800), 0.0, 1.0).bars() == " ▁▁▁█"
    assert Histogram((8, 7, 6, 5, 4, 3, 2, 1), 0.0, 1.0).bars() == "█▇▆▅▄▃▂▁"


# --- numbers --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, "-"),
        (math.nan, "-"),
        (math.inf, "inf"),
        (-math.inf, "-inf"),
        (0.0, "0"),
        (1.0, "1"),
        (0.12345, "0.123"),
        (0.001, "0.001"),
        (9.774e-4, "9.77e-4"),
        (-1e-9, "-1e-9"),
        (999.9, "1000"),
        (31234.4, "31234"),
        (312345.0, "3.12e5"),
        (1e300, "1e300"),
    ],
)
def test_numbers_are_short(value: float | None, text: str) -> None:
    assert number(value) == text


# --- what is to be expected -----------------------------------------------------------------


def test_each_verdict_has_an_outlook() -> None:
    assert set(OUTLOOKS) == set(NAMES)


def seen(
    name: str | None, label: str = "a", losses: tuple[float, ...] = (), **changes: object
) -> Examined:
    """A member of which a verdict is known already."""
    records = [Record(step, None, "loss", loss) for step, loss in enumerate(losses)]
    member = Examined(label, vary(tiny(), **changes), max(len(losses) - 1, 0), records)
    if name is None:
        member.error = "init=lsuv: the layer is dead."
        return member
    evidence = (Evidence("dead_fraction", 2, 0, 1.0),)
    member.__dict__["verdicts"] = [Verdict(name, f"It is {name}.", "Try another.", evidence)]
    return member


def test_most_hopeful_first_then_the_smaller_loss() -> None:
    members = [
        seen(None, "failed"),
        seen("diverged", "gone"),
        seen("dead", "worse", (2.3, 2.2)),
        seen("symmetric", "better", (2.3, 2.1)),
        seen("healthy", "later", (2.3, 1.5)),
        seen("slow", "slow", (2.3, 1.0)),
        seen("healthy", "sooner", (2.3, 1.4)),
    ]
    assert [member.label for member in ranked(members)][:5] == [
        *("sooner", "later", "slow", "better", "worse")
    ]
    assert outlook(members[0]) == FAILED
    assert FAILED[0] is Hope.none


def printed(*members: Examined, width: int = 80, terminal: bool = False) -> str:
    out = io.StringIO()
    console = Console(
        file=out,
        width=width,
        highlight=False,
        markup=False,
        force_terminal=terminal,
        color_system=None,
    )
    if len(members) == 1:
        page(console, members[0])
    else:
        table(console, members)
    return out.getvalue()


def test_of_thousands_the_first_and_the_last_are_shown() -> None:
    members = [
        seen("healthy", f"seed={k}", (2.3, 1.0 + k / 1000), seed=k, data__order_seed=k)
        for k in range(300)
    ]
    rows = [line.split("|") for line in printed(*members).splitlines() if line.startswith("|")]
    assert len(rows) == 1 + 20 + 1 + 5
    assert "..." in rows[21][1]
    assert [int(row[1]) for row in rows[-5:]] == list(range(296, 301))
    assert "healthy (300): should learn" in printed(*members)


def test_all_verdicts_are_told_the_primary_one_first() -> None:
    member = seen("dead", losses=(2.3, 2.3))
    member.verdicts.append(Verdict("slow", "It is slow, too.", "", ()))
    said = printed(member)
    assert said.index("dead: will learn") < said.index("It is dead.") < said.index("Try another.")
    assert said.index("Try another.") < said.index("also slow: It is slow, too.")


@pytest.mark.parametrize("count", [1, 2], ids=["page", "table"])
def test_what_to_try_is_told_as_such(count: int) -> None:
    members = [seen("dead", losses=(2.3, 2.3), seed=k) for k in range(count)]
    assert "Try: Try another." in " ".join(printed(*members).split())
    for member in members:
        member.verdicts[0] = Verdict("healthy", "It learns.", "", ())
    assert "Try:" not in printed(*members)


SWEPT = (
    {"optimizer__lr": 0.5, "seed": 1},
    {"optimizer__lr": 0.5, "seed": 1, "model__dropout": 0.5},
    {"optimizer__weight_decay": 0.1, "model__hidden": [9] * 30, "model__dropout": 0.5, "seed": 1},
)


@pytest.mark.parametrize("changes", SWEPT, ids=[" ".join(each) for each in SWEPT])
def test_headings_and_verdicts_are_whole_on_80_columns(changes: dict[str, Any]) -> None:
    members = [
        seen("symmetric", "a", (2.3, 2.3), init="zeros"),
        seen("vanishing_backward", "b", (2.3, 2.3), init="he", **changes),
    ]
    said = printed(*members, terminal=True)
    lines = said.splitlines()
    rule = next(k for k, line in enumerate(lines) if line.strip().startswith("─"))
    words = set(" ".join(lines[:rule]).replace(".", ". ").split())
    keys = " ".join(changes).replace("__", ". ").split()
    assert words == {"#", "init", *keys, "verdict", "loss", "at", "0", "1", "layer"}
    assert max(map(len, lines)) <= 80
    body = "\n".join(lines[rule + 1 :])
    assert " symmetric " in body
    assert " vanishing backward " in body


def test_a_wide_terminal_has_headings_in_one_line() -> None:
    members = [seen("healthy", "a", (2.3, 1.0), model__dropout=p) for p in (0.0, 0.5)]
    said = printed(*members, width=200, terminal=True)
    assert any(line.split()[:2] == ["#", "model.dropout"] for line in said.splitlines())


def test_a_member_that_failed_is_told_with_its_reason() -> None:
    assert "could not be examined: init=lsuv: the layer is dead." in printed(seen(None))


def test_brackets_are_no_markup() -> None:
    label = "model.hidden=[9,9] [bold]init=he[/bold]"
    assert label in printed(seen("healthy", label, (2.3, 1.0)))


@pytest.mark.parametrize("depth", [LONGEST - 1, LONGEST, 40])
def test_layers_are_named_and_of_many_the_middle_is_left_out(depth: int) -> None:
    member = seen("healthy", losses=(2.3, 1.0), model__hidden=[8] * depth)
    rows = [line.split() for line in printed(member).splitlines()]
    start = next(k for k, row in enumerate(rows) if row[:1] == ["layer"])
    named = [row[0] for row in rows[start + 1 :] if len(row) > 6 and row[1] == "0"]
    if depth < LONGEST:
        assert named == [*map(str, range(1, depth + 1)), "logits"]
    else:
        assert named == [*"123456", *(str(depth - k) for k in (2, 1, 0)), "logits"]


def test_theory_has_a_column_where_it_was_measured() -> None:
    member = seen("healthy", losses=(2.3, 1.0))
    assert "q/th" not in printed(member)
    member.records.append(Record(0, 2, "q_theory_ratio", 0.875))
    assert "q/th: mean of z²" in printed(member)
    rows = [line.split() for line in printed(member).splitlines()]
    head = next(line for line in printed(member).splitlines() if line.lstrip().startswith("layer"))
    place = head.replace("z std", "z").split().index("q/th")
    assert next(row for row in rows if row[:2] == ["2", "0"])[place] == "0.875"
