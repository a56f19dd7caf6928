"""Questions, answers in a sentence, what is open, and the notes: true of the numbers below them."""

import numpy as np
import pytest

from src.report.analysis import analyse
from src.report.answer import answer
from src.report.results import Members
from src.report.statistics import intervals
from src.report.unsettled import SHOWN
from tests.answered import SHAKE, arm, member, told
from tests.records import diverged, failed


def test_two_arms() -> None:
    found = told(arm("zeros", 0.1) + arm("he", 0.883, shake=1))
    differences = [0.783 + SHAKE[(seed * 3 + 1) % 10] for seed in range(10)]
    mean = 100 * sum(differences) / 10
    low, high = 100 * intervals.of_mean(np.array([differences]))[:, 0]
    assert found.sentence == (
        f"he beats zeros by {mean:.2f} points (95 % interval {low:.2f} to {high:.2f}, "
        "n = 10 paired seeds)."
    )
    assert found.unsettled == []


def test_three_arms_of_which_two_are_not_told_apart() -> None:
    found = told(arm("zeros", 0.1) + arm("he", 0.8802, shake=1) + arm("xavier", 0.88, shake=4))
    assert found.sentence.startswith("he beats zeros by 78.0")
    assert "; he and xavier are not told apart (0.0" in found.sentence
    assert found.sentence.endswith(").")
    assert len(found.unsettled) == 1
    assert found.unsettled[0].startswith("he and xavier: 0.0")
    assert "would" in found.unsettled[0]


def test_many_arms_name_the_nearest_that_is_beaten() -> None:
    """Ten arms in steps of 2 points below two at the top; each differs by seed a little."""
    records = arm("a", 0.9, shake=1) + arm("b", 0.9001, shake=5)
    for k in range(10):
        records += arm(f"low{k}", 0.88 - 0.02 * k, shake=k % 7 + 2)
    found = told(records)
    assert "beats 10 of the 11 other arms, the nearest of them, low0, by 2.0" in found.sentence
    assert "are not told apart" in found.sentence


def test_one_arm_beats_all_others() -> None:
    records = [record for k in range(5) for record in arm(f"arm{k}", 0.9 - 0.1 * k, shake=k + 1)]
    found = told(records)
    assert found.sentence.startswith(
        "arm0 beats all 4 other arms, the nearest of them, arm1, by 10."
    )
    assert "not told apart" not in found.sentence
    assert found.unsettled == []


def test_the_group_not_told_apart_is_counted() -> None:
    records = arm("zeros", 0.1)
    for k in range(6):
        records += arm(f"like{k}", 0.9, shake=k + 1)
    found = told(records)
    assert "; it is not told apart from " in found.sentence
    assert found.sentence.endswith(" and 2 more.")
    assert len(found.unsettled) == SHOWN + 1
    assert found.unsettled[-1].startswith("7 pairs more are not settled")


def test_nothing_is_settled() -> None:
    records = [
        member(0.5 + sign * 0.1 * (-1) ** seed + 0.001 * k, init__name=f"arm{k}", seed=seed)
        for k, sign in enumerate((1, -1, 0))
        for seed in range(6)
    ]
    found = told(records)
    assert found.sentence.startswith("None of the 3 arms is told apart from another; the clearest")
    assert "best" not in found.sentence
    assert " beats " not in found.sentence


@pytest.mark.parametrize("seeds", [1, 2])
def test_fewer_than_three_seeds_make_no_claim(seeds: int) -> None:
    found = told(arm("he", 0.9, seeds) + arm("zeros", 0.1, seeds))
    assert found.sentence.startswith("No claim can be made: arms have ")
    assert f"{seeds} seed" in found.sentence
    for text in (found.sentence, *found.unsettled, *found.notes):
        assert "beats" not in text
        assert "best" not in text.lower()
    assert found.unsettled == [
        "The only pair of arms, for want of seeds; seeds=10 on the command line gives each arm ten."
    ]


def test_one_arm_only() -> None:
    found = told(arm("he", 0.9))
    assert found.sentence.startswith("One arm only (init=he): nothing is compared; its mean is 90")
    assert "n = 10)." in found.sentence
    assert found.question == "What test accuracy does init=he give with relu on synthetic?"
    one = told(arm("he", 0.9, seeds=1))
    assert one.sentence == "One arm only (init=he): nothing is compared."


def test_arms_equal_in_every_seed() -> None:
    found = told(arm("he", 0.9) + arm("he2", 0.9))
    assert found.sentence == "Both arms have equal test accuracy in every seed that they share."
    assert found.unsettled == ["he and he2: equal in all 10 seeds; more would not tell them apart."]


