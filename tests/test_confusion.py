"""Finished runs judged anew: counts with known answers, and bad folders in one sentence."""

import json
import math
from pathlib import Path
from typing import Any

import pytest

from src.config import as_plain
from src.diagnostics.confusion.__main__ import main
from src.diagnostics.confusion.count import Outcome, Share, arms, confusion
from src.diagnostics.confusion.judged import judged
from src.diagnostics.records import RECORDS, Record, Story, write
from src.diagnostics.verdicts.judge import judge
from src.diagnostics.verdicts.stored import facts_of_stored
from src.diagnostics.verdicts.verdict import Facts, Verdict, facts_of
from src.errors import InputError
from tests.conftest import Configure
from tests.records import distinct, diverged, failed, made, measured, written

# Width of the first hidden layer of tests.records.
UNITS = 8


@pytest.fixture
def runs(tmp_path: Path) -> Path:
    """Two that fail, of which one is told; one that works; one in between; one that diverges."""
    same, apart = distinct((0, 1), (100, 1)), distinct((0, UNITS), (100, UNITS))
    measured(tmp_path, 0, same, made(0.1, "told", init__name="zeros"))
    measured(tmp_path, 1, apart, made(0.5, "missed", seed=3))
    measured(tmp_path, 2, apart, made(0.9, "works", seed=1))
    measured(tmp_path, 3, apart, made(0.8, "between", seed=2))
    measured(tmp_path, 4, same, diverged(init__name="zeros", seed=1))
    return tmp_path


def outcome(accuracy: float | None, verdict: str) -> Outcome:
    return Outcome("he", "relu", "adam", 0, accuracy, verdict)


def test_ends_at_their_bounds() -> None:
    ends = [outcome(value, "slow").end for value in (None, 0.5, 0.500001, 0.8, 0.800001)]
    between = "50 to 80 %"
    assert ends == ["diverged", "at most 50 %", between, between, "above 80 %"]


@pytest.mark.parametrize(
    ("accuracy", "verdict", "wrong"),
    [
        (0.1, "healthy", True),
        (None, "healthy", True),
        (0.1, "slow", False),
        (None, "dead", False),
        (0.7, "healthy", False),
        (0.7, "dead", False),
        (0.9, "healthy", False),
        (0.9, "slow", False),
        (0.9, "dead", True),
    ],
)
def test_what_is_wrong(accuracy: float | None, verdict: str, wrong: bool) -> None:
    assert outcome(accuracy, verdict).wrong == wrong


def test_the_table_counts_each_member_once() -> None:
    said = [(0.1, "dead"), (0.1, "healthy"), (None, "dead"), (0.9, "dead"), (0.9, "slow")]
    found = confusion([outcome(*each) for each in said])
    # In the order of NAMES; columns: diverged, at most 50 %, 50 to 80 %, above 80 %.
    expected = {"healthy": (0, 1, 0, 0), "slow": (0, 0, 0, 1), "dead": (1, 1, 0, 1)}
    assert list(found.counts.items()) == list(expected.items())
    assert (found.failures_found, found.workers_cleared) == (Share(2, 3), Share(1, 2))
    assert found.seeds_agree == Share(0, 1)
    assert len(arms([outcome(*each) for each in said])) == 1


@pytest.mark.parametrize(("right", "n"), [(0, 1), (0, 20), (7, 10), (19, 20), (300, 300)])
def test_the_interval_against_the_score_test(right: int, n: int) -> None:
    """Wilson's bounds are the shares p at which |right/n - p| is z standard errors √(p(1-p)/n)."""
    low, high = Share(right, n).interval()
    z = 1.959963984540054  # of 95 %
    assert 0 <= low <= right / n <= high <= 1
    for p in (low, high):
        if 0 < p < 1:
            assert abs(right / n - p) == pytest.approx(z * math.sqrt(p * (1 - p) / n), rel=1e-9)
    assert (low > 0) == (right > 0)
    assert (high < 1) == (right < n)


def test_no_members_have_no_share() -> None:
    assert Share(0, 0).interval() == (0, 1)
    assert math.isnan(Share(0, 0).value)
    assert str(Share(0, 0)) == "no such member"


def test_made_runs_are_judged(runs: Path, capsys: pytest.CaptureFixture[str]) -> None:
    main([str(runs), "--json"])
    found = json.loads(capsys.readouterr().out)
    assert found["counts"]["symmetric"] == [1, 1, 0, 0]
    assert found["shares"]["failures_found"]["right"] == 2
    assert found["shares"]["failures_found"]["n"] == 3
    assert found["shares"]["workers_cleared"]["n"] == 1
    by_label = {each["label"]: each for each in found["members"]}
    assert by_label["missed"]["wrong"]
    assert not by_label["between"]["wrong"]
    assert by_label["told"]["end"] == "at most 50 %"
    assert by_label["diverged"]["accuracy"] is None
    main([str(runs)])
    shown = capsys.readouterr().out
    assert "5 members, judged from the first 100 steps" in shown
    assert "  missed: ended at 50.00 %; " in shown
    assert "  told: " not in shown


