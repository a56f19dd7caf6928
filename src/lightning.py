"""What we use of Lightning, imported in one place: without matplotlib.

torchmetrics, which Lightning imports, imports matplotlib wherever it is installed, and that costs
a third of a second and a cache of the machine's fonts. Nothing draws while it trains.
"""

from collections.abc import Iterator
from contextlib import contextmanager

from lightning_utilities.core.imports import RequirementCache


@contextmanager
def _unseen(package: str) -> Iterator[None]:
    """RequirementCache, by which Lightning's libraries look for others, does not find it."""
    check = RequirementCache._check_requirement

    def checked(cache: RequirementCache) -> None:
        check(cache)
        if cache.requirement == package:
            cache.available, cache.message = False, f"{package} is not imported here"

    RequirementCache._check_requirement = checked  # type: ignore[method-assign,assignment]
    try:
        yield
    finally:
        RequirementCache._check_requirement = check  # type: ignore[method-assign]


with _unseen("matplotlib"):
    from lightning_fabric.plugins.environments.lightning import LightningEnvironment
    from pytorch_lightning import Callback, LightningDataModule, LightningModule, Trainer

__all__ = [
    "Callback",
    "LightningDataModule",
    "LightningEnvironment",
    "LightningModule",
    "Trainer",
]
