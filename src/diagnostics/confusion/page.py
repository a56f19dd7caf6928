"""docs/verdicts.md: every verdict as its rule tells it, and the study of whether they hold."""

from collections import Counter
from collections.abc import Iterator, Sequence

from src.config import PROJECT
from src.diagnostics.confusion.count import ENDS, Arm, Outcome, arms, confusion
from src.diagnostics.confusion.rules import Description, descriptions
from src.diagnostics.confusion.study import Example, Study, kept

PAGE = PROJECT / "docs" / "verdicts.md"

INTRODUCTION = """\
# Verdicts

What a run is said to suffer from, made from the rules of
[src/diagnostics/verdicts](../src/diagnostics/verdicts) and from [verdicts.json](verdicts.json) by
`python -m src.diagnostics.confusion --page`.

A verdict is judged from the records of a run alone (`records.parquet` in a member's folder): what
probes measured at the start, at early steps and at epochs' ends on a fixed sample of the training
data. Several can hold; the first is the primary one. It stands in `result.json` under `verdict`,
in the table at a sweep's end and in TensorBoard.

Rules get better while records stay: `python -m src.diagnostics.confusion FOLDER` judges finished
runs anew by the rules of the version that is installed, from their first 100 steps (`--steps`),
and counts what was said against where the runs ended."""


def write() -> None:
    """Write the page anew from the study that is kept, and say where it is."""
    PAGE.write_text(page(kept()))
    print(f"written: {PAGE.relative_to(PROJECT)}")


def page(study: Study) -> str:
    parts = [INTRODUCTION, "## The verdicts"]
    for described in descriptions():
        parts.append(entry(described, study.examples.get(described.name)))
    return "\n\n".join([*parts, *findings(study)]) + "\n"


def entry(described: Description, example: Example | None) -> str:
    parts = [f"### {described.name}", described.meaning]
    if described.judged:
        parts.append(described.judged)
    if described.thresholds:
        listed = [f"- `{each.name}` = {each.value}: {each.reason}" for each in described.thresholds]
        parts.append("\n".join(listed))
    if example is not None:
        parts.append(f"For example, of `{example.member}`:\n\n> {example.sentence}")
        if example.remedy:
            parts.append(f"What to try: {example.remedy}")
    return "\n\n".join(parts)


def findings(study: Study) -> Iterator[str]:
    """The study: how it was made, the table, the shares, what was judged wrong, every start."""
    found = confusion(study.outcomes)
    yield "## Do they hold?"
    sweeps = "\n".join(study.sweeps)
    members = "member" if len(study.outcomes) == 1 else "members"
    count = f"{len(study.outcomes):,} {members}"
    if study.missing:
        asked = len(study.outcomes) + study.failed + study.missing
        count += f" of the {asked:,} asked for (the others had not ended yet)"
    yield f"{count}, trained by\n\n```\n{sweeps}\n```" if sweeps else f"{count}."
    yield (
        f"({'; '.join(study.versions)}; {'; '.join(study.devices)}), judged from what was measured "
        f"up to step {study.steps}, and counted by their validation accuracy at the end:"
    )
    yield table(
        ("verdict", *ENDS, "all"),
        [[name, *map(str, row), str(sum(row))] for name, row in found.counts.items()],
    )
    yield "\n".join(f"- {said}: {share}" for said, share in found.shares.items())
    yield (
        "Intervals are Wilson's and take members as independent, which seeds of one arm are not: "
        "the honest ones are wider."
    )
    yield (
        "The border between `healthy` and `slow` is rough: an accuracy near one half, of a sample "
        "of 128, has a standard deviation of √(.25/128), 4.4 points, and so seeds of one arm may "
        "fall on either side of it."
    )
    if study.failed:
        yield f"Left out, for they could not be trained: {study.failed}."
    wrong = [outcome for outcome in study.outcomes if outcome.wrong]
    if wrong:
        yield "Judged wrong:"
        yield "\n".join(
            f"- {named(outcome)}: {outcome.verdict}, {_end(outcome)}" for outcome in wrong
        )
    else:
        yield "None is judged wrong."
    yield "## What is said of every start"
    yield "Primary verdict, and the mean validation accuracy at the end in %."
    yield starts(study.outcomes)


def starts(outcomes: Sequence[Outcome]) -> str:
    """A row for each init, a column for each activation with each optimizer."""
    found = arms(outcomes)
    inits = sorted({arm.init for arm in found})
    columns = sorted({(arm.activation, arm.optimizer) for arm in found})
    rows = [
        [init, *(_cell(found.get(Arm(init, *column), [])) for column in columns)] for init in inits
    ]
    return table(("init", *(", ".join(column) for column in columns)), rows, numbers=False)


def _cell(group: Sequence[Outcome]) -> str:
    counts = Counter(outcome.verdict for outcome in group)
    said = [f"{name}{f' ({n})' if len(counts) > 1 else ''}" for name, n in counts.most_common()]
    known = [outcome.accuracy for outcome in group if outcome.accuracy is not None]
    lost = len(group) - len(known)
    ends = [f"{100 * sum(known) / len(known):.1f}"] if known else []
    ends += [f"{lost} diverged" if known else "diverged"] if lost else []
    return ", ".join([*said, *ends]) or "-"


def table(head: Sequence[str], rows: Sequence[Sequence[str]], numbers: bool = True) -> str:
    """In Markdown; numbers: every column but the first is set to the right."""
    ruler = ["---", *(("---:" if numbers else "---") for _ in head[1:])]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in (head, ruler, *rows))


def named(outcome: Outcome) -> str:
    return (
        f"`init={outcome.init} activation={outcome.activation} optimizer={outcome.optimizer} "
        f"seed={outcome.seed}`"
    )


def _end(outcome: Outcome) -> str:
    return "diverged" if outcome.accuracy is None else f"{100 * outcome.accuracy:.2f} % at the end"
