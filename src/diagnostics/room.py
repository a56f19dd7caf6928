"""The memory that a look takes, of which capacity and a GPU have to know."""

from src.model import StackedMLP

FLOAT = 4  # bytes
AT_ONCE = 512e6  # bytes of the members that a GPU looks at together; more would gain nothing

# Numbers a parameter: its copy and its gradient, and a layer's rows [W, b], in float32 and in
# float64 (as two), with a temporary of those.
A_PARAMETER = 2 + 1 + 2 * 2
# Numbers a unit and sample: z, φ(z) and φ'(z) as they are kept, the gradients by z twice, what
# autograd holds for both derivatives (4), and two temporaries in float64.
AN_ELEMENT = 3 + 2 + 4 + 2 * 2


def snapshot_bytes(parameters: int, units: int, samples: int) -> int:
    """Of one member with so many units, the logits among them."""
    return FLOAT * (A_PARAMETER * parameters + AN_ELEMENT * units * samples)


def at_once(model: StackedMLP, samples: int) -> int:
    """How many members may be looked at together."""
    numbers = sum(parameter[0].numel() for parameter in model.parameters())
    return max(1, int(AT_ONCE // snapshot_bytes(numbers, sum(model.widths), samples)))