def test_only_the_first_steps_are_looked_at(tmp_path: Path) -> None:
    """A layer that dies in step 101."""
    late = [Record(step, 1, "dead_layer", value) for step, value in ((0, 0), (100, 0), (101, 1))]
    measured(tmp_path, 0, late, made(0.1))
    assert judged([tmp_path], 100).members[0].outcome.verdict == "healthy"
    assert judged([tmp_path], 101).members[0].outcome.verdict == "dead"


def test_a_divergence_is_known_once_it_has_come(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    told: list[int | None] = []

    def noted(story: Story, facts: Facts) -> list[Verdict]:
        told.append(facts.diverged_at)
        return judge(story, facts)

    monkeypatch.setattr("src.diagnostics.confusion.judged.judge", noted)
    measured(tmp_path, 0, distinct((0, UNITS)), diverged())  # at step 37
    for steps in (36, 37):
        judged([tmp_path], steps)
    assert told == [None, 37]


def test_members_that_failed_are_left_out(runs: Path, capsys: pytest.CaptureFixture[str]) -> None:
    written(runs / "other", failed())
    main([str(runs)])
    shown = capsys.readouterr().out
    assert "5 members" in shown
    assert "left out, for they could not be trained: 1" in shown


def test_several_folders(runs: Path) -> None:
    assert len(judged([runs / "member=0", runs / "member=1"], 100).members) == 2
    # One that lies in two of them counts once.
    assert len(judged([runs / "member=0", runs], 100).members) == 5


def test_equal_members_count_once(tmp_path: Path) -> None:
    """Wherever they lie, and wherever their data did; and one that was trained before one not."""
    rows = distinct((0, UNITS))
    measured(tmp_path / "a", 0, rows, made(data__root="/here"))
    measured(tmp_path / "b", 0, rows, made(data__root="/there"))
    measured(tmp_path / "b", 1, rows, made(seed=1))
    written(tmp_path / "0", failed(seed=1))
    found = judged([tmp_path], 100)
    assert sorted(member.outcome.seed for member in found.members) == [0, 1]
    assert found.failed == 0


def refusal(*words: str) -> str:
    with pytest.raises(InputError) as caught:
        main(words)
    return str(caught.value)


@pytest.fixture
def bare(monkeypatch: pytest.MonkeyPatch) -> None:
    """Exceptions as they are; how they end a command is of tests/test_cli.py."""
    monkeypatch.setenv("HYDRA_FULL_ERROR", "1")


@pytest.mark.usefixtures("bare")
def test_bad_folders(runs: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    empty = tmp_path_factory.mktemp("empty")
    assert refusal(str(empty)) == f"{empty}: holds no finished runs, no result.json at any depth."
    assert refusal(f"{empty}/none") == f"{empty}/none: no such folder."
    place = runs / "member=1"
    kept = (place / RECORDS).read_bytes()
    (place / RECORDS).write_bytes(kept[: len(kept) // 2])
    said = refusal(str(runs))
    assert said.startswith(f"{place / RECORDS}: not readable records (")
    assert "\n" not in said
    (place / RECORDS).unlink()
    assert refusal(str(runs)) == (
        f"{place}: has no records.parquet, as 1 of 5 members; runs of diagnostics=off cannot be "
        "judged."
    )
    write(place / RECORDS, "a", distinct((101, 2)))
    assert refusal(str(runs)) == f"{place / RECORDS}: has no rows of the first 100 steps."
    assert refusal(str(runs), "--steps", "-1") == "--steps=-1: must be at least 0."
    written(empty, failed())
    assert refusal(str(empty)) == f"{empty}: all of its 1 members failed to train."


@pytest.mark.usefixtures("bare")
@pytest.mark.parametrize(
    ("record", "said"),
    [
        ({"a": 1}, "not a result of this program (without status, label, config)."),
        (made() | {"config": {}}, "model.hidden=absent: must be in the configuration."),
        (
            made(model__residual="no"),
            "model.residual=no: must be true or false.",
        ),
        (made(optimizer__lr=True), "optimizer.lr=True: must be a number."),
        (
            made(model__hidden=[8, "x"]),
            "model.hidden=[8, 'x']: must be a list of whole numbers.",
        ),
        (made(None), "not a result of this program."),
        (made() | {"metrics": {}}, "not a result of this program."),
        (made(seed="x"), "not a result of this program."),
    ],
)
def test_foreign_results(tmp_path: Path, record: dict[str, Any], said: str) -> None:
    written(tmp_path, record)
    write(tmp_path / "member=0" / RECORDS, "a", distinct((0, UNITS)))
    assert refusal(str(tmp_path)) == f"{tmp_path / 'member=0' / 'result.json'}: {said}"


@pytest.mark.usefixtures("bare")
def test_what_is_asked(tmp_path: Path) -> None:
    assert refusal() == "FOLDER: name at least one folder of finished runs."
    assert refusal(str(tmp_path), "--steps", "x").endswith("--help tells what is allowed.")
    assert refusal(str(tmp_path), "--json", "--page") == ("--json and --page: ask for one of them.")


@pytest.mark.slow
def test_stored_facts_are_those_of_the_configuration(configure: Configure) -> None:
    for overrides in (["activation=tanh", "optimizer=sgd"], ["model.dropout=0", "init=zeros"]):
        config = configure(*overrides)
        plain = json.loads(json.dumps(as_plain(config)))
        assert facts_of_stored(plain, 3) == facts_of(config, 3)
