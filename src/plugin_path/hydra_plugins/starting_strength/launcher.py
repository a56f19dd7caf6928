"""The stacked launcher: all jobs of a batch are composed and checked, then trained as stacks.

Hydra executes this module again and again: no state, no torch. No `from __future__ import
annotations` either, which breaks dataclasses in a plugin.
"""

from collections.abc import Sequence

# The module, not the class: Hydra would register a class found here as one more plugin.
from hydra._internal.core_plugins import basic_launcher
from hydra.core.utils import JobReturn, configure_log, run_job, setup_globals
from omegaconf import DictConfig, open_dict


class StackedLauncher(basic_launcher.BasicLauncher):
    """Trains members of src.train together; runs any other task as Hydra's basic launcher does."""

    def launch(
        self, job_overrides: Sequence[Sequence[str]], initial_job_idx: int
    ) -> Sequence[JobReturn]:
        if not getattr(self.task_function, "stackable", False):
            return super().launch(job_overrides, initial_job_idx)
        from src.sweep import plan

        setup_globals()
        jobs = [
            self._compose(list(overrides), initial_job_idx + position)
            for position, overrides in enumerate(job_overrides)
        ]
        planned = plan(jobs)
        opened = [self._open(job) for job in jobs]
        for job, result in zip(opened, planned.train(), strict=True):
            # Failed members count as NaN, so that a sweeper goes on; src.train ends with their
            # sentences and a non-zero exit code.
            job.return_value = result.objective
        return opened

    def _compose(self, overrides: list[str], number: int) -> DictConfig:
        assert self.config is not None
        assert self.hydra_context is not None
        job = self.hydra_context.config_loader.load_sweep_config(self.config, overrides)
        with open_dict(job):
            job.hydra.job.id, job.hydra.job.num = str(number), number
        return job

    def _open(self, job: DictConfig) -> JobReturn:
        """Let Hydra open the job's folder and write .hydra/; the training comes later."""
        assert self.config is not None
        assert self.hydra_context is not None
        opened = run_job(
            hydra_context=self.hydra_context,
            task_function=lambda _: None,
            config=job,
            job_dir_key="hydra.sweep.dir",
            job_subdir_key="hydra.sweep.subdir",
        )
        configure_log(self.config.hydra.hydra_logging, self.config.hydra.verbose)
        return opened
