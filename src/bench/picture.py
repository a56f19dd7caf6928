"""Seconds per member-epoch by size of the stack, with the peers and the floor, as a picture.

matplotlib comes with the optional extra: pip install -e '.[bench]'.
"""

import math
from collections.abc import Mapping, Sequence
from importlib.util import find_spec
from pathlib import Path
from statistics import median

from src.bench.names import FLOOR, stack_size

# Okabe and Ito's colours, dark enough to differ in grey by their dashes alone.
INK, OURS, FLOOR_COLOUR = "#000000", "#0072B2", "#D55E00"
DASHES = ((4, 2), (1, 1), (6, 2, 1, 2), (8, 3), (3, 1, 1, 1, 1, 1), (2, 3))
APART = 0.055  # least distance of two labels, as a share of the axis


def available() -> bool:
    return find_spec("matplotlib") is not None


def draw(ways: Mapping[str, Sequence[float]], title: str, path: Path) -> None:
    """ways: seconds per member-epoch by round; stacks of ours become points, others lines."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(8.5, 5.2), dpi=150, layout="constrained")
    axes = figure.add_subplot()
    sizes = {name: size for name in ways if (size := stack_size(name)) is not None}
    peers = sorted((name for name in ways if name not in sizes), key=lambda n: median(ways[n]))
    x = list(sizes.values())
    middle = [median(ways[name]) for name in sizes]
    below = [m - min(ways[name]) for m, name in zip(middle, sizes, strict=True)]
    above = [max(ways[name]) - m for m, name in zip(middle, sizes, strict=True)]
    axes.errorbar(
        x, middle, yerr=[below, above], color=OURS, marker="o", linewidth=2, capsize=4, zorder=3
    )
    for k, name in enumerate(peers):
        solid = name == FLOOR
        (line,) = axes.plot(
            [min(x), max(x)], [median(ways[name])] * 2, linewidth=2.2 if solid else 1.2
        )
        line.set_color(FLOOR_COLOUR if solid else INK)
        if not solid:
            line.set_dashes(DASHES[k % len(DASHES)])
    axes.set_xscale("log", base=2)
    axes.set_yscale("log")
    axes.set_xticks(x, [f"{size:,}" for size in x])
    low, high = min(map(min, ways.values())) / 1.15, max(map(max, ways.values())) * 1.15
    axes.set_ylim(low, high)
    ticks = [t for t in (0.1, 0.2, 0.3, 0.5, 1, 2, 3, 5, 10, 20) if low <= t <= high]
    axes.set_yticks(ticks, [f"{t:g}" for t in ticks])
    axes.set_yticks([], minor=True)
    axes.set_xlabel("members in the stack")
    axes.set_ylabel("seconds of training per member-epoch (log scale)")
    axes.set_title(title, loc="left")
    for side in ("top", "right"):
        axes.spines[side].set_visible(False)
    ours = f"this harness, {x[-1]:,} members"
    labels = {name: median(ways[name]) for name in peers} | {ours: middle[-1]}
    colours = {FLOOR: FLOOR_COLOUR, ours: OURS}
    for name, place in apart(labels, low, high).items():
        axes.annotate(
            f"{name}: {labels[name]:.2f} s",
            (1.01, place),
            xycoords="axes fraction",
            va="center",
            fontsize=8.5,
            color=colours.get(name, INK),
        )
    figure.savefig(path)


def apart(values: Mapping[str, float], low: float, high: float) -> dict[str, float]:
    """Heights of labels as shares of a log axis: at their values, pushed up where they touch."""
    heights: dict[str, float] = {}
    floor = -math.inf
    for name, value in sorted(values.items(), key=lambda item: item[1]):
        height = math.log(value / low) / math.log(high / low)
        heights[name] = floor = max(height, floor + APART)
    return heights
