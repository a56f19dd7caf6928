"""How a command ends: with a table, with what failed, interrupted, or refused over old results."""

import json
from pathlib import Path

import pytest

from src import fit
from src.interruption import Terminated
from tests.command import Command
from tests.conftest import SMALL

QUICK = (*SMALL, "quiet=true", "logger=none")
SWEEP = ("-m", *QUICK, "report.page=true", "init=he,zeros", "seeds=3", "hydra.sweep.dir=here")


def test_a_single_run_and_its_repetition(command: Command, tmp_path: Path) -> None:
    outcome = command(*QUICK, "hydra.run.dir=here", "init=he")
    assert (outcome.code, outcome.err) == (0, "")
    assert outcome.out.count("val. acc. %") == 1
    assert "| he " in outcome.out
    assert outcome.out.endswith(f"1 member(s) in {tmp_path / 'here'}\n")
    before = (tmp_path / "here" / "result.json").read_bytes()
    outcome = command(*QUICK, "hydra.run.dir=here", "seed=1")
    outcome.assert_refused()
    assert "here: holds a result.json already" in outcome.err
    assert (tmp_path / "here" / "result.json").read_bytes() == before


@pytest.mark.slow
def test_finished_members_are_kept(command: Command, tmp_path: Path) -> None:
    finished = [tmp_path / "here" / name for name in ("seed=1", "seed=2")]
    for folder in finished:
        folder.mkdir(parents=True)
        (folder / "result.json").write_text('{"status": "done", "label": "", "config": {}}')
    short = "hydra.job.config.override_dirname.exclude_keys=[" + ",".join(
        item.partition("=")[0] for item in QUICK
    )
    outcome = command("-m", *QUICK, "hydra.sweep.dir=here", "seed=1,2", short + "]")
    outcome.assert_refused()
    # All are told, and no table of older runs is shown.
    for folder in finished:
        assert f"here/{folder.name}: holds a result.json already" in outcome.err
    assert [path.parent for path in command.results()] == finished
    assert outcome.out == ""
    # Nor does the next command of this process show it.
    outcome = command(*QUICK, "trainer.epochs=0")
    assert (outcome.code, outcome.err) == (0, "")
    assert outcome.out.count("val. acc. %") == 1


@pytest.mark.slow
def test_a_sweep_ends_with_its_arms_and_the_path_of_the_page(
    command: Command, tmp_path: Path
) -> None:
    outcome = command(*SWEEP)
    assert (outcome.code, outcome.err) == (0, "")
    assert "| n | test acc. % (95 %) |" in " ".join(outcome.out.split())
    assert outcome.out.endswith("6 member(s) in here\nreport: here/report/index.html\n")
    assert (tmp_path / "here" / "report" / "index.html").is_file()
    assert (tmp_path / "here" / "summary.csv").read_text().count("\n") == 7


@pytest.mark.parametrize("place", ["conclusion.keep", "analysis.summaries", "write.drawings"])
@pytest.mark.parametrize("how", [KeyboardInterrupt, Terminated])
@pytest.mark.slow
def test_interrupted_between_training_and_the_page(
    command: Command, monkeypatch: pytest.MonkeyPatch, place: str, how: type[BaseException]
) -> None:
    def interrupt(*_: object, **__: object) -> None:
        raise how

    monkeypatch.setattr(f"src.report.{place}", interrupt)
    outcome = command(*SWEEP)
    assert outcome.code == (143 if how is Terminated else 130)
    assert outcome.out.endswith("python -m src.report here makes the report.\n")


@pytest.mark.slow
def test_a_sweep_without_a_page(command: Command, tmp_path: Path) -> None:
    outcome = command(*(item for item in SWEEP if item != "report.page=true"))
    assert (outcome.code, outcome.err) == (0, "")
    assert outcome.out.endswith("6 member(s) in here\n")
    assert not (tmp_path / "here" / "report").exists()


@pytest.mark.parametrize(
    ("broken", "remains"),
    [
        ("src.report.analysis.summaries", "val. acc. %"),
        ("src.report.terminal.rows", "val. acc. %"),
        ("src.report.write.drawings", "test acc. % (95 %)"),
    ],
)
@pytest.mark.slow
def test_a_fault_of_the_report_hides_no_sweep(
    command: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, broken: str, remains: str
) -> None:
    def fault(*_: object, **__: object) -> None:
        raise ZeroDivisionError("division by zero")

    monkeypatch.setattr(broken, fault)
    outcome = command(*SWEEP)
    assert (outcome.code, outcome.err) == (0, "")
    assert remains in outcome.out
    assert "ZeroDivisionError: division by zero; python -m src.report here" in outcome.out
    assert "6 member(s) in here" in outcome.out
    assert (tmp_path / "here" / "summary.csv").is_file()
    assert len(command.results()) == 6


