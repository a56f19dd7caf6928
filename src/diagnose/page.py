"""One member's page: the verdict first, then the numbers that it is from. 80 columns are enough."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from rich.console import Console
from rich.table import Table
from rich.text import Text

from src.diagnose.examine import Examined
from src.diagnose.histograms import Histogram
from src.diagnose.words import Hope, basis, number, outlook, remedies, spaced
from src.diagnostics.records import Story

LONGEST, FIRST, LAST = 12, 6, 4  # layers; of more, the first and the last few are shown
STYLES = {Hope.good: "bold green", Hope.some: "bold yellow"}
BAD = "bold red"


@dataclass(frozen=True)
class Column:
    """heading: over it. meaning: of the heading. shown: from a story, a layer and a step to what
    stands there."""

    heading: str
    meaning: str
    shown: Callable[[Story, int, int], str]


def _of(probe: str, digits: int = 3) -> Callable[[Story, int, int], str]:
    return lambda story, layer, step: number(story.value(probe, step, layer), digits)


def _percent(probe: str) -> Callable[[Story, int, int], str]:
    def shown(story: Story, layer: int, step: int) -> str:
        value = story.value(probe, step, layer)
        return "-" if value is None else f"{100 * value:.0f}"

    return shown


def _gradient_std(story: Story, layer: int, step: int) -> str:
    variance = story.value("gradient_variance", step, layer)
    return number(None if variance is None else variance**0.5)


THEORY = "q_theory_ratio"  # at the start, where there is a law
OF_THEORY = Column("q/th", "q/th: mean of z² over what mean-field theory says", _of(THEORY))
COLUMNS = (
    Column("z std", "z: preactivations", _of("preactivation_std")),
    OF_THEORY,
    Column("c", "c: mean cosine of two samples' features", _of("feature_cosine", 2)),
    Column("δ std", "δ: gradient by z", _gradient_std),
    Column("ΔW/W", "ΔW/W: an update's norm over the weights'", _of("update_ratio", 2)),
    Column("dead", "dead: % of units without a gradient", _percent("dead_fraction")),
    Column("flat", "flat: % of z where the activation is flat", _percent("saturated_fraction")),
    Column("units", "units: different ones", _of("distinct_units", 5)),
)


def page(console: Console, member: Examined) -> None:
    hope, said = outlook(member)
    console.print(Text(member.label, style="bold"))
    style = STYLES.get(hope, BAD)
    if member.error is not None:
        console.print(Text(f"{said}: {member.error}", style=style))
        return
    primary, *others = member.verdicts
    console.print(Text(f"{spaced(primary.name)}: {said}", style=style))
    for line in (primary.sentence, *remedies(primary), basis(member)):
        console.print(line)
    for verdict in others:
        found = Text(f"also {spaced(verdict.name)}: ", style="bold")
        console.print(found.append(verdict.sentence, style="not bold"))
    for table in _tables(member):
        console.print()
        console.print(table)


def _tables(member: Examined) -> Iterator[Table | str]:
    steps = [step for step in member.story.steps if step <= member.steps]
    if not steps:
        return
    yield _network(member.story, steps)
    ends = sorted({steps[0], steps[-1]})
    columns = [
        each for each in COLUMNS if each is not OF_THEORY or member.story.layers(THEORY, ends[0])
    ]
    yield _layers(member, ends, columns)
    yield "; ".join(column.meaning for column in columns) + "."
    if member.histograms:
        yield _shapes(member)


def _plain(*headings: str) -> Table:
    table = Table(box=None, pad_edge=False, padding=(0, 1, 0, 0), header_style="dim")
    for heading in headings:
        table.add_column(heading, justify="right", no_wrap=True)
    return table


def _network(story: Story, steps: Sequence[int]) -> Table:
    """What is of the whole network, by step; of many steps the first and the last few."""
    shown = [*steps[:3], *steps[-4:]] if len(steps) > 7 else steps
    table = _plain("step", *map(str, shown))
    table.columns[0].justify, table.columns[0].no_wrap = "left", False
    for probe in dict.fromkeys(row.probe for row in story.rows if row.layer is None):
        digits = 4 if probe == "loss" else 3  # 2.303 is ln 10
        values = [number(story.value(probe, step), digits) for step in shown]
        table.add_row(spaced(probe), *values)
    return table


def _layers(member: Examined, ends: Sequence[int], columns: Sequence[Column]) -> Table:
    story = member.story
    table = _plain("layer", "step", *(column.heading for column in columns))
    layers = len(member.config.model.hidden) + 1
    for layer in _shortened(layers):
        if layer is None:
            table.add_row(*["..."] * len(table.columns))
            continue
        for step in ends:
            name = _name(layer, layers) if step == ends[0] else ""
            cells = [column.shown(story, layer, step) for column in columns]
            table.add_row(name, str(step), *cells)
    return table


def _shapes(member: Examined) -> Table:
    """Histograms of each layer, two lines a step: the blocks, and the range below them."""
    table = _plain("layer", "step", "preactivations z", "gradient by W", "weights W")
    for column in table.columns[2:]:
        column.justify = "center"
    layers = len(member.config.model.hidden) + 1
    for layer in _shortened(layers):
        if layer is None:
            table.add_row(*["..."] * len(table.columns))
            continue
        for place, (step, found) in enumerate(sorted(member.histograms.items())):
            kinds = (found.preactivations, found.gradients, found.weights)
            cells = [_drawn(kind[layer - 1]) for kind in kinds]
            table.add_row("" if place else _name(layer, layers), str(step), *cells)
    return table


def _drawn(found: Histogram) -> str:
    if not found.counts:
        return "none is finite"
    if found.low == found.high:
        return f"all {number(found.low)}"
    apart = f"\n{found.left_out:,} not finite" if found.left_out else ""
    return f"{found.bars()}\n{number(found.low)} to {number(found.high)}{apart}"


def _shortened(layers: int) -> list[int | None]:
    """Layers from 1; None stands for those that are left out."""
    if layers <= LONGEST:
        return list(range(1, layers + 1))
    return [*range(1, FIRST + 1), None, *range(layers - LAST + 1, layers + 1)]


def _name(layer: int, layers: int) -> str:
    return "logits" if layer == layers else str(layer)
