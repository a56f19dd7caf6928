"""An analysis as plain data: report.json, and what --json prints."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import fields, is_dataclass
from pathlib import Path
from typing import Any

import numpy as np

from src.report.analysis import Analysis
from src.report.answer import Answer
from src.report.protocol import origin

VERSION = 1
# Of Analysis, what is written in words of its own below, or is in the members' result.json.
OWN = ("records", "arms", "seeds", "table", "summaries", "letters", "pairs", "baseline")


def document(analysis: Analysis, told: Answer) -> dict[str, Any]:
    """Question, answer, arms with their statistics, pairs; arms are told by name."""
    names = [arm.name for arm in analysis.arms]
    return {
        "version": VERSION,
        **plain(told),
        **{
            field.name: plain(getattr(analysis, field.name))
            for field in fields(analysis)
            if field.name not in OWN
        },
        "baseline": None if analysis.baseline is None else names[analysis.baseline],
        "origin": origin(analysis.records),
        "seeds": plain(analysis.seeds),
        "arms": [_arm(analysis, k) for k in range(len(names))],
        "pairs": [
            {
                **plain(pair),
                "first": names[pair.first],
                "second": names[pair.second],
                "claimed": pair.claimed,
            }
            for pair in analysis.pairs
        ],
    }


def _arm(analysis: Analysis, k: int) -> dict[str, Any]:
    """scores: of each of the seeds of the document, null where the arm has no member."""
    arm = analysis.arms[k]
    return {
        "rank": k + 1,
        "name": arm.name,
        "settings": dict(arm.settings),
        "tuned": dict(arm.chosen),
        "tried": arm.tried,
        "options": plain(arm.options),
        "letters": analysis.letters[k],
        **plain(analysis.summaries[k]),
        "scores": plain(analysis.table[k]),
        "members": [member["folder"] for member in arm.members.values()],
    }


def plain(value: Any) -> Any:
    """Of what JSON has: dataclasses and mappings as objects, what is not finite as null."""
    if is_dataclass(value) and not isinstance(value, type):
        return {field.name: plain(getattr(value, field.name)) for field in fields(value)}
    if isinstance(value, Mapping):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, np.ndarray | np.generic):
        return plain(value.tolist())
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if value is None or isinstance(value, str | int):
        return value
    if isinstance(value, Sequence | set | frozenset):
        return [plain(item) for item in value]
    return str(value) if isinstance(value, Path) else repr(value)
