"""What probes look at: a stack at one step, seen through a fixed sample of examples.

Without dropout and without label smoothing: the network as it is evaluated. Letters as in
src.model; everything has the member axis m first.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property

import torch
import torch.nn.functional as F
from torch import Tensor

from src.diagnostics import flatness, tangent
from src.diagnostics.spectra import eigenvalues, squared_singular_values
from src.model import StackedMLP
from src.residual import block_ended_by

# From the mean square of an input to q and χ1 of each layer as theory has them; NaN where it has
# none. See src.diagnostics.theory.
Expectation = Callable[[float], list[tuple[float, float]]]

# Kernels and Jacobians are of the first so many samples: what they cost grows with the square.
KERNEL_SAMPLES = 128


@dataclass(frozen=True)
class Change:
    """Of one optimisation step: each layer's weight [m, o, i] and bias [m, o] before and after."""

    before: Sequence[tuple[Tensor, Tensor]]
    after: Sequence[tuple[Tensor, Tensor]]


class Snapshot:
    """x [b, i] and labels y [b], the same for all members. Layer l of L is at position l - 1."""

    def __init__(
        self,
        model: StackedMLP,
        x: Tensor,
        y: Tensor,
        activation_names: Sequence[str],
        expectations: Sequence[Expectation] | None = None,
    ) -> None:
        """expectations: of each member, what theory says of its start."""
        self.model, self.x, self.y = model, x, y
        self.activation_names = list(activation_names)
        self.expectations = expectations

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

    @cached_property
    def dead(self) -> list[Tensor]:
        """Units [m, o] of each hidden layer that no sample sends a gradient through, bool."""
        found = []
        for slope in self.slopes:
            asked = [(each, slope.dtype, slope.device) for each in self.model.activations]
            bounds = slope.new_tensor([flatness.dead_up_to(*each) for each in asked])
            found.append((slope.abs() <= bounds[:, None, None]).all(dim=1))
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

    @property
    def reads(self) -> list[Tensor]:
        """What each layer reads: x [1, b, i], then the features of the layer before [m, b, i]."""
        return [self.x.unsqueeze(0), *self.features[:-1]]

    def branch_scale(self, layer: int) -> Tensor:
        """What W a + b of the layer at this position is multiplied by, [m, 1, 1] or [1, 1, 1].

        α where the layer ends a residual block, else 1.
        """
        block = block_ended_by(layer, len(self.model.weights)) if self.model.scales else None
        if block is None:
            return self.x.new_ones(1, 1, 1)
        scale: Tensor = self.model.scales[block].detach()[:, None, None]
        return scale

    @cached_property
    def weight_spectra(self) -> list[Tensor]:
        """Squared singular values of each layer's weight, [m, min(o, i)], the smallest first."""
        return [squared_singular_values(weight) for weight in self.weights]

    @cached_property
    def feature_spectra(self) -> list[Tensor]:
        """Squared singular values of each layer's features, [m, min(b, o)]; not centred."""
        return [squared_singular_values(features) for features in self.features]

    @cached_property
    def first(self) -> "Snapshot":
        """Of the first KERNEL_SAMPLES samples."""
        if len(self.y) <= KERNEL_SAMPLES:
            return self
        x, y = self.x[:KERNEL_SAMPLES], self.y[:KERNEL_SAMPLES]
        return Snapshot(self.model, x, y, self.activation_names)

    @cached_property
    def logit_deltas(self) -> list[Tensor]:
        """∂logit/∂z [m, c, b, o] of each layer, for each of the c logits."""
        z, _ = self._graph
        logits = z[-1]
        found = [
            torch.autograd.grad(logits[:, :, c].sum(), z, retain_graph=True)
            for c in range(logits.shape[2])
        ]
        return [torch.stack(layer, dim=1) for layer in zip(*found, strict=True)]

    @cached_property
    def ntk(self) -> Tensor:
        """[m, b, b], float64: see src.diagnostics.probes.ntk."""
        layers = len(self.model.weights)
        total = torch.zeros((), dtype=torch.float64, device=self.x.device)
        for layer, (deltas, reads) in enumerate(zip(self.logit_deltas, self.reads, strict=True)):
            scale = self.branch_scale(layer).unsqueeze(1)
            total = total + tangent.of_dense(scale * deltas, reads)
            if self.model.scales and block_ended_by(layer, layers) is not None:
                weight, bias = self.weights[layer], self.biases[layer]
                branch = torch.baddbmm(bias.unsqueeze(1), reads, weight.mT)
                total = total + tangent.of_scale(deltas, branch)
        return total

    @cached_property
    def ntk_spectrum(self) -> Tensor:
        """Eigenvalues [m, b], the smallest first."""
        return eigenvalues(self.ntk)

    @cached_property
    def jacobian_squares(self) -> Tensor:
        """Squared singular values [m, b, min(c, i)] of ∂logits/∂x, the smallest first."""
        jacobians = tangent.to_inputs(self.logit_deltas[0], self.weights[0])
        return squared_singular_values(jacobians)

    @cached_property
    def expected(self) -> Tensor:
        """q and χ1 as theory has them for an input of the samples' mean square, [2, m, l]."""
        layers = len(self.model.weights)
        if self.expectations is None:
            return self.x.new_full((2, len(self), layers), torch.nan, dtype=torch.float64)
        size = float(self.x.double().square().mean())
        found = [expectation(size) for expectation in self.expectations]
        return torch.tensor(found, dtype=torch.float64, device=self.x.device).permute(2, 0, 1)

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
        found = torch.autograd.grad(loss, [*z, *weights, *biases], retain_graph=True)
        layers = len(z)
        deltas = [delta * len(self.y) for delta in found[:layers]]
        return deltas, list(found[layers : 2 * layers]), list(found[2 * layers :])


def cross_entropies(logits: Tensor, y: Tensor) -> Tensor:
    """logits [m, b, o], labels [b] -> [m, b]."""
    expanded = y.expand(len(logits), -1).reshape(-1)
    return F.cross_entropy(logits.flatten(0, 1), expanded, reduction="none").view(len(logits), -1)
