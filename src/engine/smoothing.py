"""Label smoothing written out, as F.cross_entropy(label_smoothing=) has it.

The target is 1 - smoothing of the label and smoothing of all classes alike.
"""

from torch import Tensor


def smoothed_loss(plain: Tensor, log_probabilities: Tensor, smoothing: float) -> Tensor:
    """plain: the mean loss without smoothing; log_probabilities: of all classes and examples."""
    return (1 - smoothing) * plain - smoothing * log_probabilities.mean()


def minus_target(probabilities: Tensor, one_hot: Tensor, smoothing: float, classes: int) -> Tensor:
    """probabilities minus the smoothed target, in place; both of the same shape."""
    probabilities.sub_(one_hot, alpha=1 - smoothing)
    return probabilities.sub_(smoothing / classes) if smoothing else probabilities
