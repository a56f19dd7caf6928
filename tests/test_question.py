"""report.* is held against the sweep before anything trains."""

import pytest

from src.errors import InputError
from src.question import asked
from tests.command import Command
from tests.conftest import SMALL
from tests.training import tiny, vary

QUICK = (*SMALL, "quiet=true", "logger=none", "trainer.epochs=0")

REFUSED = [
    (
        ("init=he,zeros", "report.scientific=[foo]"),
        ["report.scientific=foo: does not vary here; what does: init."],
    ),
    (("seeds=2", "report.scientific=[init]"), ["does not vary here; what does: nothing but seeds"]),
    (
        ("init=he,zeros", "report.baseline=xavier"),
        ["report.baseline=xavier: no such arm; the arms are he; zeros."],
    ),
    (
        ("init=he,zeros", "activation=relu,tanh", "report.baseline=gelu, he"),
        ["report.baseline=gelu, he: no such arm; the arms are he, relu; he, tanh; zeros, relu;"],
    ),
    (
        ("init=he,zeros", "activation=relu,tanh", "report.scientific=[init]", "report.baseline=a"),
        ["the arms are he; zeros."],
    ),
    (
        ("init=he,zeros", "report.metric=validation_loss,auto"),
        ["report.metric=auto: must be validation_loss for all members of the sweep."],
    ),
    (("init=he,zeros", "report.scientific=[]"), ["report.scientific=[]: must be one setting"]),
    (("init=he,zeros", "report.scientific=[activation]"), ["=activation: does not vary here"]),
    (("init=he,zeros", "report.metric=loss"), ["report.metric=loss", "one of auto, test_accuracy"]),
    (("report.scientific=init",), ["report.scientific=init", "a list of texts or null"]),
    (("report.page=perhaps",), ["report.page=perhaps", "true or false"]),
    (("report.foo=1",), ["report.foo", "no such key", "report.baseline, report.metric"]),
]


@pytest.mark.parametrize(("typed", "words"), REFUSED, ids=str)
@pytest.mark.slow
def test_refused_before_anything_trains(
    command: Command, typed: tuple[str, ...], words: list[str]
) -> None:
    outcome = command("-m", *QUICK, *typed)
    outcome.assert_refused()
    assert command.job_folders() == []
    for word in words:
        assert word in outcome.err


@pytest.mark.parametrize(
    "typed",
    [
        ("init=he,zeros", "report.baseline=he"),
        ("init=he,zeros", "activation=relu,tanh", "report.baseline=tanh, he"),
        ("init=he,zeros", "activation=relu,tanh", "report.baseline='tanh, he'"),
        ("model.dropout=0.1,0.2", "report.baseline=0.1"),
        ("model.hidden=[8],[6,6]", "report.baseline=[6, 6]"),
        ("init=he,zeros", "optimizer=sgd,adam", "report.scientific=[optimizer]"),
        ("init=he,zeros", "report.baseline=null", "report.metric=validation_loss"),
    ],
    ids=str,
)
@pytest.mark.slow
def test_taken(command: Command, typed: tuple[str, ...]) -> None:
    outcome = command("-m", *QUICK, *typed)
    assert (outcome.code, outcome.err) == (0, "")
    assert not any("report" in folder.name for folder in command.job_folders())


@pytest.mark.slow
def test_a_single_run_asks_nothing(command: Command) -> None:
    outcome = command(*QUICK, "report.scientific=[init]", "report.baseline=he")
    assert (outcome.code, outcome.err) == (0, "")


def test_many_arms_are_not_all_told() -> None:
    rates = [0.001 * k for k in range(1, 41)]
    configs = [vary(tiny(), optimizer__lr=rate, report__baseline="x") for rate in rates]
    overrides = [[f"optimizer.lr={rate}"] for rate in rates]
    with pytest.raises(InputError, match=r"the arms are lr=0\.001; .*; and 20 more\."):
        asked(configs, overrides)


def test_seeds_are_no_part_of_the_question() -> None:
    configs = [
        vary(tiny(seed=k, data__order_seed=k), init=i) for i in ("he", "ones") for k in (0, 1)
    ]
    overrides = [[f"init={config.init.name}", f"seed={config.seed}"] for config in configs]
    found = asked(configs, overrides)
    assert (found.scientific, found.nuisance) == (("init",), ())
