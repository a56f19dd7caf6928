"""Bad input ends with a sentence: the key or file, what was found, what is allowed; no trace.

Every row is typed as a user would. The words are what the sentence has to contain.
"""

import pytest
from hydra._internal.utils import get_args_parser

from src.arranged import arranged
from src.config import CONF
from tests.command import Command
from tests.conftest import SMALL

INITS = ", ".join(sorted(path.stem for path in (CONF / "init").glob("*.yaml")))
TOP = (
    "activation, data, diagnostics, init, logger, model, on_failure, optimizer, quiet, report, "
    "resume, reuse, schedule, seed, seeds, trainer, trust"
)
UNKNOWN = [
    ("init=foo", ["init=foo", "no such option", INITS]),
    ("init=", ["init=", "no such option", INITS]),
    ("activation=rleu", ["activation=rleu", "softsign", "Did you mean relu?"]),
    ("optimizer=Adam", ["optimizer=Adam", "rmsprop", "Did you mean adam?"]),
    ("data=cifar", ["data=cifar", "fashion_mnist, kmnist, mnist, synthetic"]),
    ("trainer=tpu", ["trainer=tpu", "auto, cpu, gpu, smoke"]),
    ("logger=wandb", ["logger=wandb", "none, tensorboard"]),
    ("schedule=cosin", ["constant, cosine, linear, step, warmup", "Did you mean cosine?"]),
    ("schedule.final=0", ["schedule.final", "no such key", "schedule.warmup_steps"]),
    ("schedule=step schedule.gama=1", ["schedule.gama", "Did you mean schedule.gamma?"]),
    ("clip_norm=1", ["clip_norm", "no such key", "Did you mean optimizer.clip_norm?"]),
    ("schedule=cosine schedule.decay=step", ["schedule.decay=step: must be cosine; choose with"]),
    ("hydra/launcher=foo", ["hydra/launcher=foo", "stacked"]),
    ("foo=1", ["foo", "no such key", TOP]),
    ("foo.bar=1", ["foo", "no such key", TOP]),
    ("+foo=1", ["foo", "no such key"]),
    ("lr=0.1", ["lr", "no such key", "Did you mean optimizer.lr?"]),
    ("batch_size=10", ["batch_size", "no such key", "Did you mean data.batch_size?"]),
    ("optimizer.lrr=1", ["optimizer.lrr", "optimizer.betas", "Did you mean optimizer.lr?"]),
    ("+optimizer.foo=1", ["optimizer.foo", "no such key"]),
    ("init.bias.foo=1", ["init.bias.foo", "init.bias.law, init.bias.std, init.bias.value"]),
    ("hydra.foo=1", ["hydra.foo", "hydra.sweep"]),
    # The keys that are allowed are those of the options chosen, not those of the defaults.
    ("init=uniform init.lwo=1", ["init.lwo", "init.high", "Did you mean init.low?"]),
    ("data.root=/tmp", ["data.root", "data.features"]),
]

WRONG_TYPE = [
    ("data.batch_size=abc", ["data.batch_size=abc", "integer"]),
    ("seed=true", ["seed=true", "integer"]),
    ("optimizer.lr=fast", ["optimizer.lr=fast", "a number"]),
    ("optimizer.lr=null", ["optimizer.lr=null", "a number"]),
    ("quiet=maybe", ["quiet=maybe", "true or false"]),
    ("model.hidden=3", ["model.hidden=3", "list of integers"]),
    ("model.hidden=[8,null]", ["model.hidden=[8,null]", "list of integers"]),
    ("optimizer.betas=0.9", ["optimizer.betas=0.9", "list of numbers"]),
    ("model=3", ["model=3", "model.dropout_seed, model.hidden, model.label_smoothing"]),
    ("optimizer.clip_norm=big", ["optimizer.clip_norm=big", "a number or null"]),
    ("model.label_smoothing=null", ["model.label_smoothing=null", "a number"]),
    ("schedule.warmup_steps=1.5", ["schedule.warmup_steps=1.5", "an integer"]),
    ("schedule=linear schedule.final=low", ["schedule.final=low", "a number"]),
    ("init.fan=foo", ["init.fan=foo", "fan_in, fan_out, fan_avg"]),
    ("optimizer=3", ["optimizer=3", "adagrad, adam"]),
]

