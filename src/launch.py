"""A sweep as Hydra's launcher runs it: jobs checked, folders opened, members trained, told back."""

import copy
import dataclasses
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import yaml
from hydra.core.hydra_config import HydraConfig
from hydra.core.utils import JobReturn, JobRuntime, JobStatus, configure_log, env_override
from hydra.experimental.callback import Callback
from hydra.types import HydraContext, TaskFunction
from omegaconf import DictConfig, OmegaConf, open_dict, read_write
from omegaconf._utils import get_omega_conf_dumper

from src.jobs import Jobs
from src.progress import Count
from src.schema.stacks import StackLimits
from src.sweep import plan

Context = tuple[HydraContext, DictConfig, TaskFunction]


def launch(
    context: Context, limits: StackLimits, overrides: Sequence[Sequence[str]], first_number: int
) -> list[JobReturn]:
    """One return per override list, in order; its value is the member's objective.

    The returns hold no configurations: those of ten thousand jobs would fill the memory.
    """
    hydra, sweep, _ = context
    jobs = Jobs(hydra.config_loader, sweep, overrides, first_number)
    planned = plan(jobs, limits)
    before = HydraConfig.instance().cfg
    try:
        count = Count(len(jobs), "folders opened")
        returns = []
        for position in range(len(jobs)):
            returns.append(_open(context, jobs[position]))
            count.tell(position + 1, planned.quiet)
        planned.announce()
        listened = _listens(hydra, "on_job_end")
        for position, result in enumerate(planned.train()):
            # Failed members count as NaN, so that a sweeper goes on; src.train ends with their
            # sentences and a non-zero exit code.
            returns[position].return_value = result.objective
            if listened:
                _tell_end(context, jobs[position], returns[position])
    finally:
        HydraConfig.instance().cfg = before
    return returns


def _open(context: Context, job: DictConfig) -> JobReturn:
    """What hydra.core.utils.run_job does before it calls its task, at a tenth of the cost.

    Hydra's own copies the configuration four times and writes its YAML in Python.
    """
    hydra, sweep, task = context
    folder = _enter(job)
    folder.mkdir(parents=True, exist_ok=True)
    log, sweeps_log = (OmegaConf.to_container(node) for node in _logging(job, sweep))
    if log != sweeps_log:
        configure_log(job.hydra.job_logging, job.hydra.verbose)
    if job.hydra.output_subdir is not None:
        _write_yaml(job, folder / job.hydra.output_subdir)
    if _listens(hydra, "on_job_start"):
        with env_override(job.hydra.job.env_set):
            hydra.callbacks.on_job_start(config=job, task_function=task)
    if log != sweeps_log:
        configure_log(sweep.hydra.hydra_logging, sweep.hydra.verbose)
    return JobReturn(
        overrides=list(job.hydra.overrides.task),
        working_dir=str(folder) if job.hydra.job.chdir else os.getcwd(),
        task_name=JobRuntime.instance().get("name"),
        status=JobStatus.COMPLETED,
    )


def _enter(job: DictConfig) -> Path:
    """Make the job's the current Hydra configuration; the folder of the job."""
    OmegaConf.set_readonly(job.hydra, True)
    HydraConfig.instance().cfg = job  # type: ignore[assignment]
    folder = Path(os.path.abspath(os.path.join(job.hydra.sweep.dir, job.hydra.sweep.subdir)))
    with read_write(job.hydra.runtime), open_dict(job.hydra.runtime):
        job.hydra.runtime.output_dir = str(folder)
    return folder


def _logging(job: DictConfig, sweep: DictConfig) -> tuple[DictConfig, DictConfig]:
    return job.hydra.job_logging, sweep.hydra.hydra_logging


def _listens(hydra: HydraContext, event: str) -> bool:
    """Whether a callback does anything at all then."""
    silent = getattr(Callback, event)
    return any(getattr(type(each), event, None) is not silent for each in hydra.callbacks.callbacks)


def _tell_end(context: Context, job: DictConfig, returned: JobReturn) -> None:
    """on_job_end, with the return as Hydra makes it."""
    _enter(job)
    task = copy.deepcopy(job)
    with read_write(task), open_dict(task):
        del task["hydra"]
    # As HydraConfig.set_config hides the rest from what it holds.
    hydra = copy.deepcopy(OmegaConf.masked_copy(job, "hydra"))
    told = dataclasses.replace(returned, cfg=task, hydra_cfg=hydra)
    context[0].callbacks.on_job_end(config=job, job_return=told)


# --- .hydra/ ------------------------------------------------------------------------------

_Dumper: Any = get_omega_conf_dumper()
if yaml.__with_libyaml__:  # the same representers, four times as fast
    _Dumper = type("_Dumper", (yaml.CDumper,), {"yaml_representers": _Dumper.yaml_representers})


def yaml_of(content: Any) -> str:
    """As OmegaConf.to_yaml writes it. content: OmegaConf.to_container(..., enum_to_str=True)."""
    return str(
        yaml.dump(
            content, default_flow_style=False, allow_unicode=True, sort_keys=False, Dumper=_Dumper
        )
    )


def _write_yaml(job: DictConfig, folder: Path) -> None:
    """config.yaml, hydra.yaml and overrides.yaml, interpolations left as they are."""
    whole = OmegaConf.to_container(job, enum_to_str=True)
    assert isinstance(whole, dict)
    hydra = whole.pop("hydra")
    folder.mkdir(parents=True, exist_ok=True)
    contents = {"config": whole, "hydra": {"hydra": hydra}, "overrides": hydra["overrides"]["task"]}
    for name, content in contents.items():
        (folder / f"{name}.yaml").write_text(yaml_of(content), encoding="utf-8")
