"""Remedies and sentences: what a member has already is not advised, and what is said is so."""

import math
import re
from typing import Any

import pytest

from src.diagnostics.records import Record, Story
from src.diagnostics.verdicts.judge import judge
from src.diagnostics.verdicts.remedy import advice
from src.diagnostics.verdicts.verdict import Verdict
from tests.test_verdicts_stories import FLAT, LN10, STUCK, facts, layered, learns


def primary(rows: list[Record], **changes: Any) -> Verdict:
    return judge(Story(rows), facts(**changes))[0]


def rate(ratio: float, lr: float, algorithm: str = "adam") -> float | None:
    """What is advised of a member whose steps have this ratio."""
    rows = layered("update_ratio", {0: (ratio,) * 3, 20: (ratio,) * 3})
    rows += layered("gradient_norm", {0: (0.1,) * 3, 20: (0.1,) * 3})
    verdict = primary(STUCK + rows, learning_rate=lr, algorithm=algorithm)
    assert verdict.name == "small_steps"
    told = re.search(r"optimizer\.lr=(.+)\.$", verdict.remedy)
    return float(told[1]) if told else None


def test_advice_leaves_out_what_a_member_has() -> None:
    clauses = ("Do", "init=he for ReLU", "init=xavier"), ("else", "optimizer=adam"), ("or wait",)
    assert advice(facts(), *clauses) == "Do: init=he for ReLU or init=xavier; or wait."
    has = facts(init="he", algorithm="sgd")
    assert advice(has, *clauses) == "Do: init=xavier; else: optimizer=adam; or wait."
    assert advice(facts(init="he"), ("do", "init=he")) == "Do."


@pytest.mark.parametrize(
    ("changes", "had"),
    [
        ({"init": "he"}, "init=he"),
        ({"init": "xavier"}, "init=xavier"),
        ({"algorithm": "nadam"}, "optimizer=adam"),
        ({"clipped": True}, "optimizer.clip_norm=1"),
        ({"warmup_steps": 5}, "schedule=warmup"),
        ({"residual": True}, "model.residual=true"),
        ({"activation": "leaky_relu"}, "activation=leaky_relu"),
    ],
)
def test_every_setting_a_member_has(changes: dict[str, Any], had: str) -> None:
    given = {"algorithm": "sgd"} | changes
    assert advice(facts(**given), ("do", had)) == "Do."
    assert had in advice(facts(algorithm="sgd"), ("do", had))


@pytest.mark.parametrize(
    ("ratio", "lr", "algorithm", "advised"),
    [
        (2e-5, 1e-6, "adam", 1e-4),  # 5e-5 is nearest to 1e-4, in powers of ten
        (1e-7, 1e-6, "adam", 1e-2),
        (1e-9, 1e-6, "adam", 1e-2),  # as large as is advised to Adam
        (1e-9, 1e-6, "sgd", 1.0),
        (0.0, 1e-9, "sgd", 1.0),
        (1e-9, 1.0, "sgd", None),  # no larger one
    ],
)
def test_the_advised_rate(ratio: float, lr: float, algorithm: str, advised: float | None) -> None:
    found = rate(ratio, lr, algorithm)
    assert found is None if advised is None else found == pytest.approx(advised)


def test_no_step_is_small_where_weights_are_too_large() -> None:
    rows = layered("update_ratio", {0: (1e-6,) * 3}) + layered("gradient_norm", {0: (9.0,) * 3})
    rows += layered("gradient_ratio", {0: (1e3, 1e3)})
    names = [verdict.name for verdict in judge(Story(STUCK + rows), facts())]
    assert names == ["exploding_backward"]


def test_a_warmup_is_not_a_small_rate() -> None:
    rows = layered("update_ratio", dict.fromkeys(FLAT, (1e-6,) * 3))
    rows += layered("gradient_norm", dict.fromkeys(FLAT, (0.1,) * 3))
    assert primary(STUCK + rows, warmup_steps=100).name == "small_steps"
    verdict = primary(STUCK + rows, warmup_steps=10_000)
    assert verdict.name == "slow"
    assert "still warming up, over 10,000 steps: the last was 1.0e-05 of 0.001" in verdict.sentence
    assert "larger optimizer.lr" not in verdict.remedy
    assert "warming up" not in primary(STUCK, warmup_steps=0).sentence


def test_a_dead_layer_and_what_it_takes_with_it() -> None:
    def said(layer: int, **changes: Any) -> str:
        curve = tuple(float(n == layer) for n in (1, 2, 3))
        rows = layered("dead_layer", dict.fromkeys(FLAT, curve))
        return primary(STUCK + rows, hidden=(8, 8, 8), **changes).sentence

    assert said(1).endswith("8 units, so it does not learn.")
    assert said(2).endswith("so neither it nor any layer before it learns.")
    # Layers 2 and 3 are a block: the shortcut goes round the first, and into the second.
    assert said(2, residual=True).endswith("so it does not learn; the shortcut goes round it.")
    assert said(3, residual=True).endswith("so neither it nor any layer before it learns.")


