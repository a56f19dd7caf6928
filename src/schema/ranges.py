"""What a value may be, checked once the whole configuration is composed."""

from dataclasses import fields
from enum import Enum
from math import isfinite
from typing import Any

from src.errors import require

MAX_SEED = 2**63 - 1
LARGEST = 1e37


def _fits_float32(key: str, value: float) -> None:
    """Well inside float32, so that sums, differences and products with a draw are as well."""
    fits = not isfinite(value) or abs(value) <= LARGEST
    require(fits, key, value, f"at most {LARGEST:g} in size, to fit float32")


def finite(key: str, value: float) -> None:
    require(isfinite(value), key, value, "a finite number")
    _fits_float32(key, value)


def positive(key: str, value: float) -> None:
    _fits_float32(key, value)
    require(isfinite(value) and value > 0, key, value, "a finite number above 0")


def not_negative(key: str, value: float) -> None:
    _fits_float32(key, value)
    require(isfinite(value) and value >= 0, key, value, "a finite number of at least 0")


def below_one(key: str, value: float) -> None:
    require(0 <= value < 1, key, value, "at least 0 and below 1")


def at_least(key: str, value: int, low: int) -> None:
    require(value >= low, key, value, f"an integer of at least {low}")


def check_seed(key: str, value: int) -> None:
    require(0 <= value <= MAX_SEED, key, value, f"an integer from 0 to {MAX_SEED}")


def plain_parameters(config: Any, base: type) -> dict[str, Any]:
    """The fields that `config` adds to `base`, with enums as their values."""
    common = {item.name for item in fields(base)}
    values = {item.name: getattr(config, item.name) for item in fields(config)}
    return {
        name: value.value if isinstance(value, Enum) else value
        for name, value in values.items()
        if name not in common
    }
