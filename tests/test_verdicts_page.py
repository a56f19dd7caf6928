"""docs/verdicts.md: every verdict explained, the study's figures, and the page up to date."""

import json
import re
from pathlib import Path
from types import ModuleType

import pytest

from src.diagnostics.confusion import page, rules, study
from src.diagnostics.confusion.__main__ import main
from src.diagnostics.confusion.count import Outcome, confusion
from src.diagnostics.verdicts.names import NAMES
from src.errors import InputError
from tests.records import distinct, made, measured

DESCRIPTIONS = rules.descriptions()
MODULE = '''
"""Made."""

# Far above
# what is usual.
LARGE = 10.0

TEXT, NUMBER = "x", 1
WORD = "no number"

SMALL = 1e-3  # of noise
OTHER = 2


def judged(value):
    return value > LARGE or hidden(value)


def hidden(value):
    return value < SMALL and judged(value)
'''


@pytest.fixture
def module(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    (tmp_path / "made_rules.py").write_text(MODULE)
    monkeypatch.syspath_prepend(str(tmp_path))
    return __import__("made_rules")


def test_the_page_is_what_the_rules_and_the_study_make() -> None:
    """`python -m src.diagnostics.confusion --page` writes it anew."""
    assert page.PAGE.read_text() == page.page(study.kept())


@pytest.mark.parametrize("described", DESCRIPTIONS, ids=lambda each: each.name)
def test_every_verdict_is_explained(described: rules.Description) -> None:
    assert described.meaning.endswith(".")
    assert len(described.judged) > 20
    for threshold in described.thresholds:
        assert len(threshold.reason) > 10, threshold.name
        assert float(threshold.value) > 0
    # What is above the rule in its module is told where it is used, and nowhere else.
    assert described.thresholds or described.name == "slow"


def test_every_verdict_stands_on_the_page_once() -> None:
    assert [described.name for described in DESCRIPTIONS] == list(NAMES)
    text = page.page(study.kept())
    assert re.findall(r"^### (\S+)$", text, re.MULTILINE) == list(NAMES)


def test_thresholds_and_their_reasons(module: ModuleType) -> None:
    found = rules.thresholds(module)
    assert found == [
        rules.Threshold("LARGE", "10.0", "Far above what is usual."),
        rules.Threshold("SMALL", "1e-3", "of noise"),
        rules.Threshold("OTHER", "2", ""),
    ]
    used = rules.names_used(module, "judged")
    assert {"LARGE", "SMALL"} <= used
    assert "OTHER" not in used


def test_the_study_holds() -> None:
    """The acceptance: of what fails nothing is called healthy, of what works nine tenths are."""
    outcomes = study.kept().outcomes
    found = confusion(outcomes)
    assert sum(map(sum, found.counts.values())) == len(outcomes) == 972
    assert len({outcome.init for outcome in outcomes}) == 54
    assert found.failures_found.n == 63
    assert found.failures_found.value == 1
    assert found.workers_cleared.n == 805
    assert found.workers_cleared.value >= 0.9
    assert found.counts.keys() <= set(NAMES)


def test_a_study_is_kept_and_read(tmp_path: Path) -> None:
    made = study.Study(
        steps=20,
        sweeps=["python -m src.train -m init=he,zeros"],
        versions=["torch 2"],
        devices=["cpu"],
        failed=1,
        examples={"dead": study.Example("init=zeros", "It is dead.", "Do not.")},
        outcomes=[
            Outcome("he", "relu", "adam", 0, 0.875, "healthy"),
            Outcome("zeros", "relu", "adam", 0, None, "healthy"),
        ],
    )
    path = tmp_path / "kept.json"
    study.keep(made, path)
    assert study.kept(path) == made
    text = page.page(made)
    assert "python -m src.train -m init=he,zeros\n" in text
    assert "| healthy | 1 | 0 | 0 | 1 | 2 |" in text
    assert "- `init=zeros activation=relu optimizer=adam seed=0`: healthy, diverged\n" in text
    assert "For example, of `init=zeros`:\n\n> It is dead.\n\nWhat to try: Do not." in text
    assert "| init | relu, adam |\n| --- | --- |\n| he | healthy, 87.5 |\n" in text
    assert "Left out, for they could not be trained: 1." in text


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"columns": ["init"]}', None])
def test_another_file_is_refused(tmp_path: Path, text: str | None) -> None:
    path = tmp_path / "verdicts.json"
    if text is not None:
        path.write_text(text)
    with pytest.raises(InputError) as caught:
        study.kept(path)
    assert str(caught.value) == f"{path}: not a readable study; name the FOLDERs of runs."


def test_the_command_writes_the_page(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    kept = study.kept()
    monkeypatch.setattr(page, "PROJECT", tmp_path)
    monkeypatch.setattr(page, "PAGE", tmp_path / "verdicts.md")
    main(["--page"])
    assert (tmp_path / "verdicts.md").read_text() == page.page(kept)
    assert capsys.readouterr().out == "written: verdicts.md\n"


def test_the_command_keeps_what_it_judged(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Counted are the runs alone; what is told of `symmetric` is of the example."""
    monkeypatch.setattr(page, "PROJECT", tmp_path)
    monkeypatch.setattr(page, "PAGE", tmp_path / "verdicts.md")
    monkeypatch.setattr(study, "STUDY", tmp_path / "verdicts.json")
    counted, example = tmp_path / "counted", tmp_path / "example"
    measured(counted, 0, distinct((0, 8)), made(0.9, "works"))
    place = measured(example, 0, distinct((0, 1)), made(0.1, "fails"))
    overrides = {"hydra": {"overrides": {"task": ["init=he", "seed=range(1)"]}}}
    (counted / study.SWEEP).write_text(json.dumps(overrides))  # which YAML reads as well
    typed = place / study.OVERRIDES
    typed.parent.mkdir()
    typed.write_text("- init=zeros\n- logger=none\n- model.hidden=[8,8,8]\n- data.root=[8, 6]\n")
    main([str(counted), "--page", "--examples", str(example)])
    found = study.kept()
    assert [outcome.accuracy for outcome in found.outcomes] == [0.9]
    assert found.examples["symmetric"].member == "init=zeros model.hidden=[8]*3 data.root=[8, 6]"
    assert found.examples["healthy"].member == "works"
    assert found.sweeps == ["python -m src.train -m init=he 'seed=range(1)'"]
    assert (tmp_path / "verdicts.md").read_text() == page.page(found)
    assert capsys.readouterr().out.endswith("written: verdicts.md\n")
    assert "trained by" in page.page(found)
    assert "had not ended" not in page.page(found)
    begun = counted / "member=1" / study.OVERRIDES
    begun.parent.mkdir(parents=True)
    begun.write_text("- init=he")
    main([str(counted), "--page"])
    assert study.kept().missing == 1
    assert "1 member of the 2 asked for" in (tmp_path / "verdicts.md").read_text()
    (counted / study.SWEEP).write_text("a: b")
    monkeypatch.setenv("HYDRA_FULL_ERROR", "1")
    with pytest.raises(InputError) as caught:
        main([str(counted), "--page"])
    assert str(caught.value) == f"{counted / study.SWEEP}: not what Hydra writes of a sweep."
