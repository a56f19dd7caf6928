"""Rules on hand-made records: what is missing, what is late, what stands first."""

import json
import math
from typing import Any

import pytest

from src.diagnostics.records import Record, Story
from src.diagnostics.verdicts.judge import RULES, judge
from src.diagnostics.verdicts.names import NAMES
from src.diagnostics.verdicts.reading import (
    first_and_since,
    layers_named,
    number,
    share,
    since,
    when,
)
from src.diagnostics.verdicts.verdict import Facts, as_plain

LN10 = math.log(10)


def facts(**changes: Any) -> Facts:
    given: dict[str, Any] = {
        "activation": "relu",
        "algorithm": "adam",
        "learning_rate": 1e-3,
        "dropout": 0.2,
        "hidden": (256, 128),
        "residual": False,
    }
    return Facts(**(given | changes))


def learns(accuracies: dict[int, float], losses: dict[int, float] | None = None) -> list[Record]:
    """By step; where no losses are given, they fall with the accuracy."""
    rows = []
    for step, accuracy in accuracies.items():
        loss = losses[step] if losses else LN10 * (1.1 - accuracy)
        rows += [
            Record(step, None, "accuracy", accuracy),
            Record(step, None, "loss", loss),
            Record(step, None, "excess_loss", loss - LN10),
        ]
    return rows


def layered(probe: str, values: dict[int, tuple[float, ...]]) -> list[Record]:
    """By step the values of layers 1, 2, ..."""
    return [
        Record(step, layer, probe, value)
        for step, numbers in values.items()
        for layer, value in enumerate(numbers, start=1)
    ]


WELL, FLAT = {0: 0.1, 20: 0.4, 100: 0.75}, {0: 0.1, 20: 0.1, 100: 0.1}
GUESSING = dict.fromkeys(FLAT, LN10)
STUCK = learns(FLAT, GUESSING)


def names(rows: list[Record], **changes: Any) -> list[str]:
    return [verdict.name for verdict in judge(Story(rows), facts(**changes))]


@pytest.mark.parametrize("hidden", [(), (8,), (256, 128)])
def test_nothing_measured_is_no_fault(hidden: tuple[int, ...]) -> None:
    assert names([], hidden=hidden) == ["healthy"]
    assert all(rule(Story([]), facts(hidden=hidden)) is None for rule in RULES)


def test_only_the_start_of_a_good_one() -> None:
    (verdict,) = judge(Story(learns({0: 0.1})), facts())
    assert verdict.name == "healthy"
    assert verdict.sentence == "No probe found a fault at the start."


def test_only_the_start_of_a_bad_one() -> None:
    rows = learns({0: 0.1}, {0: LN10}) + layered("distinct_units", {0: (1, 1, 1)})
    (verdict,) = judge(Story(rows), facts())
    assert verdict.name == "symmetric"
    assert "Distinct units of layer 1: 1 of 256 at the start." in verdict.sentence


def test_learning_decides_what_stands_first() -> None:
    dead = layered("dead_fraction", dict.fromkeys(FLAT, (0.6, 0.1)))
    assert names(learns(WELL) + dead) == ["healthy", "dead"]
    assert names(learns({0: 0.1, 100: 0.3}) + dead) == ["slow", "dead"]
    assert names(STUCK + dead) == ["dead"]
    assert names(STUCK) == ["slow"]


def test_copies_that_learn_a_little_are_symmetric_first() -> None:
    equal = layered("distinct_units", dict.fromkeys(FLAT, (1, 1, 10)))
    assert names(learns({0: 0.1, 100: 0.3}) + equal) == ["symmetric", "slow"]


def test_less_is_asked_of_twenty_steps() -> None:
    rows = learns({0: 0.1, 20: 0.35})
    assert names(rows) == ["healthy"]
    later = learns({0: 0.1, 100: 0.35})
    assert names(later) == ["slow"]


