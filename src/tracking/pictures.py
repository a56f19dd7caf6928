"""Pictures of a member for TensorBoard, drawn with Pillow and encoded as PNG."""

import io
from collections.abc import Sequence
from functools import cache

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageDraw, ImageFont

Numbers = npt.NDArray[np.floating]
Labels = npt.NDArray[np.integer]
Colours = npt.NDArray[np.uint8]
Picture = tuple[bytes, tuple[int, int]]  # PNG, width and height

MOST_FILTERS = 64  # of more units so many, evenly spaced
FILTERS_A_ROW, EXAMPLES_A_ROW = 8, 6
MOST_EXAMPLES = 24
# A filter's largest weights stand out of the scale, so that a few do not bleach all others.
SHARE_IN_SCALE = 0.995
MOST_CELLS = 20  # classes; the cells of more have no numbers
CELL, NAME = 46, 14  # pixels: a numbered cell, the letters of a class
NEGATIVE, POSITIVE = np.array([33, 102, 172]), np.array([178, 24, 43])  # blue, red
DARK = np.array([8, 48, 107])
WHITE, BLACK, GREY, RED = (255, 255, 255), (0, 0, 0), (110, 110, 110), (160, 0, 0)


def filters(weight: Numbers, side: int) -> Picture:
    """weight [o, i] of the first layer, i = side²: each unit's as an image.

    Red is positive, blue negative, white 0, on one scale for all: symmetric around 0 and told below
    the picture.
    """
    count = min(len(weight), MOST_FILTERS)
    shown = weight[np.arange(count) * len(weight) // count].reshape(count, side, side)
    scale = float(np.quantile(np.abs(shown), SHARE_IN_SCALE)) or float(np.abs(shown).max())
    share = np.clip(shown / scale, -1, 1) if scale > 0 else np.zeros_like(shown)
    ends = np.where(share[..., None] > 0, POSITIVE, NEGATIVE)
    tiles = (255 + np.abs(share)[..., None] * (ends - 255)).round().astype(np.uint8)
    tiles = _enlarged(tiles, 48)
    picture, draw = _canvas(*_grid_size(tiles, FILTERS_A_ROW), below=20)
    _paste(picture, tiles, FILTERS_A_ROW)
    # The font has no ≤.
    scaled = f"blue <= -{scale:.3g}, white 0, red >= {scale:.3g}"
    told = f"{count} of {len(weight)} units; {scaled if scale > 0 else 'all weights are 0'}"
    draw.text((4, picture.height - 17), told, BLACK, _font(12))
    return _encoded(picture)


def misclassified(
    images: Colours, truth: Labels, chosen: Labels, names: Sequence[str], side: int
) -> Picture:
    """images [n, side²] with their labels and what the network took them for, below each."""
    tiles = _enlarged(np.repeat(images.reshape(-1, side, side, 1), 3, axis=3), 84)
    width, below = max(tiles.shape[2], 126), 32
    rows = -(-len(tiles) // EXAMPLES_A_ROW)
    columns = min(len(tiles), EXAMPLES_A_ROW)
    picture, draw = _canvas(columns * width, rows * (tiles.shape[1] + below + 4))
    for number, tile in enumerate(tiles):
        left = number % EXAMPLES_A_ROW * width
        top = number // EXAMPLES_A_ROW * (tiles.shape[1] + below + 4) + 2
        picture.paste(Image.fromarray(tile), (left + (width - tile.shape[1]) // 2, top))
        lines = ("true", truth, BLACK), ("predicted", chosen, RED)
        for line, (said, labels, colour) in enumerate(lines):
            words = f"{said}: {names[labels[number]]}"
            place = (left + width / 2, top + tile.shape[0] + 8 + 14 * line)
            draw.text(place, words, colour, _font(11), anchor="mm")
    return _encoded(picture)


def confusion(counts: Labels, names: Sequence[str]) -> Picture:
    """counts [true, predicted]: in large the shares of the row in per cent, and named axes.

    TensorBoard shows it about 350 pixels wide, some .6 of its size for ten classes.
    """
    classes = len(counts)
    numbered = classes <= MOST_CELLS
    cell = CELL if numbered else max(2, 600 // classes)
    margin = 24 + max(int(_font(NAME).getlength(name)) for name in names) + 6 if numbered else 24
    below = 16 if numbered else 0
    size = margin + classes * cell + 2
    picture, draw = _canvas(size, size + below)
    shares = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
    for row, column in np.ndindex(classes, classes):
        left, top = margin + column * cell, row * cell
        share = float(shares[row, column])
        colour = tuple(int(part) for part in (255 + share * (DARK - 255)).round())
        draw.rectangle(
            (left, top, left + cell, top + cell), colour, (225, 225, 225) if numbered else None
        )
        if numbered and counts[row, column]:
            ink = WHITE if share > 0.5 else BLACK
            middle = left + cell / 2
            draw.text((middle, top + 18), _percent(share), ink, _font(22), anchor="mm")
            draw.text((middle, top + 37), f"{counts[row, column]}", ink, _font(10), anchor="mm")
    for place in range(classes) if numbered else ():  # over the frames of the cells beside it
        left, top = margin + place * cell, place * cell
        draw.rectangle((left, top, left + cell, top + cell), None, GREY, width=2)
    _name_axes(picture, draw, names if numbered else (), margin, cell)
    if numbered:
        told = "large: % of the true class; small: examples"
        draw.text((picture.width / 2, size + 6), told, BLACK, _font(11), anchor="mm")
    return _encoded(picture)


def _percent(share: float) -> str:
    """Whole; what is not nothing is not told as 0, what is not all not as 100."""
    if share < 0.005:
        return "<1"
    return ">99" if 0.995 < share < 1 else f"{100 * share:.0f}"


def _name_axes(
    picture: Image.Image,
    draw: ImageDraw.ImageDraw,
    names: Sequence[str],
    margin: int,
    cell: int,
) -> None:
    middle = (picture.width + margin) // 2
    bottom = picture.width - margin  # of the square of cells
    draw.text((middle, picture.width - 10), "predicted", BLACK, _font(15), anchor="mm")
    _upright(picture, "true", (2, bottom // 2), _font(15))
    for number, name in enumerate(names):
        at = number * cell + cell // 2
        draw.text((margin - 4, at), name, BLACK, _font(NAME), anchor="rm")
        _upright(picture, name, (margin + at, bottom + 6), _font(NAME), hanging=True)


def _upright(
    picture: Image.Image,
    words: str,
    place: tuple[int, int],
    font: ImageFont.FreeTypeFont | ImageFont.ImageFont,
    hanging: bool = False,
) -> None:
    """Words that run from the bottom up. place: the middle of their left edge, or of their top."""
    strip = Image.new("RGB", (int(font.getlength(words)) + 2, 18), WHITE)
    ImageDraw.Draw(strip).text((1, 9), words, BLACK, font, anchor="lm")
    strip = strip.rotate(90, expand=True)
    across, along = place
    picture.paste(strip, (across - 9, along) if hanging else (across, along - strip.height // 2))


def _enlarged(tiles: Colours, wanted: int) -> Colours:
    """tiles [n, h, w, 3], each pixel as often as brings the side near to what is wanted."""
    times = max(1, round(wanted / tiles.shape[1]))
    return tiles.repeat(times, axis=1).repeat(times, axis=2)


def _grid_size(tiles: Colours, columns: int) -> tuple[int, int]:
    rows = -(-len(tiles) // columns)
    side = tiles.shape[1] + 2
    return min(len(tiles), columns) * side, rows * side


def _paste(picture: Image.Image, tiles: Colours, columns: int) -> None:
    side = tiles.shape[1] + 2
    for number, tile in enumerate(tiles):
        place = (number % columns * side + 1, number // columns * side + 1)
        picture.paste(Image.fromarray(tile), place)


def _canvas(width: int, height: int, below: int = 0) -> tuple[Image.Image, ImageDraw.ImageDraw]:
    picture = Image.new("RGB", (max(width, 320) if below else width, height + below), WHITE)
    return picture, ImageDraw.Draw(picture)


def _encoded(picture: Image.Image) -> Picture:
    """With a palette, which halves the bytes of what has few colours."""
    buffer = io.BytesIO()
    reduced = picture.quantize(64, Image.Quantize.FASTOCTREE)
    reduced.save(buffer, "PNG", compress_level=3)  # a quarter of the default's time, as small
    return buffer.getvalue(), picture.size


@cache
def _font(size: int) -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
    return ImageFont.load_default(size)
