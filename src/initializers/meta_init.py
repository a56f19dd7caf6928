"""MetaInit: Dauphin and Schoenholz 2019 (NeurIPS), norms for which a gradient step is honest."""

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from src.errors import InputError
from src.initializers.laws import VarianceScaling
from src.initializers.place import Place
from src.initializers.scheme import Law
from src.initializers.tuning import (
    Batches,
    Network,
    Tuned,
    mean_loss,
    named,
    parameters,
    scaled_start,
)


def gradient_quotient(network: Network, x: Tensor, y: Tensor, epsilon: float) -> Tensor:
    """‖(g - Hg) / (g + ε·sign g) - 1‖₁ / P, over all P parameters; differentiable, equation 1.

    0 where the gradient does not change along itself. sign(0) counts as 1.
    """
    loss = mean_loss(network, x, y)
    return gradient_quotients(loss, parameters(network), epsilon, differentiable=True).sum()


def gradient_quotients(
    loss: Tensor, tensors: Sequence[Tensor], epsilon: float, differentiable: bool = False
) -> Tensor:
    """The same of each member of a stack, [m], whose parameters `tensors` [m, ...] are.

    loss: the sum over members of their mean losses, in autograd's graph.
    """
    gradients = torch.autograd.grad(loss, tensors, create_graph=True)
    half_square = sum((g.square().sum() / 2 for g in gradients), loss.new_zeros(()))
    products = torch.autograd.grad(half_square, tensors, create_graph=differentiable)
    total = loss.new_zeros(())
    for g, hg in zip(gradients, products, strict=True):
        away = torch.where(g.detach() >= 0, epsilon, -epsilon)
        total = total + ((g - hg) / (g + away) - 1).abs().reshape(len(g), -1).sum(dim=1)
    return total / sum(g[0].numel() for g in gradients)


@dataclass(frozen=True)
class MetaInit(Tuned):
    """N(0, scale/fan_in), then the weights' norms by sign-SGD on the gradient quotient.

    The directions of the weights and the biases stay. The paper draws inputs and labels at
    random; here they are batches of the training set.
    """

    scale: float = 2.0  # of the drawn start
    lr: float = 0.1
    momentum: float = 0.5
    steps: int = 50
    batch_size: int | None = 8
    epsilon: float = 1e-5

    def at(self, place: Place) -> Law:
        return VarianceScaling(self.scale, "fan_in", "normal")

    def tune(
        self,
        network: Network,
        places: Sequence[Place],
        batches: Batches,
        *,
        generator: torch.Generator,
        gain: float = 1.0,
    ) -> None:
        scaled_start(network, places, gain)
        weights = [network.weights[place.layer] for place in places]
        memory = [0.0] * len(places)
        for _ in range(self.steps):
            quotient = gradient_quotient(network, *next(batches), self.epsilon)
            slopes = torch.autograd.grad(quotient, weights)
            for k, (place, weight, slope) in enumerate(zip(places, weights, slopes, strict=True)):
                norm = float(weight.detach().norm())
                along = float((weight.detach() * slope).sum())
                if not (norm > 0 and abs(along) < float("inf")):
                    raise InputError(
                        f"init=meta_init: the weights of {named(place)} came to norm "
                        f"{norm:g} with a slope of {along:g}; a smaller init.lr or other "
                        "init.scale may help."
                    )
                memory[k] = self.momentum * memory[k] - self.lr * ((along > 0) - (along < 0))
                with torch.no_grad():
                    weight.mul_((norm + memory[k]) / norm)
