"""How rules read a story: since when something holds, and numbers in words."""

from collections.abc import Callable, Iterable, Mapping, Sequence

from src.diagnostics.records import Story


def since(curve: Mapping[int, float], holds: Callable[[float], bool]) -> int | None:
    """The look from which on it holds up to the last one; None where it does not at the last."""
    start = None
    for step in sorted(curve, reverse=True):
        if not holds(curve[step]):
            break
        start = step
    return start


def first_and_since(curve: Mapping[int, float], holds: Callable[[float], bool]) -> int | None:
    """The first look where it held then, even if it is over; else as `since`."""
    if curve and holds(curve[first := min(curve)]):
        return first
    return since(curve, holds)


def earliest(found: Iterable[tuple[int, int]]) -> tuple[int, int] | None:
    """Of (step, layer) that of the first step, and of these the first layer."""
    return min(found, default=None)


def last_step(story: Story) -> int:
    return max(story.steps)


def number(value: float) -> str:
    """Three digits, and powers of ten where there would be many more: 0.0123, 2.9e+06."""
    return f"{value:.3g}" if 1e-4 <= abs(value) < 1e5 or value == 0 else f"{value:.1e}"


def share(part: float) -> str:
    """0.86 %; a number below a hundredth of a per cent."""
    return f"{100 * part:.2g} %" if part >= 1e-4 or part == 0 else number(part)


def percent(part: float) -> str:
    return f"{100 * part:.0f} %"


def layers_named(layers: Sequence[int]) -> str:
    """layer 1; layers 1 and 2; layers 1 to 9."""
    if len(layers) == 1:
        return f"layer {layers[0]}"
    if list(layers) == list(range(layers[0], layers[-1] + 1)) and len(layers) > 2:
        return f"layers {layers[0]} to {layers[-1]}"
    return "layers " + ", ".join(map(str, layers[:-1])) + f" and {layers[-1]}"


def when(step: int) -> str:
    return "at the start" if step == 0 else f"at step {step}"
