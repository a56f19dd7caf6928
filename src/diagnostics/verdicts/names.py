"""The verdicts by name. Their order is the index that TensorBoard shows: only add at the end."""

NAMES = (
    "healthy",
    "slow",
    "symmetric",
    "dead",
    "vanishing_forward",
    "vanishing_backward",
    "exploding_forward",
    "exploding_backward",
    "saturated",
    "collapsed_features",
    "chaotic",
    "diverged",
    "large_logits",
    "small_steps",
)