# One fault of each group at a time: all of them are told at once.
OUT_OF_RANGE = [
    (
        "data.batch_size=0 model.dropout=1.5 optimizer.lr=-1 init.bias.value=inf trainer.epochs=-1 "
        "logger.every_n_steps=0 seed=-1",
        [
            "data.batch_size=0: must be an integer of at least 1.",
            "model.dropout=1.5: must be at least 0 and below 1.",
            "optimizer.lr=-1.0: must be a finite number above 0.",
            "init.bias.value=inf: must be a finite number.",
            "trainer.epochs=-1: must be an integer of at least 0.",
            "logger.every_n_steps=0: must be an integer of at least 1.",
            "seed=-1: must be an integer from 0 to 9223372036854775807.",
        ],
    ),
    (
        "data.batch_size=61 model.hidden=[0] optimizer.lr=nan init=uniform init.low=2 "
        "activation=elu activation.alpha=0 trainer.precision=16 seed=99999999999999999999",
        [
            "data.batch_size=61: must be at most data.train_size=60.",
            "model.hidden=[0]: must be a list of integers of at least 1.",
            "optimizer.lr=nan: must be a finite number above 0.",
            "init.low=2.0: must be a finite number below init.high=1.0.",
            "activation.alpha=0.0: must be a finite number above 0.",
            "trainer.precision=16: must be one of 32-true, tf32, bf16-mixed.",
            "seed=99999999999999999999: must be an integer from 0 to 9223372036854775807.",
        ],
    ),
    (
        "data.classes=1 optimizer.betas=[0.9] trainer.steps_per_epoch=0",
        [
            "data.classes=1: must be from 2 to 256.",
            "optimizer.betas=[0.9]: must be a list of two numbers.",
            "trainer.steps_per_epoch=0: must be an integer of at least 1.",
        ],
    ),
    (
        "optimizer.clip_norm=0 model.label_smoothing=1 schedule.warmup_steps=-1",
        [
            "optimizer.clip_norm=0.0: must be a finite number above 0.",
            "model.label_smoothing=1.0: must be at least 0 and below 1.",
            "schedule.warmup_steps=-1: must be an integer of at least 0.",
        ],
    ),
    ("schedule=cosine schedule.final=-0.1", ["schedule.final=-0.1: must be from 0 to 1."]),
    ("schedule=step schedule.gamma=2", ["schedule.gamma=2.0: must be above 0 and at most 1."]),
    (
        "optimizer.betas=[0.9,1.5]",
        ["optimizer.betas[1]=1.5: must be at least 0 and below 1."],
    ),
]

NOT_PARSED = [
    ("optimizer.lr", ["optimizer.lr", "key=value"]),
    ("a=b=c", ["a=b=c", "key=value"]),
    ("optimizer.lr=[1", ["optimizer.lr=[1", "key=value"]),
    ('"seed', ['"seed', "key=value"]),
    ("=3", ["=3", "key=value"]),
    # Several values without -m: the sentence says what is missing.
    ("init=he,xavier", ["init=he,xavier", "-m"]),
    ("seed=range(3)", ["seed=range(3)", "-m"]),
    ("init=glob(*)", ["init=glob(*)", "-m"]),
]

NOT_SETTABLE = [
    ("+init=he", ["+init=he", "without the +"]),
    ("+seed=1", ["+seed=1", "without the +"]),
    ("~optimizer", ["optimizer", "cannot be removed"]),
    ("~optimizer.lr", ["optimizer.lr", "cannot be removed"]),
    ("~seed", ["seed", "cannot be removed"]),
]


