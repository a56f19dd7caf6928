"""docs/reliability.md names tests; each is there, so that no promise stands on nothing."""

import ast
import re
from pathlib import Path

import pytest

from tests import test_fuzz_configs as configurations
from tests.left_behind import OF_THE_RUN

NAMED = re.compile(r"`(tests/\w+\.py)(?:::(\w+))?`")


@pytest.fixture(scope="module")
def page(project: Path) -> str:
    return (project / "docs" / "reliability.md").read_text()


def missing(text: str, project: Path) -> list[str]:
    """Of the tests that a text names, those that are not there."""
    found = []
    for file, name in NAMED.findall(text):
        path = project / file
        tests = functions(path) if path.is_file() else set()
        if not tests or (name and name not in tests):
            found.append(f"{file}::{name}")
    return found


def functions(path: Path) -> set[str]:
    names = [
        node.name
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.FunctionDef)
    ]
    return {name for name in names if name.startswith("test_")}


def test_each_named_test_is_there(page: str, project: Path) -> None:
    assert len(NAMED.findall(page)) > 10
    assert missing(page, project) == []


def test_what_is_not_there_is_found(project: Path) -> None:
    text = "`tests/test_reliability_page.py::test_of_nothing` `tests/test_of_nothing.py`"
    assert len(missing(text, project)) == 2
    assert missing("`tests/test_reliability_page.py`", project) == []


def test_what_may_differ_is_told(page: str) -> None:
    """The page and the comparison of the tests name the same keys of result.json."""
    sentence = re.search(r"not of the numbers: ([^.]*)\.", page)
    assert sentence is not None
    assert sorted(re.findall(r"`(\w+)`", sentence[1])) == sorted(OF_THE_RUN)


@pytest.mark.parametrize(
    ("row", "test"),
    [
        ("mutated files", "test_fuzz_files.py::test_mutated_files"),
        ("bad configurations", "test_fuzz_configs.py::test_bad_configurations"),
        ("`reuse=true`", "test_reuse.py::test_a_sweep_of_which_some_is_there"),
        ("--prune`", "test_sweeps_prune.py::test_prune_asks_a_person"),
        ("`make clean`", "test_makefile.py::test_clean_asks_before_it_deletes_results"),
        ("127.0.0.1", "test_listening.py::test_training_listens_to_nothing"),
        ("`retry:N`", "test_isolation.py::test_retries_end"),
        ("`stop`", "test_isolation.py::test_the_first_failure_stops_what_has_not_begun"),
    ],
)
def test_what_is_promised_names_its_test(page: str, row: str, test: str) -> None:
    (line,) = [line for line in page.splitlines() if line.startswith("|") and row in line]
    assert f"`tests/{test}`" in line


def test_the_number_of_bad_configurations(page: str) -> None:
    drawn = configurations.PARTS * configurations.EACH
    assert re.findall(r"([\d,]+) bad configurations", page) == [f"{drawn:,}"]
