"""Records: flat rows (member, step, layer, probe, value), one Parquet file a member."""

import io
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from src.errors import InputError, on_one_line
from src.tracking.files import check_sum, content_of, sha256, write_atomically

if TYPE_CHECKING:
    import pyarrow as pa

RECORDS = "records.parquet"
COLUMNS = ("step", "layer", "probe", "value")


class Record(NamedTuple):
    """One number. step: updates made before it. layer: from 1; None, the whole network."""

    step: int
    layer: int | None
    probe: str
    value: float


@dataclass(frozen=True)
class Story:
    """A member's rows, by probe, layer and step."""

    rows: Sequence[Record]

    def value(self, probe: str, step: int, layer: int | None = None) -> float | None:
        return self.curve(probe, layer).get(step)

    def curve(self, probe: str, layer: int | None = None) -> dict[int, float]:
        """Values by step, the first step first."""
        return self._index.get((probe, layer), {})

    def layers(self, probe: str, step: int) -> dict[int, float]:
        """Values by layer at a step, the first layer first; those that were taken."""
        return {
            layer: curve[step]
            for (name, layer), curve in self._index.items()
            if name == probe and layer is not None and step in curve
        }

    @property
    def steps(self) -> list[int]:
        return sorted({row.step for row in self.rows})

    def until(self, step: int) -> "Story":
        """What was known at a step."""
        return Story([row for row in self.rows if row.step <= step])

    @cached_property
    def _index(self) -> dict[tuple[str, int | None], dict[int, float]]:
        found: dict[tuple[str, int | None], dict[int, float]] = {}
        for row in sorted(self.rows, key=lambda row: (row.layer or 0, row.step)):
            found.setdefault((row.probe, row.layer), {})[row.step] = row.value
        return found


def write(path: Path, member: str, rows: Sequence[Record]) -> str:
    """As Parquet: member and probe as dictionaries, step and layer as integers, value float64.

    Returns the file's SHA-256. Each page has a checksum of its own.
    """
    import pyarrow as pa
    from pyarrow import parquet

    steps, layers, probes, values = zip(*rows, strict=True) if rows else ((), (), (), ())
    table = pa.table(
        {
            "member": pa.array([member] * len(steps), pa.string()).dictionary_encode(),
            "step": pa.array(steps, pa.int64()),
            "layer": pa.array(layers, pa.int32()),
            "probe": pa.array(probes, pa.string()).dictionary_encode(),
            "value": pa.array(values, pa.float64()),
        }
    )
    buffer = io.BytesIO()
    parquet.write_table(table, buffer, compression="zstd", write_page_checksum=True)
    write_atomically(path, buffer.getvalue())
    return sha256(buffer.getvalue())


def read(path: Path, expected: str | None = None) -> list[Record]:
    """The rows of a file; InputError where it cannot be read, or is not as it was written.

    expected: its SHA-256, as the result beside it has it; None: unknown.
    """
    table = read_table(path, expected)
    columns = [table.column(name).to_pylist() for name in COLUMNS]
    return list(map(Record._make, zip(*columns, strict=True)))


def read_table(path: Path, expected: str | None = None) -> "pa.Table":
    """As read, as columns; probe is a column of texts."""
    import pyarrow as pa
    from pyarrow import parquet

    try:
        content = content_of(path)
        check_sum(path, content, expected)
        # Half the time of parquet.read_table, which looks for a data set first.
        with parquet.ParquetFile(pa.BufferReader(content), page_checksum_verification=True) as file:
            table = file.read(columns=list(COLUMNS), use_threads=False).select(list(COLUMNS))
        return table.cast(pa.schema(zip(COLUMNS, _types(), strict=True)))
    except InputError:
        raise
    except (OSError, pa.ArrowException, KeyError, ValueError) as error:
        raise InputError(f"{path}: not readable records ({on_one_line(error)}).") from error


def _types() -> "list[pa.DataType]":
    import pyarrow as pa

    return [pa.int64(), pa.int32(), pa.string(), pa.float64()]
