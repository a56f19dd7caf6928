"""The files of a report."""

from pathlib import Path

from src.report.analysis import Analysis
from src.report.figures.drawing import write as write_drawing
from src.report.figures.table import drawings
from src.report.page.build import page
from src.tracking.files import write_atomically

PAGE, FIGURES = "index.html", "figures"


def write(analysis: Analysis, folder: Path) -> Path:
    """index.html, and figures/ as PNG and PDF; the path of the page."""
    (folder / FIGURES).mkdir(parents=True, exist_ok=True)
    drawn = drawings(analysis)
    for drawing in drawn:
        write_drawing(drawing, folder / FIGURES)
    path = folder / PAGE
    write_atomically(path, page(analysis, drawn).encode())
    return path
