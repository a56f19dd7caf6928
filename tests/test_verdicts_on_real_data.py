"""Why three of four starts fail on Fashion-MNIST, from their first 100 steps."""

from typing import Any

import pytest

from src.config import PROJECT
from tests.command import Command
from tests.conftest import Configure
from tests.training import train

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(
        not (PROJECT / "data" / "fashion_mnist").exists(),
        reason="Fashion-MNIST is not there: make data",
    ),
]

STEPS = ("trainer=cpu", "trainer.epochs=1", "trainer.steps_per_epoch=100")
QUIET = ("logger=none", "quiet=true")
# (init, activation, optimizer) -> the primary verdict. What U[0, 1) does to a signal depends on
# whether the activation levels off.
EXPECTED = {
    ("zeros", "relu", "adam"): "symmetric",
    ("ones", "relu", "adam"): "symmetric",
    ("uniform", "relu", "adam"): "exploding_forward",
    ("he", "relu", "adam"): "healthy",
    ("zeros", "tanh", "sgd"): "symmetric",
    ("uniform", "tanh", "sgd"): "saturated",
    ("default", "sigmoid", "sgd"): "vanishing_backward",
    ("he", "relu", "sgd"): "healthy",
}


@pytest.fixture(scope="module")
def found(
    configure: Configure, tmp_path_factory: pytest.TempPathFactory
) -> dict[tuple[str, str, str], list[dict[str, Any]]]:
    configs = [
        configure(
            *(f"init={init}", f"activation={activation}", f"optimizer={optimizer}"),
            *(*STEPS, *QUIET),
            small=False,
        )
        for init, activation, optimizer in EXPECTED
    ]
    trained = train(configs, tmp_path_factory.mktemp("starts"))
    return {
        arm: member.record["verdict"]["found"]
        for arm, member in zip(EXPECTED, trained, strict=True)
    }


@pytest.mark.parametrize("arm", EXPECTED, ids=" ".join)
def test_the_primary_verdict(
    found: dict[tuple[str, str, str], list[dict[str, Any]]], arm: tuple[str, str, str]
) -> None:
    assert found[arm][0]["name"] == EXPECTED[arm], found[arm]


def test_in_the_seeds_words(found: dict[tuple[str, str, str], list[dict[str, Any]]]) -> None:
    for init in ("zeros", "ones"):
        sentence = found[init, "relu", "adam"][0]["sentence"]
        assert "give the same error" in sentence
        assert "two equal weights stay equal" in sentence


def test_a_sweep_says_why(command: Command) -> None:
    outcome = command("-m", "init=zeros,ones,uniform,he", *STEPS, *QUIET)
    assert outcome.code == 0, outcome.err
    assert "symmetric (2 members: init=" in outcome.out
    assert "exploding_forward (1 member: init=uniform)" in outcome.out
    assert "healthy (1 member: init=he)" in outcome.out
    assert outcome.out.count("  Try: ") == 2
