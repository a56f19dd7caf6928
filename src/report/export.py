"""Tables out of a report: all numbers as CSV and Parquet, the ranking as LaTeX and Markdown."""

import io
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from typing import Any

import pandas as pd

from src.errors import InputError
from src.report.analysis import Analysis
from src.report.frame import framed
from src.report.printed import latex, markdown


def encoded(analysis: Analysis, suffix: str) -> bytes:
    """The arms, in order of rank, as a file with this suffix; InputError for one not of ARMS."""
    if suffix not in ARMS:
        raise InputError(f"a table as {suffix or 'a file'}: must be one of {', '.join(ARMS)}.")
    return ARMS[suffix](analysis)


def tables(analysis: Analysis) -> dict[str, bytes]:
    """All tables of a report by the names of their files: of arms, of pairs, and of members."""
    members = framed(analysis.records)
    return {
        **{f"arms{suffix}": encoded(analysis, suffix) for suffix in ARMS},
        **({"pairs.csv": _csv(pairs(analysis))} if analysis.pairs else {}),
        "members.csv": _csv(members),
        "members.parquet": _parquet(members),
    }


def arms(analysis: Analysis) -> pd.DataFrame:
    """A row for each arm, in order of rank: its name, its settings and those chosen for it (dotted
    keys), and all that is said of it. Scores are in their own units, shares and not percent."""
    return pd.DataFrame(
        {
            "rank": range(1, len(analysis.arms) + 1),
            "arm": _texts([arm.name for arm in analysis.arms]),
            **_settings([arm.settings for arm in analysis.arms]),
            **_settings([arm.chosen for arm in analysis.arms]),
            "tried": [arm.tried for arm in analysis.arms],
            "metric": _texts([analysis.metric] * len(analysis.arms)),
            **_columns([asdict(summary) for summary in analysis.summaries]),
            "letters": _texts(analysis.letters),
            **_columns([_arrived(analysis, k) for k in range(len(analysis.arms))]),
            "verdict": _texts([tally.verdict for tally in analysis.tallies]),
            "diverged": [tally.diverged for tally in analysis.tallies],
            "failed": [tally.failed for tally in analysis.tallies],
        }
    )


def pairs(analysis: Analysis) -> pd.DataFrame:
    """A row for each pair of arms, by rank: all that is said of it, arms by name; more_seeds: that
    would likely settle it. Scores are in their own units."""
    names = [arm.name for arm in analysis.arms]
    told = [asdict(pair) for pair in analysis.pairs]
    return pd.DataFrame(
        {
            **_columns(told),
            "first": _texts([names[pair.first] for pair in analysis.pairs]),
            "second": _texts([names[pair.second] for pair in analysis.pairs]),
            "claimed": [pair.claimed for pair in analysis.pairs],
            "more_seeds": pd.Series(
                [None if plan is None else plan.more for plan in analysis.plans], dtype="Int64"
            ),
        }
    )


def _arrived(analysis: Analysis, k: int) -> dict[str, float]:
    """Members that were watched, those that arrived, and the median of their steps."""
    found = analysis.arrivals[k]
    if found is None:
        return {"watched": 0, "arrived": 0, "steps_to_80": math.nan}
    median = math.nan if found.median is None else found.median
    return {"watched": found.n, "arrived": sum(found.arrived), "steps_to_80": median}


def _columns(rows: Sequence[Mapping[str, Any]]) -> dict[str, pd.Series]:
    return {name: pd.Series([row[name] for row in rows]) for name in rows[0]}


def _settings(rows: Sequence[Mapping[str, str]]) -> dict[str, pd.Series]:
    return {key: _texts([row[key] for row in rows]) for key in rows[0]}


def _texts(values: Sequence[str]) -> pd.Series:
    return pd.Series(values, dtype="str")


def _csv(frame: pd.DataFrame) -> bytes:
    text: str = frame.to_csv(index=False, lineterminator="\n")
    return text.encode()


def _parquet(frame: pd.DataFrame) -> bytes:
    out = io.BytesIO()
    frame.to_parquet(out, index=False)
    return out.getvalue()


ARMS: Mapping[str, Callable[[Analysis], bytes]] = {
    ".csv": lambda analysis: _csv(arms(analysis)),
    ".parquet": lambda analysis: _parquet(arms(analysis)),
    ".tex": lambda analysis: latex(analysis).encode(),
    ".md": lambda analysis: markdown(analysis).encode(),
}
