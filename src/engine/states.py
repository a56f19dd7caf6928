"""A stack's optimizer state, held in one place and seen by checkpoints as torch.optim's own.

The state is written into a member's optimizer when state_dict() is asked for, and taken out of it
after load_state_dict(): a checkpoint reads as one of the optimizers themselves, parameter by
parameter, whichever engine wrote it or goes on from it.
"""

from collections.abc import Sequence
from functools import partial
from typing import Any

from torch import Tensor
from torch.optim import Optimizer

from src.engine.groups import Group, updates_made
from src.engine.rules import hyperparameters
from src.engine.stacked import Stacked


class States:
    """Joins optimizers, in the model's order, to the groups that hold their state."""

    def __init__(
        self,
        optimizers: Sequence[Optimizer],
        leaves: Sequence[Sequence[Tensor]],
        stacked: Stacked,
        groups: Sequence[Group],
        updates: Tensor,
    ) -> None:
        """updates: int64 [m], how many updates each row of the stack has made."""
        self.leaves, self.stacked, self.updates = leaves, stacked, updates
        homes = [(group, row) for group in groups for row in range(len(group.made))]
        rows = stacked.restore.tolist()
        self.homes = [homes[row] for row in rows]
        for k, optimizer in enumerate(optimizers):
            optimizer.register_state_dict_pre_hook(partial(self._write, k))
            optimizer.register_state_dict_post_hook(_drop)
            optimizer.register_load_state_dict_post_hook(partial(self._read, k))
            optimizer.state.clear()

    def _write(self, k: int, optimizer: Optimizer) -> None:
        group, row = self.homes[k]
        state = group.state(row, int(self.updates[group.rows][row]))
        for place, leaf in enumerate(self.leaves[k]):
            held = {name: self._part(value, place).clone() for name, value in state.items()}
            if held:
                optimizer.state[leaf] = held

    def _read(self, k: int, optimizer: Optimizer) -> None:
        group, row = self.homes[k]
        for name, value in hyperparameters([optimizer.param_groups[0]]).items():
            group.hyperparameters[name][row] = value[0]
        group.forget(row)
        for place, leaf in enumerate(self.leaves[k]):
            held = optimizer.state.get(leaf, {})
            made = updates_made(held)
            if not held or (made == 0 and group.algorithm == "sgd"):
                continue
            group.restore(row, made)
            for name, moment in group.moments.items():
                self._part(moment[row], place).copy_(held[name])
        self.updates[group.rows][row] = int(group.made[row])
        optimizer.state.clear()

    def _part(self, value: Tensor, place: int) -> Tensor:
        """One parameter's part of a member's vector [p]; a scalar is the same for all of them."""
        return self.stacked.parts(value[None])[place][0] if value.dim() else value


def _drop(optimizer: Optimizer, _: dict[str, Any]) -> None:
    """The dictionary keeps what was written; the optimizer need not."""
    optimizer.state.clear()
