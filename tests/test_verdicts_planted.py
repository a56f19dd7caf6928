"""Each verdict is given to what causes it and to no near miss, by training small networks."""

import re
from typing import Any

import pytest

from src.diagnostics.verdicts.names import NAMES
from tests.planted import CAUSES, NEAR_MISSES, PROBLEM
from tests.training import options, tiny, train

Found = dict[str, list[dict[str, Any]]]


def settings(case: str, given: dict[str, Any] | str) -> dict[str, Any]:
    return CAUSES[given][case] if isinstance(given, str) else given


CASES: dict[str, dict[str, Any]] = {
    case: settings(case, given)
    for table in (CAUSES, NEAR_MISSES)
    for cases in table.values()
    for case, given in cases.items()
}


@pytest.fixture(scope="module")
def judged(tmp_path_factory: pytest.TempPathFactory) -> Found:
    """The verdicts of every case, the primary one first, as its result.json has them."""
    configs = [tiny(**{**PROBLEM, **changes}) for changes in CASES.values()]
    trained = train(configs, tmp_path_factory.mktemp("planted"))
    return {
        case: member.record["verdict"]["found"] for case, member in zip(CASES, trained, strict=True)
    }


def test_a_name_means_one_case() -> None:
    for table in (CAUSES, NEAR_MISSES):
        for cases in table.values():
            for case, given in cases.items():
                assert CASES[case] == settings(case, given)


@pytest.mark.parametrize("table", [CAUSES, NEAR_MISSES], ids=["causes", "near misses"])
def test_every_verdict_has_its_cases(table: dict[str, dict[str, Any]]) -> None:
    assert {name: len(cases) >= 3 for name, cases in table.items()} == dict.fromkeys(NAMES, True)


@pytest.mark.parametrize(
    ("name", "case"), [(n, case) for n, cases in CAUSES.items() for case in cases]
)
@pytest.mark.slow
def test_a_cause_is_named(judged: Found, name: str, case: str) -> None:
    primary = judged[case][0]
    assert primary["name"] == name, judged[case]
    assert (primary["remedy"] == "") == (name == "healthy")
    assert primary["evidence"]


@pytest.mark.parametrize(
    ("name", "case"), [(n, case) for n, cases in NEAR_MISSES.items() for case in cases]
)
def test_a_near_miss_is_not(judged: Found, name: str, case: str) -> None:
    assert name not in [verdict["name"] for verdict in judged[case]], judged[case]


def test_a_remedy_is_of_this_program(judged: Found) -> None:
    remedies = {verdict["remedy"] for verdicts in judged.values() for verdict in verdicts}
    told = {item for text in remedies for item in re.findall(r"([a-z_.]+)=([\w.+-]*\w)", text)}
    keys = {key for key, _ in told}
    assert {"init", "activation", "optimizer", "optimizer.lr", "model.residual"} <= keys
    for key, value in told:
        if "." in key:
            group, name = key.split(".")
            assert name in vars(getattr(tiny(), group)), key
        else:
            assert value in options(key), f"{key}={value}"


def test_when_a_layer_died(judged: Found) -> None:
    born = judged["born so: negative weights, inputs above 0"][0]
    assert "is born dead" in born["sentence"]
    assert born["evidence"][0]["step"] == 0
    died = judged["died of SGD's rate"][0]
    step = died["evidence"][0]["step"]
    assert 0 < step <= 10
    assert f"died at step {step}" in died["sentence"]
    assert died["evidence"][1]["probe"] == "update_ratio"


def test_what_broke_a_symmetry(judged: Found) -> None:
    never = judged["ones"][0]["sentence"]
    assert "still at step 100" in never
    broken = judged["ones, broken by dropout"][0]["sentence"]
    assert "Only dropout (0.2)" in broken
    assert "at step 1." in broken


def test_zeros_are_told_as_equal_and_without_gradient(judged: Found) -> None:
    verdicts = judged["zeros"]
    assert [verdict["name"] for verdict in verdicts[:2]] == ["symmetric", "dead"]
    assert "No gradient reaches layers 1 and 2 at all" in verdicts[0]["sentence"]
