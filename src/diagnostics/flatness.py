"""Where an activation is flat: slopes too small for a gradient to pass, judged from φ' itself."""

from functools import lru_cache

import torch

from src.activations import Activation
from src.quadrature import derivative

Asked = tuple[Activation, torch.dtype, torch.device]  # what the functions below are asked

# A sample saturates a unit where |φ'(z)| is below this share of the largest slope that φ has:
# |tanh| above .975, sigmoid outside (.0127, .9873), |softsign| above .776.
SATURATED = 0.05

# Below this share a unit is dead: what it adds to a gradient is lost when float32 adds it to what
# a unit that is awake does. ReLU's 0 is below it, and so are the far tails of the smooth ones.
DEAD = 2.0**-23

# A sound preactivation is about 1 in size. Some slopes are largest beyond (SiLU's at 2.4, softplus'
# at the far end), but of no activation that comes with this bench twice as large as within.
SOUND, BEYOND = 1.0, 2.0

# A grid with 0 on it: the slopes of tanh, sigmoid and softsign are largest there. It reaches to
# where those of all that saturate exponentially are 0 to float32's eyes.
_REACH, _STEPS = 40.0, 64 * 80 + 1


@lru_cache(maxsize=256)
def largest_slope(activation: Activation, dtype: torch.dtype, device: torch.device) -> float:
    """The largest |φ'(z)| of -40 ≤ z ≤ 40; what is not finite is passed over."""
    return float(_slopes(activation, dtype, device).nan_to_num(0.0, posinf=0.0).max())


@lru_cache(maxsize=256)
def dead_up_to(activation: Activation, dtype: torch.dtype, device: torch.device) -> float:
    """The |φ'(z)| up to which a sample sends nothing through a unit; 0 where φ' is 0 everywhere.

    A share of the largest slope, but where slopes grow without bound (exp, sinh, x³) of twice the
    largest where a sound signal lies: by that at 40 all of its units would be dead.
    """
    slopes = _slopes(activation, dtype, device).nan_to_num(0.0, posinf=0.0)
    sound = float(slopes[_grid().abs() <= SOUND].max())
    return DEAD * min(float(slopes.max()), BEYOND * sound)


@lru_cache(maxsize=256)
def saturated_below(activation: Activation, dtype: torch.dtype, device: torch.device) -> float:
    """The |φ'(z)| below which a sample saturates a unit; 0 where φ does not saturate.

    It does where it is flat at both ends, as tanh, sigmoid, softsign and hardtanh are. Of one that
    is flat on the left alone (ReLU, ELU, GELU, softplus, ...) half of all pairs lie there at a
    sound start: that is what makes it bend, and a unit learns from the samples on its other side.
    What can go wrong there is that none lies on it: see dead_fraction.
    """
    slopes = _slopes(activation, dtype, device)
    bound = SATURATED * largest_slope(activation, dtype, device)
    return bound if bool((slopes[0] < bound) & (slopes[-1] < bound)) else 0.0


def _slopes(activation: Activation, dtype: torch.dtype, device: torch.device) -> torch.Tensor:
    # In inference mode, in which Lightning validates, nothing can be differentiated.
    with torch.inference_mode(False):
        return derivative(activation)(_grid().to(device, dtype)).abs().cpu()


def _grid() -> torch.Tensor:
    return torch.linspace(-_REACH, _REACH, _STEPS, dtype=torch.float64)
