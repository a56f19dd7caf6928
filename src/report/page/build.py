"""The page of an analysis as one HTML file: styles, scripts and pictures within."""

import base64
import hashlib
from collections.abc import Sequence
from functools import cache

from jinja2 import Environment, PackageLoader, StrictUndefined

from src.report.analysis import Analysis
from src.report.figures.drawing import Drawing
from src.report.page.context import context

# In the head, so that a page never shows the wrong theme first; and at the end.
EARLY = ("theme.js",)
LATE = ("arms.js", "scales.js", "sort.js", "hover.js", "contents.js", "copy.js")


def page(analysis: Analysis, drawings: Sequence[Drawing]) -> str:
    environment = _environment()
    early, late = ("".join(map(_source, names)) for names in (EARLY, LATE))
    return environment.get_template("index.html").render(
        context(analysis, drawings),
        early=early,
        late=late,
        policy=_policy(early, late),
    )


@cache
def _environment() -> Environment:
    return Environment(
        loader=PackageLoader("src.report.page"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )


def _source(name: str) -> str:
    loader = _environment().loader
    assert loader is not None
    return loader.get_source(_environment(), name)[0]


def _policy(*scripts: str) -> str:
    """Content-Security-Policy: no network at all, and no script but ours."""
    hashes = " ".join(f"'sha256-{_digest(script)}'" for script in scripts)
    return (
        f"default-src 'none'; script-src {hashes}; style-src 'unsafe-inline'; img-src data:; "
        "base-uri 'none'; form-action 'none'"
    )


def _digest(script: str) -> str:
    return base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
