"""What probes look at: a stack at one step, seen through a fixed sample of examples.

Without dropout and without label smoothing: the network as it is evaluated. Letters as in
src.model; everything has the member axis m first.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import torch
import torch.nn.functional as F
from torch import Tensor

from src.model import StackedMLP


@dataclass(frozen=True)
class Change:
    """Of one optimisation step: each layer's weight [m, o, i] and bias [m, o] before and after."""

    before: Sequence[tuple[Tensor, Tensor]]
    after: Sequence[tuple[Tensor, Tensor]]


class Snapshot:
    """x [b, i] and labels y [b], the same for all members. Layer l of L is at position l - 1."""

    def __init__(
        self, model: StackedMLP, x: Tensor, y: Tensor, activation_names: Sequence[str]
    ) -> None:
        self.model, self.x, self.y = model, x, y
        self.activation_names = list(activation_names)

    def __len__(self) -> int:
        return len(self.model)

    @property
    def weights(self) -> list[Tensor]:
        """[m, o, i] of each layer."""
        return [weight.detach() for weight in self.model.weights]

    @property
    def biases(self) -> list[Tensor]:
        """[m, o] of each layer."""
        return [bias.detach() for bias in self.model.biases]

    @property
    def preactivations(self) -> list[Tensor]:
        """z [m, b, o] of each layer, the logits last."""
        return [z.detach() for z in self._graph[0]]

    @cached_property
    def features(self) -> list[Tensor]:
        """What each layer hands on, [m, b, o]: φ(z) of the hidden ones, the logits last."""
        *hidden, logits = self.preactivations
        return [self.model.activate(z) for z in hidden] + [logits]

    @cached_property
    def slopes(self) -> list[Tensor]:
        """φ'(z) [m, b, o] of each hidden layer."""
        found = []
        for z in self.preactivations[:-1]:
            leaf = z.clone().requires_grad_()
            (slope,) = torch.autograd.grad(self.model.activate(leaf).sum(), leaf)
            found.append(slope)
        return found

    @property
    def logits(self) -> Tensor:
        return self.preactivations[-1]

    @cached_property
    def losses(self) -> Tensor:
        """Cross-entropy [m, b] in nats."""
        return cross_entropies(self.logits, self.y)

    @property
    def deltas(self) -> list[Tensor]:
        """∂loss/∂z [m, b, o] of each layer, of each example's own loss."""
        return self._gradients[0]

    @property
    def weight_gradients(self) -> list[Tensor]:
        """Of the mean loss, [m, o, i] of each layer."""
        return self._gradients[1]

    @property
    def bias_gradients(self) -> list[Tensor]:
        """Of the mean loss, [m, o] of each layer."""
        return self._gradients[2]

    @cached_property
    def _graph(self) -> tuple[list[Tensor], Tensor]:
        """Preactivations, and the sum over members of the mean losses, in autograd's graph."""
        x = self.x.expand(len(self.model), -1, -1)
        with torch.enable_grad():
            z = self.model.preactivations(x)
            return z, cross_entropies(z[-1], self.y).mean(dim=1).sum()

    @cached_property
    def _gradients(self) -> tuple[list[Tensor], list[Tensor], list[Tensor]]:
        z, loss = self._graph
        weights, biases = list(self.model.weights), list(self.model.biases)
        found = torch.autograd.grad(loss, [*z, *weights, *biases])
        layers = len(z)
        deltas = [delta * len(self.y) for delta in found[:layers]]
        return deltas, list(found[layers : 2 * layers]), list(found[2 * layers :])


def cross_entropies(logits: Tensor, y: Tensor) -> Tensor:
    """logits [m, b, o], labels [b] -> [m, b]."""
    expanded = y.expand(len(logits), -1).reshape(-1)
    return F.cross_entropy(logits.flatten(0, 1), expanded, reduction="none").view(len(logits), -1)
