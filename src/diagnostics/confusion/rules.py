"""What the rules say of themselves: their docstrings, and the thresholds that they hold."""

import ast
import inspect
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from types import ModuleType
from typing import Any

from src.diagnostics.verdicts import learning, speed
from src.diagnostics.verdicts.judge import RULES
from src.diagnostics.verdicts.names import NAMES
from src.errors import InputError


@dataclass(frozen=True)
class Threshold:
    name: str
    value: str  # as it stands in the code
    reason: str


@dataclass(frozen=True)
class Description:
    """A verdict. meaning: the first paragraph of its rule's docstring; judged: the others."""

    name: str
    meaning: str
    judged: str
    thresholds: tuple[Threshold, ...]


def descriptions() -> list[Description]:
    """One for each of NAMES, in their order. InputError where a verdict has no rule."""
    rules: dict[str, Callable[..., Any]] = {rule.__name__: rule for rule in RULES}
    # What is said where no fault stands first is not asked of the records alone.
    rules |= {"healthy": speed.healthy, "slow": speed.slow}
    missing = [name for name in NAMES if name not in rules]
    if missing:
        raise InputError(f"{missing[0]}: no rule of that name.")
    return [_described(name, rules[name]) for name in NAMES]


def _described(name: str, rule: Callable[..., Any]) -> Description:
    meaning, *rest = (inspect.getdoc(rule) or "").split("\n\n")
    return Description(name, _joined(meaning), " ".join(map(_joined, rest)), _held(name, rule))


def _held(name: str, rule: Callable[..., Any]) -> tuple[Threshold, ...]:
    """Those that the rule uses. Healthy is what learning calls well, and slow what it does not."""
    if name in ("healthy", "slow"):
        return tuple(thresholds(learning)) if name == "healthy" else ()
    module = sys.modules[rule.__module__]
    used = names_used(module, name)
    return tuple(each for each in thresholds(module) if each.name in used)


def thresholds(module: ModuleType) -> list[Threshold]:
    """Named numbers of a module; the reason is the comment right above or behind each."""
    source = inspect.getsource(module)
    lines = source.splitlines()
    found = []
    for node in ast.parse(source).body:
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
            name = node.targets[0].id
            value = ast.get_source_segment(source, node.value) or ""
            if name.isupper() and not isinstance(getattr(module, name), (str, tuple, dict)):
                found.append(Threshold(name, value, _comment(lines, node.lineno - 1)))
    return found


def _comment(lines: list[str], at: int) -> str:
    above: list[str] = []
    for line in reversed(lines[:at]):
        if not line.startswith("#"):
            break
        above.insert(0, line.removeprefix("#").strip())
    behind = lines[at].partition("#")[2].strip()
    return " ".join([*above, *([behind] if behind else [])])


def names_used(module: ModuleType, function: str) -> set[str]:
    """Names in a function of a module, and in those of the module that it calls."""
    functions = {
        node.name: node
        for node in ast.parse(inspect.getsource(module)).body
        if isinstance(node, ast.FunctionDef)
    }
    seen, left = set[str](), [function]
    while left:
        name = left.pop()
        seen.add(name)
        if name in functions:
            left += [each for each in set(_names(functions[name])) if each not in seen]
    return seen


def _names(node: ast.AST) -> Iterator[str]:
    return (each.id for each in ast.walk(node) if isinstance(each, ast.Name))


def _joined(text: str) -> str:
    return " ".join(text.split())
