"""The memory that a look takes, of which capacity and a GPU have to know."""

from collections.abc import Sequence
from itertools import pairwise

from src.model import StackedMLP
from src.schema.diagnostics import Tier

FLOAT = 4  # bytes
AT_ONCE = 1e9  # bytes of the members that a GPU looks at together; more would gain nothing

# Numbers a parameter: its copy and its gradient, and a layer's rows [W, b], in float32 and in
# float64 (as two), with a temporary of those.
A_PARAMETER = 2 + 1 + 2 * 2
# Numbers a unit and sample: z, φ(z) and φ'(z) as they are kept, the gradients by z twice, what
# autograd holds for both derivatives (4), and two temporaries in float64.
AN_ELEMENT = 3 + 2 + 4 + 2 * 2
# In full, second derivatives of a parameter, and of each logit the gradient by every unit and
# pixel: as it is found and once more beside the others, or in float64.
TWICE, BY_A_LOGIT = 4, 2


def snapshot_bytes(sizes: Sequence[int], samples: int, tier: Tier = Tier.full) -> int:
    """Of one member. sizes: widths of its network from the input to the logits."""
    parameters = sum((fan_in + 1) * fan_out for fan_in, fan_out in pairwise(sizes))
    numbers = A_PARAMETER * parameters + AN_ELEMENT * sum(sizes[1:]) * samples
    if tier is Tier.full:
        numbers += TWICE * parameters + BY_A_LOGIT * sizes[-1] * sum(sizes) * samples
    return FLOAT * numbers


def at_once(model: StackedMLP, samples: int) -> int:
    """How many members may be looked at together."""
    sizes = [model.weights[0].shape[2], *model.widths]
    return max(1, int(AT_ONCE // snapshot_bytes(sizes, samples)))
