"""Colours of the page in both themes, and of pictures drawn for paper in the dark one."""

import math
from collections.abc import Iterable, Iterator

# name -> light, dark
PALETTE = {
    "paper": ("#fdfcf9", "#171716"),
    "surface": ("#f4f2ec", "#21201e"),
    "ink": ("#1d1c1a", "#e8e5de"),
    "muted": ("#5d5a54", "#a9a59b"),
    "rule": ("#d8d4ca", "#3d3b37"),
    "accent": ("#8c2f1b", "#e79f86"),
    "focus": ("#1258a8", "#8ab8f0"),
}
# Of text, and of all that a dark theme draws: Web Content Accessibility Guidelines 2.2, 1.4.3.
READABLE = 4.5
# Chroma in OKLab below which a colour is told by its lightness alone.
GREY = 0.03

Triple = tuple[float, float, float]


def variables(drawn: Iterable[str], dark: bool) -> str:
    """CSS declarations: the palette, and --f-rrggbb for each colour that pictures use."""
    pairs = [(name, pair[dark]) for name, pair in PALETTE.items()]
    pairs += [(f"f-{c[1:]}", darkened(c) if dark else c) for c in sorted({*drawn, "#000000"})]
    return "".join(f"--{name}:{colour};" for name, colour in pairs)


def darkened(colour: str) -> str:
    """The colour's part in the dark theme: greys change places, others brighten until they are
    readable there."""
    paper, ink = PALETTE["paper"][1], PALETTE["ink"][1]
    lightness, a, b = _lab(colour)
    if math.hypot(a, b) < GREY:
        low, high = _lab(paper)[0], _lab(ink)[0]
        return _hex((low + (1 - lightness) * (high - low), a, b))
    while contrast(_hex((lightness, a, b)), paper) < READABLE:
        lightness += 0.01
    return _hex((lightness, a, b))


def inverted(colour: str) -> str:
    """Lightness turned over and hue kept: what stood out on what still does."""
    lightness, a, b = _lab(colour)
    return _hex((1.1 - lightness, a, b))


def contrast(first: str, second: str) -> float:
    """Of two colours, 1 to 21 (Web Content Accessibility Guidelines 2.2)."""
    low, high = sorted(_luminance(colour) for colour in (first, second))
    return (high + 0.05) / (low + 0.05)


def _luminance(colour: str) -> float:
    red, green, blue = _linear(colour)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def _linear(colour: str) -> Triple:
    def of(place: int) -> float:
        value = int(colour[place : place + 2], 16) / 255
        return value / 12.92 if value <= 0.04045 else float(((value + 0.055) / 1.055) ** 2.4)

    return of(1), of(3), of(5)


# OKLab (Ottosson, 2020, https://bottosson.github.io/posts/oklab/).
def _lab(colour: str) -> Triple:
    r, g, b = _linear(colour)
    long = math.cbrt(0.4122214708 * r + 0.5363325363 * g + 0.0514459929 * b)
    middle = math.cbrt(0.2119034982 * r + 0.6806995451 * g + 0.1073969566 * b)
    short = math.cbrt(0.0883024619 * r + 0.2817188376 * g + 0.6299787005 * b)
    return (
        0.2104542553 * long + 0.7936177850 * middle - 0.0040720468 * short,
        1.9779984951 * long - 2.4285922050 * middle + 0.4505937099 * short,
        0.0259040371 * long + 0.7827717662 * middle - 0.8086757660 * short,
    )


def _hex(lab: Triple) -> str:
    """Cut off at what a screen can show."""
    lightness, a, b = lab
    long = (lightness + 0.3963377774 * a + 0.2158037573 * b) ** 3
    middle = (lightness - 0.1055613458 * a - 0.0638541728 * b) ** 3
    short = (lightness - 0.0894841775 * a - 1.2914855480 * b) ** 3
    linear = (
        4.0767416621 * long - 3.3077115913 * middle + 0.2309699292 * short,
        -1.2684380046 * long + 2.6097574011 * middle - 0.3413193965 * short,
        -0.0041960863 * long - 0.7034186147 * middle + 1.7076147010 * short,
    )
    return "#" + "".join(f"{channel:02x}" for channel in _channels(linear))


def _channels(linear: Triple) -> Iterator[int]:
    for value in linear:
        kept = min(max(value, 0.0), 1.0)
        curved = 12.92 * kept if kept <= 0.0031308 else 1.055 * kept ** (1 / 2.4) - 0.055
        yield round(255 * curved)
