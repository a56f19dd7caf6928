"""The checkpoint of one stack: taken while it trains, written behind it, removed when it ends."""

import hashlib
import time
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from types import TracebackType

from torch import Tensor
from torch.optim import Optimizer

from src.capacity import takes_checkpoints
from src.checkpoints.columns import Columns, Growing
from src.checkpoints.copies import Copies
from src.checkpoints.curves import joined
from src.checkpoints.file import Content, remove, write
from src.checkpoints.kept import kept
from src.checkpoints.writer import Writer
from src.config import Config
from src.identity import resume_key
from src.model import StackedMLP
from src.stacks import checksums_of
from src.standing import name_of
from src.tracking.kept import Place
from src.tracking.member import MemberTracker
from src.tracking.provenance import trained_by
from src.tracking.stack import StackTracker


def stack_digest(configs: Sequence[Config], names: Sequence[str]) -> str:
    """A name for a stack that no other stack of the folder has. names: of its members."""
    keys = "\n".join([*map(resume_key, configs), *names])
    return hashlib.sha256(keys.encode()).hexdigest()[:8]


class Saver:
    """Takes the checkpoints of a stack.

    As a context it waits at its end for what is to be written, or, where all went well and nothing
    is to be kept, removes the file.
    """

    def __init__(self, home: Path, members: Sequence[MemberTracker]) -> None:
        """home: the folder in which the file stands, and by which members are named."""
        configs = [member.config for member in members]
        names = [name_of(member.folder, home) for member in members]
        self.config = configs[0].trainer
        self.path = home / f"stack-{stack_digest(configs, names)}.ckpt"
        self.keep = self.config.checkpoint
        self.seconds = 0.0  # that the training has waited for it
        self._chosen = kept(configs) if takes_checkpoints(self.config) else []
        self._members = [members[k] for k in self._chosen]
        self._whole = len(self._chosen) == len(members)
        self._facts: Content = {
            "members": [resume_key(configs[k]) for k in self._chosen],
            "names": [names[k] for k in self._chosen],
            "data_sha256": checksums_of(configs[0]),  # the same for the whole stack
            "code": [[*member.begun_by, trained_by()] for member in self._members],
        }
        self._writer, self._columns = Writer(str(self.path)), Columns()
        self._spare: Copies | None = None  # of a checkpoint that is written
        self._taken = time.monotonic()

    @property
    def due(self) -> bool:
        """Whether the last one is so old that another is to be made within an epoch."""
        every = self.config.checkpoint_seconds
        return every is not None and time.monotonic() - self._taken >= every

    def take(
        self,
        where: dict[str, int],
        model: StackedMLP,
        optimizers: Sequence[Optimizer],
        tracker: StackTracker,
    ) -> None:
        """where: epoch, step, steps_done and last_look of src.checkpoints.start.Point.

        What cannot be kept is told once. OSError where a member's own files cannot be written.
        """
        if not self._chosen:
            return
        began = time.monotonic()
        files = [member.kept_files().as_plain() for member in self._members]
        spare, self._spare = self._spare, None
        copies = Copies(spare)
        parameters = [self._part(parameter, copies) for parameter in model.parameters()]
        try:
            states = [copies.of_all(optimizers[k].state_dict()) for k in self._chosen]
        except Exception as error:  # noqa: BLE001 - a user's own optimizer can raise anything
            self._writer.tell(error)
            return
        content = {
            **self._facts,
            **where,
            "kind": model.weights[0].device.type,
            "parameters": parameters,
            "optimizers": states,
            "tracker": self._curves(tracker),
            "files": files,
        }
        records = [member.records for member in self._members]
        self._writer.put(partial(self._write, content, records, list(map(len, records)), copies))
        self._taken = time.monotonic()
        self.seconds += self._taken - began

    def _part(self, stacked: Tensor, copies: Copies) -> Tensor:
        return copies.of(stacked if self._whole else stacked[self._chosen])

    def _curves(self, tracker: StackTracker) -> Content:
        state = tracker.state()
        return state if self._whole else joined([(state, k) for k in self._chosen])

    def _write(
        self, content: Content, records: Growing, counts: Sequence[int], copies: Copies
    ) -> None:
        """On the writer's thread."""
        write(self.path, {**content, "records": self._columns.of(records, counts)})
        for row, member in enumerate(self._members):
            member.place = Place(self.path, row)
        self._spare = copies

    def __enter__(self) -> "Saver":
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if error is not None or self.keep:
            self._writer.finish()
        else:
            self._writer.drop()
            remove(self.path)
