"""The words below the ranked table."""

import io
from pathlib import Path
from typing import Any

import pytest

from src.report.reasons import SENTENCES, reasons
from tests.records import failed, made, written
from tests.reporting import shown

EQUAL = "All 256 units of layer 1 are copies of one another."


def judged(name: str, sentence: str, remedy: str = "", *besides: str, **changes: Any) -> Any:
    found = [{"name": name, "sentence": sentence, "remedy": remedy, "evidence": []}]
    found += [{"name": other, "sentence": "", "remedy": "", "evidence": []} for other in besides]
    return made(**changes) | {"verdict": {"primary": name, "index": 0, "found": found}}


def test_seeds_of_an_arm_are_told_once() -> None:
    records = [
        judged("symmetric", EQUAL, "Draw.", "dead", init__name=init, seed=seed)
        for init in ("zeros", "ones")
        for seed in range(3)
    ] + [judged("healthy", "It learns.", init__name="he")]
    assert list(reasons(records, ["init", "seed"])) == [
        "symmetric (6 members: init=zeros, ones)",
        f"  init=zeros: {EQUAL} Besides: dead.",
        "  Try: Draw.",
        "healthy (1 member: init=he)",
        "  It learns.",
    ]


def test_numbers_of_one_member_are_told_with_its_seed() -> None:
    records = [
        judged("healthy", f"It learns: {80 + seed} % right.", init__name=init, seed=seed)
        for init in ("he", "xavier")
        for seed in (4, 2)
    ]
    zeros = [judged("symmetric", EQUAL, init__name="zeros", seed=seed) for seed in range(2)]
    assert list(reasons([*records, *zeros], ["init", "seed"])) == [
        "healthy (4 members: init=he, xavier)",
        "  init=he, e.g. seed=4: It learns: 84 % right.",
        "symmetric (2 members: init=zeros)",
        f"  {EQUAL}",
    ]
    assert list(reasons(records[:2], ["init", "seed"])) == [
        "healthy (2 members: init=he)",
        "  e.g. seed=4: It learns: 84 % right.",
    ]


def test_any_seed_is_one() -> None:
    records = [
        judged("healthy", f"It learns: {80 + order} % right.", data__order_seed=order)
        for order in range(2)
    ]
    assert list(reasons(records, ["data.order_seed"])) == [
        "healthy (2 members)",
        "  e.g. data.order_seed=0: It learns: 80 % right.",
    ]


def test_arms_that_differ_are_told_apart() -> None:
    records = [
        judged("dead", f"Died at step {lr}.", "Smaller steps.", optimizer__lr=lr) for lr in (1, 2)
    ]
    assert list(reasons(records, ["optimizer.lr"])) == [
        "dead (2 members)",
        "  optimizer.lr=1: Died at step 1.",
        "  optimizer.lr=2: Died at step 2.",
        "  Try: Smaller steps.",
    ]


def test_many_arms_are_counted() -> None:
    records = [judged("slow", f"Slow by {k}.", "More.", init__name=f"i{k}") for k in range(1000)]
    records.append(judged("healthy", "It learns.", init__name="he"))
    lines = list(reasons(records, ["init"]))
    assert lines[0] == "slow (1,000 members: init=i0, i1, i2, i3, i4, i5 and 994 more)"
    assert len(lines) == 1 + SENTENCES + 2 + 2
    assert lines[1 + SENTENCES] == f"  ... and {1000 - SENTENCES} arms more; see each result.json."


def test_members_without_a_verdict_are_left_out() -> None:
    assert list(reasons([made(), failed()], ["init"])) == []


def test_a_pipe_is_not_folded(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    sentence = "word " * 400
    shown(written(tmp_path, judged("dead", sentence.strip(), "[bold]x[/bold]")))
    lines = capsys.readouterr().out.splitlines()
    assert f"  {sentence.strip()}" in lines
    assert "  Try: [bold]x[/bold]" in lines


def test_a_terminal_is_folded_at_words(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    terminal = Terminal()
    monkeypatch.setenv("COLUMNS", "60")
    monkeypatch.setattr("sys.stdout", terminal)
    shown(
        written(tmp_path, judged("dead", "seven letters " * 20, "init=he or model.residual=true."))
    )
    lines = terminal.getvalue().splitlines()
    told = [line for line in lines if "seven" in line or "letters" in line]
    assert len(told) > 4
    assert max(map(len, told)) <= 60
    assert told[0].startswith("  seven")
    assert told[1].startswith("    ")
