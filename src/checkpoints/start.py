"""What a stack goes on from: its members' parts of checkpoints, put together."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from torch import Tensor
from torch.optim import Optimizer

from src.checkpoints.columns import rows_of
from src.checkpoints.curves import State, joined
from src.checkpoints.file import Content, UnfitError, read
from src.diagnostics.records import Record
from src.model import StackedMLP
from src.tracking.kept import KeptFiles, Place
from src.tracking.stack import StackTracker

# What a file with a fitting SHA-256 raises all the same where it was not written by a Saver.
_MISSHAPEN = (KeyError, TypeError, ValueError, IndexError, AttributeError, RuntimeError)


@dataclass(frozen=True)
class Point:
    """Where in its run a stack stands; the same for all of its members."""

    epoch: int = 0  # epochs that have ended
    step: int = 0  # steps of the next one that are made
    steps_done: int = 0
    last_look: int = -1  # the step at which probes last looked at it
    window_start: int = 0  # of the step curves

    @classmethod
    def of(cls, content: Content) -> "Point":
        where = {name: int(content[name]) for name in ("epoch", "step", "steps_done", "last_look")}
        return cls(**where, window_start=int(content["tracker"]["window_start"]))


@dataclass(frozen=True)
class Start:
    """All lists are of the stack's members, in their order."""

    point: Point
    paths: list[Path]
    parameters: list[list[Tensor]]  # each in the order of StackedMLP.parameters()
    optimizers: list[dict[str, Any]]
    tracker: State
    records: list[list[Record]]
    files: list[KeptFiles | None]  # None: a member goes on in another folder
    code: list[list[dict[str, str]]]  # that has trained them so far, each once

    def restore(self, model: StackedMLP, tracker: StackTracker) -> None:
        """UnfitError where it is of another network."""
        for position, parameter in enumerate(model.parameters()):
            for k, mine in enumerate(self.parameters):
                if mine[position].shape != parameter.shape[1:]:
                    raise self._unfit("it is of another network")
                parameter.data[k].copy_(mine[position])
        try:
            tracker.restore(self.tracker, self.records)
        except _MISSHAPEN as error:
            raise self._unfit(f"its curves do not fit ({type(error).__name__})") from error

    def load(self, optimizers: Sequence[Optimizer]) -> None:
        """UnfitError where their state is not that of such optimizers."""
        for optimizer, state in zip(optimizers, self.optimizers, strict=True):
            try:
                optimizer.load_state_dict(state)
            except Exception as error:  # a user's own can raise anything
                said = f"an optimizer does not take its state ({type(error).__name__})"
                raise self._unfit(said) from error

    def _unfit(self, why: str) -> UnfitError:
        return UnfitError(f"{', '.join(map(str, dict.fromkeys(self.paths)))}: {why}")


def start_of(places: Sequence[Place | None]) -> Start | None:
    """What a stack of members with these places goes on from; None: they begin at their start.

    UnfitError where what is there cannot be read, or where they do not stand at one step.
    """
    known = [place for place in places if place is not None]
    if not known:
        return None
    path = known[0].path
    try:
        if len(known) < len(places):
            raise UnfitError("not of all members of the stack")
        contents = {}
        for path in dict.fromkeys(place.path for place in known):
            contents[path] = read(path)
        points = {Point.of(content) for content in contents.values()}
        if len(points) > 1:
            raise UnfitError("its members do not stand at one step")
        return _joined(points.pop(), known, contents)
    except UnfitError as error:
        raise UnfitError(f"{path}: {error}") from error
    except _MISSHAPEN as error:
        raise UnfitError(f"{path}: not as it is written ({type(error).__name__})") from error


def _joined(point: Point, places: Sequence[Place], contents: dict[Path, Content]) -> Start:
    parts = [(contents[place.path], place.row) for place in places]
    return Start(
        point,
        [place.path for place in places],
        [[tensor[k].clone() for tensor in content["parameters"]] for content, k in parts],
        [_read_out(content["optimizers"][k]) for content, k in parts],
        joined([(content["tracker"], k) for content, k in parts]),
        [rows_of(content["records"], k) for content, k in parts],
        [
            KeptFiles.of(content["files"][k]) if place.beside else None
            for place, (content, k) in zip(places, parts, strict=True)
        ],
        [[dict(code) for code in content["code"][k]] for content, k in parts],
    )


def _read_out(value: Any) -> Any:
    """Out of the file, in which its tensors still are."""
    if isinstance(value, Tensor):
        return value.clone()
    if isinstance(value, dict):
        return {key: _read_out(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return type(value)([_read_out(item) for item in value])
    return value
