"""The page of an analysis as one HTML file: styles, script and pictures within."""

from collections.abc import Sequence

from jinja2 import Environment, PackageLoader, StrictUndefined

from src.report.analysis import Analysis
from src.report.answer import answer
from src.report.figures.drawing import Drawing, svg


def page(analysis: Analysis, drawings: Sequence[Drawing]) -> str:
    environment = Environment(
        loader=PackageLoader("src.report.page"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    pictures = [{"drawing": drawing, "svg": svg(drawing)} for drawing in drawings]
    told = answer(analysis)
    return environment.get_template("index.html").render(
        analysis=analysis, answer=told, pictures=pictures
    )
