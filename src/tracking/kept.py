"""What a checkpoint keeps of a member beside its numbers: where it is, where its files ended."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from src.tracking.events import EventFile, Resumed
from src.tracking.files import EVENTS


@dataclass(frozen=True)
class Place:
    """A member's part of a checkpoint. row: its position among the members there."""

    path: Path
    row: int
    beside: bool = True  # whether it is of this member's own folder, whose files it goes on with


@dataclass(frozen=True)
class KeptFiles:
    """Sizes in bytes of a member's files; what was written after them is of no step it has made."""

    log: int
    events: str | None = None  # the name of its event file
    events_size: int = 0
    declared: tuple[str, ...] = ()  # tags whose kind TensorBoard has been told
    started: float = 0.0  # seconds since 1970

    def as_plain(self) -> dict[str, Any]:
        return {**asdict(self), "declared": list(self.declared)}

    @classmethod
    def of(cls, plain: Mapping[str, Any]) -> "KeptFiles":
        """ValueError where a name is not that of an event file."""
        name = plain["events"]
        if name is not None and (Path(name).name != name or not name.startswith(EVENTS)):
            raise ValueError(f"{name} is no event file's name")
        return cls(
            int(plain["log"]),
            name,
            int(plain["events_size"]),
            tuple(plain["declared"]),
            float(plain["started"]),
        )

    def reopened(self, folder: Path) -> EventFile | None:
        """The event file, cut back; None where it has been lost since: then none is left."""
        if self.events is None:
            return None
        if not cut(folder / self.events, self.events_size):
            # Beside the new one, the points of what is trained again would be shown twice.
            (folder / self.events).unlink(missing_ok=True)
            return None
        return EventFile(folder, Resumed(self.events, self.declared))


def cut(path: Path, size: int) -> bool:
    """Whether there was as much; what was more is gone."""
    if not path.is_file() or path.stat().st_size < size:
        return False
    with path.open("r+b") as stream:
        stream.truncate(size)
    return True
