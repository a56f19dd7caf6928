"""Members whose process ended while it trained them, and said nothing: out of memory, perhaps."""

from collections.abc import Iterable, Mapping, Sequence
from itertools import pairwise

from src.ledger.rows import RUNNING, Row

TWICE = 2


def deaths(rows: Iterable[Row], names: Sequence[str]) -> dict[int, int]:
    """How often those were begun that were left running, from twice on, by position.

    names: of the members, by position.
    """
    positions = {name: position for position, name in enumerate(names)}
    return {
        positions[row.name]: row.attempts
        for row in rows
        if row.status == RUNNING and row.attempts >= TWICE and row.name in positions
    }


def cut(stacks: Sequence[Sequence[int]], died: Mapping[int, int]) -> list[list[int]]:
    """The stacks; those with such members in halves, in quarters after four times, and so on.

    If memory was the reason, smaller stacks need less of it; if it was not, members have the same
    numbers in any stack.
    """
    parts: list[list[int]] = []
    for stack in stacks:
        begun = max((died.get(k, 0) for k in stack), default=0)
        pieces = min(2 ** (begun // TWICE), len(stack))
        cuts = [len(stack) * piece // pieces for piece in range(pieces + 1)]
        parts += [list(stack[start:end]) for start, end in pairwise(cuts)]
    return parts


def told_of_deaths(members: int) -> str | None:
    if not members:
        return None
    return (
        f"{members:,} member(s) were left running twice, out of memory perhaps: their stacks are "
        "begun in smaller parts"
    )
