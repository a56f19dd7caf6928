"""Whose state a checkpoint can keep: torch's own optimizers', and those of a user that bear it."""

import logging
from collections.abc import Sequence

from src.config import Config
from src.errors import InputError
from src.optimizers import Spec
from src.trials import try_checkpoint

log = logging.getLogger(__name__)

_refused: dict[tuple[str, str], bool] = {}


def kept(configs: Sequence[Config]) -> list[int]:
    """Positions of the members that can go on from a checkpoint to the bit; others are told of."""
    return [k for k, config in enumerate(configs) if not _refuses(config)]


def _refuses(config: Config) -> bool:
    if config.optimizer.algorithm != "own":
        return False
    spec = Spec("own", config.optimizer.hyperparameters())
    asked = str(spec.hyperparameters["target"]), str(spec.hyperparameters["arguments"])
    if asked not in _refused:
        try:
            try_checkpoint(spec)
            _refused[asked] = False
        except InputError as error:
            said = str(error).rstrip(".")
            log.warning("%s; after an interruption its members begin at their start", said)
            _refused[asked] = True
    return _refused[asked]
