"""Numbers as a reader of the page sees them."""

import math

from src.report.metrics import higher_is_better

MISSING = "–"
MINUS = "\N{MINUS SIGN}"


def unit(metric: str) -> str:
    """Accuracies are told in per cent, losses as they are."""
    return " %" if higher_is_better(metric) else ""


def score(value: float, metric: str, *, signed: bool = False) -> str:
    scaled, digits = (100 * value, 2) if higher_is_better(metric) else (value, 4)
    return fixed(scaled, digits, signed=signed)


def fixed(value: float, digits: int, *, signed: bool = False) -> str:
    if not math.isfinite(value):
        return MISSING if math.isnan(value) else ("∞" if value > 0 else f"{MINUS}∞")
    if round(value, digits) == 0:
        return f"{0:.{digits}f}"
    sign = "+" if signed else "-"
    return f"{value:{sign},.{digits}f}".replace("-", MINUS)


def interval(low: float, high: float, metric: str, *, signed: bool = False) -> str:
    if math.isnan(low) or math.isnan(high):
        return MISSING
    return f"{score(low, metric, signed=signed)} to {score(high, metric, signed=signed)}"


def probability(p: float) -> str:
    if math.isnan(p):
        return MISSING
    return "< 0.001" if p < 0.001 else f"{p:.3f}"


def counted(number: int, what: str) -> str:
    """1 seed, 1,000 seeds."""
    return f"{number:,} {what}{'' if number == 1 else 's'}"
