"""Numbers, places and colours of the page."""

import math

import pytest

from src.report.page.colours import PALETTE, contrast
from src.report.page.numerals import MINUS, MISSING, fixed
from src.report.page.sections import _place


@pytest.mark.parametrize(
    ("value", "written"),
    [
        (0.004, "0.00"),
        (-0.004, "0.00"),
        (-1234.5, f"{MINUS}1,234.50"),
        (0.006, "+0.01"),
        (math.nan, MISSING),
        (math.inf, "∞"),
    ],
)
def test_numbers_are_written_as_a_reader_expects(value: float, written: str) -> None:
    assert fixed(value, 2, signed=True) == written


@pytest.mark.parametrize(
    ("name", "place"),
    [
        ("curves-log", "curves"),
        ("profile", "profile"),
        ("profiles", "performance"),
        ("layers", "profile"),
        ("early", "first-steps"),
        ("weights", "initial-weights"),
        ("survival", "arrival"),
        ("heatmap", "settings"),
        ("something-new", "more"),
    ],
)
def test_each_picture_has_a_place(name: str, place: str) -> None:
    assert _place(name) == place


def test_words_are_readable_in_both_themes() -> None:
    # Anchors of the formula: WCAG 2.2's black on white, and the grey of its own examples.
    assert contrast("#000000", "#ffffff") == pytest.approx(21)
    assert contrast("#777777", "#ffffff") == pytest.approx(4.48, abs=0.005)
    words = ("ink", "muted", "accent", *(name for name in PALETTE if name.startswith("word-")))
    graphics = ("focus", *(name for name in PALETTE if name.startswith("arm-")))
    assert len(words) == 10
    for theme in (0, 1):
        for name in words:
            for ground in ("paper", *(("surface", "shade") if name in words[:3] else ())):
                found = contrast(PALETTE[name][theme], PALETTE[ground][theme])
                assert found >= 4.5, (name, ground, theme, found)
        for name in graphics:
            assert contrast(PALETTE[name][theme], PALETTE["paper"][theme]) >= 3, (name, theme)
