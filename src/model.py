"""StackedMLP: m multilayer perceptrons of the same shape, trained as one.

Letters, here and everywhere: m member, b batch, i in, o out, l layer, t step, s data order.

a_l is what hidden layer l hands on: act(z_l), after dropout. z_l = W_l a_{l-1} + b_l, but in a
residual network the hidden layers after the first go in pairs (1, 2), (3, 4), ..., each pair is a
block, and its second layer has

    z_l = α_l (W_l a_{l-1} + b_l) + a_{l-2},

the block with the activation after the sum (He et al. 2015, arXiv:1512.03385; Fixup's). α_l is
trained, one number a block, and 1 at the start unless the scheme says otherwise. A hidden layer
left over after the last pair is plain, and so is that of the logits.
"""

from collections.abc import Iterable, Iterator, Sequence

import torch
from torch import Tensor, nn

from src.activations import Activation
from src.residual import block_ended_by, blocks
from src.stacking import Layers, Stacking, stacked

__all__ = ["Layers", "StackedMLP"]


class StackedMLP(nn.Module):
    """Dense layers with a leading member axis: weights [m, o, i], biases [m, o].

    scales: the α [m] of each residual block, none in a plain network. Members may differ in
    activation; what a member computes never depends on its neighbours.
    """

    def __init__(
        self,
        members: Sequence[Layers] | Stacking,
        activations: Sequence[Activation],
        scales: Sequence[Sequence[float]] = (),
    ) -> None:
        """members[k][l] are the weight [o, i] and bias [o] of layer l of member k, copied.

        A Stacking is taken as it is. scales[k]: the α of member k's blocks at the start; a
        network without any is plain.
        """
        super().__init__()
        layers = (members if isinstance(members, Stacking) else stacked(members)).layers
        self.weights = nn.ParameterList(weights for weights, _ in layers)
        self.biases = nn.ParameterList(biases for _, biases in layers)
        like = self.weights[0]
        self.scales = nn.ParameterList(
            torch.tensor(block, dtype=like.dtype) for block in zip(*scales, strict=True)
        )
        if len(self.scales) not in (0, blocks(len(self.weights))):
            raise ValueError(f"{len(self.scales)} scales for {len(self.weights)} layers")
        self.activations = list(activations)
        self._grouped: Tensor
        self._restore: Tensor
        self._groups = _positions(activations)
        # Members that share an activation are computed together; this puts them back in order.
        order = [position for positions in self._groups.values() for position in positions]
        self.register_buffer("_grouped", torch.tensor(order), persistent=False)
        self.register_buffer("_restore", torch.tensor(order).argsort(), persistent=False)

    def __len__(self) -> int:
        return int(self.weights[0].shape[0])

    @property
    def widths(self) -> list[int]:
        """Outputs of each layer, the logits last."""
        return [bias.shape[1] for bias in self.biases]

    def forward(self, x: Tensor, factors: Iterable[Tensor] | None = None) -> Tensor:
        """x [m, b, i] -> logits [m, b, o]. `factors`: dropout's [m, b, o] per hidden layer."""
        for z in self._preactivations(x, factors):
            logits = z
        return logits

    def preactivations(self, x: Tensor) -> list[Tensor]:
        """x [m, b, i] -> each layer's z [m, b, o], the logits last; without dropout."""
        return list(self._preactivations(x, None))

    def _preactivations(self, x: Tensor, factors: Iterable[Tensor] | None) -> Iterator[Tensor]:
        masks = iter(factors) if factors is not None else None
        layers, shortcut = len(self.weights), x
        for layer, (weight, bias) in enumerate(zip(self.weights, self.biases, strict=True)):
            z = torch.baddbmm(bias.unsqueeze(1), x, weight.transpose(1, 2))
            block = block_ended_by(layer, layers) if self.scales else None
            if block is not None:
                z = self.scales[block].to(z.dtype)[:, None, None] * z + shortcut
            yield z
            if layer < layers - 1:
                x = self.activate(z)
                if masks is not None:
                    x = x * next(masks)
            if self.scales and layer % 2 == 0:
                shortcut = x

    def activate(self, z: Tensor) -> Tensor:
        """φ(z) of any z [m, ...], each member by its own activation."""
        if len(self._groups) == 1:
            return next(iter(self._groups))(z)
        # By an index that lies on the device: to a list of positions a GPU would have to wait.
        sizes = [len(positions) for positions in self._groups.values()]
        parts = z.index_select(0, self._grouped).split(sizes)  # type: ignore[no-untyped-call]
        activated = [activation(part) for activation, part in zip(self._groups, parts, strict=True)]
        return torch.cat(activated).index_select(0, self._restore)

    def member(self, k: int) -> Layers:
        """Copies of member k's weights and biases, on the CPU."""
        return [
            (weight[k].detach().cpu().clone(), bias[k].detach().cpu().clone())
            for weight, bias in zip(self.weights, self.biases, strict=True)
        ]

    def member_scales(self, k: int) -> list[float]:
        """The α of member k's blocks; empty in a plain network."""
        return [float(scale[k].detach()) for scale in self.scales]

    def leaves(self) -> list[list[Tensor]]:
        """Per member, its parameters as leaf tensors that share the stack's memory."""
        return [
            [parameter.data[k].requires_grad_() for parameter in self.parameters()]
            for k in range(len(self))
        ]


def _positions(activations: Sequence[Activation]) -> dict[Activation, list[int]]:
    groups: dict[Activation, list[int]] = {}
    for position, activation in enumerate(activations):
        groups.setdefault(activation, []).append(position)
    return groups
