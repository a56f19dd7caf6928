"""Colours of the page, and of the pictures on it, in both themes."""

from src.report.figures.palette import COLOURS, DARK, FAINT, SHADE

# Least contrasts of words and of graphics with the page (Web Content Accessibility Guidelines 2.2,
# 1.4.3 and 1.4.11).
WORDS, GRAPHICS = 4.5, 3.0
DIMMER = 0.98


def contrast(first: str, second: str) -> float:
    """Of two colours, 1 to 21 (the same, relative luminance)."""
    low, high = sorted(_luminance(colour) for colour in (first, second))
    return (high + 0.05) / (low + 0.05)


def _luminance(colour: str) -> float:
    red, green, blue = _linear(colour)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def _linear(colour: str) -> tuple[float, float, float]:
    def of(place: int) -> float:
        value = int(colour[place : place + 2], 16) / 255
        return value / 12.92 if value <= 0.04045 else float(((value + 0.055) / 1.055) ** 2.4)

    return of(1), of(3), of(5)


def _dimmed(colour: str, least: float) -> str:
    """A colour drawn for white paper, dark enough for ours."""
    while contrast(colour, PAPER[0]) < least:
        parts = (round(DIMMER * int(colour[k : k + 2], 16)) for k in (1, 3, 5))
        colour = "#" + "".join(f"{part:02x}" for part in parts)
    return colour


PAPER = ("#fdfcf9", "#171716")
ARMS = list(enumerate(zip(COLOURS, DARK, strict=True)))
# name -> light, dark. arm-k: of lines and marks, word-k: of an arm's name in its colour.
PALETTE = {
    "paper": PAPER,
    "surface": ("#f4f2ec", "#21201e"),
    "ink": ("#1d1c1a", "#e8e5de"),
    "muted": ("#5d5a54", "#a9a59b"),
    "rule": ("#d8d4ca", "#3d3b37"),
    "accent": ("#8c2f1b", "#e79f86"),
    "focus": ("#1258a8", "#8ab8f0"),
    "faint": (FAINT, "#55524c"),
    "shade": (SHADE, "#252a2d"),
    **{f"arm-{k}": (_dimmed(light, GRAPHICS), dark) for k, (light, dark) in ARMS},
    **{f"word-{k}": (_dimmed(light, WORDS), dark) for k, (light, dark) in ARMS},
}


def variables(dark: bool) -> str:
    """CSS declarations."""
    return "".join(f"--{name}:{pair[dark]};" for name, pair in PALETTE.items())
