"""All pictures of a report together: their number, bytes, ids and edges."""

import re
from pathlib import Path

import pytest
from matplotlib.text import Text

from src.report.analysis import analyse
from src.report.figures.drawing import Drawing, svg, write
from src.report.figures.table import FIGURES, drawings
from tests.drawn import artists, many, member, sweep, with_records

MEANS = {"he": 0.88, "xavier": 0.87, "lecun": 0.86, "zeros": 0.1}


# Two seeds make no claims, and so spare the letters of 52,326 pairs.
@pytest.mark.parametrize(("count", "seeds"), [(1, 3), (2, 3), (30, 3), (90, 3), (324, 2)])
@pytest.mark.slow
def test_any_number_of_arms(count: int, seeds: int) -> None:
    analysis = many(count, seeds)
    drawn = drawings(analysis)
    for drawing in drawn:
        assert drawing.caption.endswith(".")
        assert "nan" not in drawing.caption
        _, high = drawing.figure.get_size_inches()
        assert high < 10  # a page of a paper
    names = [drawing.name for drawing in drawn]
    assert len(set(names)) == len(names)
    found = artists(drawn[0].figure)
    baseline = analysis.baseline
    shown = {gid.split("-")[1] for gid in found}
    assert {"0", str(count - 1), str(baseline or 0)} <= shown
    assert len(shown) == min(count, 59)  # 40 first, 18 last and the baseline
    dots = {of.get_text() for of in drawn[0].figure.findobj(Text) if "more" in of.get_text()}
    # Of 324: places 40 to 305 but the baseline's own.
    assert sum(int(text.split()[1]) for text in dots) == count - len(shown)


@pytest.fixture(scope="module")
def pictures() -> list[Drawing]:
    return drawings(sweep(MEANS))


@pytest.mark.slow
def test_the_same_sweep_gives_the_same_bytes(pictures: list[Drawing], tmp_path: Path) -> None:
    again = drawings(sweep(MEANS))
    for k, drawn in enumerate((pictures, again)):
        (tmp_path / str(k)).mkdir()
        for drawing in drawn:
            write(drawing, tmp_path / str(k))
    for first, second in zip(pictures, again, strict=True):
        assert svg(first) == svg(second)
        for kind in ("png", "pdf"):
            held = [(tmp_path / k / f"{first.name}.{kind}").read_bytes() for k in "01"]
            assert held[0] == held[1]
    pdf = (tmp_path / "0" / "ranking.pdf").read_bytes()
    assert b"/Type3" not in pdf
    assert b"/CIDFontType2" in pdf


def test_nothing_is_cut_at_the_edges(pictures: list[Drawing]) -> None:
    """All text lies within the figure, to half a point for the overhang of a letter."""
    for drawing in pictures:
        whole = drawing.figure.bbox
        tight = drawing.figure.get_tightbbox()
        slack = 0.5 / 72
        assert min(tight.x0, tight.y0) > -slack, drawing.name
        assert tight.x1 < whole.width / drawing.figure.dpi + slack, drawing.name
        assert tight.y1 < whole.height / drawing.figure.dpi + slack, drawing.name


@pytest.mark.slow
def test_dollars_in_names_are_no_formulas(tmp_path: Path) -> None:
    """A broken formula, a sound one and a lone dollar, in every picture and every format."""
    records = [
        member({"init": init, "activation": activation}, seed, accuracy)
        for init, accuracy in ((r"a$\frac{x$", 0.88), ("$b_1$", 0.85), ("c$", 0.5))
        for activation in (r"$\tanh", "relu")
        for seed in range(5)
    ]
    drawn = drawings(analyse(with_records(records, tmp_path)))
    assert len(drawn) == len(FIGURES)
    for drawing in drawn:
        text = svg(drawing)
        assert r"a$\frac{x$" in text
        assert "$b_1$" in text
        write(drawing, tmp_path)


def test_ids_are_unique_in_a_page_of_all(pictures: list[Drawing]) -> None:
    text = "".join(map(svg, pictures))
    ids = re.findall(r'\bid="([^"]+)"', text)
    # Matplotlib repeats a clip path or marker of equal content in one picture at most.
    assert len(ids) == len(set(ids))
    assert set(re.findall(r"(?:url\(|href=\")#([^\")]+)", text)) <= set(ids)
