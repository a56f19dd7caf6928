"""Colours hold for colour-blind readers and for grey prints."""

from itertools import combinations

import numpy as np
import numpy.typing as npt
import pytest

from src.report.figures.layout import spread
from src.report.figures.palette import COLOURS, DARK, DASHES, INK, MARKERS, coloured, looks
from tests.drawn import sweep

Array = npt.NDArray[np.float64]

# Machado, Oliveira and Fernandes (2009), severity 1, on linear RGB.
SIGHT = {
    "normal": np.eye(3),
    "protanopia": np.array(
        [
            [0.152286, 1.052583, -0.204868],
            [0.114503, 0.786281, 0.099216],
            [-0.003882, -0.048116, 1.051998],
        ]
    ),
    "deuteranopia": np.array(
        [
            [0.367322, 0.860646, -0.227968],
            [0.280085, 0.672501, 0.047413],
            [-0.011820, 0.042940, 0.968881],
        ]
    ),
}
# sRGB to XYZ under D65 (IEC 61966-2-1).
XYZ = np.array(
    [
        [0.4124564, 0.3575761, 0.1804375],
        [0.2126729, 0.7151522, 0.0721750],
        [0.0193339, 0.1191920, 0.9503041],
    ]
)


def linear(colour: str) -> Array:
    values = np.array([int(colour[k : k + 2], 16) / 255 for k in (1, 3, 5)])
    return np.where(values <= 0.04045, values / 12.92, ((values + 0.055) / 1.055) ** 2.4)


def luminance(colour: str) -> float:
    return float(XYZ[1] @ linear(colour))


def lab(rgb: Array) -> Array:
    ratio = (XYZ @ rgb) / XYZ.sum(axis=1)
    f = np.where(ratio > (6 / 29) ** 3, np.cbrt(ratio), ratio / (3 * (6 / 29) ** 2) + 4 / 29)
    return np.array([116 * f[1] - 16, 500 * (f[0] - f[1]), 200 * (f[1] - f[2])])


def contrast(first: str, second: str) -> float:
    low, high = sorted((luminance(first), luminance(second)))
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize("sight", SIGHT)
def test_colours_are_told_apart(sight: str) -> None:
    seen = [lab(np.clip(SIGHT[sight] @ linear(colour), 0, 1)) for colour in (*COLOURS, INK)]
    assert min(np.linalg.norm(a - b) for a, b in combinations(seen, 2)) >= 20


def test_contrast_with_the_page() -> None:
    assert min(contrast(colour, "#ffffff") for colour in COLOURS) >= 3
    assert min(contrast(colour, "#1c1c1c") for colour in DARK) >= 3
    assert len(DARK) == len(COLOURS) == len(DASHES) == len(MARKERS)


def test_grey_prints_are_told_apart() -> None:
    """By line style and marker, and colours of one style by lightness."""
    assert len(set(MARKERS)) == len(MARKERS)
    styles = list(zip((*COLOURS, INK), (*map(str, DASHES), "-"), strict=True))
    for (first, dash), (second, other) in combinations(styles, 2):
        if dash == other:
            assert abs(lab(linear(first))[0] - lab(linear(second))[0]) >= 15


def test_known_colours() -> None:
    """Contrast of black and white is 21, of a grey known from WCAG 4.54; Lab of white is 100."""
    assert contrast("#000000", "#ffffff") == pytest.approx(21)
    assert contrast("#767676", "#ffffff") == pytest.approx(4.54, abs=0.005)
    assert lab(linear("#ffffff")) == pytest.approx([100, 0, 0], abs=0.01)


@pytest.mark.parametrize("arms", [1, 7, 8, 9, 324])
@pytest.mark.parametrize("baseline", [None, 0])
def test_a_look_for_every_arm(arms: int, baseline: int | None) -> None:
    named = coloured(arms, baseline)
    assert len(named) == min(arms, 7 + (baseline is not None))
    assert {0, arms - 1} <= named


def test_the_baseline_is_black() -> None:
    analysis = sweep({f"arm_{k}": 0.9 - 0.01 * k for k in range(12)}, baseline="arm_7")
    found = looks(analysis)
    assert analysis.baseline is not None
    assert found[analysis.baseline].colour == INK
    colours = [look.colour for look in found if look.coloured]
    assert len(colours) == len(set(colours)) == 8


@pytest.mark.parametrize("count", [1, 2, 8, 40])
def test_names_beside_curves_keep_their_distance(count: int) -> None:
    wanted = np.random.default_rng(count).random(count) ** 3
    placed = spread(wanted.tolist(), 0.02, 0.0, 1.0)
    assert placed.min() >= -1e-12
    assert placed.max() <= 1 + 1e-12
    assert (np.diff(np.sort(placed)) >= 0.02 - 1e-12).all()
    assert (np.argsort(placed) == np.argsort(wanted)).all()
    apart = [0.1, 0.5, 0.9]
    assert spread(apart, 0.02, 0.0, 1.0) == pytest.approx(apart)
