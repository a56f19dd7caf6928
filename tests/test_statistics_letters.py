"""Letters against their definition, on graphs drawn at random, and against insert and absorb."""

import re
from itertools import combinations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from src.report.statistics.letters import letters

Graph = tuple[int, frozenset[tuple[int, int]]]


@st.composite
def graphs(draw: st.DrawFn) -> Graph:
    arms = draw(st.integers(1, 9))
    pairs = list(combinations(range(arms), 2))
    return arms, frozenset(draw(st.sets(st.sampled_from(pairs))) if pairs else set())


def columns(found: list[str]) -> list[set[int]]:
    """The arms of each letter."""
    sets: dict[str, set[int]] = {}
    for arm, held in enumerate(found):
        for name in re.findall(r"[a-z]|\(\d+\)", held):
            sets.setdefault(name, set()).add(arm)
    return list(sets.values())


def insert_absorb(arms: int, apart: frozenset[tuple[int, int]]) -> list[set[int]]:
    """Piepho (2004): split every letter that holds a pair apart, drop those within others."""
    sets = [set(range(arms))]
    for i, j in sorted(apart):
        split = []
        for column in sets:
            split += [column - {i}, column - {j}] if {i, j} <= column else [column]
        unique = [column for place, column in enumerate(split) if column not in split[:place]]
        sets = [column for column in unique if not any(column < other for other in unique)]
    return sets


@given(graphs())
def test_share_a_letter_if_and_only_if_not_told_apart(graph: Graph) -> None:
    arms, apart = graph
    found = columns(letters(arms, apart))
    for pair in combinations(range(arms), 2):
        assert any(set(pair) <= column for column in found) == (pair not in apart)
    assert set.union(*found) == set(range(arms))


@given(graphs())
def test_no_letter_can_be_spared_or_given_once_more(graph: Graph) -> None:
    arms, apart = graph
    found = columns(letters(arms, apart))
    for place, column in enumerate(found):
        for other in set(range(arms)) - column:
            assert any(tuple(sorted((other, arm))) in apart for arm in column)
        rest = found[:place] + found[place + 1 :]
        pairs = [{i, j} for i in column for j in column]
        assert not all(any(pair <= kept for kept in rest) for pair in pairs)
    assert len(found) <= len(insert_absorb(arms, apart))


@given(st.lists(st.integers(0, 30), min_size=1, max_size=9), st.integers(0, 12))
def test_ranks_apart_get_what_insert_and_absorb_gives(means: list[int], least: int) -> None:
    ranked = sorted(means)
    arms = len(ranked)
    apart = frozenset(
        (i, j) for i, j in combinations(range(arms), 2) if ranked[j] - ranked[i] > least
    )
    found = letters(arms, apart)
    twin = sorted(insert_absorb(arms, apart), key=sorted)
    assert sorted(columns(found), key=sorted) == twin
    # Named from the best on, so that a is the best arm's.
    assert found[0][0] == "a"


@pytest.mark.parametrize(
    ("arms", "apart", "expected"),
    [
        (1, set(), ["a"]),
        (3, set(), ["a", "a", "a"]),
        (3, {(0, 1), (0, 2), (1, 2)}, ["a", "b", "c"]),
        (3, {(0, 2)}, ["a", "ab", "b"]),
        (3, {(2, 0)}, ["a", "ab", "b"]),
        (0, set(), []),
    ],
)
def test_small_ones(arms: int, apart: set[tuple[int, int]], expected: list[str]) -> None:
    assert letters(arms, apart) == expected


def test_many_arms_have_readable_letters() -> None:
    found = letters(30, set(combinations(range(30), 2)))
    assert found[:2] + found[25:28] == ["a", "b", "z", "(27)", "(28)"]


def test_a_tangle_of_many_arms_ends() -> None:
    """Insert and absorb would hold more sets than there is memory: there are 3^20 largest ones."""
    arms = 60
    apart = {(3 * k + i, 3 * k + j) for k in range(arms // 3) for i, j in combinations(range(3), 2)}
    found = columns(letters(arms, apart))
    shared = np.zeros((arms, arms), dtype=bool)
    for column in found:
        shared[np.ix_(list(column), list(column))] = True
    assert {(i, j) for i, j in combinations(range(arms), 2) if not shared[i, j]} == apart
