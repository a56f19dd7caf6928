"""What the figures are held to: each bar with what was measured, met or missed."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import median
from typing import Any

from src.bench.names import (
    FLOOR,
    GPU_FLOOR,
    GPU_STACK,
    JAX_PACKED,
    JAX_VMAP,
    LIGHTNING,
    MEMBERS,
    NOTEBOOK,
    PLAIN,
    STARTED,
    STARTS,
    VMAP,
    WAITED,
    looked_at_name,
    numbers_name,
    stack_name,
    stack_size,
    start_name,
)

Figures = Mapping[str, Any]  # section -> its figures
Ways = Mapping[str, Sequence[float]]  # way -> seconds per member-epoch, by round

# way -> how many times as fast as it the stack of MEMBERS has to be
FASTER_THAN = {PLAIN: 2.6, VMAP: 2.2, NOTEBOOK: 13.0}
FASTER_THAN_JAX = 1.1
SHARE_OF_FLOOR = 0.8
FLAT = 0.1  # how far the cost of a member may be from that in a stack of 8
MB_PER_MEMBER, LARGE = 6.0, 1024
STACK_MB = 1500.0
OVERHEAD = 0.25  # of a whole sweep's training
HYDRA_MS = 30.0
LIGHT = 1.1  # times what training takes that nothing looks at
SAFE = 0.02  # of a sweep's time
START = 2.0  # times what torch takes for as many numbers


@dataclass(frozen=True)
class Bar:
    """`values` by round; `met` is None where nothing is asked, and only shown."""

    what: str
    asked: str
    values: Sequence[float]
    unit: str
    met: bool | None = None

    @property
    def middle(self) -> float:
        return median(self.values)


def bars(figures: Figures) -> list[Bar]:
    """A bar for each thing that the sections at hand can tell."""
    found: list[Bar] = []
    if "stacks" in figures:
        found += speed(figures["stacks"])
    if "memory" in figures:
        found += memory(figures["memory"])
    if "sweep" in figures:
        found += sweep(figures["sweep"])
    if "jobs" in figures:
        cpu = figures["jobs"]["cpu_per_job"]
        what = "CPU that Hydra takes for a job of a sweep"
        found.append(_below(what, [1000 * value for value in cpu], HYDRA_MS, "ms"))
    if "diagnostics" in figures:
        found += diagnostics(figures["diagnostics"])
    if "starts" in figures:
        found += starts(figures["starts"])
    if "reliability" in figures:
        found += reliability(figures["reliability"])
    if "gpu" in figures and "member_epoch_seconds" in figures["gpu"]:
        found += gpu(figures["gpu"])
    return found


def speed(ways: Ways) -> list[Bar]:
    name = stack_name(MEMBERS)
    ours = ways.get(name)
    found: list[Bar] = []
    if ours:
        share = ratios(ways[FLOOR], ours)
        found.append(
            _at_least(f"{name}: share of the arithmetic floor", share, SHARE_OF_FLOOR, "", "{:.0%}")
        )
        for peer, times in FASTER_THAN.items():
            if peer in ways:
                found.append(_at_least(f"{name} against {peer}", ratios(ways[peer], ours), times))
        if JAX_VMAP in ways:
            better = [min(pair) for pair in zip(ways[JAX_VMAP], ways[JAX_PACKED], strict=True)]
            what = f"{name} against the better of both JAX ways"
            found.append(_at_least(what, ratios(better, ours), FASTER_THAN_JAX))
    return found + flatness(ways)


def flatness(ways: Ways) -> list[Bar]:
    """The size of stack whose members' cost is farthest from that in a stack of 8."""
    small = ways.get(stack_name(8))
    larger = [name for name in ways if (stack_size(name) or 0) > 8]
    if not small or not larger:
        return []
    by_size = {name: ratios(ways[name], small) for name in larger}
    worst = max(by_size, key=lambda name: abs(median(by_size[name]) - 1))
    values = by_size[worst]
    asked = f"{1 - FLAT:.2f} to {1 + FLAT:.2f}×"
    what = f"cost of a member, {worst} (the farthest) against stack of 8"
    return [Bar(what, asked, values, "×", abs(median(values) - 1) <= FLAT)]


