"""What `python -m src.report` refuses, in a sentence."""

from pathlib import Path

import pytest

from src.report.conclusion import conclude
from tests.records import failed, made, written
from tests.reporting import files, records, report

pytestmark = pytest.mark.usefixtures("elsewhere")


@pytest.fixture
def sweep(tmp_path: Path) -> Path:
    return written(tmp_path / "sweep", *records())


def test_a_page_that_is_not_of_a_report_is_kept(sweep: Path) -> None:
    for name, content in (("index.html", "mine"), ("report.json", "{}")):
        folder = Path(f"docs-{name}")
        folder.mkdir()
        (folder / name).write_text(content)
        outcome = report("sweep", "--out", str(folder))
        outcome.assert_refused()
        assert f"{folder}: holds a file {name} that is not of a report" in outcome.err
        assert (folder / name).read_text() == content
        assert outcome.out == ""
        assert files(folder) == [name]


@pytest.mark.parametrize(
    ("typed", "words"),
    [
        ("", ["FOLDER: name at least one folder"]),
        ("nowhere", ["nowhere: no such folder"]),
        ("sweep/member=0/result.json", ["result.json: is a file; name its folder"]),
        ("empty", ["empty: holds no result.json"]),
        ("sweep empty", ["empty: holds no result.json"]),
        ("no_sweep", ["no_sweep: holds no result.json"]),
        ("sweep --baseline glorot", ["--baseline=glorot: no such arm", "he; xavier; zeros"]),
        ("sweep --scientific foo", ["--scientific=foo: does not vary here; what does: init"]),
        ("sweep --scientific init,seed", ["--scientific=seed: is what arms are paired by"]),
        ("sweep --scientific ,", ["--scientific=", "one setting or more"]),
        ("sweep --metric f1", ["--metric=f1", "auto, test_accuracy, validation_accuracy"]),
        ("sweep --export a.xlsx", ["--export=a.xlsx", ".csv, .parquet, .tex or .md"]),
        ("sweep --export no/a.csv", ["--export=no/a.csv", "in a folder that exists"]),
        ("sweep --export folder.csv", ["folder.csv: cannot be written; it is a folder"]),
        ("sweep --export /proc/a.csv", ["/proc/a.csv: cannot be written; nothing may be written"]),
        ("sweep --out /proc/x", ["/proc/x: cannot hold a report; nothing may be written into /pr"]),
        ("sweep --compare", ["--compare=1 folder(s)", "exactly two"]),
        ("sweep sweep sweep --compare", ["--compare=3 folder(s)", "exactly two"]),
        ("sweep sweep --compare --out x", ["--compare", "without --out"]),
        (
            "sweep --out no_sweep/notes.txt",
            ["no_sweep/notes.txt: cannot hold a report", "is no folder"],
        ),
        ("sweep --out no_sweep/notes.txt/x", ["no_sweep/notes.txt/x: cannot hold a report"]),
        ("sweep --out x --no-page", ["--out=x", "--no-page"]),
        ("sweep --foo", ["--foo", "--help"]),
        ("broken", ["broken/member=0/result.json: not a readable result"]),
        ("all_failed", ["no member came so far"]),
    ],
)
@pytest.mark.usefixtures("sweep")
def test_bad_input_is_told(tmp_path: Path, typed: str, words: list[str]) -> None:
    (tmp_path / "empty").mkdir()
    (tmp_path / "folder.csv").mkdir()
    (tmp_path / "no_sweep").mkdir()
    (tmp_path / "no_sweep" / "notes.txt").write_text("x")
    written(tmp_path / "broken", made())
    (tmp_path / "broken" / "member=0" / "result.json").write_text("{")
    written(tmp_path / "all_failed", failed(seed=0), failed(seed=1))
    before = files(tmp_path)
    outcome = report(*typed.split())
    outcome.assert_refused()
    assert outcome.out == ""
    for word in words:
        assert word in outcome.err, outcome.err
    assert files(tmp_path) == before


@pytest.mark.parametrize(
    ("typed", "name"),
    [(["sweep", "--out", ""], "--out"), (["sweep", "--export", ""], "--export"), ([""], "FOLDER")],
)
def test_an_empty_path_is_not_the_folder_here(sweep: Path, typed: list[str], name: str) -> None:
    before = files(sweep.parent)
    outcome = report(*typed)
    outcome.assert_refused()
    assert f"{name}=: must be a path, and is empty." in outcome.err
    assert files(sweep.parent) == before


def test_a_full_disk_is_told(sweep: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(path: Path, content: bytes) -> None:
        raise OSError(28, "No space left on device", str(path))

    monkeypatch.setattr("src.report.write.write_atomically", full)
    outcome = report("sweep")
    outcome.assert_refused()
    assert "No space left on device" in outcome.err
    assert "| 1 | he " in outcome.out


@pytest.fixture
def mixed(tmp_path: Path) -> Path:
    """A sweep over data sets, whose scores are of different questions."""
    found = records()
    for record in found[:3]:
        record["config"]["data"]["name"] = "mnist"
    return written(tmp_path / "mixed", *found)


def test_data_sets_are_not_mixed(mixed: Path) -> None:
    outcome = report("mixed")
    outcome.assert_refused()
    assert "mnist" in outcome.err
    assert "synthetic" in outcome.err
    assert outcome.out == ""


def test_a_sweep_over_data_sets_ends_with_its_members(
    mixed: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert len(conclude(mixed).records) == 9
    out = capsys.readouterr().out
    assert "val. acc. %" in out
    assert f"9 member(s) in {mixed}\nNo report: " in out
    assert "mnist" in out.rpartition("No report: ")[2]
    assert (mixed / "summary.csv").is_file()
    assert not (mixed / "report").exists()


def test_members_without_metrics(tmp_path: Path) -> None:
    found = records()
    for record in found:
        record["metrics"] = None
    written(tmp_path / "bare", *found)
    outcome = report("bare")
    outcome.assert_refused()
    assert "no member has a validation accuracy" in outcome.err
    found[3:] = records()[3:]
    written(tmp_path / "partly", *found)
    outcome = report("partly", "--no-page")
    assert (outcome.code, outcome.err) == (0, "")
    assert "| xavier " in outcome.out
    assert "Note: Without validation accuracy: 3 members (he 3), left out." in outcome.out
