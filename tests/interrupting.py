"""Members of a folder with a ledger: trained, interrupted after some steps, and gone on with."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from safetensors.torch import load_file
from tensorboard.backend.event_processing.event_file_loader import RawEventFileLoader
from tensorboard.compat.proto.event_pb2 import Event
from torch import Tensor

from src.config import Config
from src.diagnostics.records import RECORDS, read
from src.interruption import handled
from src.ledger.resumption import Resumption
from src.module import StackModule
from src.report.results import read_result
from src.saving import SaveStack
from src.schema.stacks import StackLimits
from src.sweep import Plan
from src.tracking.files import EVENTS, LOG, RESULT, WEIGHTS
from tests.training import Trained, same_numbers

Step = Callable[[StackModule, Tensor, int], None]


def trained(configs: Sequence[Config], home: Path, max_stack: int = 512) -> list[Trained]:
    """All of them in `home`, as one command does it."""
    home.mkdir(parents=True, exist_ok=True)
    folders = [home / f"member={k}" for k in range(len(configs))]
    for folder in folders:
        folder.mkdir(exist_ok=True)
    labels = [folder.name for folder in folders]
    plan = Plan(list(configs), folders, labels, StackLimits(max_stack=max_stack))
    with handled():  # what is said at an interruption is this command's
        plan.check(home)
        plan.enter(home, [], several=True)
        results = plan.train(home)
    found = []
    for folder, result in zip(folders, results, strict=True):
        file = folder / WEIGHTS
        weights = load_file(file) if file.exists() else {}
        record = read_result(folder / RESULT)
        found.append(Trained(folder, result.status, result.objective, record, weights))
    return found


@contextmanager
def stopping(steps: int) -> Iterator[None]:
    """Before the chunk with which more steps than these would be made, it is interrupted."""
    whole: Step = StackModule.training_step

    def stopped(self: StackModule, chunk: Tensor, batch_idx: int) -> None:
        if self.steps_done + len(chunk) > steps:
            raise KeyboardInterrupt
        whole(self, chunk, batch_idx)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(StackModule, "training_step", stopped)
        yield


def interrupted(
    configs: Sequence[Config], home: Path, steps: int, max_stack: int = 512, until: int = 7
) -> None:
    """A stack has a checkpoint at each chunk's end up to so many steps; the first ends two later,
    or at `until`. What it writes of those is to be made anew."""
    take = SaveStack._take

    def taken(self: SaveStack, module: StackModule) -> None:
        if module.steps_done <= steps:
            take(self, module)

    with pytest.MonkeyPatch.context() as patch, stopping(max(steps, min(steps + 2, until))):
        patch.setattr(SaveStack, "_take", taken)
        with pytest.raises(KeyboardInterrupt):
            trained(configs, home, max_stack)


def resumed(configs: Sequence[Config], home: Path, max_stack: int = 512) -> list[Trained]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Resumption, "folder", home)
        return trained(configs, home, max_stack)


def points(folder: Path) -> list[Any]:
    """All that the member's one event file says, but for times; its texts and pictures whole."""
    (path,) = folder.glob(f"{EVENTS}*")
    found = []
    # As it is written: TensorBoard's other loaders say of each point what is said of the first.
    for content in RawEventFileLoader(str(path)).Load():
        event = Event.FromString(content)
        for value in event.summary.value:
            if not value.tag.startswith("_hparams_/session"):  # these hold times
                found.append((value.tag, event.step, value.SerializeToString()))
            else:
                found.append((value.tag, event.step, b""))
    return found


def same_story(one: Trained, other: Trained) -> bool:
    """Numbers, records and points equal to the bit; the lines of the logs but for times."""
    return (
        same_numbers(one, other)
        and one.record["steps_to_80"] == other.record["steps_to_80"]
        and one.record["verdict"] == other.record["verdict"]
        and _records(one.folder) == _records(other.folder)
        and _points(one.folder) == _points(other.folder)
        and _lines(one.folder) == _lines(other.folder)
    )


def _records(folder: Path) -> str:
    path = folder / RECORDS
    return repr(read(path)) if path.exists() else "none"  # NaN equals NaN


def _points(folder: Path) -> list[Any]:
    return points(folder) if list(folder.glob(f"{EVENTS}*")) else []


def _lines(folder: Path) -> list[str]:
    lines = [
        line[len("2000-01-01 00:00:00 ") :] for line in (folder / LOG).read_text().splitlines()
    ]
    return [line for line in lines if "goes on from step" not in line]