@pytest.mark.slow
def test_a_full_disk_hides_no_sweep_and_is_told(
    command: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(path: Path, content: bytes) -> None:
        raise OSError(28, "No space left on device", str(path))

    monkeypatch.setattr("src.report.write.write_atomically", full)
    monkeypatch.setattr("src.report.table.write_atomically", full)
    outcome = command(*SWEEP)
    outcome.assert_refused(code=1)
    said = "here/{} cannot be written (No space left on device)."
    assert outcome.sentences == [
        f"No summary.csv: {said.format('summary.csv')}",
        f"No page: {said.format('report/report.json')}",
        "python -m src.report here makes the report.",
    ]
    assert "No summary.csv: " in outcome.out
    assert "| n | test acc. % (95 %) |" in " ".join(outcome.out.split())
    assert "No page: here/report/report.json cannot be written (No space left on device).\n" in (
        outcome.out
    )


@pytest.fixture
def broken_tanh(monkeypatch: pytest.MonkeyPatch) -> None:
    """A fault of the program's own in one stack: nothing that a check could have foreseen."""

    def fit_or_burn(model: object, recipes: object, tracker: object, *rest: object) -> object:
        if tracker.members[0].config.model.hidden == [5]:  # type: ignore[attr-defined]
            raise RuntimeError("the device\nis on fire")
        return fit.fit_stack(model, recipes, tracker, *rest)  # type: ignore[arg-type]

    monkeypatch.setattr("src.members.fit_stack", fit_or_burn)


@pytest.mark.usefixtures("broken_tanh")
@pytest.mark.slow
def test_a_failed_member_ends_with_code_1_and_its_sentence(command: Command) -> None:
    outcome = command("-m", *QUICK, "model.hidden=[8],[5]")
    outcome.assert_refused(code=1)
    (folder,) = (path.parent for path in command.folder.rglob("ledger.sqlite"))
    assert outcome.sentences == [
        "model.hidden=[5]: RuntimeError: the device is on fire.",
        "1 of 2 member(s) failed; their train.log says more.",
        f"python -m src.train resume={folder.relative_to(command.folder)} tries again.",
    ]
    # The other stack is finished, and the table tells of both.
    statuses = [json.loads(path.read_text())["status"] for path in command.results()]
    assert sorted(statuses) == ["done", "failed"]
    assert "Note: Failed: 1 member" in outcome.out
    (log,) = [path for path in command.folder.rglob("train.log") if "[5]" in str(path.parent)]
    assert "Traceback" in log.read_text()
    assert "is on fire" in log.read_text()


@pytest.mark.usefixtures("broken_tanh")
@pytest.mark.slow
def test_a_single_failed_member(command: Command) -> None:
    outcome = command(*QUICK, "model.hidden=[5]")
    outcome.assert_refused(code=1)
    assert "RuntimeError: the device is on fire" in outcome.sentences[0]
    assert outcome.sentences[1] == "1 of 1 member(s) failed; their train.log says more."
    (path,) = command.results()
    assert outcome.sentences[2:] == [f"python -m src.train resume={path.parent} tries again."]


@pytest.mark.slow
def test_a_diverged_member_is_a_result(command: Command) -> None:
    outcome = command(*QUICK, "optimizer=sgd", "optimizer.lr=1e30")
    assert (outcome.code, outcome.err) == (0, "")
    (path,) = command.results()
    record = json.loads(path.read_text())
    assert record["status"] == "diverged"
    assert f"diverged at step {record['step']}" in outcome.out


@pytest.mark.slow
def test_an_internal_fault_is_one_sentence(
    command: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object) -> None:
        raise ZeroDivisionError("division\nby zero")

    monkeypatch.setattr("src.train.conclude", broken)
    outcome = command(*QUICK, "trainer.epochs=0")
    assert outcome.code == 1
    assert outcome.sentences == [
        "internal fault: ZeroDivisionError: division (HYDRA_FULL_ERROR=1 shows the trace)."
    ]


@pytest.mark.slow
def test_interrupt(command: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("src.members.fit_stack", interrupt)
    # The table of what is finished cannot be made; that must not hide how the command ended.
    (tmp_path / "here" / "old").mkdir(parents=True)
    (tmp_path / "here" / "old" / "result.json").write_text("{")
    outcome = command("-m", *QUICK, "hydra.sweep.dir=here", "seed=1,2")
    assert outcome.code == 130
    resume = "python -m src.train resume=here goes on from here."
    assert outcome.sentences[-1] == f"interrupted. {resume}"


@pytest.mark.parametrize(("kind", "code"), [(KeyboardInterrupt, 130), (Terminated, 143)])
@pytest.mark.slow
def test_an_interrupted_sweep_is_reported_from_what_finished(
    command: Command,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    kind: type[BaseException],
    code: int,
) -> None:
    def fit_or_stop(model: object, recipes: object, tracker: object, *rest: object) -> object:
        if tracker.members[0].config.model.hidden == [5]:  # type: ignore[attr-defined]
            raise kind
        return fit.fit_stack(model, recipes, tracker, *rest)  # type: ignore[arg-type]

    monkeypatch.setattr("src.members.fit_stack", fit_or_stop)
    asked = ("model.hidden=[8],[5]", "seeds=2", "report.page=true", "hydra.sweep.dir=here")
    outcome = command("-m", *QUICK, *asked)
    assert outcome.code == code
    assert "2 member(s) in here\nreport: here/report/index.html\n" in outcome.out
    assert "Note: 2 of 4 members have no result yet.\n" in outcome.out
    assert (tmp_path / "here" / "report" / "index.html").is_file()