def test_all_diverged() -> None:
    records = [
        diverged(init__name=name, seed=seed) for name in ("he", "xavier") for seed in range(5)
    ]
    found = told(records)
    assert found.sentence == "Every compared member of both arms diverged: no arm beats another."
    assert any("(status diverged): 10 members (he 5, xavier 5)" in note for note in found.notes)


def test_a_loss_is_better_when_lower() -> None:
    records = arm("he", 0.9) + arm("zeros", 0.1)
    for record in records:
        accuracy = record["metrics"]["last"]["validation_accuracy"]
        record["metrics"]["last"] = {
            "validation_accuracy": accuracy,
            "validation_loss": 1 - accuracy,
        }
    found = told(records, metric="validation_loss")
    assert found.question.startswith("Which init gives the lowest validation loss")
    # The same shift in every seed: rounding alone varies.
    assert found.sentence.startswith("he beats zeros by 0.8")
    assert "points" not in found.sentence


def test_an_arm_that_lacks_seeds_is_not_ranked_above_its_pairs() -> None:
    """low has but the three best seeds, so that its mean is the highest; in each it is worse."""
    high = [member(a, init__name="high", seed=k) for k, a in enumerate(EASY)]
    low = [member(EASY[k] - 0.05 - 0.001 * k, init__name="low", seed=k) for k in range(3)]
    analysis = analyse(high + low)
    assert analysis.arms[0].name == "low"
    found = answer(analysis)
    assert found.sentence.startswith("high beats low by 5.1")
    assert found.sentence.endswith("; that low has the best mean is no claim.")


EASY = (0.95, 0.951, 0.949, *[0.2] * 7)


def test_question_of_a_tuned_sweep_with_two_settings() -> None:
    records = [
        member(0.5 + 0.1 * a + 0.01 * o + 0.001 * seed, init__name=init, seed=seed)
        for a, init in enumerate(("he", "xavier"))
        for o in range(2)
        for seed in range(3)
    ]
    for k, record in enumerate(records):
        record["config"]["activation"]["name"] = ("relu", "tanh")[k % 2]
        record["config"]["optimizer"]["name"] = ("adam", "sgd")[k // 3 % 2]
        record["config"]["trainer"] = {"epochs": 5}
    found = told(records)
    assert found.question == (
        "Which init and activation together give the best test accuracy on synthetic after "
        "5 epochs, each with its own best optimizer?"
    )
    assert any(note.startswith("Tuned for each arm on validation accuracy") for note in found.notes)


def test_notes_of_failed_missing_and_lost() -> None:
    records = arm("he", 0.9) + arm("zeros", 0.1, seeds=8)
    records += [failed(init__name="zeros", seed=8), failed(init__name="sparse", seed=0)]
    notes = told(records).notes
    assert "Failed: 2 members (zeros 1), left out: that says nothing of a start." in notes
    assert "Every member of sparse failed; nothing is said of it." in notes
    assert any("lacking: zeros 2)" in note for note in notes)


@pytest.mark.parametrize(
    ("metric", "rule"), [("test_accuracy", "10 % of"), ("validation_loss", "2.303")]
)
def test_note_of_diverged(metric: str, rule: str) -> None:
    records = arm("he", 0.9) + [diverged(init__name="zeros", seed=seed) for seed in range(10)]
    notes = told(records, metric=metric).notes
    assert any("diverged): 10 members (zeros 10)" in note and rule in note for note in notes)


def test_names_that_say_little_have_their_key() -> None:
    records = [
        member(0.9 - 0.1 * (scale > 1) + SHAKE[seed * scale], init__scale=scale, seed=seed)
        for scale in (1, 2)
        for seed in range(5)
    ]
    assert told(records).sentence.startswith("scale=1 beats scale=2 by ")


def test_note_of_members_that_never_arrive() -> None:
    records = arm("he", 0.9) + arm("zeros", 0.1)
    for k, record in enumerate(records):
        record["steps_to_80"] = 30 if k < 10 else None
    notes = told(records).notes
    assert any("10 members never came so far and are censored" in note for note in notes)
    assert not any("censored" in note for note in told(arm("he", 0.9)).notes)


def test_notes_of_what_was_read_beside_the_members() -> None:
    found = told(Members(arm("he", 0.9) + arm("zeros", 0.1), ["2 of 22 members have no result."]))
    assert "2 of 22 members have no result." in found.notes
