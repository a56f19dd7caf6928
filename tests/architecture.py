"""Reads the imports of src/ without running it, and judges them by rules given as data."""

import ast
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Import:
    """One name that a module imports; `eager` where importing the module runs it."""

    target: str
    line: int
    eager: bool

    @property
    def package(self) -> str:
        return self.target.partition(".")[0]


Graph = Mapping[str, Sequence[Import]]


def read(root: Path) -> dict[str, list[Import]]:
    """The imports of every module under root/src, by dotted name; a package goes by its own."""
    paths = {_name(path, root): path for path in sorted((root / "src").rglob("*.py"))}
    return {name: list(_imports(path, name, paths.keys())) for name, path in paths.items()}


def _name(path: Path, root: Path) -> str:
    parts = list(path.relative_to(root).with_suffix("").parts)
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def _imports(path: Path, name: str, known: Iterable[str]) -> Iterator[Import]:
    tree = ast.parse(path.read_text())
    lazy = {id(node) for node in _not_run(tree)}
    package = name if path.name == "__init__.py" else name.rpartition(".")[0]
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            targets = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            base = _base(node, package)
            inside = [f"{base}.{alias.name}" for alias in node.names]
            # `from src import activations` imports a module, `from src.errors import x` a name.
            targets = [target if target in known else base for target in inside]
        else:
            continue
        for target in dict.fromkeys(targets):
            yield Import(target, node.lineno, id(node) not in lazy)


def _base(node: ast.ImportFrom, package: str) -> str:
    if not node.level:
        return node.module or ""
    above = package.split(".")[: len(package.split(".")) - node.level + 1]
    return ".".join([*above, *([node.module] if node.module else [])])


def _not_run(tree: ast.Module) -> Iterator[ast.AST]:
    """Nodes that importing the module does not execute: function bodies, `if TYPE_CHECKING:`."""
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda):
            yield from ast.walk(node)
        elif isinstance(node, ast.If) and "TYPE_CHECKING" in ast.dump(node.test):
            for child in node.body:
                yield from ast.walk(child)


def within(module: str, places: Iterable[str]) -> bool:
    """Whether the module is one of the places, or lies below one."""
    return any(module == place or module.startswith(place + ".") for place in places)


def upward(graph: Graph, layers: Sequence[Sequence[str]]) -> list[str]:
    """Imports, eager or not, from a lower layer into a higher one, and modules in no layer."""
    level = {}
    for module in graph:
        homes = [place for layer in layers for place in layer if within(module, [place])]
        # The longest name decides: src.data.module is not where src.data is.
        home = max(homes, key=len, default=None)
        if home is not None:
            level[module] = next(k for k, layer in enumerate(layers) if home in layer)
    found = [f"{module}: in no layer" for module in graph if module not in level]
    for module, imports in graph.items():
        for item in imports:
            if module in level and level.get(item.target, -1) > level[module]:
                found.append(f"{module}:{item.line}: imports {item.target}, which lies above it")
    return found


def outside(graph: Graph, package: str, allowed: Iterable[str]) -> list[str]:
    """Imports, eager or not, of a foreign package by modules that are not allowed it."""
    return [
        f"{module}:{item.line}: imports {item.target}"
        for module, imports in graph.items()
        for item in imports
        if within(item.target, [package]) and not within(module, allowed)
    ]


def needed(graph: Graph, start: str) -> set[str]:
    """All that importing `start` imports: modules of src, their parent packages, foreign ones."""
    found, waiting = set[str](), [start]
    while waiting:
        module = waiting.pop()
        if module in found:
            continue
        found.add(module)
        parent = module.rpartition(".")[0]
        waiting += [parent] if parent else []
        waiting += [item.target for item in graph.get(module, ()) if item.eager]
    return found


def cycles(graph: Graph) -> list[str]:
    """Modules whose eager imports lead back to themselves."""
    return [
        module
        for module, imports in graph.items()
        if any(
            item.eager and item.target in graph and module in _reached(graph, item.target)
            for item in imports
        )
    ]


def _reached(graph: Graph, start: str) -> set[str]:
    found, waiting = set[str](), [start]
    while waiting:
        module = waiting.pop()
        if module not in found:
            found.add(module)
            waiting += [item.target for item in graph.get(module, ()) if item.eager]
    return found
