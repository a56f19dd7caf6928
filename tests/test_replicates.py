"""seeds=N: as many replicates, and one sentence for what is no number of them."""

import json

import pytest
from omegaconf import OmegaConf

from src.arranged import arranged
from src.diagnose.plan import planned
from src.errors import InputError
from src.replicates import MOST, replicated
from src.theory.__main__ import composed
from tests.command import Command
from tests.conftest import SMALL

QUICK = (*SMALL, "quiet=true", "logger=none", "trainer.epochs=0")


@pytest.mark.parametrize(
    ("typed", "expected"),
    [
        ("seeds=20", "seed=range(20)"),
        ("seeds=1", "seed=range(1)"),
        ("seeds=007", "seed=range(7)"),
        (f"seeds={MOST}", f"seed=range({MOST})"),
        ("seed=3", "seed=3"),
        ("seeds", "seeds"),  # Hydra tells that this is no key=value
        ("model.seeds=3", "model.seeds=3"),
    ],
)
def test_short_for_a_range(typed: str, expected: str) -> None:
    assert replicated(["init=he", typed], several=True) == ["init=he", expected]
    assert arranged(["init=he", "-m", typed]) == ["init=he", expected, "-m"]


@pytest.mark.slow
def test_as_the_range_of_seeds(command: Command) -> None:
    for k, typed in enumerate(("seeds=3", "seed=range(3)")):
        outcome = command("-m", *QUICK, "init=he,zeros", typed, f"hydra.sweep.dir={k}")
        assert (outcome.code, outcome.err) == (0, "")
    short, long = (
        {path.parent.name: json.loads(path.read_text())["seeds"] for path in found}
        for found in ((command.folder / name).glob("*/result.json") for name in ("0", "1"))
    )
    assert short == long
    assert len(short) == 6
    assert all(",seed=" in name for name in short)
    task = OmegaConf.load(command.folder / "0" / "multirun.yaml").hydra.overrides.task
    assert "seed=range(3)" in task


@pytest.mark.slow
def test_among_the_parameters_of_the_sweeper(command: Command) -> None:
    outcome = command("-m", *QUICK, "+hydra.sweeper.params.seeds=2")
    assert (outcome.code, outcome.err) == (0, "")
    assert len(command.results()) == 2


ALLOWED = f"must be an integer from 1 to {MOST}: seeds=20 is short for seed='range(20)'."


@pytest.mark.parametrize("value", ["0", "-1", "2.5", "abc", "", "1e3", "1,2", "[1]", "range(3)"])
def test_no_number_of_replicates(command: Command, value: str) -> None:
    outcome = command("-m", *QUICK, f"seeds={value}")
    outcome.assert_refused()
    assert outcome.sentences == [f"seeds={value}: {ALLOWED}"]


@pytest.mark.parametrize("value", [str(MOST + 1), "9" * 5_000])
def test_absurdly_many(value: str) -> None:
    with pytest.raises(InputError) as refused:
        replicated([f"seeds={value}"], several=True)
    assert str(refused.value) == f"seeds={value}: {ALLOWED}"


@pytest.mark.parametrize(
    ("typed", "sentence"),
    [
        ("seeds=3", "seeds=3: several seeds make a sweep: add -m."),
        ("-m seeds=3 seeds=4", "seeds=3 seeds=4: must be given once."),
        ("-m +seeds=3", "+seeds=3: is there already; write it without the +."),
        ("-m ++seeds=3", "++seeds=3: is there already; write it without the +."),
        ("-m ~seeds", "~seeds: cannot be removed; leave it out."),
        ("-m ~seeds=3", "~seeds=3: cannot be removed; leave it out."),
        (
            "-m seed=1,2 seeds=3",
            "seeds=3 and seed=1,2: give one of them; seeds=3 is short for seed=range(3).",
        ),
        (
            "-m seeds=3 ++seed=1",
            "seeds=3 and ++seed=1: give one of them; seeds=3 is short for seed=range(3).",
        ),
    ],
)
def test_what_is_told(command: Command, typed: str, sentence: str) -> None:
    outcome = command(*QUICK, *typed.split())
    outcome.assert_refused()
    assert outcome.sentences == [sentence]
    assert command.job_folders() == []


@pytest.mark.slow
def test_help_speaks_of_it(command: Command) -> None:
    outcome = command("--help")
    assert "seeds=10 is short for seed=range(10)" in outcome.out


@pytest.mark.parametrize("typed", ["-m seeds", "-m seeds.foo=1"])
@pytest.mark.slow
def test_no_value(command: Command, typed: str) -> None:
    outcome = command(*QUICK, *typed.split())
    outcome.assert_refused()
    assert "seeds" in outcome.err


@pytest.mark.slow
def test_replicates_of_a_diagnosis(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.argv", ["diagnose"])
    plan = planned([*SMALL, "init=he,zeros", "seeds=2"], [], several=True)
    assert [(config.init.name, config.seed) for config in plan.configs] == [
        *(("he", 0), ("he", 1), ("zeros", 0), ("zeros", 1)),
    ]
    with pytest.raises(InputError, match="several seeds make a sweep: add -m"):
        planned([*SMALL, "seeds=2"], [], several=False)


def test_the_theory_is_of_one_seed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.argv", ["theory"])
    with pytest.raises(InputError, match=r"range\(2\): must be one value"):
        composed([*SMALL, "seeds=2"])
