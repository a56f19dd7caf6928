"""Imports point one way, heavy ones stay where they belong; judged by reading, not by running."""

from pathlib import Path

import pytest

from tests.architecture import Graph, cycles, needed, outside, read, upward, within

# From the bottom up: a module imports from its own layer and from those before it.
LAYERS = [
    ["src.errors", "src.interruption"],
    # Pure: torch, and the two modules that need nothing at all.
    [
        "src.streams",
        "src.splitmix",
        "src.quadrature",
        "src.residual",
        "src.targets",
        "src.bivariate",
        "src.meanfield",
        "src.criticality",
        "src.initializers",
        "src.activations",
        "src.optimizers",
        "src.schedules",
        "src.trials",
    ],
    [
        *("src.schema", "src.layer_options", "src.trust", "src.config", "src.replicates"),
        "src.identity",
    ],
    [
        *("src.data", "src.dropout", "src.model", "src.progress", "src.stacking", "src.starts"),
        *("src.tracking", "src.diagnostics.records", "src.diagnostics.schedule"),
        *("src.diagnostics.verdicts", "src.ledger"),
        *("src.theory.inputs", "src.theory.loss", "src.theory.predict", "src.theory.starts"),
    ],
    # Report reads files and imports nothing else of ours that is not as light as itself.
    ["src.report"],
    [
        *("src.question", "src.standing", "src.agreement", "src.sweeps.found", "src.ledger.taken"),
        *("src.storage", "src.failures", "src.sound"),
    ],
    ["src.engine"],
    ["src.diagnostics"],
    ["src.lightning"],
    ["src.data.module", "src.capacity"],
    [
        "src.checkpoints",
        "src.module",
        "src.precheck",
        "src.stacks",
        "src.division",
    ],
    ["src.diagnostics.recorder", "src.diagnostics.gallery"],
    ["src.saving"],
    ["src.tuned"],
    ["src.assembly", "src.stopping"],
    ["src.fit"],
    ["src.isolation"],
    ["src.members", "src.finished"],
    ["src.ledger.reuse"],
    ["src.begun"],
    ["src.sweep"],
    ["src.parts", "src.arranged", "src.cli", "src.refusals", "src.typed"],
    ["src.held_out", "src.sweeps"],
    ["src.grafts", "src.composition", "src.jobs", "src.launch"],
    ["src.theory"],
    ["src.diagnose"],
    ["src.diagnostics.confusion"],
    [
        *("src.train", "src.bench", "src.data.__main__", "src.plugin_path"),
        *("src.report.__main__", "src"),
    ],
]
PURE = LAYERS[1]
# What starts quickly: help, composing, checking and reports wait for no torch.
LIGHT = [
    "src.config",
    "src.schema",
    "src.interruption",
    "src.cli",
    "src.refusals",
    *("src.report.results", "src.report.metrics", "src.report.roles", "src.report.reasons"),
    *("src.report.console", "src.report.table", "src.report.conclusion", "src.report.__main__"),
    *("src.question", "src.identity", "src.ledger", "src.standing", "src.storage"),
    "src.sound",
    "src.failures",
    "src.sweep",
    *("src.held_out", "src.sweeps"),
    "src.train",
    "src.launch",
    "src.diagnose.__main__",
    "src.diagnose.plan",
    "src.theory.__main__",
    "src.theory.laws",
    "src.theory.page",
    "src.diagnostics.confusion",
    "src.plugin_path.hydra_plugins.starting_strength.launcher",
    "src.plugin_path.hydra_plugins.starting_strength.sweeper",
]
TRAINING = ("torch", "torchvision", "pytorch_lightning", "lightning_fabric", "tensorboard")
HEAVY = (*TRAINING, "numpy", "pandas", "scipy", "statsmodels", "matplotlib")
# Hydra's edge. refusals puts its exceptions into words, bench composes what it measures.
HYDRA = [
    "src.config",
    "src.layer_options",
    "src.cli",
    "src.arranged",
    "src.parts",
    "src.typed",
    "src.refusals",
    "src.grafts",
    "src.composition",
    "src.jobs",
    "src.launch",
    "src.train",
    "src.plugin_path",
    "src.theory.__main__",
    "src.diagnose.plan",
    "src.bench.__main__",
]
LIGHTNING = [
    *("src.lightning", "src.fit", "src.stopping", "src.saving", "src.diagnostics.recorder"),
    "src.diagnostics.gallery",
    "src.bench.lightning_loop",  # a peer
]
NAMELESS = {"utils", "util", "common", "core", "base", "helpers", "helper", "misc"}
LONGEST = 250  # lines


