"""A finished member of an earlier sweep, copied into this one: its files first, its result last."""

import json
import time
from dataclasses import dataclass
from pathlib import Path

from src.diagnostics.records import RECORDS
from src.diagnostics.records import read as read_records
from src.diagnostics.records import write as write_records
from src.errors import InputError, on_one_line
from src.report.results import Record
from src.sound import check_files
from src.tracking import earlier
from src.tracking.files import (
    EVENTS,
    FILES,
    LOG,
    RESULT,
    WEIGHTS,
    check_sum,
    content_of,
    read_result,
    sha256,
    write_atomically,
    write_result,
)

_ADDED = ("written", "folder", "sweep")  # to a result by whoever reads it


@dataclass(frozen=True)
class Taken:
    """One. record: its result, as this sweep is to have it."""

    source: Path
    sweep: Path  # that it is of
    folder: Path
    record: Record

    def copy(self) -> None:
        """OSError where a file cannot be written; InputError where the source has gone since."""
        content = self._content()
        self.folder.mkdir(parents=True, exist_ok=True)
        # Of an attempt to train it here; its curves would be shown beside those that it gets.
        earlier.clear(self.folder)
        files = {}
        for name, expected in self.record[FILES].items():
            files[name] = self._write(name, content[name], expected)
        for name in content.keys() - files.keys():
            write_atomically(self.folder / name, content[name])
        kept = {key: value for key, value in self.record.items() if key not in _ADDED}
        write_result(self.folder / RESULT, {**kept, FILES: files})
        earlier.drop(self.folder)

    def _content(self) -> dict[str, bytes]:
        """All files but the result, by name; the log says where they are from."""
        try:
            found = {name: content_of(self.source / name) for name in self.record[FILES]}
            paths = [*self.source.glob(f"{EVENTS}*"), *self.source.glob(LOG)]
            found |= {path.name: content_of(path) for path in paths}
        except OSError as error:
            said = on_one_line(error)
            raise InputError(f"{self.source}: cannot be reused ({said}).") from error
        line = f"{time.strftime('%Y-%m-%d %H:%M:%S')} reused from {self.record['reused_from']}\n"
        found[LOG] = found.get(LOG, b"") + line.encode()
        return found

    def _write(self, name: str, content: bytes, expected: str) -> str:
        """One whose SHA-256 is known, with this sweep's label in it; its new SHA-256."""
        check_sum(self.source / name, content, expected)
        path, label = self.folder / name, self.record["label"]
        if label == read_result(self.source / RESULT)["label"]:
            write_atomically(path, content)
            return expected
        if name == RECORDS:
            return write_records(path, label, read_records(self.source / name, expected))
        content = relabelled(content, label)
        write_atomically(path, content)
        return sha256(content)


def relabelled(content: bytes, label: str) -> bytes:
    """A safetensors file with another label among its notes; its tensors are the same bytes."""
    end = 8 + int.from_bytes(content[:8], "little")
    header = json.loads(content[8:end])
    header["__metadata__"]["label"] = label
    text = json.dumps(header, separators=(",", ":"), ensure_ascii=False).encode()
    text += b" " * (-len(text) % 8)  # tensors begin on a multiple of eight bytes
    return len(text).to_bytes(8, "little") + text + content[end:]


def sound(source: Path, record: Record) -> bool:
    """Whether the files beside a result are there, and are what it says they are."""
    try:
        check_files(source, record)
    except InputError:
        return False
    files = record.get(FILES) or {}
    return WEIGHTS in files and not files.keys() - {WEIGHTS, RECORDS}
