"""What arms are called."""

from collections import Counter
from collections.abc import Sequence

from src.report.settings import Record, is_group, within

ONLY = "all members"


def names(
    arms: Sequence[tuple[str, ...]], keys: Sequence[str], records: Sequence[Record]
) -> list[str]:
    """arms: their settings' values, by key. An option goes by its name (he), a value by its key's
    last part (dropout=0.2). A key below an option is told where the option has several values of
    it: zeros; he, gain=1.0; he, gain=2.0."""
    groups = [key for key in keys if is_group(records, key)]
    last = Counter(key.rpartition(".")[2] for key in keys)
    parts: list[list[str]] = [[] for _ in arms]
    for column, key in enumerate(keys):
        short = key.rpartition(".")[2]
        label = short if last[short] == 1 else key
        above = [keys.index(name) for name in groups if name != key and within(key, name)]
        for own, arm in zip(parts, arms, strict=True):
            if key in groups:
                own.append(arm[column])
            elif not above or len(_beside(arm, column, above, arms)) > 1:
                own.append(f"{label}={arm[column]}")
    return [", ".join(own) or ONLY for own in parts]


def _beside(
    arm: tuple[str, ...], column: int, above: Sequence[int], arms: Sequence[tuple[str, ...]]
) -> set[str]:
    """The values in a column of the arms that agree with this one in some other columns."""
    return {other[column] for other in arms if all(other[k] == arm[k] for k in above)}
