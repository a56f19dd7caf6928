"""docs/calibration.*: of one another's making, the bars held, and the command that makes them."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from src.errors import InputError
from src.report.calibration import bars, page, plan, spread, study
from src.report.calibration.__main__ import main
from src.report.calibration.laws import laws

FEWEST = 500  # sweeps in each cell


def test_the_page_is_what_the_study_makes() -> None:
    """`python -m src.report.calibration --page` writes it anew."""
    assert (page.DOCS / "calibration.md").read_text() == page.page(study.kept())
    with Image.open(page.DOCS / "calibration.png") as picture:
        assert picture.width >= 1_000


def test_the_bars_are_held() -> None:
    kept = study.kept()
    assert bars.misses(kept) == []
    rows = bars.held(kept)
    assert {row.seeds for row in rows} == {5, 10, 20}
    assert {row.arms for row in rows} == {2, 3, 6, 10}
    assert {"runs", "resampled", "t3", "contaminated", "skewed"} <= {row.law for row in rows}
    for sweeps in (kept.sweeps, *(row.sweeps for row in rows)):
        assert sweeps >= FEWEST


def test_the_study_is_whole() -> None:
    kept = study.kept()
    planned = plan.cells()
    made: list[tuple[object, ...]] = [
        ("alike", row.law, row.arms, row.seeds, 0.0) for row in kept.alike
    ]
    made += [("power", row.law, row.arms, row.seeds, row.shift) for row in kept.power]
    made += [("tuned", "resampled", tuple(row.options), row.seeds, 0.0) for row in kept.tuned]
    assert made == [(c.kind, c.law, c.arms, c.seeds, c.shift) for c in planned]


@pytest.mark.parametrize(("law", "arms", "seeds"), [("runs", 2, 5), ("t3", 3, 10)])
@pytest.mark.slow
def test_the_study_is_of_the_statistics_as_they_are(law: str, arms: int, seeds: int) -> None:
    """Two cells anew, to the count; shares to the last digit kept."""
    kept = study.kept()
    (row,) = (r for r in kept.alike if (r.law, r.arms, r.seeds) == (law, arms, seeds))
    found = plan.whole(plan.Cell("alike", law, arms, seeds), kept.sweeps)
    assert study.alike(law, arms, seeds, found) == row


@pytest.mark.slow
def test_a_new_study_of_full_size_holds_the_bars() -> None:
    """Of other sweeps than the kept one. The bars allow for the simulation's noise but in the false
    claims of all cells together: 10,000 sweeps and more at each number of seeds, whose rate has a
    standard error of .2 % about the 4.4 % that is known."""
    made = plan.made(FEWEST, seed=plan.SEED + 1)
    assert bars.misses(made) == []
    assert {row.sweeps for row in made.alike} == {FEWEST}


def test_a_study_is_kept_and_read(tmp_path: Path) -> None:
    kept = study.kept()
    study.keep(replace(kept, sweeps=7), tmp_path / "kept.json")
    assert study.kept(tmp_path / "kept.json") == replace(kept, sweeps=7)
    lines = (tmp_path / "kept.json").read_text().splitlines()
    assert len(lines) > len(kept.alike) + len(kept.power) + len(kept.tuned)


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"sweeps": 1, "alike": []}', None])
def test_another_file_is_refused(tmp_path: Path, text: str | None) -> None:
    path = tmp_path / "calibration.json"
    if text is not None:
        path.write_text(text)
    with pytest.raises(InputError) as caught:
        study.kept(path)
    assert str(caught.value) == (
        f"{path}: not a readable study; python -m src.report.calibration writes one."
    )


@pytest.mark.slow
def test_what_is_missed_stands_on_the_page() -> None:
    kept = study.kept()
    worse = [replace(row, false=row.sweeps) for row in kept.alike]
    text = page.page(replace(kept, alike=worse))
    assert "Both are held" not in text
    assert "- 10 arms alike by t3, 20 seeds: " in text
    assert "Both are held" in page.page(kept)


@pytest.mark.slow
def test_every_law_is_explained_and_shown() -> None:
    text = page.page(study.kept())
    for law in laws().values():
        assert f"- `{law.name}`: {law.says}" in text
        assert f"| `{law.name}` | 2 | " in text


def test_the_spread_is_of_the_design() -> None:
    """Sixty orders, each with the same four draws; both accuracies as counts of images."""
    values = spread.measured()
    assert values.shape == (60, 4, 2)
    counts = values / spread.UNIT
    assert np.abs(counts - counts.round()).max() < 1e-6
    assert spread.head()[0] == spread.COMMAND


def _member(folder: Path, order: int, weights: int, status: str = "done") -> dict[str, Any]:
    accuracy = 0.87 + order / 100 + weights / 1000
    record = {
        "status": status,
        "label": f"seed={weights}",
        "config": {"seed": weights, "data": {"order_seed": order}},
        "step": 2400,
        "seeds": {"seed": weights, "data.order_seed": order},
        "metrics": {"last": {"validation_accuracy": accuracy}, "test": {"accuracy": accuracy / 2}},
        "steps_to_80": None if weights else 130,
        "versions": {"python": "3.11", "torch": "2", "starting-strength": "1"},
        "device": "cpu",
        "git_revision": "0123456789abcdef",
    }
    place = folder / f"{order}-{weights}"
    place.mkdir(parents=True)
    (place / "result.json").write_text(json.dumps(record))
    return record


def test_a_spread_is_taken_from_a_sweep(tmp_path: Path) -> None:
    for order in (10, 2):
        for weights in (1, 0):
            _member(tmp_path / "sweep", order, weights)
    path = tmp_path / "spread.csv"
    assert spread.take(tmp_path / "sweep", path) == 4
    values = spread.measured(path)
    assert values[..., 0] == pytest.approx(np.array([[0.89, 0.891], [0.97, 0.971]]))
    assert values[..., 1] == pytest.approx(values[..., 0] / 2)
    assert path.read_text().splitlines()[4] == "2,0,0.89,0.445,130"
    assert "; cpu; revision 0123456789ab." in spread.head(path)[2]
    _member(tmp_path / "sweep", 3, 0, "diverged")
    with pytest.raises(InputError, match="seed=0 did not come to its end"):
        spread.take(tmp_path / "sweep", path)


@pytest.mark.slow
def test_the_command_writes_the_page_of_what_is_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(page, "DOCS", tmp_path)
    monkeypatch.setattr(study, "PROJECT", tmp_path)
    main(["--page"])
    assert (tmp_path / "calibration.md").read_text() == page.page(study.kept())
    assert (tmp_path / "calibration.png").read_bytes().startswith(b"\x89PNG")
    assert capsys.readouterr().out == (
        "written: calibration.md\nwritten: calibration.png\nAll bars are held.\n"
    )


@pytest.mark.slow
def test_the_command_simulates(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A study of few cells, by processes; the same as one made here."""
    monkeypatch.setattr(page, "DOCS", tmp_path)
    monkeypatch.setattr(study, "PROJECT", tmp_path)
    monkeypatch.setattr(study, "STUDY", tmp_path / "calibration.json")
    monkeypatch.setattr(plan, "FAMILIES", (2,))
    monkeypatch.setattr(bars, "misses", lambda found: ["one bar."])
    main(["--sweeps", "100"])
    made = study.kept()
    (row,) = (r for r in made.alike if (r.law, r.seeds) == ("normal", 5))
    cell = plan.Cell("alike", "normal", 2, 5)
    assert row == study.alike("normal", 2, 5, plan.whole(cell, 100))
    assert capsys.readouterr().out.endswith("missed: one bar.\n")
    assert "- one bar." in (tmp_path / "calibration.md").read_text()


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["--sweeps", "99"], "--sweeps=99: must be at least 100."),
        (["--spread", "nowhere"], "nowhere: no such folder."),
    ],
)
def test_bad_input(words: list[str], sentence: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        main(words)
    assert caught.value.code == 2
    assert capsys.readouterr().err == f"error: {sentence}\n"
