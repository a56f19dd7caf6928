"""`python -m src.diagnose`: the page, the table, the JSON, the picture."""

import io
import json
import math
from collections.abc import Iterator
from pathlib import Path
from xml.etree import ElementTree

import pytest

from src.diagnostics.probes import table
from tests.diagnosing import TINY, Run, doctor_in, told


class Terminal(io.StringIO):
    """Where output goes that a person reads."""

    def isatty(self) -> bool:
        return True


@pytest.fixture
def diagnose(tmp_path: Path) -> Iterator[Run]:
    with doctor_in(tmp_path) as run:
        yield run


@pytest.mark.slow
def test_zeros_are_found_out(diagnose: Run, tmp_path: Path) -> None:
    outcome = diagnose("init=zeros", "activation=relu")
    assert outcome.code == 0, outcome.err
    assert outcome.err == ""
    said = " ".join(outcome.out.split())
    assert said.startswith(f"{' '.join(TINY)} init=zeros activation=relu symmetric: will ")
    assert "are copies of one another: equal weights all give the same error" in said
    assert "Judged from the start and 20 steps, of 30: a prediction, not a result." in said
    assert list(tmp_path.iterdir()) == [], "nothing is written unasked"


def test_loss_of_zeros_at_the_start_is_ln_10(diagnose: Run) -> None:
    (member,) = told(diagnose, "init=zeros", "--steps", "3")["members"]
    loss = member["records"]["loss"]["network"]
    assert sorted(map(int, loss)) == [0, 1, 2, 3]
    # float32 rounds ln 10 to within 2**-22, half a unit in its last place.
    assert loss["0"] == pytest.approx(math.log(10), abs=2**-22)
    assert member["verdict"]["primary"] == "symmetric"
    evidence = member["verdict"]["found"][0]["evidence"][0]
    assert evidence["value"] == member["records"]["distinct_units"]["1"][str(evidence["step"])]


@pytest.mark.slow
def test_json_is_whole_and_strict(diagnose: Run) -> None:
    found = told(diagnose, "-m", "init=he", "init.gain=1,1e30", "optimizer=sgd")
    assert found["steps"] == 20
    healthy, diverged = found["members"]
    assert healthy["label"] == "init.gain=1"
    assert healthy["run_steps"] == 30
    assert set(healthy["records"]) == {*table.PROBES, *table.OF_STEPS}
    for probe in ("preactivation_std", "update_ratio"):
        assert set(healthy["records"][probe]) == {"1", "2", "3"}
    assert diverged["diverged_at"] == 0


@pytest.mark.slow
def test_many_are_ranked_and_explained(diagnose: Run, tmp_path: Path) -> None:
    outcome = diagnose("-m", "init=zeros,he", "dropout=0,0.1")
    assert outcome.code == 0, outcome.err
    rows = [line.split("|")[1:-1] for line in outcome.out.splitlines() if line.startswith("|")]
    head, *body = [[cell.strip() for cell in row] for row in rows]
    assert head == ["#", "init", "model.dropout", "verdict", "loss at 0", "at 20", "layer"]
    assert [row[1] for row in body] == ["he"] * 2 + ["zeros"] * 2
    assert {row[3] for row in body[2:]} == {"symmetric"}
    losses = [float(row[5]) for row in body[:2]]
    assert losses == sorted(losses)
    assert outcome.out.count("symmetric (2): will") == 1
    assert outcome.out.count("copies of one") == 1
    assert list(tmp_path.iterdir()) == []


@pytest.mark.slow
def test_pages_of_many(diagnose: Run) -> None:
    outcome = diagnose("-m", "init=zeros,he", "--pages")
    assert outcome.code == 0, outcome.err
    assert outcome.out.count("preactivations z") == 2
    assert outcome.out.index("symmetric (1): ") < outcome.out.index("preactivations z")


@pytest.mark.slow
def test_a_sweep_of_one_has_its_page(diagnose: Run) -> None:
    outcome = diagnose("-m", "init=he")
    assert outcome.code == 0, outcome.err
    assert "preactivations z" in outcome.out


def test_the_start_alone(diagnose: Run) -> None:
    outcome = diagnose("init=he", "--steps", "0")
    assert outcome.code == 0, outcome.err
    assert "Judged from the start alone, of 30" in outcome.out


@pytest.mark.slow
def test_a_run_that_is_shorter_than_20_steps(diagnose: Run) -> None:
    assert told(diagnose, "trainer.steps_per_epoch=1")["steps"] == 5
    assert told(diagnose, "trainer.epochs=0")["steps"] == 0


@pytest.mark.parametrize("typed", ["init=he", "-m init=he,zeros"])
@pytest.mark.slow
def test_off_a_terminal_it_is_plain_text(diagnose: Run, typed: str) -> None:
    outcome = diagnose(*typed.split())
    assert "\x1b" not in outcome.out + outcome.err


@pytest.mark.parametrize(
    "typed",
    [
        "init=he",
        "init=uniform activation=sigmoid",
        pytest.param("init=he model.hidden=[9]*40 activation=tanh", marks=pytest.mark.slow),
        "init=he init.gain=1e8 optimizer.lr=1e-9",
        "-m init=he,zeros seed=range(2)",
        pytest.param("-m init=he,zeros dropout=0,0.5 optimizer.lr=1e-3,1", marks=pytest.mark.slow),
    ],
)
@pytest.mark.slow
def test_80_columns_are_enough(diagnose: Run, typed: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    monkeypatch.setenv("NO_COLOR", "1")
    monkeypatch.setenv("TERM", "dumb")
    outcome = diagnose(*typed.split(), out=Terminal)
    assert outcome.code == 0, outcome.err
    assert max(map(len, outcome.out.splitlines())) <= 80
    # Nothing was cut to fit.
    assert "…" not in outcome.out


@pytest.mark.slow
def test_picture_is_an_svg_of_the_page(diagnose: Run, tmp_path: Path) -> None:
    outcome = diagnose("init=zeros", "--json", "--picture", "page.svg")
    assert outcome.code == 0, outcome.err
    json.loads(outcome.out)
    drawn = (tmp_path / "page.svg").read_text()
    text = "".join(ElementTree.fromstring(drawn).itertext()).replace("\xa0", " ")
    assert "symmetric: will" in text
    assert "python -m src.diagnose data=synthetic" in text


@pytest.mark.slow
def test_quiet_leaves_the_result(diagnose: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("src.progress.Count.EVERY", 0.0)
    typed = ("-m", "seed=1,2")
    loud = diagnose(*typed, "--steps", "0")
    assert "2 of 2 members examined" in loud.out
    quiet = diagnose(*typed, "quiet=true")
    assert "members" not in quiet.out
    assert "slow (1)" in quiet.out
    assert "preactivations z" not in quiet.out
    strict = diagnose(*typed, "--json", "--steps", "0")
    json.loads(strict.out)
    assert "2 of 2 members examined" in strict.err
