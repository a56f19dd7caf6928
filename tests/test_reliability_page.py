"""docs/reliability.md names tests; each is there, so that no promise stands on nothing."""

import ast
import re
from pathlib import Path

import pytest

from tests.stopped import OF_THE_RUN

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
