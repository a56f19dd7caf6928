"""A stack's numbers, taken apart into its members' stories."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
from torch import Tensor

from src.diagnostics.records import Record
from src.progress import Progress
from src.tracking.member import MemberTracker, Row
from src.tracking.opening import FirstSteps
from src.tracking.pace import Pace

Array = npt.NDArray[np.float64]


class StackTracker:
    """Receives [t, m] and [m] numbers from the module and hands each member its own.

    Held as NumPy arrays: Lightning evaluates in inference mode, whose tensors training may not
    change in place.
    """

    def __init__(self, members: Sequence[MemberTracker], progress: Progress) -> None:
        self.members, self.progress = list(members), progress
        self.every = self.members[0].config.logger.every_n_steps
        self.pace = Pace(len(self.members), self.members[0].config.data.batch_size)
        self.opening = FirstSteps(len(self.members))
        self._reset_epoch()
        self._pending: Array = np.zeros((2, 0, len(self.members)))  # steps of an unfinished window
        self._window_start = 0

    @property
    def alive(self) -> list[bool]:
        """Which members have not diverged."""
        return [member.diverged_at is None for member in self.members]

    def standing(self, step: int) -> list[bool]:
        """Which members are at this step: those alive, and those found to have diverged at it."""
        return [member.diverged_at in (None, step) for member in self.members]

    def trained(self, first_step: int, batch: int, losses: Tensor, hits: Tensor) -> None:
        """losses and numbers of hits [t, m] of steps first_step, first_step + 1, ..."""
        loss, hit = _array(losses), _array(hits)
        self._retire(loss, first_step)
        # One after the other: however steps are cut into chunks, their sum has the same bits.
        self._loss[:] = np.cumsum(np.vstack([self._loss, loss * batch]), axis=0)[-1]
        self._hits += hit.sum(axis=0)
        self._examples += batch * len(loss)
        self.pace.trained(first_step, batch, hit)
        self._note_pace()
        numbers = np.stack([loss, hit / batch])
        self.opening.trained(first_step, numbers)
        self._write_windows(numbers)
        self.progress.advance(len(loss) * len(self.members))

    def validated(
        self, step: int, losses: Tensor, accuracies: Tensor, rates: Sequence[float]
    ) -> None:
        """Close the epoch: means over its training steps, and the evaluation [m] at its end.

        rates: each member's learning rate at its last step.
        """
        trained = self._examples > 0
        for k, member in enumerate(self.members):
            if member.diverged_at is not None:
                continue
            row: Row = {"epoch": len(member.rows), "step": step}
            if trained:
                row["train_loss"] = float(self._loss[k] / self._examples)
                row["train_accuracy"] = float(self._hits[k] / self._examples)
            row["validation_loss"] = float(losses[k])
            row["validation_accuracy"] = float(accuracies[k])
            member.epoch(row, rates[k])
        self._retire(_array(losses)[None], step)
        self._reset_epoch()
        self.progress.epoch(self.members, trained)

    def tested(self, step: int, losses: Tensor, accuracies: Tensor) -> None:
        for member, loss, accuracy in zip(
            self.members, losses.tolist(), accuracies.tolist(), strict=True
        ):
            if member.diverged_at is None:
                member.test = {"loss": loss, "accuracy": accuracy}
                member.point("loss/test", step, loss)
                member.point("accuracy/test", step, accuracy)

    def _retire(self, losses: Array, first_step: int) -> None:
        finite = np.isfinite(losses)
        for k in np.flatnonzero(~finite.all(axis=0)):
            if self.members[k].diverged_at is None:
                self.members[k].diverged(first_step + int(np.argmin(finite[:, k])))

    def _note_pace(self) -> None:
        for member, reached in zip(self.members, self.pace.reached, strict=True):
            if reached is not None and (
                member.diverged_at is None or reached <= member.diverged_at
            ):
                member.steps_to_80 = reached

    def _write_windows(self, numbers: Array) -> None:
        """The step curves: a point is the mean over a window of `every` steps, at its end.

        numbers: loss and accuracy as [2, t, m].
        """
        self._pending = np.concatenate([self._pending, numbers], axis=1)
        whole = self._pending.shape[1] // self.every
        cut = whole * self.every
        steps = self._pending[:, :cut].reshape(2, whole, self.every, len(self.members))
        # One after the other: a mean's bits would depend on the number of members.
        windows = steps.cumsum(axis=2)[:, :, -1] / self.every
        for k, member in enumerate(self.members):
            for w, (loss, accuracy) in enumerate(windows[:, :, k].T.tolist(), start=1):
                step = self._window_start + w * self.every
                if member.diverged_at is None or step <= member.diverged_at:
                    member.point("loss/step", step, loss)
                    member.point("accuracy/step", step, accuracy)
        self._pending = self._pending[:, cut:]
        self._window_start += cut

    def _reset_epoch(self) -> None:
        self._loss = np.zeros(len(self.members))
        self._hits = np.zeros(len(self.members))
        self._examples = 0

    # --- checkpoints: plain types only, so that they load with weights_only ----------------

    @property
    def between_epochs(self) -> bool:
        """Whether the last epoch has been evaluated, and no step been made since."""
        return self._examples == 0

    def state(self) -> dict[str, Any]:
        """All but the records (src.checkpoints.columns). Members stand last in each array."""
        return {
            "rows": [list(member.rows) for member in self.members],
            "diverged_at": [member.diverged_at for member in self.members],
            "window_start": self._window_start,
            "pending": self._pending.tolist(),
            "pace": self.pace.state(),
            "first_steps": self.opening.state(),
            "loss": self._loss.tolist(),
            "hits": self._hits.tolist(),
            "examples": self._examples,
        }

    def restore(self, state: dict[str, Any], records: Sequence[Sequence[Record]] = ()) -> None:
        """records: of each member."""
        stories = zip(self.members, state["rows"], state["diverged_at"], strict=True)
        for member, rows, diverged_at in stories:
            member.rows, member.diverged_at = list(rows), diverged_at
        for member, found in zip(self.members, records, strict=bool(records)):
            member.records = list(found)
        self.pace.restore(state["pace"])
        self._note_pace()
        self.opening.restore(state["first_steps"])
        self._window_start, self._examples = state["window_start"], state["examples"]
        self._pending = np.array(state["pending"], np.float64).reshape(2, -1, len(self.members))
        self._loss, self._hits = (np.array(state[name], np.float64) for name in ("loss", "hits"))
        steps = self._window_start + self._pending.shape[1]
        self.progress.resumed(steps * len(self.members))


def _array(numbers: Tensor) -> Array:
    return numbers.double().cpu().numpy()