def test_a_late_start_is_slow_until_it_has_caught_up() -> None:
    begun = {0: 0.1, 100: 0.12}
    (verdict,) = judge(Story(learns(begun | {2400: 0.75})), facts())
    assert verdict.name == "slow"
    assert "12 % of the sample right at step 100" in verdict.sentence
    assert names(learns(begun | {2400: 0.85})) == ["healthy"]
    assert names(learns({0: 0.1, 100: 0.6, 2400: 0.75})) == ["healthy"]
    # Why it began late is what was wrong then.
    flat = layered("saturated_fraction", {0: (0.9, 0.9), 100: (0.9, 0.9), 2400: (0.1, 0.1)})
    assert names(learns(begun | {2400: 0.75}) + flat)[0] == "saturated"
    back = layered("gradient_ratio", {0: (1e-2, 1e-2), 100: (1e-2, 1e-2), 2400: (1.0, 1.0)})
    assert names(learns(begun | {2400: 0.75}) + back) == ["vanishing_backward", "slow"]
    # A resumed run has no early looks.
    assert names(learns({480: 0.5, 2400: 0.75})) == ["healthy"]


def test_judged_until_a_step() -> None:
    rows = learns({0: 0.1, 100: 0.7, 500: 0.1}, {0: 2.4, 100: 0.9, 500: LN10})
    dead = layered("dead_layer", {0: (0, 0), 100: (0, 0), 500: (0, 1)})
    story = Story(rows + dead)
    assert [verdict.name for verdict in judge(story.until(100), facts())] == ["healthy"]
    (verdict,) = judge(story, facts())
    assert verdict.name == "dead"
    assert "Layer 2 was seen to have died at step 500" in verdict.sentence


def test_what_is_dead_and_comes_back_is_not() -> None:
    dead = layered("dead_layer", {0: (0, 0), 20: (0, 1), 100: (0, 0)})
    assert names(STUCK + dead) == ["slow"]


def test_flat_by_large_inputs_is_saturated_not_dead() -> None:
    rows = layered("dead_layer", dict.fromkeys(FLAT, (1, 1)))
    rows += layered("saturated_fraction", dict.fromkeys(FLAT, (1, 1)))
    assert names(STUCK + rows, activation="tanh") == ["saturated"]


def test_a_resumed_run_has_no_start() -> None:
    # Copies that dropout has set apart since: nothing of the records tells that they were.
    steps = (480, 960)
    rows = learns(dict.fromkeys(steps, 0.1), dict.fromkeys(steps, LN10))
    apart = layered("distinct_units", dict.fromkeys(steps, (256, 128, 10)))
    assert names(rows + apart) == ["slow"]
    equal = layered("distinct_units", dict.fromkeys(steps, (1, 128, 10)))
    (verdict,) = judge(Story(rows + equal), facts())
    assert "at step 480, and still at step 960" in verdict.sentence


def test_rounding_can_break_a_symmetry_too() -> None:
    rows = layered("distinct_units", {0: (1, 128, 10), 20: (1, 128, 10), 100: (256, 128, 10)})
    (verdict,) = judge(Story(STUCK + rows), facts(dropout=0.0))
    assert "Only rounding in the last digits" in verdict.sentence
    assert "256 of 256 are distinct in layer 1 at step 100." in verdict.sentence


def test_equal_rows_with_different_gradients_are_no_copies() -> None:
    rows = layered("distinct_units", {0: (1, 128, 10), 100: (256, 128, 10)})
    rows += layered("distinct_gradients", {0: (256, 128, 10), 100: (256, 128, 10)})
    assert names(STUCK + rows) == ["slow"]


def test_a_layer_of_one_unit_is_no_copy() -> None:
    rows = layered("distinct_units", dict.fromkeys(FLAT, (1, 1, 10)))
    assert names(STUCK + rows, hidden=(1, 1)) == ["slow"]


