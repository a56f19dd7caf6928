"""Pictures, read back pixel by pixel."""

import io

import numpy as np
import pytest
from PIL import Image

from src.tracking.pictures import (
    CELL,
    DARK,
    GREY,
    MOST_FILTERS,
    Picture,
    confusion,
    filters,
    misclassified,
)

NAMES = [f"class {k}" for k in range(4)]
# Of 256 levels: a palette of 64 colours is nearest, not equal.
NEAR = 20


def pixels(picture: Picture) -> "np.ndarray[tuple[int, ...], np.dtype[np.int64]]":
    png, size = picture
    image = Image.open(io.BytesIO(png))
    assert image.format == "PNG"
    assert image.size == size
    return np.asarray(image.convert("RGB")).astype(np.int64)


def test_filters_are_red_blue_and_white_around_0() -> None:
    weight = np.zeros((2, 16), np.float32)
    weight[0, :8], weight[0, 8:] = 2.0, -2.0
    found = pixels(filters(weight, 4))
    red, blue, white = found[5, 20], found[40, 20], found[20, 70]
    assert red[0] > red[2] + 80
    assert blue[2] > blue[0] + 80
    assert (white > 255 - NEAR).all()


def test_filters_share_one_scale() -> None:
    weight = np.full((2, 16), 1.0, np.float32)
    weight[1] = 0.25
    found = pixels(filters(weight, 4))
    strong, weak = 255 - found[20, 20], 255 - found[20, 70]
    assert weak[1] == pytest.approx(0.25 * strong[1], abs=NEAR)


@pytest.mark.parametrize(
    ("weight", "tiles"),
    [(np.zeros((3, 784)), 3), (np.eye(200, 784), MOST_FILTERS), (np.ones((1, 1)), 1)],
    ids=["zeros", "many", "one pixel"],
)
def test_filters_of_any_layer(
    weight: "np.ndarray[tuple[int, ...], np.dtype[np.float64]]", tiles: int
) -> None:
    side = int(weight.shape[1] ** 0.5)
    scale = max(1, round(48 / side))
    _, (width, height) = filters(weight, side)
    assert height == -(-tiles // 8) * (side * scale + 2) + 20
    assert width == max(320, min(tiles, 8) * (side * scale + 2))


def test_misclassified_shows_the_images_in_order() -> None:
    images = np.zeros((7, 9), np.uint8)
    images[:, 4] = [0, 40, 80, 120, 160, 200, 240]
    truth, chosen = np.arange(7) % 4, (np.arange(7) + 1) % 4
    found = pixels(misclassified(images, truth, chosen, NAMES, 3))
    width, height = 126, 84 + 32 + 4  # of an example with its two lines
    assert found.shape == (2 * height, 6 * width, 3)
    for k in range(7):
        middle = found[k // 6 * height + 2 + 42, k % 6 * width + width // 2]
        assert middle == pytest.approx([images[k, 4]] * 3, abs=NEAR)


def test_confusion_is_dark_where_the_share_is_large() -> None:
    counts = np.array([[8, 2, 0, 0], [0, 10, 0, 0], [0, 0, 0, 0], [5, 0, 0, 5]])
    found = pixels(confusion(counts, NAMES))
    margin = found.shape[1] - 4 * CELL - 2
    shares = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
    for row, column in np.ndindex(4, 4):
        corner = found[row * CELL + 4, margin + column * CELL + 4]  # no number stands there
        expected = 255 + shares[row, column] * (DARK - 255)
        assert corner == pytest.approx(expected, abs=NEAR), (row, column)


def test_the_diagonal_is_framed_on_all_sides() -> None:
    found = pixels(confusion(np.eye(4, dtype=np.int64)[::-1], NAMES))
    margin, middle = found.shape[1] - 4 * CELL - 2, CELL // 2
    for place in range(4):
        top, left = place * CELL, margin + place * CELL
        edges = {
            "top": (top, left + middle),
            "left": (top + middle, left),
            "bottom": (top + CELL, left + middle),
            "right": (top + middle, left + CELL),
        }
        for edge, (row, column) in edges.items():
            assert found[row, column] == pytest.approx(GREY, abs=NEAR), (place, edge)


@pytest.mark.slow
def test_confusion_of_many_classes_has_no_numbers() -> None:
    counts = np.eye(256, dtype=np.int64)
    _, (width, height) = confusion(counts, [str(k) for k in range(256)])
    assert width == height == 24 + 2 * 256 + 2
