"""Members whose process ended while it trained them, and said nothing: out of memory, perhaps."""

from collections.abc import Mapping, Sequence
from contextlib import suppress
from itertools import pairwise
from pathlib import Path

from src.errors import InputError
from src.ledger.rows import RUNNING
from src.ledger.store import Ledger

TWICE = 2


def deaths(home: Path) -> dict[str, int]:
    """How often those of the ledger were begun that were left running, from twice on."""
    # One that is damaged has been judged before, and is made anew.
    with suppress(InputError), Ledger.read(home) as ledger:
        return {
            row.name: row.attempts
            for row in ledger.rows()
            if row.status == RUNNING and row.attempts >= TWICE
        }
    return {}


def cut(
    stacks: Sequence[Sequence[int]], names: Sequence[str], died: Mapping[str, int]
) -> list[list[int]]:
    """The stacks; those with such members in halves, in quarters after four times, and so on.

    names: of the members, by position. If memory was the reason, smaller stacks need less of it;
    if it was not, members have the same numbers in any stack.
    """
    parts: list[list[int]] = []
    for stack in stacks:
        begun = max((died.get(names[k], 0) for k in stack), default=0)
        pieces = min(2 ** (begun // TWICE), len(stack))
        cuts = [len(stack) * piece // pieces for piece in range(pieces + 1)]
        parts += [list(stack[start:end]) for start, end in pairwise(cuts)]
    return parts
