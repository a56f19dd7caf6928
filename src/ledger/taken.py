"""A finished member of an earlier sweep, copied into this one: its files first, its result last."""

import hashlib
import json
import os
import time
from dataclasses import dataclass
from pathlib import Path

from src.diagnostics.records import RECORDS
from src.diagnostics.records import read as read_records
from src.diagnostics.records import write as write_records
from src.errors import InputError, on_one_line
from src.report.results import Record
from src.tracking.files import RESULT, write_atomically, write_json

# As src.tracking.member and src.tracking.events name them, which import torch and TensorBoard.
WEIGHTS, LOG, EVENTS = "weights.safetensors", "train.log", "events.out.tfevents."
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
        label, before = self.record["label"], self._told_label()
        self.folder.mkdir(parents=True, exist_ok=True)
        try:
            weights = (self.source / WEIGHTS).read_bytes()
            log = (self.source / LOG).read_bytes() if (self.source / LOG).is_file() else b""
            events = {path.name: path.read_bytes() for path in self.source.glob(f"{EVENTS}*")}
        except OSError as error:
            raise InputError(
                f"{self.source}: cannot be reused ({on_one_line(error)}); reuse=false trains anew."
            ) from error
        same = label == before
        write_atomically(self.folder / WEIGHTS, weights if same else relabelled(weights, label))
        self._copy_records(label, same)
        for name, content in events.items():
            write_atomically(self.folder / name, content)
        said = f"{time.strftime('%Y-%m-%d %H:%M:%S')} reused from {self.record['reused_from']}\n"
        write_atomically(self.folder / LOG, log + said.encode())
        write_json(self.folder / RESULT, self._whole())

    def _told_label(self) -> str:
        return str(json.loads((self.source / RESULT).read_bytes())["label"])

    def _copy_records(self, label: str, same: bool) -> None:
        path = self.source / RECORDS
        if not path.is_file():
            return
        if same:
            write_atomically(self.folder / RECORDS, path.read_bytes())
        else:
            write_records(self.folder / RECORDS, label, read_records(path))

    def _whole(self) -> Record:
        """The result, with the checksums of the files as they are here."""
        whole = {key: value for key, value in self.record.items() if key not in _ADDED}
        if "files" in whole:
            whole["files"] = {name: checksum(self.folder / name) for name in whole["files"]}
        return whole


def relabelled(content: bytes, label: str) -> bytes:
    """A safetensors file with another label among its notes; its tensors are the same bytes."""
    end = 8 + int.from_bytes(content[:8], "little")
    header = json.loads(content[8:end])
    header["__metadata__"]["label"] = label
    text = json.dumps(header, separators=(",", ":"), ensure_ascii=False).encode()
    text += b" " * (-len(text) % 8)  # tensors begin on a multiple of eight bytes
    return len(text).to_bytes(8, "little") + text + content[end:]


def checksum(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def sound(source: Path, record: Record) -> bool:
    """Whether the files beside a result are there, and are what it says they are."""
    try:
        for name, expected in (record.get("files") or {}).items():
            if os.path.basename(name) != name or checksum(source / name) != expected:
                return False
        header = (source / WEIGHTS).read_bytes()
        size = int.from_bytes(header[:8], "little")
        tensors = json.loads(header[8 : 8 + size])
        ends = [each["data_offsets"][1] for key, each in tensors.items() if key != "__metadata__"]
        if len(header) != 8 + size + max(ends) or "__metadata__" not in tensors:
            return False
        if (source / RECORDS).is_file():
            read_records(source / RECORDS)
    except (OSError, ValueError, KeyError, TypeError, AttributeError):  # InputError is a ValueError
        return False
    return True
