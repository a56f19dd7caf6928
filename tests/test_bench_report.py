"""Bars, page and picture from made-up figures, and the command that writes them."""

import json
import struct
from argparse import Namespace
from importlib.util import find_spec
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from src.bench import __main__ as command
from src.bench import picture
from src.bench.bars import Bar, bars
from src.bench.markdown import page
from src.bench.names import (
    BEHIND,
    FLOOR,
    NOTEBOOK,
    PLAIN,
    VMAP,
)
from tests.bench_figures import FIGURES, WAYS


def found(what: str) -> Bar:
    (bar,) = [bar for bar in bars(FIGURES) if what in bar.what]
    return bar


@pytest.mark.parametrize(
    ("what", "asked", "middle", "met"),
    [
        ("share of the arithmetic floor", "at least 80%", 0.82, True),
        (f"against {PLAIN}", "at least 2.60×", 3.0, True),
        (f"against {VMAP}", "at least 2.20×", 2.0, False),
        # Round by round the faster of the two: 1.25, 1.0 and 1.25.
        ("better of both JAX", "at least 1.10×", 1.25, True),
        (f"against {NOTEBOOK}", "at least 13.00×", 13.0, True),
        ("stack of 1024 (the farthest)", "0.90 to 1.10×", 1.15, False),
        ("member of a stack of 1024", "below 6 MB", 6.75, False),
        ("everything, a stack of 64", "below 1500 MB", 1225.0, True),
        ("beyond its training, as a share", "below 0.25", 0.25, False),
        ("Hydra takes for a job", "below 30 ms", 50.0, False),
        ("stack of 1, diagnostics=light, against off", "at most 1.10×", 1.1, True),
        ("stack of 1, diagnostics=full, against off", "", 1.4, None),
        ("stack of 64, diagnostics=light, against off", "at most 1.10×", 1.2, False),
        # Round by round, and lecun has nothing to be held against.
        ("init=he, against torch, as many normal", "at most 2.00×", 2.0, True),
        ("init=orthogonal, against torch", "at most 2.00×", 6.6667, False),
        ("ledger and checkpoints, against none", "at most 2%", 1.0, True),
        # What is written behind the training is not waited for.
        ("waiting for ledger, checkpoints and disk", "at most 2%", 3.0, False),
        ("1024 members x 1 epoch", "", 15.36, None),
        ("Adam's traffic", "", 0.3, None),
    ],
)
def test_bars(what: str, asked: str, middle: float, met: bool | None) -> None:
    bar = found(what)
    assert bar.asked == asked
    assert bar.middle == pytest.approx(middle, rel=1e-4)
    assert bar.met is met


def test_only_what_was_measured_is_judged() -> None:
    assert bars({}) == []
    assert bars({"gpu": {}}) == []
    few = {"stack of 64": [1.0], FLOOR: [0.5], PLAIN: [3.0]}
    assert [bar.met for bar in bars({"stacks": few})] == [False, True]
    assert bars({"stacks": {"stack of 1": [1.0], FLOOR: [0.5]}}) == []


def section(figures: object) -> dict[str, Any]:
    return {
        "date": "2026-01-01",
        "command": "python -m src.bench",
        "machine": {"cpu": "A CPU", "cores": 2, "torch_threads": 2},
        "versions": {"python": "3.11.7", "torch": "2.14", "jax": "not installed"},
        "revision": "abc",
        "seconds": 1.0,
        "figures": figures,
    }


