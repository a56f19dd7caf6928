"""The stacked launcher: all jobs of a batch are composed and checked, then trained as stacks.

Hydra executes this module again and again: no state, no torch. No `from __future__ import
annotations` either, which breaks dataclasses in a plugin.
"""

from collections.abc import Sequence
from typing import Any

# The module, not the class: Hydra would register a class found here as one more plugin.
from hydra._internal.core_plugins import basic_launcher
from hydra.core.utils import JobReturn, setup_globals


class StackedLauncher(basic_launcher.BasicLauncher):
    """Trains members of src.train together; runs any other task as Hydra's basic launcher does."""

    def __init__(self, **limits: Any) -> None:
        """limits: those of src.schema.stacks.StackLimits, checked when jobs are launched."""
        super().__init__()
        self.limits = limits

    @property
    def checks_jobs(self) -> bool:
        """Whether launch composes and checks the whole batch before it opens a folder."""
        return getattr(self.task_function, "stackable", False)

    def launch(
        self, job_overrides: Sequence[Sequence[str]], initial_job_idx: int
    ) -> Sequence[JobReturn]:
        if not self.checks_jobs:
            return super().launch(job_overrides, initial_job_idx)
        from src.launch import launch, limits_of

        setup_globals()
        assert self.hydra_context is not None
        assert self.config is not None
        assert self.task_function is not None
        context = (self.hydra_context, self.config, self.task_function)
        return launch(context, limits_of(self.limits), job_overrides, initial_job_idx)
