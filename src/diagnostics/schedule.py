"""When to look: a schedule says of a step, counted in updates made, whether to."""

from collections.abc import Callable

from src.schema.diagnostics import DiagnosticsConfig, Tier

Schedule = Callable[[int], bool]


def never(step: int) -> bool:
    return False


def schedule_of(config: DiagnosticsConfig, epoch_steps: int) -> Schedule:
    """The steps that a configuration names, at multiples, and at epochs' ends."""
    if config.tier is Tier.off:
        return never
    early = frozenset(config.early_steps)
    every = [config.every_n_steps] if config.every_n_steps is not None else []
    if config.epochs:
        every.append(epoch_steps)

    def looked_at(step: int) -> bool:
        return step in early or (step > 0 and any(step % n == 0 for n in every))

    return looked_at