def test_the_page_shows_every_figure() -> None:
    text = page({name: section(figures) for name, figures in FIGURES.items()})
    for name in WAYS:
        assert f"| {name} | " in text
    assert "| stack of 8 | 0.400 (n=3, 0.400 to 0.500) |" in text
    assert "| stack of 64: share of the arithmetic floor | at least 80% | 0.82 (n=3," in text
    assert "| met |" in text
    assert "| missed |" in text
    assert "| 900" not in text  # the sweep's memory is not among the commands
    assert "| help | 1.20 (n=1) | 1.10 (n=1) | 60.00 (n=1) |" in text
    assert "| training | 64.00 (n=1) |" in text
    assert "| table |" not in text  # a thousandth of a second is no phase
    assert "over 29: Hydra takes 0.050 s (n=3, 0.040 to 0.060) of CPU" in text
    assert "| composing | 30 (n=3, 20 to 30) |" in text
    assert "| imports | 0" not in text
    assert "| stack of 64, diagnostics=full | 0.500 (n=3, 0.400 to 0.800) |" in text
    assert (
        "stacks, memory, sweep, jobs, commands, diagnostics, starts, reliability, gpu: 2026-01-01"
        in text
    )
    assert "| with ledger and checkpoints | 50.500 (n=3, 50.000 to 52.000) |" in text
    assert f"| of that: {BEHIND} | 9.000 (n=3," in text
    columns = {line.count("|") for line in text.splitlines() if line.startswith("| what")}
    assert columns == {5}


def test_the_page_of_a_machine_without_a_gpu() -> None:
    assert "not measured on a GPU: none found" in page({"gpu": section({})})


needs_matplotlib = pytest.mark.skipif(
    find_spec("matplotlib") is None,
    reason="matplotlib is not installed (pip install -e '.[bench]')",
)


@needs_matplotlib
def test_the_picture(tmp_path: Path) -> None:
    path = tmp_path / "picture.png"
    picture.draw(WAYS, "A title", path)
    content = path.read_bytes()
    assert content.startswith(b"\x89PNG")
    assert struct.unpack(">2I", content[16:24]) == (1275, 780)


def test_labels_do_not_touch() -> None:
    values = {"a": 1.0, "b": 1.01, "c": 1.02, "d": 10.0}
    heights = picture.apart(values, 0.5, 20.0)
    assert list(heights) == ["a", "b", "c", "d"]
    gaps = [above - below for below, above in pairwise(heights.values())]
    assert min(gaps) >= picture.APART - 1e-12
    assert heights["d"] == pytest.approx(0.8121, abs=1e-4)  # log(20) / log(40)


# --- the command -----------------------------------------------------------------------------


def test_a_section_can_be_measured_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    calls: list[str] = []

    def measured(name: str) -> dict[str, Any]:
        calls.append(name)
        return {**FIGURES[name], "call": {"wall": [1], "cpu": [1], "peak_mb": [len(calls)]}}

    monkeypatch.setattr(
        command,
        "SECTIONS",
        {"commands": lambda asked: measured("commands"), "jobs": lambda asked: measured("jobs")},
    )
    monkeypatch.setattr(command, "machine", lambda: section({})["machine"])
    command.main(["--output", str(tmp_path)])
    command.main(["--output", str(tmp_path), "--only", "commands", "--rounds", "2"])
    (path,) = tmp_path.glob("*.json")
    sections = json.loads(path.read_text())["sections"]
    assert calls == ["commands", "jobs", "commands"]
    assert sections["commands"]["figures"]["call"]["peak_mb"] == [3]
    assert "--rounds 2" in sections["commands"]["command"]
    assert sections["commands"]["command"].endswith("--only commands")
    assert "--only" not in sections["jobs"]["command"]
    assert path.with_suffix(".md").read_text() in capsys.readouterr().out


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["--only", "stacks,speed"], "speed: no such section; allowed: stacks, memory, sweep"),
        (["--rounds", "0"], "0: must be an integer of at least 1"),
        (["--sizes", "1,x"], "x: must be an integer of at least 1"),
    ],
)
def test_a_mistake_is_told(
    arguments: list[str], sentence: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as ended:
        command.main(arguments)
    assert ended.value.code == 2
    assert sentence in capsys.readouterr().err


def test_a_machine_without_a_gpu(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(command, "machine", lambda: {"gpu": None})
    assert command._gpu(Namespace(rounds=1)) == {}
    assert capsys.readouterr().out == "not measured on a GPU: none found\n"