@pytest.fixture
def composed_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Spares the composition that only asks for hydra.mode and keeps its faults to itself."""
    monkeypatch.setattr("hydra._internal.hydra.Hydra.get_mode", lambda *_, **__: None)


def typed_only(value: object) -> str:
    return value if isinstance(value, str) else ""


@pytest.mark.usefixtures("composed_once")
@pytest.mark.parametrize(
    ("typed", "words"),
    UNKNOWN + WRONG_TYPE + NOT_PARSED + NOT_SETTABLE,
    ids=typed_only,
)
def test_bad_input_is_told(command: Command, typed: str, words: list[str]) -> None:
    outcome = command(*SMALL, *typed.split())
    outcome.assert_refused()
    assert outcome.out == ""
    assert command.results() == []
    for word in words:
        assert word in outcome.err, f"{word!r} is missing in: {outcome.err}"
    assert len(set(outcome.sentences)) == len(outcome.sentences)


@pytest.mark.parametrize(
    ("typed", "words"),
    [
        ("init=zeros,foo", ["init=foo", "no such option", INITS]),
        ("model.dropout=1.5", ["model.dropout=1.5: must be at least 0 and below 1.\n"]),
        ("seed=a,b", ["seed=a", "integer"]),
        ("init=uniform,he init.low=0.1", ["init.low", "no such key", "init.scale"]),
        ("seed=range(0)", ["no member"]),
        ("trainer=gpu", ["trainer=gpu", "no CUDA GPU was found", "trainer=cpu"]),
        ("optimizer.lr=[1", ["optimizer.lr=[1", "key=value"]),
    ],
    ids=typed_only,
)
@pytest.mark.slow
def test_bad_input_of_a_sweep_is_told(
    command: Command, typed: str, words: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("torch.cuda.is_available", lambda: False)
    outcome = command("-m", *SMALL, *typed.split())
    outcome.assert_refused()
    assert outcome.out == ""
    assert command.job_folders() == []
    for word in words:
        assert word in outcome.err, f"{word!r} is missing in: {outcome.err}"


@pytest.mark.usefixtures("composed_once")
@pytest.mark.parametrize(("typed", "sentences"), OUT_OF_RANGE)
def test_values_out_of_range_are_told_together(
    command: Command, typed: str, sentences: list[str]
) -> None:
    outcome = command(*SMALL, *typed.split())
    outcome.assert_refused()
    assert outcome.out == ""
    assert [sentence for sentence in sentences if sentence not in outcome.sentences] == []


def test_flag_between_overrides(command: Command) -> None:
    # argparse alone refuses -m with overrides on both sides of it, in words of its own.
    outcome = command(*SMALL, "init=foo", "-m", "seed=1,2")
    outcome.assert_refused()
    assert "init=foo: no such option" in outcome.err


@pytest.mark.parametrize(
    ("typed", "flags"),
    [
        ("seed=1 -m init=he", {"multirun": True}),
        ("-m seed=1 init=he", {"multirun": True}),
        ("seed=1 init=he --multirun", {"multirun": True}),
        ("seed=1 init=he --cfg job", {"cfg": "job"}),
        ("seed=1 -c job init=he", {"cfg": "job"}),
        ("--cfg=job seed=1 init=he --package init", {"cfg": "job", "package": "init"}),
        ("seed=1 --info plugins init=he", {"info": "plugins"}),
        ("seed=1 init=he --info", {"info": "all"}),
        ("seed=1 -cn other init=he", {"config_name": "other"}),
        ("seed=1 --config-dir there init=he", {"config_dir": "there"}),
        ("seed=1 init=he --resolve --cfg job", {"cfg": "job", "resolve": True}),
    ],
)
def test_flags_stand_anywhere(typed: str, flags: dict[str, object]) -> None:
    parsed = get_args_parser().parse_args(arranged(typed.split()))
    assert parsed.overrides == ["seed=1", "init=he"]
    assert {name: getattr(parsed, name) for name in flags} == flags


def test_no_such_config(command: Command) -> None:
    outcome = command("--config-name=nope")
    outcome.assert_refused()
    assert "nope" in outcome.err


def test_full_error_shows_the_trace(command: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HYDRA_FULL_ERROR", "1")
    with pytest.raises(ValueError, match=r"model\.dropout=1\.5: must be at least 0 and below 1"):
        command(*SMALL, "model.dropout=1.5")
