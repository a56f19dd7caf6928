"""Letters for arms: two that share one are not told apart."""

from collections.abc import Collection, Iterable, Sequence
from itertools import combinations
from string import ascii_lowercase


def letters(arms: int, apart: Collection[tuple[int, int]]) -> list[str]:
    """Of arms 0, 1, ... in their order of rank; apart: pairs (i, j) that are told apart.

    Two arms share a letter if and only if they are not told apart, and no letter could be spared
    or given to one arm more (the compact display of Piepho, 2004, doi:10.1198/1061860043515).
    Where arms are told apart by how far apart they rank, these are as few letters as can be; in
    general that is NP-hard, and insert-absorb needs memory that grows exponentially.
    """
    parted = {frozenset(pair) for pair in apart}
    alike = [
        {other for other in range(arms) if frozenset((arm, other)) not in parted}
        for arm in range(arms)
    ]
    columns = sorted(_needed(_cover(alike)), key=sorted)
    names = [_name(place) for place in range(len(columns))]
    return [
        "".join(name for name, column in zip(names, columns, strict=True) if arm in column)
        for arm in range(arms)
    ]


def _cover(alike: Sequence[set[int]]) -> list[frozenset[int]]:
    """Largest sets of arms alike, one for each pair that those before leave without; an arm alike
    to none but itself is a pair with itself."""
    shared: list[set[int]] = [set() for _ in alike]
    columns = []
    for arm, others in enumerate(alike):
        for other in sorted(others - {arm}) or [arm]:
            if other in shared[arm]:
                continue
            column = _grown({arm, other}, alike)
            columns.append(column)
            for member in column:
                shared[member] |= column
    return columns


def _grown(column: set[int], alike: Sequence[set[int]]) -> frozenset[int]:
    for arm in sorted(set.intersection(*(alike[member] for member in column))):
        if column <= alike[arm]:
            column = column | {arm}
    return frozenset(column)


def _needed(columns: Sequence[frozenset[int]]) -> Iterable[frozenset[int]]:
    """Without those whose every pair is in another; the latest go first."""
    held: dict[tuple[int, int], int] = {}
    for column in columns:
        for pair in _pairs(column):
            held[pair] = held.get(pair, 0) + 1
    for column in reversed(columns):
        if all(held[pair] > 1 for pair in _pairs(column)):
            for pair in _pairs(column):
                held[pair] -= 1
        else:
            yield column


def _pairs(column: frozenset[int]) -> list[tuple[int, int]]:
    """An arm with itself among them, so that none is left without a letter."""
    ordered = sorted(column)
    return [*combinations(ordered, 2), *((arm, arm) for arm in ordered)]


def _name(place: int) -> str:
    """a, b, ..., z, (27), (28), ..."""
    return ascii_lowercase[place] if place < len(ascii_lowercase) else f"({place + 1})"