def memory(by_size: Mapping[str, Mapping[str, Sequence[float]]]) -> list[Bar]:
    found = []
    if str(LARGE) in by_size:
        what = f"resident memory beyond the data, a member of a stack of {LARGE}"
        found.append(_below(what, by_size[str(LARGE)]["mb_per_member"], MB_PER_MEMBER, "MB"))
    if str(MEMBERS) in by_size:
        what = f"resident memory, everything, a stack of {MEMBERS}"
        found.append(_below(what, by_size[str(MEMBERS)]["peak_mb"], STACK_MB, "MB"))
    return found


def sweep(figures: Figures) -> list[Bar]:
    overhead = [wall - own for wall, own in zip(figures["wall"], figures["training"], strict=True)]
    share = [value / own for value, own in zip(overhead, figures["training"], strict=True)]
    name = f"whole sweep, {figures['members']} members x {figures['epochs']} epochs"
    return [
        Bar(f"{name}: beyond its training", "", overhead, "s"),
        _below(f"{name}: beyond its training, as a share of it", share, OVERHEAD, ""),
    ]


def diagnostics(ways: Ways) -> list[Bar]:
    """A whole fit, evaluations and files in it, against one that measures nothing."""
    found = []
    for name in [name for name in ways if name.endswith("=off")]:
        size = stack_size(name.partition(",")[0]) or 1
        light = ratios(ways[looked_at_name(size, "light")], ways[name])
        full = ratios(ways[looked_at_name(size, "full")], ways[name])
        what = f"whole fit, {looked_at_name(size, 'light')}, against off"
        found.append(Bar(what, f"at most {LIGHT:.2f}×", light, "×", median(light) <= LIGHT))
        found.append(Bar(what.replace("light", "full"), "", full, "×"))
    return found


def starts(ways: Ways) -> list[Bar]:
    found = []
    for scheme, law in STARTS.items():
        ours, theirs = ways.get(start_name(scheme)), ways.get(numbers_name(law))
        if ours and theirs:
            values = ratios(ours, theirs)
            what = f"start of {STARTED} members, init={scheme}, against {numbers_name(law)}"
            met = median(values) <= START
            found.append(Bar(what, f"at most {START:.2f}×", values, "×", met))
    return found


def reliability(figures: Figures) -> list[Bar]:
    """Two totals differ by their noise as well; what was measured inside does not."""
    with_them, without = figures["wall"]["with"], figures["wall"]["without"]
    name = f"whole sweep, {figures['members']} members x {figures['epochs']} epochs"
    against = [100 * (times - 1) for times in ratios(with_them, without)]
    waited = [sum(parts) for parts in zip(*(figures["inside"][k] for k in WAITED), strict=True)]
    share = [100 * seconds / wall for seconds, wall in zip(waited, with_them, strict=True)]
    asked = f"at most {SAFE:.0%}"
    return [
        Bar(f"{name}: ledger and checkpoints, against none", asked, against, "%", _safe(against)),
        Bar(f"{name}: waiting for ledger, checkpoints and disk", asked, share, "%", _safe(share)),
    ]


def _safe(percent: Sequence[float]) -> bool:
    return median(percent) <= 100 * SAFE


def gpu(figures: Figures) -> list[Bar]:
    ways: Ways = figures["member_epoch_seconds"]
    ours = ways[GPU_STACK]
    whole = [seconds * figures["members"] for seconds in ours]
    return [
        Bar(f"GPU: {figures['members']} members x 1 epoch", "", whole, "s"),
        Bar("GPU: share of Adam's traffic floor", "", ratios(ways[GPU_FLOOR], ours), ""),
        Bar(f"GPU: {GPU_STACK} against {LIGHTNING}", "", ratios(ways[LIGHTNING], ours), "×"),
    ]


def ratios(theirs: Sequence[float], ours: Sequence[float]) -> list[float]:
    """Round by round: what shares a round shares its noise."""
    return [above / below for above, below in zip(theirs, ours, strict=True)]


def _at_least(
    what: str, values: Sequence[float], least: float, unit: str = "×", form: str = "{:.2f}"
) -> Bar:
    return Bar(what, f"at least {form.format(least)}{unit}", values, unit, median(values) >= least)


def _below(what: str, values: Sequence[float], most: float, unit: str) -> Bar:
    return Bar(what, f"below {most:g} {unit}".rstrip(), values, unit, median(values) < most)