def test_divergence_follows_what_was_wrong_at_the_start() -> None:
    assert names(learns({0: 0.1}), diverged_at=3) == ["diverged"]
    logits = [Record(0, None, "logit_scale", 30.0)]
    start = learns({0: 0.1}, {0: 40.0})
    assert names(start + logits, diverged_at=3) == ["large_logits", "diverged"]
    late = layered("feature_cosine", {0: (0.6, 0.5, 0.1), 2: (1.0, 1.0, 1.0)})
    assert names(learns({0: 0.1}) + late, diverged_at=3) == ["diverged", "collapsed_features"]


def test_a_loss_that_came_back_has_not_diverged() -> None:
    losses = {0: 2.4, 20: 80.0, 100: 1.0}
    assert names(learns({0: 0.1, 20: 0.1, 100: 0.6}, losses)) == ["healthy"]
    losses[100] = 2.4
    assert names(learns({0: 0.1, 20: 0.1, 100: 0.1}, losses)) == ["diverged"]


def test_numbers_that_are_not_finite() -> None:
    rows = learns({0: 0.1, 1: 0.1}, {0: 2.4, 1: math.inf})
    rows += layered("preactivation_q", {0: (0.4, 0.4, 0.4), 1: (math.inf,) * 3})
    rows += layered("q_ratio", {0: (2.0, 1.0, 1.0), 1: (math.inf,)})
    rows += layered("gradient_ratio", {0: (1.0, 1.0), 1: (math.inf,)})
    rows += layered("update_ratio", {0: (math.inf,) * 3})
    rows += layered("gradient_norm", {0: (1.0,) * 3, 1: (math.inf,) * 3})
    assert names(rows, diverged_at=1) == ["diverged"]


def test_no_step_is_small_where_there_is_no_gradient() -> None:
    rows = layered("update_ratio", {0: (0.0, 0.0, 0.0)})
    assert names(STUCK + rows + layered("gradient_norm", {0: (0.0, 0.0, 0.0)})) == ["slow"]
    found = names(STUCK + rows + layered("gradient_norm", {0: (0.1, 0.1, 0.1)}))
    assert found == ["small_steps"]


def test_a_network_without_hidden_layers() -> None:
    rows = layered("preactivation_q", dict.fromkeys(FLAT, (0.4,)))
    rows += layered("q_ratio", dict.fromkeys(FLAT, (2.0,)))
    rows += layered("distinct_units", dict.fromkeys(FLAT, (1,)))
    assert names(learns(WELL) + rows, hidden=()) == ["healthy"]


def test_as_plain_has_the_index_of_its_name() -> None:
    plain = as_plain(judge(Story(STUCK), facts()))
    assert (plain["primary"], plain["index"]) == ("slow", NAMES.index("slow"))
    assert plain["found"][0]["evidence"][0]["probe"] == "accuracy"


def test_since() -> None:
    curve = {0: 1.0, 1: 0.0, 5: 1.0, 10: 1.0}
    assert since(curve, lambda value: value > 0) == 5
    assert since(curve, lambda value: value < 1) is None
    assert first_and_since(curve, lambda value: value > 0) == 0
    assert since({}, bool) is None


def test_numbers_in_words() -> None:
    assert [number(x) for x in (0.0, 0.01234, 457.2, 2.9e6, 1e-9)] == [
        *("0", "0.0123", "457", "2.9e+06", "1.0e-09")
    ]
    assert [share(x) for x in (0.0, 0.0086, 1e-6)] == ["0 %", "0.86 %", "1.0e-06"]
    assert [layers_named(x) for x in ([1], [1, 2], [1, 2, 3], [1, 3, 4])] == [
        *("layer 1", "layers 1 and 2", "layers 1 to 3", "layers 1, 3 and 4")
    ]
    assert [when(0), when(5)] == ["at the start", "at step 5"]


def test_as_plain_is_what_json_gives_back() -> None:
    plain = as_plain(judge(Story(learns({0: 0.1})), facts(diverged_at=3)))
    assert json.loads(json.dumps(plain, allow_nan=False)) == plain
