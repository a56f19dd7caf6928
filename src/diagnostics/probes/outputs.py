"""What the network says as a whole."""

import math

import torch
from torch import Tensor

from src.diagnostics.snapshot import Snapshot


def loss(at: Snapshot) -> Tensor:
    """Mean cross-entropy of the samples, nats."""
    return at.losses.double().mean(dim=1)


def excess_loss(at: Snapshot) -> Tensor:
    """Loss minus ln(classes), what equal logits have: ln 10 of ten classes."""
    return loss(at) - math.log(at.logits.shape[2])


def accuracy(at: Snapshot) -> Tensor:
    """Share of samples whose largest logit is that of the label; NaN where a logit is NaN."""
    return _known(at, (at.logits.argmax(dim=2) == at.y).double().mean(dim=1))


def logit_scale(at: Snapshot) -> Tensor:
    """Standard deviation of a sample's logits over the classes, mean over samples."""
    return at.logits.double().std(dim=2, correction=0).mean(dim=1)


def one_class_share(at: Snapshot) -> Tensor:
    """Share of the samples that are given to the class given most often; NaN where a logit is."""
    classes = at.logits.shape[2]
    chosen = torch.nn.functional.one_hot(at.logits.argmax(dim=2), classes)
    return _known(at, chosen.double().mean(dim=1).amax(dim=1))


def _known(at: Snapshot, numbers: Tensor) -> Tensor:
    """numbers [m], NaN where a logit of the member is."""
    return torch.where(at.logits.isnan().flatten(1).any(dim=1), torch.nan, numbers)
