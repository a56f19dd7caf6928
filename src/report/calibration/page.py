"""docs/calibration.md and docs/calibration.png, from the study that is kept."""

import textwrap
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

import numpy as np
from scipy import stats

from src.report.calibration import bars, spread, words
from src.report.calibration.curves import drawn
from src.report.calibration.laws import TEST, laws
from src.report.calibration.study import PROJECT, Alike, Study, Tuned
from src.report.figures.calibration import png

DOCS = PROJECT / "docs"


def write(study: Study) -> list[Path]:
    """The files that were written."""
    text, picture = DOCS / "calibration.md", DOCS / "calibration.png"
    text.write_text(page(study))
    picture.write_bytes(png(drawn(study)))
    return [text, picture]


def page(study: Study) -> str:
    parts = [*_introduction(study), _how(), *_false(study), *_coverage(study), *_power(study)]
    return "\n\n".join([*parts, *_tuned(study), *_ends(study)]) + "\n"


def _introduction(study: Study) -> Iterator[str]:
    yield words.INTRODUCTION.format(sweeps=study.sweeps, versions=study.versions)
    missed = bars.misses(study)
    yield "Missed:\n\n" + "\n".join(f"- {each}" for each in missed) if missed else _held(study)
    yield "![False claims, power and coverage](calibration.png)"


def _held(study: Study) -> str:
    rows = bars.held(study)
    false, sweeps = sum(row.false for row in rows), sum(row.sweeps for row in rows)
    asked = [kind for kind in bars.KINDS if kind != bars.TOO_WIDE]
    by_kind = [f"{words.KINDS[kind]} {_range(_shares(study, rows, kind))}" for kind in asked]
    text = words.HELD.format(
        false=false, sweeps=sweeps, rate=100 * false / sweeps, coverage=", ".join(by_kind)
    )
    return _filled(text)


def _shares(study: Study, rows: Iterable[Alike], kind: str) -> list[float]:
    found = (bars.coverage(study, row.law, row.seeds, kind) for row in rows)
    return [share.value for share in found if share is not None]


def _range(shares: Sequence[float]) -> str:
    return f"{100 * min(shares):.1f} to {100 * max(shares):.1f}"


def _how() -> str:
    values = spread.measured()
    command, *facts = spread.head()
    found = {}
    for name, metric in (("test", TEST), ("validation", 1 - TEST)):
        parts = spread.components(values[..., metric])
        found[f"{name}_between"], found[f"{name}_within"] = 100 * parts.between, 100 * parts.within
        found[f"{name}_correlation"] = parts.correlation
        found[f"{name}_skewness"] = float(stats.skew(values[..., metric], axis=None))
    rest = (values - values.mean(axis=1, keepdims=True)).reshape(-1, 2)
    blocks, draws, _ = values.shape
    free = [f"`{law.name}`" for law in laws().values() if not law.held]
    return words.HOW.format(
        runs=blocks * draws,
        blocks=blocks,
        draws=draws,
        command=command,
        facts=_filled(" ".join(facts)),
        metrics=np.corrcoef(rest.T)[0, 1],
        rules=_filled(words.RULES.format(free=_listed(free))),
        laws="\n".join(f"- `{law.name}`: {law.says}" for law in laws().values()),
        **found,
    )


def _false(study: Study) -> Iterator[str]:
    yield words.FALSE
    cells = {(row.law, row.arms, row.seeds): row for row in study.alike}
    seeds = sorted({row.seeds for row in study.alike})
    heads = [f"{n} seeds" for n in seeds]
    rows = [
        [f"`{law}`", str(arms), *(_rate(cells[law, arms, n]) for n in seeds)]
        for law, arms in dict.fromkeys((row.law, row.arms) for row in study.alike)
    ]
    yield _table(["law", "arms", *heads], rows)
    yield words.ONE_BETTER
    partly = {(row.shift, row.seeds): row for row in study.power if row.arms > 2}
    rows = [
        [
            f"{shift:g} sd",
            *(_counted(partly[shift, n].false, partly[shift, n].sweeps) for n in seeds),
        ]
        for shift in sorted({shift for shift, _ in partly})
    ]
    yield _table(["better by", *heads], rows)


def _rate(row: Alike) -> str:
    return _counted(row.false, row.sweeps)


def _counted(count: int, of: int) -> str:
    low, high = bars.interval(count, of)
    return f"{100 * count / of:.1f} ({100 * low:.1f}–{100 * high:.1f})"