@pytest.mark.parametrize(
    ("units", "said"), [(1, "its one unit"), (2, "either of its 2 units"), (3, "any of its 3")]
)
def test_few_units(units: int, said: str) -> None:
    rows = layered("dead_layer", dict.fromkeys(FLAT, (0.0, 1.0)))
    assert f"through {said}" in primary(STUCK + rows, hidden=(4, units)).sentence
    copies = layered("distinct_units", dict.fromkeys(FLAT, (1.0, 2.0)))
    if units == 2:
        sentence = primary(STUCK + copies, hidden=(2, 2)).sentence
        assert sentence.startswith("Both units of layer 1 are copies")


def test_what_killed_a_layer_later() -> None:
    rows = STUCK + layered("dead_layer", {0: (0, 0), 20: (1, 0), 100: (1, 0)})
    told = primary(rows, dropout=0.9, weight_decay=5.0).remedy
    assert "model.dropout is 0.9" in told
    assert "optimizer.weight_decay is 5" in told
    usual = primary(rows, dropout=0.2, weight_decay=0.01).remedy
    assert "dropout" not in usual
    assert "decay" not in usual


def test_what_was_saturated_later_is_told_of_its_steps() -> None:
    rows = STUCK + layered("saturated_fraction", {0: (0, 0), 20: (0.9, 0), 100: (0.9, 0)})
    rows += layered("update_ratio", {0: (2.0, 0.1, 0.1)})
    verdict = primary(rows, activation="tanh")
    assert verdict.name == "saturated"
    assert "Update 1 had moved the weights of layer 1 by 2 times" in verdict.sentence
    assert "a tenth of optimizer.lr" in verdict.remedy
    assert "init=" not in verdict.remedy
    born = layered("saturated_fraction", dict.fromkeys(FLAT, (0.9, 0.0)))
    assert "init=xavier" in primary(STUCK + born, activation="tanh").remedy


def test_a_loss_above_guessing_is_not_called_slow_where_the_start_has_a_fault() -> None:
    losses = {0: 90.0, 20: 11.7}
    rows = learns({0: 0.1, 20: 0.91}, losses)
    verdict = primary(rows)
    assert verdict.name == "slow"
    assert verdict.sentence.startswith("It learns, but its loss is above that of guessing (2.3): ")
    assert "good start" not in verdict.sentence
    assert "larger optimizer.lr" not in verdict.remedy
    logits = [Record(0, None, "logit_scale", 30.0)]
    assert primary(rows + logits).name == "large_logits"


def test_who_learnt_nothing_is_not_said_to_learn() -> None:
    rows = learns({0: 0.1, 100: 0.1, 200: 0.12}, dict.fromkeys((0, 100, 200), LN10 - 0.01))
    assert primary(rows).sentence.startswith("It has hardly begun to learn: 12 %")


def test_the_classes_at_a_huge_loss() -> None:
    """In float64 1e17 - ln 10 is 1e17, so that these records do not tell how many there are."""
    rows = learns({0: 0.1, 100: 0.1}, {0: 1e17, 100: 2e17})
    assert primary(rows, classes=10).name == "slow"
    calmed = learns({0: 0.1, 100: 0.75}, {0: 1e17, 100: 0.7})
    assert primary(calmed).name == "healthy"
    thrown = learns({0: 0.1, 20: 0.1, 100: 0.1}, {0: 2.4, 20: 1e17, 100: 5e16})
    assert primary(thrown).name == "diverged"


def test_a_loss_that_ends_infinite_has_diverged() -> None:
    rows = learns({0: 0.1, 20: 0.1, 100: 0.1}, {0: 2.4, 20: 3.0, 100: math.inf})
    verdict = primary(rows)
    assert verdict.name == "diverged"
    assert "at step 100" in verdict.sentence


def test_a_single_look() -> None:
    """At the start it tells nothing of learning; later it does."""
    assert primary(learns({0: 0.1}, {0: LN10})).name == "healthy"
    assert primary(learns({20: 0.1}, {20: LN10})).name == "slow"
    verdict = primary(learns({20: 0.6}))
    assert verdict.name == "healthy"
    assert verdict.sentence.endswith("at step 20.")


def test_nothing_is_late_by_the_first_few_steps() -> None:
    end = {2400: 0.75}
    assert primary(learns({0: 0.1, 1: 0.1, 20: 0.1} | end)).name == "healthy"
    assert primary(learns({0: 0.1, 1: 0.1, 50: 0.1} | end)).name == "slow"


def test_behind_one_unit_all_features_point_the_same_way() -> None:
    rows = STUCK + layered("feature_cosine", dict.fromkeys(FLAT, (1.0, 1.0)))
    assert primary(rows, hidden=(8, 8)).name == "collapsed_features"
    for hidden in ((8, 1), (1, 8)):
        assert primary(rows, hidden=hidden).name == "slow"


def test_who_stands_where_it_began_is_not_told_to_step_less() -> None:
    still = primary(learns({0: 0.1, 20: 0.1}, {0: 2.66, 20: 2.65})).remedy
    assert "more epochs" in still.lower()
    assert "maller steps" not in still
    assert "larger" not in still
    assert "Smaller steps" in primary(learns({0: 0.1, 20: 0.1}, {0: 2.4, 20: 2.65})).remedy
