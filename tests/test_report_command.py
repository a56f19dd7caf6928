"""`python -m src.report`: what it writes and what it prints."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from src.report.figures.drawing import write as write_drawing
from tests.records import diverged, failed, written
from tests.reporting import files, member, records, report

pytestmark = pytest.mark.usefixtures("elsewhere")


@pytest.fixture
def sweep(tmp_path: Path) -> Path:
    return written(tmp_path / "sweep", *records())


def test_a_report(sweep: Path) -> None:
    outcome = report("sweep", "--quiet")
    assert (outcome.code, outcome.err) == (0, "")
    assert outcome.out.endswith("9 member(s) in sweep\nreport: sweep/report/index.html\n")
    assert "| 1 | he " in outcome.out
    found = files(sweep / "report")
    assert {"index.html", "report.json", "figures/ranking.png", "figures/ranking.pdf"} <= set(found)
    assert not [name for name in found if "partial" in name]
    # No part of a report is a result: the sweep can be read again.
    assert report("sweep", "--quiet").out == outcome.out
    assert files(sweep / "report") == found


@pytest.mark.slow
def test_json_alone_on_standard_output(sweep: Path) -> None:
    outcome = report("sweep", "--json")
    assert (outcome.code, outcome.err) == (0, "")
    told = json.loads(outcome.out)
    assert [arm["name"] for arm in told["arms"]] == ["he", "xavier", "zeros"]
    assert told["arms"][0]["n"] == 3
    assert told["arms"][0]["scores"] == pytest.approx([0.84, 0.845, 0.85])
    assert len(told["pairs"]) == 3
    assert {pair["first"] for pair in told["pairs"]} == {"he", "xavier"}
    assert not (sweep / "report").exists()
    outcome = report("sweep", "--json", "--out", "there")
    assert (outcome.code, outcome.err) == (0, f"report: {Path('there', 'index.html')}\n")
    written_one = json.loads(Path("there", "report.json").read_text())
    assert {**written_one, "files": None} == {**json.loads(outcome.out), "files": None}


def test_no_page(sweep: Path) -> None:
    outcome = report("sweep", "--no-page")
    assert outcome.code == 0
    assert outcome.out.endswith("9 member(s) in sweep\n")
    assert not (sweep / "report").exists()


@pytest.mark.slow
def test_several_folders_are_one_table(sweep: Path, tmp_path: Path) -> None:
    written(tmp_path / "more", *(member("lecun", seed, 0.5) for seed in range(3)))
    outcome = report("sweep", "more", "--quiet")
    assert (outcome.code, outcome.err) == (0, "")
    assert "lecun" in outcome.out
    assert outcome.out.endswith("12 member(s) in sweep, more\nreport: report/index.html\n")
    assert (tmp_path / "report" / "index.html").is_file()


def test_two_sweeps_side_by_side(sweep: Path, elsewhere: Path) -> None:
    better = records()
    for record in better:
        record["metrics"]["test"]["accuracy"] += 0.01 + record["config"]["seed"] / 1_000
        record["config"]["model"]["dropout"] = 0.0
    written(elsewhere / "after", *better)
    before = files(elsewhere)
    outcome = report("sweep", "after", "--compare")
    assert (outcome.code, outcome.err) == (0, "")
    assert "model.dropout: 0.2 -> 0.0" in outcome.out
    told = json.loads(report("sweep", "after", "--compare", "--json").out)
    assert told["metric"] == "test_accuracy"
    # Of seeds 0, 1 and 2 the mean of what was added.
    assert [arm["difference"] for arm in told["arms"]] == pytest.approx([0.011] * 3)
    assert told["sentence"] in " ".join(outcome.out.split())
    assert files(elsewhere) == before


def test_flags_win_over_what_the_sweep_was_told(tmp_path: Path) -> None:
    asked = {"scientific": None, "baseline": "he", "metric": "validation_accuracy", "page": True}
    told = records()
    for record in told:
        record["config"]["report"] = asked
    written(tmp_path / "sweep", *told)
    found = json.loads(report("sweep", "--json").out)
    assert (found["metric"], found["baseline"]) == ("validation_accuracy", "he")
    flags = ("--metric", "test_accuracy", "--baseline", "zeros", "--scientific", "init")
    found = json.loads(report("sweep", "--json", *flags).out)
    assert (found["metric"], found["baseline"]) == ("test_accuracy", "zeros")


def told_by_the_sweep(folder: Path, found: list[dict[str, Any]], **asked: Any) -> None:
    default = {"scientific": None, "baseline": None, "metric": "auto", "page": True}
    for record in found:
        record["config"]["report"] = {**default, **asked}
    written(folder, *found)


def test_a_sweep_of_which_one_arm_is_finished(tmp_path: Path) -> None:
    found = records()[:3]
    told_by_the_sweep(tmp_path / "sweep", found, scientific=["init"], baseline="zeros")
    for flags in ([], ["--scientific", "init"]):
        outcome = report("sweep", "--no-page", *flags)
        assert (outcome.code, outcome.err) == (0, "")
        assert "Note: init is asked for and has one value here" in outcome.out
        assert "Note: The baseline zeros, which the sweep was told, is no arm here" in outcome.out


def test_the_baseline_of_a_sweep_gives_way_to_flags(tmp_path: Path) -> None:
    found = [
        member(init, seed, 0.8 + seed / 100, optimizer__name=name)
        for init in ("he", "zeros")
        for name in ("adam", "sgd")
        for seed in range(3)
    ]
    told_by_the_sweep(tmp_path / "sweep", found, baseline="he")
    assert json.loads(report("sweep", "--json").out)["baseline"] == "he"
    for none in ("", "none"):
        assert json.loads(report("sweep", "--json", "--baseline", none).out)["baseline"] is None
    outcome = report("sweep", "--json", "--scientific", "init, optimizer")
    assert (outcome.code, outcome.err) == (0, "")
    told = json.loads(outcome.out)
    assert (told["baseline"], len(told["arms"])) == (None, 4)
    assert [note for note in told["notes"] if note.startswith("The baseline he, which the sweep")]
    outcome = report("sweep", "--baseline", "he", "--scientific", "init,optimizer")
    outcome.assert_refused()
    assert "--baseline=he: no such arm" in outcome.err


def test_auto_is_a_metric(tmp_path: Path) -> None:
    told_by_the_sweep(tmp_path / "sweep", records(), metric="validation_loss")
    assert json.loads(report("sweep", "--json").out)["metric"] == "validation_loss"
    flags = ("--metric", "auto")
    assert json.loads(report("sweep", "--json", *flags).out)["metric"] == "test_accuracy"


@pytest.mark.slow
def test_one_arm_is_no_error(tmp_path: Path) -> None:
    written(tmp_path / "one", *(member("he", seed, 0.8 + seed / 100) for seed in range(3)))
    outcome = report("one")
    assert (outcome.code, outcome.err) == (0, "")
    assert (tmp_path / "one" / "report" / "index.html").is_file()


@pytest.mark.slow
def test_stale_files_of_an_earlier_report_go_and_nothing_else(sweep: Path) -> None:
    report("sweep")
    folder = sweep / "report"
    listed = json.loads((folder / "report.json").read_text())
    outside = sweep / "keep.png"
    for path in (folder / "figures" / "former.png", folder / "figures" / "mine.png", outside):
        path.write_bytes(b"x")
    names = ["figures/former.png", "../keep.png", "figures/../../keep.png", "figures/gone.pdf", 3]
    listed["files"] += names
    (folder / "report.json").write_text(json.dumps(listed))
    assert report("sweep").code == 0
    assert not (folder / "figures" / "former.png").exists()
    assert (folder / "figures" / "mine.png").exists()
    assert outside.exists()


def test_ctrl_c(sweep: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("src.report.write.drawings", interrupt)
    outcome = report("sweep")
    assert (outcome.code, outcome.err) == (130, "error: interrupted.\n")
    assert not (sweep / "report" / "index.html").exists()


@pytest.mark.parametrize("figures", [0, 1])
@pytest.mark.slow
def test_a_half_written_report_lists_what_is_there(
    sweep: Path, monkeypatch: pytest.MonkeyPatch, figures: int
) -> None:
    whole, calls = write_drawing, []

    def interrupted(*arguments: Any) -> None:
        calls.append(arguments)
        if len(calls) > figures:
            raise KeyboardInterrupt
        whole(*arguments)

    monkeypatch.setattr("src.report.write.write_drawing", interrupted)
    assert report("sweep").code == 130
    folder = sweep / "report"
    listed = json.loads((folder / "report.json").read_text())["files"]
    assert len(listed) == 2 * figures
    assert sorted([*listed, "report.json"]) == files(folder)
    monkeypatch.undo()
    monkeypatch.chdir(sweep.parent)
    assert report("sweep").code == 0
    listed = json.loads((folder / "report.json").read_text())["files"]
    assert sorted([*listed, "report.json"]) == files(folder)


@pytest.mark.slow
def test_members_that_diverged_or_failed_are_no_fault(tmp_path: Path) -> None:
    others = [diverged(init__name="ones", seed=seed) for seed in range(3)]
    written(tmp_path / "sweep", *records(), *others, failed(init__name="he", seed=9))
    outcome = report("sweep")
    assert (outcome.code, outcome.err) == (0, "")
    assert "diverged" in outcome.out


@pytest.mark.slow
def test_a_reader_that_has_enough(project: Path, sweep: Path) -> None:
    reading, writing = os.pipe()
    os.close(reading)
    done = subprocess.run(
        [sys.executable, "-m", "src.report", str(sweep), "--no-page"],
        cwd=project,
        stdout=writing,
        stderr=subprocess.PIPE,
        timeout=120,
    )
    os.close(writing)
    assert (done.returncode, done.stderr) == (141, b"")


def test_help_needs_nothing_heavy(project: Path) -> None:
    code = """
import sys
from src.report.__main__ import main
try:
    main(["--help"])
finally:
    heavy = ("torch", "numpy", "pandas", "scipy", "matplotlib")
    print([name for name in heavy if name in sys.modules], file=sys.stderr)
"""
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=project, capture_output=True, text=True, timeout=120
    )
    assert (done.returncode, done.stderr) == (0, "[]\n")
    for word in ("--json", "--export", "--compare", "validation_loss", "examples:", "multirun/"):
        assert word in done.stdout
