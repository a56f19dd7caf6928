"""What a checkpoint is made of while the training goes on, and the thread that writes it."""

from threading import Event
from typing import Any

import pytest
import torch

from src.checkpoints.columns import Columns, rows_of
from src.checkpoints.copies import Copies
from src.checkpoints.writer import Writer
from src.diagnostics.records import Record


def test_records_as_columns() -> None:
    """Taken in three times as they grow; the same as if they had been taken in at once."""
    rows = [
        [Record(t, None if t % 3 else 2, f"probe {t % 4}", t / 7) for t in range(20 + k)]
        for k in range(3)
    ]
    columns = Columns()
    for counts in ([0, 3, 5], [4, 3, 9], [20, 21, 22]):
        found = columns.of(rows, counts)
        assert [rows_of(found, k) for k in range(3)] == [
            each[:count] for each, count in zip(rows, counts, strict=True)
        ]


def test_copies_use_memory_again() -> None:
    values: dict[str, Any] = {
        "a": torch.arange(3.0),
        "b": [torch.ones(2, dtype=torch.int64), 1, None, "x"],
    }
    first = Copies()
    before = first.of_all(values)
    values["a"].add_(1)
    assert before["a"].tolist() == [0, 1, 2]
    after = Copies(first).of_all({"a": values["a"], "b": [torch.ones(3, dtype=torch.int64)]})
    assert after["a"] is before["a"]
    assert after["a"].tolist() == [1, 2, 3]
    assert after["b"][0].tolist() == [1, 1, 1]  # of another shape: new
    assert before["b"][0].tolist() == [1, 1]
    with pytest.raises(TypeError, match="holds a object"):
        Copies().of_all({"odd": object()})


def test_the_newest_is_written() -> None:
    begun, go, written = Event(), Event(), []
    writer = Writer("a file")

    def first() -> None:
        begun.set()
        go.wait(10)
        written.append(1)

    writer.put(first)
    assert begun.wait(10)
    for number in (2, 3):
        writer.put(lambda number=number: written.append(number))  # type: ignore[misc]
    go.set()
    writer.finish()
    assert written == [1, 3]
    writer.put(lambda: written.append(4))
    writer.drop()
    assert written in ([1, 3], [1, 3, 4])
