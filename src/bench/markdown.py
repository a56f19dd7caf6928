"""The figures as a Markdown page: what was asked and measured, then everything by name."""

from collections.abc import Iterable, Mapping, Sequence
from statistics import median
from typing import Any

from src.bench.bars import Bar, bars
from src.bench.gpu import NONE

Named = Mapping[str, Sequence[float]]  # name -> values by round

METHOD = """\
Medians over n rounds, with the range in brackets; the ways take turns, and ratios are taken round
by round. Each way has a process of its own; building, compiling and warming up are not timed, and
a way whose loss does not fall is an error. A member-epoch is one pass of one member over the
48,000 training images: 784-256-128-10, dropout .2, Adam, batch 100. The harness's members are
mixed in initialiser, activation, rate and seed; the peers train ReLU networks at one rate, which
is less work."""

LOOKS = """\
Evaluations and files are in it. A stack of 1 trains for the default's 5 epochs, one of 64 for 2:
of the default's 13 looks it has 10, so it pays a greater share than over 5 epochs.

"""


def page(sections: Mapping[str, Any]) -> str:
    """sections: name -> what src.bench.__main__ keeps of it."""
    figures = {name: section["figures"] for name, section in sections.items()}
    parts = ["# Benchmarks", METHOD, _origin(sections)]
    held = bars(figures)
    if held:
        parts.append("## What was asked\n\n" + _bars(held))
    if "stacks" in figures:
        title = "## Seconds of training per member-epoch\n\n"
        parts.append(title + _columns("way", {"s": figures["stacks"]}, 3))
    if "sweep" in figures:
        parts.append(_sweep(figures["sweep"]))
    if "jobs" in figures:
        parts.append(_jobs(figures["jobs"]))
    if "commands" in figures:
        parts.append("## Whole commands\n\n" + _commands(figures["commands"]))
    if "memory" in figures:
        parts.append(_memory(figures["memory"]))
    if "diagnostics" in figures:
        title = "## Seconds of a whole fit per member-epoch, by diagnostics\n\n"
        parts.append(title + LOOKS + _columns("way", {"s": figures["diagnostics"]}, 3))
    if "starts" in figures:
        title = "## Seconds to start a stack of the default MLP\n\n"
        parts.append(title + _columns("way", {"s": figures["starts"]}, 3))
    if "reliability" in figures:
        parts.append(_reliability(figures["reliability"]))
    if "gpu" in figures:
        parts.append(_gpu(figures["gpu"]))
    return "\n\n".join(parts) + "\n"


def _origin(sections: Mapping[str, Any]) -> str:
    """Where each section comes from; one line for those that were measured together."""
    lines: dict[str, list[str]] = {}
    for name, section in sections.items():
        machine, versions = section["machine"], section["versions"]
        line = (
            f"{section['date']}, {machine['cpu']}, {machine['cores']} cores, "
            f"{machine['torch_threads']} threads of torch, Python {versions['python']}, "
            f"torch {versions['torch']}, JAX {versions['jax']}, "
            f"revision {section['revision']}, `{section['command']}`"
        )
        lines.setdefault(line, []).append(name)
    return "\n".join(f"- {', '.join(names)}: {line}" for line, names in lines.items())


def _bars(held: Iterable[Bar]) -> str:
    verdicts = {True: "met", False: "missed", None: "—"}
    rows = [
        [bar.what, bar.asked or "—", _told(bar.values, bar.unit), verdicts[bar.met]] for bar in held
    ]
    return table(["what", "asked", "measured", ""], rows)


def _columns(heading: str, columns: Mapping[str, Named], places: int) -> str:
    names = next(iter(columns.values()))
    rows = [
        [name, *(_told(values[name], "", places) for values in columns.values())] for name in names
    ]
    return table([heading, *columns], rows)


def _commands(by_name: Mapping[str, Named]) -> str:
    columns = {
        heading: {name: found[key] for name, found in by_name.items()}
        for heading, key in (("wall s", "wall"), ("CPU s", "cpu"), ("peak MB", "peak_mb"))
    }
    return _columns("command", columns, 2)


def _sweep(figures: Mapping[str, Any]) -> str:
    rows = {"whole command": figures["wall"], "training alone": figures["training"]}
    phases = {
        name: seconds
        for name, seconds in sorted(figures["phases"].items(), key=lambda item: -median(item[1]))
        if median(seconds) >= 0.05
    }
    return (
        f"## A whole sweep\n\n`{figures['command']}`: {figures['members']} members, with "
        "evaluation, TensorBoard, weights and table.\n\n"
        + _columns("", {"wall s": rows}, 2)
        + "\n\nWhere the command's main thread spent its wall time, looked at a hundred times a "
        "second:\n\n" + _columns("phase", {"wall s": phases}, 2)
    )


def _jobs(figures: Mapping[str, Any]) -> str:
    count = figures["jobs"]
    phases = {
        name: [1000 * second for second in seconds]
        for name, seconds in figures["phases"].items()
        if median(seconds) >= 1e-3
    }
    return (
        f"## One more job of a sweep\n\nA sweep of {count} jobs that train nothing, less one "
        f"of one job, over {count - 1}: Hydra takes {_told(figures['cpu_per_job'], 's', 3)} of "
        "CPU. The main thread's CPU time by phase:\n\n" + _columns("phase", {"ms": phases}, 0)
    )


def _memory(by_size: Mapping[str, Named]) -> str:
    columns = {
        heading: {f"stack of {size}": found[key] for size, found in by_size.items()}
        for heading, key in (
            ("peak MB of the process", "peak_mb"),
            ("MB a member, beyond libraries and data", "mb_per_member"),
        )
    }
    title = "## Resident memory of training, evaluation and files\n\n"
    return title + _columns("", columns, 1)


def _reliability(figures: Mapping[str, Any]) -> str:
    rows = {f"{kind} ledger and checkpoints": wall for kind, wall in figures["wall"].items()}
    rows |= {f"of that: {name}": seconds for name, seconds in figures["inside"].items()}
    return (
        f"## What it costs that no run is lost\n\n`{figures['command']}`: {figures['members']} "
        "members; without: trainer.checkpoint_seconds=null, and nothing written into the ledger."
        "\n\n" + _columns("", {"wall s": rows}, 3)
    )


def _gpu(figures: Mapping[str, Any]) -> str:
    ways = figures.get("member_epoch_seconds")
    title = "## On a GPU\n\n"
    return title + (_columns("way", {"s per member-epoch": ways}, 5) if ways else NONE)


def _told(values: Sequence[float], unit: str, places: int = 2) -> str:
    """median (n, lowest to highest)"""
    middle, low, high = (f"{f(values):.{places}f}" for f in (median, min, max))
    unit = f" {unit}" if unit.isalpha() else unit
    spread = f"n={len(values)}, {low} to {high}" if len(values) > 1 else "n=1"
    return f"{middle}{unit} ({spread})"


def table(headings: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [headings, ["---"] * len(headings), *rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)
