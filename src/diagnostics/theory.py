"""What mean-field theory expects of a member's start, from its configuration."""

from collections.abc import Callable, Sequence

from src.config import Config
from src.diagnostics.snapshot import Expectation
from src.starts import setting, start_of
from src.theory.predict import evaluated
from src.theory.starts import Layers, layer_starts


def expectation(config: Config, sizes: Sequence[int], drawn: Callable[[], Layers]) -> Expectation:
    """sizes: of the network (in, hidden ..., out). drawn: gives the weights at the start, asked
    where the scheme has no law or they come from a file."""
    known = setting(config)

    def of(second_moment: float) -> list[tuple[float, float]]:
        fixed = config.model.weights is not None
        starts = layer_starts(sizes, start_of(config.init), known, drawn, fixed)
        return evaluated(starts, known, second_moment)

    return of
