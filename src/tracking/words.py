"""A verdict in Markdown, for TensorBoard's text tab."""

from collections.abc import Mapping
from typing import Any


def verdict_as_markdown(verdict: Mapping[str, Any]) -> str:
    """verdict: as in result.json. The primary one first."""
    return "\n\n".join(_one(each) for each in verdict["found"])


def _one(found: Mapping[str, Any]) -> str:
    parts = [f"## {found['name'].replace('_', ' ')}", found["sentence"]]
    if found["evidence"]:
        rows = ["| probe | layer | step | value | bound |", "|---|---:|---:|---:|---:|"]
        rows += [_row(each) for each in found["evidence"]]
        parts.append("\n".join(rows))
    if found["remedy"]:
        parts.append(f"**What to try:** {found['remedy']}")
    return "\n\n".join(parts)


def _row(evidence: Mapping[str, Any]) -> str:
    layer = "all" if evidence["layer"] is None else evidence["layer"]
    # A value that is not finite is null in what is written down.
    value = "not finite" if evidence["value"] is None else f"{evidence['value']:.6g}"
    bound = "" if evidence["bound"] is None else f"{evidence['bound']:.6g}"
    cells = (evidence["probe"], layer, evidence["step"], value, bound)
    return f"| {' | '.join(map(str, cells))} |"
