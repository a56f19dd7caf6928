"""From configurations to a stack at its start, and to how its members are trained.

All that trains begins here; no Lightning is needed, which takes seconds to import.
"""

from collections.abc import Sequence
from pathlib import Path

from src import activations
from src.config import Config
from src.data.chunks import distinct_orders, steps_per_epoch
from src.data.examples import Splits
from src.dropout import Dropout
from src.engine.protocol import Recipe
from src.initializers.draw import draw_layers
from src.model import StackedMLP
from src.optimizers import Spec
from src.residual import blocks
from src.schedules import Schedule
from src.stacking import Layers, drawn
from src.stacks import sizes
from src.starts import rate_multipliers, setting, start_of
from src.tracking.weights import load_scales, load_weights
from src.tuned import tune


def run_steps(config: Config) -> int:
    """Of the whole run, all epochs together."""
    return config.trainer.epochs * epoch_steps(config)


def epoch_steps(config: Config) -> int:
    return steps_per_epoch(config.data.train_size, config.data, config.trainer)


def recipes(configs: Sequence[Config], splits: Splits) -> list[Recipe]:
    """How each member is trained."""
    orders = distinct_orders(config.data.order_seed for config in configs)
    return [
        Recipe(
            config.activation.name,
            config.activation.parameters(),
            Dropout(config.model.dropout, config.model.dropout_seed),
            Spec(config.optimizer.algorithm, config.optimizer.hyperparameters()),
            orders.index(config.data.order_seed),
            _schedule(config),
            config.optimizer.clip_norm,
            config.model.label_smoothing,
            rate_multipliers(config, sizes(config, splits)),
        )
        for config in configs
    ]


def _schedule(config: Config) -> Schedule:
    chosen = config.schedule
    return Schedule(
        chosen.decay,
        chosen.parameters(),
        chosen.warmup_steps,
        run_steps=run_steps(config),
        epoch_steps=epoch_steps(config),
    )


def build_model(configs: Sequence[Config], splits: Splits) -> StackedMLP:
    """The stack at its start: each member's weights from its own seed, or from its own file.

    UntunableMembers where the start of some looks at data and cannot be had.
    """
    residual = configs[0].model.residual  # the same for the whole stack
    scales = [_initial_scales(config, splits) for config in configs] if residual else []
    layers = drawn(len(configs), lambda k: _initial_layers(configs[k], splits))
    tune(configs, layers, scales, splits)
    return StackedMLP(
        layers,
        [
            activations.build(config.activation.name, **config.activation.parameters())
            for config in configs
        ],
        scales,
    )


def _initial_layers(config: Config, splits: Splits) -> Layers:
    if config.model.weights is not None:
        path, residual = Path(config.model.weights), config.model.residual
        return load_weights(path, sizes(config, splits), residual)
    return draw_layers(sizes(config, splits), start_of(config.init), config.seed, setting(config))


def _initial_scales(config: Config, splits: Splits) -> list[float]:
    """Of a residual network's blocks."""
    layers = len(sizes(config, splits)) - 1
    if config.model.weights is not None:
        return load_scales(Path(config.model.weights), layers)
    return [start_of(config.init).scheme().residual_scale] * blocks(layers)
