"""Numbers and names as sentences have them."""

import math

import pytest

from src.report.arms import Arm
from src.report.wording import Margin, decimals, listed, number, spoken


@pytest.mark.parametrize(
    ("width", "value", "places"),
    [
        (0.6, 78.3, 2),
        (12.0, 3.0, 1),
        (0.013, 0.5, 3),
        (1e-9, 1.0, 4),
        (0.0, 0.02, 3),
        (0.0, 0.0, 1),
    ],
)
def test_decimals(width: float, value: float, places: int) -> None:
    assert decimals(width, value) == places


def test_numbers() -> None:
    assert number(-0.04, 1) == "0.0"
    assert number(-1234.5, 1) == "\N{MINUS SIGN}1,234.5"
    assert number(math.nan, 1) == "-"
    assert listed(["a"]) == "a"
    assert listed(["a", "b", "c"]) == "a, b and c"
    assert listed(["a", "b", "c"], 2) == "a, b and 1 more"
    assert Margin(0, 1, 0.2, -0.1, 0.5, 10, " points").in_full == (
        "0.20 points (95 % interval \N{MINUS SIGN}0.10 to 0.50, n = 10 paired seeds)"
    )


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("he", "he"),
        ("he, relu", "he + relu"),
        ("he, hidden=[8, 8], relu", "he + hidden=[8, 8] + relu"),
    ],
)
def test_names_with_commas_in_a_sentence(name: str, said: str) -> None:
    assert spoken(Arm(name, {}, {}, {})) == said
