"""How soon a member learns: the first step at which its training accuracy has reached a target."""

from typing import Any

import numpy as np
import numpy.typing as npt

TARGET = 0.8
# Examples over which the accuracy is taken: its standard error at the target is
# sqrt(.8 · .2 / 1000) = 1.3 %, and 1,000 examples are 10 steps of 100.
WINDOW = 1_000

Array = npt.NDArray[np.float64]


class Pace:
    """Watches the accuracy of m members over a window of steps that ends at each step.

    It is that of the training batches, each before its update and with dropout as it is trained:
    the only accuracy that is known at every step. A validation accuracy, without dropout, is
    higher; epochs are too far apart to tell starts from one another by it.
    """

    def __init__(self, members: int, batch: int) -> None:
        """batch: examples of a full one; the window is as many full ones as hold WINDOW."""
        self.steps = -(-WINDOW // batch)
        self.reached: list[int | None] = [None] * members
        self._tail: Array = np.zeros((0, members + 1))  # hits [t, m], and examples

    def trained(self, first_step: int, batch: int, hits: Array) -> None:
        """hits [t, m] of steps first_step, first_step + 1, ...: numbers of right answers."""
        if None not in self.reached:
            return
        examples = np.full((len(hits), 1), float(batch))
        known = np.concatenate([self._tail, np.concatenate([hits, examples], axis=1)])
        sums = np.concatenate([np.zeros((1, known.shape[1])), known.cumsum(axis=0)])
        windows = sums[self.steps :] - sums[: -self.steps]
        above = windows[:, :-1] >= TARGET * windows[:, -1:]
        after = first_step + len(hits) - len(above) + 1  # updates made when the first window ends
        for k in np.flatnonzero(above.any(axis=0)):
            if self.reached[k] is None:
                self.reached[k] = after + int(above[:, k].argmax())
        self._tail = known[len(known) - min(len(known), self.steps - 1) :]

    # Plain types, for a checkpoint.

    def state(self) -> dict[str, Any]:
        return {"reached": list(self.reached), "tail": self._tail.tolist()}

    def restore(self, state: dict[str, Any]) -> None:
        self.reached = list(state["reached"])
        self._tail = np.array(state["tail"], np.float64).reshape(-1, len(self.reached) + 1)
