"""The grid sweeper: Hydra's basic sweeper, which does not compose what the launcher will check.

Hydra executes this module again and again: no state, no torch. No `from __future__ import
annotations` either, which breaks dataclasses in a plugin.
"""

from collections.abc import Sequence
from typing import Any

# The module, not the class: Hydra would register a class found here as one more plugin.
from hydra._internal.core_plugins import basic_sweeper


class GridSweeper(basic_sweeper.BasicSweeper):
    """All combinations of the values given; with any other launcher exactly the basic sweeper."""

    def sweep(self, arguments: list[str]) -> Any:
        from src.errors import require

        size = self.max_batch_size
        whole = size is None or (isinstance(size, int) and size >= 1)
        allowed = "an integer of at least 1, or null"
        require(whole, "hydra.sweeper.max_batch_size", size, allowed)
        return super().sweep(arguments)

    def _parse_config(self) -> list[str]:
        """hydra.sweeper.params, where seeds=20 may stand as on the command line."""
        from src.replicates import replicated

        return replicated(super()._parse_config(), several=True)

    def validate_batch_is_legal(self, batch: Sequence[Sequence[str]]) -> None:
        if not getattr(self.launcher, "checks_jobs", False):
            super().validate_batch_is_legal(batch)
