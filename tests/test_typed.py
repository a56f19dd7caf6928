"""Words at which Hydra or Python end in words of their own, found by test_fuzz_configs."""

from collections.abc import Sequence

import pytest
from omegaconf import DictConfig

from src.composition import Composer
from src.config import CONF
from src.jobs import IN_FULL
from tests.command import Command
from tests.conftest import SMALL

WORDS = [
    ("--foo", "unrecognized arguments: --foo; --help tells what is allowed."),
    ("--cfg", "--help tells what is allowed."),
    ("--config-name=", "--config-name=: names nothing."),
    ("init=he\nzeros", "init=he\\nzeros: holds characters that cannot be printed (U+000A)"),
    ("seed=\udc80", "(U+DC80)"),
    ("seed=\u202e1", "(U+202E)"),
    ("seed=" + "9" * 70_000, "999...: is 70005 characters long; at most 65536 can be read."),
    ("optimizer.lr=" + "9" * 400, "holds a number of more than 300 digits."),
    ("model.hidden=" + "[" * 900 + "]" * 900, "is nested in 900 brackets; at most 20 can be read."),
    ("+", "+: cannot be read as key=value."),
    ("seed=range(a)", "seed=range(a): cannot be read as key=value (mismatch type argument"),
    ("seed=foo(1)", "seed=foo(1): cannot be read as key=value (Unknown function 'foo' Available:"),
    ("seed=range(1,5,0)", "must be a range of finite numbers in steps."),
    ("seed=range(0,inf)", "must be a range of finite numbers in steps."),
    ("seed=range(1000000000)", "asks for 1000000000 members; at most 100000"),
    ("seed=${member_folder:a,b}", "seed: While dereferencing interpolation '${member_folder:a,b}'"),
    ("model.hidden=[8,${foo}]", "model.hidden[1]: refers to foo, which is not there."),
    ("optimizer.clip_norm=${hydra.job.id}", "refers to hydra.job.id, which is not there."),
    ("optimizer.betas.x=1", "optimizer.betas is a list of numbers, and is given as a whole."),
    (
        "hydra.launcher=3",
        "hydra.launcher=3: must be set by its keys, hydra.launcher.<key>=<value>.",
    ),
    ("hydra.run=3", "hydra.run=3: must be set by its keys."),
    ("hydra.verbose={a: 1}", "must be true, false, or the names of loggers."),
    ("hydra.searchpath=[no://x]", "must be a list of folders, [file:///a/b]."),
    ("hydra.job.env_copy=[NOT_SET]", "variables of the environment that are set."),
    ("hydra.sweeper.params=3", "must be a mapping"),
    ("hydra.sweeper.params=[a=b]", "hydra.sweeper.params=[a=b]: cannot be read as key=value"),
    ("hydra.searchpath=[a=b]", "hydra.searchpath=[a=b]: cannot be read as key=value"),
    ("+hydra.callbacks.x._target_=no.such", "hydra.callbacks.x: Error locating target 'no.such'."),
]
OF_SWEEPS = [
    ("hydra.sweep.subdir=/tmp/x/${seed}", "/tmp/x/1: leads out of "),
    ("hydra.launcher._target_=no.such", "must be a plugin, hydra_plugins.<package>.<class>."),
    ("hydra.sweep.dir=${hydra.sweep.dir}", "refers to "),
    ("init=choice(he,[1])", "init=choice(he,[1]): must be the name of an option, or several."),
    ("seed=interval(0,1)", "interval(...): needs a sweeper that searches"),
]


def shortly(value: object) -> str:
    return ascii(value)[1:40] if isinstance(value, str) else ""


@pytest.mark.parametrize(
    ("several", "word", "said"),
    [*((False, *row) for row in WORDS), *((True, *row) for row in OF_SWEEPS)],
    ids=shortly,
)
def test_words_are_refused(command: Command, several: bool, word: str, said: str) -> None:
    outcome = command(*(("-m", "seed=1,2") if several else ()), *SMALL, word)
    outcome.assert_refused()
    assert said in outcome.err
    assert max(map(len, outcome.err.splitlines())) < 4_100
    # Nothing is opened for what is refused.
    assert command.job_folders() == []


@pytest.mark.slow
def test_a_refused_run_leaves_no_folder(command: Command) -> None:
    (command.folder / "mine").mkdir()
    (command.folder / "mine" / "notes").touch()
    for folder, left in (("new", False), ("mine", True)):
        command(*SMALL, "model.dropout=2", f"hydra.run.dir={folder}").assert_refused()
        assert (command.folder / folder).exists() == left
    assert (command.folder / "mine" / "notes").exists()


@pytest.mark.slow
def test_many_bad_members_are_told_soon(command: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every fault of the first of them, then one of each: not a composition for every word."""
    composed = Composer.compose
    calls: list[object] = []

    def counted(self: Composer, overrides: Sequence[str]) -> DictConfig:
        calls.append(overrides)
        return composed(self, overrides)

    monkeypatch.setattr(Composer, "compose", counted)
    outcome = command("-m", *SMALL, "init=glob(*)", "optimizer.lr=abc", "trainer.epochs=x")
    outcome.assert_refused()
    assert outcome.sentences[0] == "trainer.epochs=x: must be an integer."
    assert "optimizer.lr=abc: must be a number." in outcome.sentences
    members = len(list((CONF / "init").glob("*.yaml")))
    assert members <= len(calls) <= members + IN_FULL * (len(SMALL) + 4)


@pytest.mark.parametrize(
    ("typed", "asked"),
    [
        ("-m --cfg job", "--multirun and --cfg"),
        ("--cfg=job --info", "--cfg and --info"),
        ("--run -m", "--run and --multirun"),
        ("--resolve", None),
    ],
)
@pytest.mark.slow
def test_flags_that_do_not_go_together(command: Command, typed: str, asked: str | None) -> None:
    outcome = command(*SMALL, *typed.split())
    outcome.assert_refused()
    alone = "--resolve: is for what --cfg prints; ask for both."
    said = alone if asked is None else f"{asked}: only one of them can be asked for."
    assert outcome.sentences == [said]
    assert command(*typed.split(), "--help").code == 0
