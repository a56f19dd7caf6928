"""What `python -m src.diagnose` refuses: one sentence, and that of src.train where both do."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from src.errors import InputError
from tests.command import Command
from tests.diagnosing import TINY, Run, doctor_in


@pytest.fixture
def diagnose(tmp_path: Path) -> Iterator[Run]:
    with doctor_in(tmp_path) as run:
        yield run


REFUSED = [
    ("--steps -1", "--steps"),
    ("--steps=-1", "--steps=-1: must be an integer of at least 0."),
    ("--steps=nan", "--steps=nan: must be an integer of at least 0."),
    ("--steps=2.5", "--steps=2.5: must be"),
    ("--steps=1000000", "--steps=1000000: must be at most 30, the optimisation steps of the run."),
    ("--steps", "--steps: expected one argument"),
    ("--picture x.png", "--picture=x.png: must be a file that ends in .svg."),
    ("--picture nowhere/x.svg", "--picture=nowhere/x.svg: must be in a folder that exists."),
    ("--config-dir nowhere", "--config-dir=nowhere: must be a folder."),
    ("--depth 3", "--depth"),
    ("init=he,zeros", "init=he,zeros: several values make a sweep: add -m"),
    ("seed=range(3)", "seed=range(3): several values make a sweep: add -m"),
    ("init=foo", "init=foo: no such option"),
    ("optimizer.lr=nan", "optimizer.lr=nan: must be a finite number above 0."),
    ("hidden=[3]", "Did you mean model.hidden?"),
    ("dropout=1.5", "model.dropout=1.5: must be at least 0 and below 1."),
    ("diagnostics=off", "diagnostics=off: must be light or full"),
    ("-m init=he,foo", "init=foo: no such option"),
    ("-m seed=1,1", "asked for 2 times; each member must be different."),
    ("-m seed=range(0)", "the sweep has no member"),
    ("-m hydra.launcher.max_stack=0 seed=1,2", "hydra.launcher.max_stack=0: must be"),
    ("init=he model.weights=nowhere.safetensors", "nowhere.safetensors"),
]


@pytest.mark.parametrize(("typed", "words"), REFUSED)
def test_bad_input_is_told(diagnose: Run, typed: str, words: str, tmp_path: Path) -> None:
    outcome = diagnose(*typed.split())
    outcome.assert_refused()
    assert len(outcome.sentences) == 1
    assert words in outcome.err
    assert outcome.out == ""
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    "typed",
    [
        "init=he,zeros",
        "init=foo",
        "optimizer.lr=-1",
        "model.label_smoothing=2",
        "nothing",
        "-m init=foo,bar optimizer.lr=-1",
        pytest.param("-m optimizer=adam,nadam optimizer.amsgrad=true", marks=pytest.mark.slow),
        pytest.param("-m init=critical activation=softplus,tanh", marks=pytest.mark.slow),
    ],
)
@pytest.mark.slow
def test_refusals_against_those_of_training(diagnose: Run, command: Command, typed: str) -> None:
    asked = (*TINY, *typed.split())
    trained = command(*asked)
    trained.assert_refused()
    assert diagnose(*asked, small=False).err == trained.err


@pytest.mark.slow
def test_a_run_that_goes_on_is_not_judged_by_its_start(
    diagnose: Run, command: Command, tmp_path: Path
) -> None:
    assert command(*TINY, "trainer.epochs=1", "trainer.checkpoint=true").code == 0
    (path,) = tmp_path.rglob("stack-*.ckpt")
    outcome = diagnose(f"trainer.ckpt_path='{path}'")
    outcome.assert_refused()
    assert "null: a run is judged from its start" in outcome.err


def test_missing_data_is_told(
    diagnose: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def nothing(*_: object) -> None:
        raise InputError("data.root=here: fashion_mnist is not there.")

    monkeypatch.setattr("src.data.examples.provide", nothing)
    outcome = diagnose(f"data.root={tmp_path}", "data.split_seed=78", small=False)
    outcome.assert_refused()
    assert outcome.sentences == ["data.root=here: fashion_mnist is not there."]
    assert outcome.out == ""


@pytest.mark.slow
def test_a_member_that_fails_is_told_and_the_others_are_shown(diagnose: Run) -> None:
    typed = ("-m", "init=lsuv", "init.bias.value=0,-100")
    outcome = diagnose(*typed)
    outcome.assert_refused(code=1)
    assert outcome.sentences[0].startswith("init.bias.value=-100: init=lsuv: ")
    assert outcome.sentences[-1] == "1 of 2 member(s) could not be examined."
    assert "failed (1): could not be examined" in outcome.out
    assert "slow (1)" in outcome.out
