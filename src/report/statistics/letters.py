"""Letters for arms: two that share one are not told apart."""

from collections.abc import Collection
from string import ascii_lowercase


def letters(arms: int, apart: Collection[tuple[int, int]]) -> list[str]:
    """Of arms 0, 1, ... in their order of rank; apart: pairs (i, j) that are told apart, i < j.

    Insert and absorb (Piepho, 2004, doi:10.1198/1061860043515).
    """
    columns: list[set[int]] = [set(range(arms))]
    for i, j in sorted(apart):
        split = [part for column in columns for part in _split(column, i, j)]
        columns = [
            column
            for place, column in enumerate(split)
            if not any(
                column < other or (column == other and place > where)
                for where, other in enumerate(split)
                if where != place
            )
        ]
    columns.sort(key=lambda column: sorted(column))
    return [
        "".join(_name(k) for k, column in enumerate(columns) if arm in column)
        for arm in range(arms)
    ]


def _split(column: set[int], i: int, j: int) -> list[set[int]]:
    return [column - {i}, column - {j}] if {i, j} <= column else [column]


def _name(place: int) -> str:
    """a, b, ..., z, (27), (28), ..."""
    return ascii_lowercase[place] if place < len(ascii_lowercase) else f"({place + 1})"