def _coverage(study: Study) -> Iterator[str]:
    seeds = sorted({row.seeds for row in study.alike})
    cells = {
        (law, kind, n): bars.coverage(study, law, n, kind)
        for law in laws()
        for kind in bars.KINDS
        for n in seeds
    }
    errors = [share.error for share in cells.values() if share is not None]
    yield words.COVERAGE.format(error=100 * max(errors))
    rows = [
        [f"`{law}`", words.KINDS[kind], *(_percent(cells[law, kind, n]) for n in seeds)]
        for law in laws()
        for kind in bars.KINDS
    ]
    yield _table(["law", "interval of", *(f"{n} seeds" for n in seeds)], rows)


def _percent(share: tuple[float, float] | None) -> str:
    return "-" if share is None else f"{100 * share[0]:.1f}"


def _power(study: Study) -> Iterator[str]:
    yield words.POWER
    shifts = sorted({row.shift for row in study.power})
    found = {(row.law, row.arms, row.seeds, row.shift): row.found for row in study.power}
    rows = [
        [
            f"`{law}`",
            str(arms),
            str(n),
            *(f"{100 * found[law, arms, n, x].value:.0f}" for x in shifts),
        ]
        for law, arms, n in dict.fromkeys((row.law, row.arms, row.seeds) for row in study.power)
    ]
    yield _table(["law", "arms", "seeds", *(f"{shift:g} sd" for shift in shifts)], rows)


def _tuned(study: Study) -> Iterator[str]:
    yield words.TUNED
    seeds = sorted({row.seeds for row in study.tuned})
    cells = {(tuple(row.options), row.seeds): row for row in study.tuned}
    rows = [
        [" and ".join(map(str, options)), by, *(_claimed(cells[options, n], by) for n in seeds)]
        for by in ("test", "validation")
        for options in dict.fromkeys(options for options, _ in cells)
    ]
    yield _table(["settings of each arm", "compared by", *(f"{n} seeds" for n in seeds)], rows)
    yield words.UNEQUAL


def _claimed(row: Tuned, by: str) -> str:
    return _counted(row.by_test if by == "test" else row.by_validation, row.sweeps)


def _ends(study: Study) -> Iterator[str]:
    """Where the statistics end, each with its figure."""
    yield "## Where it fails"
    lines = [
        words.COLLAPSING.format(**_collapsing(study)),
        words.TAILS.format(**_tails(study)),
        words.WIDE.format(**_wide(study)),
        words.UNEVEN.format(**_uneven(study)),
        words.FEW.format(**_few(study)),
        words.ODDS,
    ]
    yield "\n".join(_filled(f"- {line}", "  ") for line in lines)


def _tails(study: Study) -> dict[str, float]:
    return {
        "one_sided": _percents(study, "one-sided", 5, "means"),
        "wild": _percents(study, "wild", 5, "means"),
        "differences": _percents(study, "one-sided", 5, "differences"),
    }


def _percents(study: Study, law: str, seeds: int, kind: str) -> float:
    share = bars.coverage(study, law, seeds, kind)
    assert share is not None
    return 100 * share.value


def _collapsing(study: Study) -> dict[str, float]:
    return {f"means_{n}": _percents(study, "collapsing", n, "means") for n in (5, 20)}


def _wide(study: Study) -> dict[str, float]:
    shares = _shares(study, bars.held(study), bars.TOO_WIDE)
    return {"least": 100 * min(shares), "most": 100 * max(shares)}


def _uneven(study: Study) -> dict[str, float]:
    rows = [row for row in study.tuned if len(set(row.options)) > 1]
    rates = [100 * row.by_test / row.sweeps for row in rows]
    return {"least": min(rates), "most": max(rates)}


def _few(study: Study) -> dict[str, float]:
    by = {(row.law, row.arms, row.seeds, row.shift): row.found.value for row in study.power}
    return {
        "two": 100 * by["resampled", 2, 3, 2.0],
        "six": 100 * by["resampled", 6, 3, 2.0],
        "five": 100 * by["resampled", 6, 5, 2.0],
        "ten": 100 * by["resampled", 6, 10, 2.0],
    }


def _listed(names: Sequence[str]) -> str:
    return f"{', '.join(names[:-1])} and {names[-1]}"


def _filled(text: str, indent: str = "") -> str:
    return textwrap.fill(
        text, 100, subsequent_indent=indent, break_long_words=False, break_on_hyphens=False
    )


def _table(columns: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    lines = [columns, ["---"] * len(columns), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)
