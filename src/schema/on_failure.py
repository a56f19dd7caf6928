"""What a sweep does about a member that cannot be trained: continue, stop or retry:N."""

import re

from src.errors import require

MOST_RETRIES = 100
_RETRY = re.compile(r"retry:([1-9]\d{0,2})")
CONTINUE, STOP = "continue", "stop"


def check_on_failure(value: str) -> None:
    allowed = f"continue, stop or retry:N with N from 1 to {MOST_RETRIES}"
    good = value in (CONTINUE, STOP) or 1 <= retries(value) <= MOST_RETRIES
    require(good, "on_failure", value, allowed)


def retries(value: str) -> int:
    """How often a member that fails is tried again."""
    found = _RETRY.fullmatch(value)
    return int(found[1]) if found else 0