@pytest.fixture(scope="module")
def graph(project: Path) -> Graph:
    return read(project)


def test_the_graph_is_whole(graph: Graph, project: Path) -> None:
    assert len(graph) == len(list((project / "src").rglob("*.py")))
    assert {"src", "src.train", "src.data.__main__", "src.tracking"} <= graph.keys()
    assert any(item.target == "src.stacks" and not item.eager for item in graph["src.sweep"])
    for module in LIGHT:
        assert [name for name in graph if within(name, [module])], module


def test_imports_point_one_way(graph: Graph) -> None:
    assert upward(graph, LAYERS) == []


def test_no_cycles(graph: Graph) -> None:
    assert cycles(graph) == []


def test_pure_modules_need_torch_alone(graph: Graph) -> None:
    for module in graph:
        if within(module, PURE):
            ours = {item.target for item in graph[module] if item.package == "src"}
            assert all(within(name, [*PURE, "src.errors"]) for name in ours), module
            foreign = {item.package for item in graph[module]}
            assert not foreign & {"hydra", "omegaconf", "pytorch_lightning"}, module


@pytest.mark.parametrize("start", LIGHT)
def test_light_modules_need_nothing_heavy(graph: Graph, start: str) -> None:
    for module in (name for name in graph if within(name, [start])):
        heavy = [name for name in needed(graph, module) if within(name, HEAVY)]
        assert heavy == [], module


def test_hydra_stays_at_the_edge(graph: Graph) -> None:
    assert outside(graph, "hydra", HYDRA) == []
    assert outside(graph, "hydra.core.config_store", ["src.config"]) == []


def test_only_pictures_import_matplotlib(graph: Graph) -> None:
    pictures = ["src.theory.picture", "src.bench.picture", "src.report.figures"]
    assert outside(graph, "matplotlib", pictures) == []


@pytest.mark.parametrize("package", ["pytorch_lightning", "lightning", "lightning_fabric"])
def test_lightning_stays_where_it_trains(graph: Graph, package: str) -> None:
    assert outside(graph, package, LIGHTNING) == []


def test_report_needs_files_and_sentences_only(graph: Graph) -> None:
    for module in graph:
        if within(module, ["src.report"]):
            ours = {item.target for item in graph[module] if item.package == "src"}
            allowed = [
                *("src.report", "src.errors", "src.tracking.files"),
                *("src.diagnostics.records", "src.diagnostics.verdicts.names"),
            ]
            if module == "src.report.__main__":  # an entry point, guarded as all of them are
                allowed += ["src.cli", "src.interruption"]
            assert all(within(name, allowed) for name in ours), module
            heavy = [name for name in needed(graph, module) if within(name, TRAINING)]
            assert heavy == [], module


def test_the_plugin_keeps_hydras_rules(graph: Graph, project: Path) -> None:
    folder = project / "src" / "plugin_path"
    # A file there would hide every other project's hydra_plugins.
    assert not (folder / "hydra_plugins" / "__init__.py").exists()
    for path in folder.rglob("*.py"):
        # The statement itself; a comment may well speak of it.
        assert "\nfrom __future__" not in path.read_text()


def test_names_say_something(graph: Graph) -> None:
    assert [name for name in graph if NAMELESS & set(name.split("."))] == []


def test_files_are_small(project: Path) -> None:
    sizes = {
        path.relative_to(project).as_posix(): len(path.read_text().splitlines())
        for folder in ("src", "tests")
        for path in (project / folder).rglob("*.py")
    }
    assert {path: size for path, size in sizes.items() if size > LONGEST} == {}
