"""A sweep as Hydra's launcher runs it: jobs checked, folders opened, members trained, told back."""

import copy
import dataclasses
import gc
import os
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import yaml
from hydra.core.hydra_config import HydraConfig
from hydra.core.utils import JobReturn, JobRuntime, JobStatus, configure_log, env_override
from hydra.experimental.callback import Callback
from hydra.types import HydraContext, TaskFunction
from omegaconf import DictConfig, OmegaConf, open_dict, read_write
from omegaconf._utils import get_omega_conf_dumper

from src.cli import SweepFolder
from src.errors import InputError, no_such_key, require
from src.jobs import Jobs
from src.parts import at_once
from src.progress import Count
from src.schema.stacks import StackLimits
from src.sweep import plan
from src.tracking.files import remove_partials, write_atomically

Context = tuple[HydraContext, DictConfig, TaskFunction]


@dataclass(frozen=True)
class _Opening:
    """What is kept of a job's configuration: its texts, a hundredth of its size."""

    folder: Path
    overrides: list[str]
    chdir: bool
    files: dict[str, bytes]  # path below the folder -> compressed content
    logs: bool  # whether it has a logging configuration of its own


def limits_of(options: Mapping[str, Any]) -> StackLimits:
    """The launcher's options as they stand in the configuration; InputError for a bad one."""
    known = {item.name for item in dataclasses.fields(StackLimits)}
    for name in sorted(options.keys() - known):
        raise InputError(
            no_such_key(f"hydra.launcher.{name}", [f"hydra.launcher.{key}" for key in known])
        )
    return StackLimits(**options)


def launch(
    context: Context, limits: StackLimits, overrides: Sequence[Sequence[str]], first_number: int
) -> list[JobReturn]:
    """One return per override list, in order; its value is the member's objective.

    The returns hold no configurations: those of ten thousand jobs would fill the memory.
    """
    hydra, sweep, _ = context
    jobs = Jobs(hydra.config_loader, sweep, overrides, first_number)
    openings: list[_Opening] = []
    before = HydraConfig.instance().cfg
    home = Path(str(sweep.hydra.sweep.dir))
    # Composing makes and drops many objects; those that are there already are not searched.
    gc.freeze()
    try:
        planned = plan(
            jobs,
            limits,
            lambda job, folder: openings.append(_prepare(job, folder, sweep)),
            whole=at_once(sweep),
            home=home,
            first_number=first_number,
        )
        home.mkdir(parents=True, exist_ok=True)
        planned.enter(home, SweepFolder.words, several=True)
        remove_partials(home)
        planned.tell_resumed(home)
        returns = []
        count = Count(len(jobs), "folders opened")
        for position, opening in enumerate(openings):
            if position not in planned.finished or position in planned.reused:
                _open(opening)
            returns.append(_return(opening))
            if opening.logs or _listens(hydra, "on_job_start"):
                _tell_start(context, jobs[position], opening)
            count.tell(position + 1, planned.quiet)
        openings.clear()
        planned.announce()
        listened = _listens(hydra, "on_job_end")
        SweepFolder.train()
        for position, objective in enumerate(planned.objectives(home)):
            # Failed members count as NaN, so that a sweeper goes on; src.train ends with their
            # sentences and a non-zero exit code.
            returns[position].return_value = objective
            if listened:
                _tell_end(context, jobs[position], planned.folders[position], returns[position])
    finally:
        gc.unfreeze()
        HydraConfig.instance().cfg = before
    return returns


# Together, the following do what hydra.core.utils.run_job does, at a fraction of its cost: that
# copies the configuration four times for each job, and writes its YAML in Python.


def _prepare(job: DictConfig, folder: Path, sweep: DictConfig) -> _Opening:
    asked, of_sweep = str(job.hydra.sweep.dir), str(sweep.hydra.sweep.dir)
    same = asked == of_sweep
    allowed = f"{of_sweep} for every member; hydra.sweep.subdir tells members apart"
    require(same, "hydra.sweep.dir", asked, allowed)
    _set_folder(job, folder)
    whole = OmegaConf.to_container(job, enum_to_str=True)
    assert isinstance(whole, dict)
    hydra = whole.pop("hydra")
    overrides = hydra["overrides"]["task"]
    contents = {"config": whole, "hydra": {"hydra": hydra}, "overrides": overrides}
    below = hydra["output_subdir"]
    files = {
        os.path.join(below, f"{name}.yaml"): zlib.compress(yaml_of(content).encode(), 1)
        for name, content in (contents if below is not None else {}).items()
    }
    logs = hydra["job_logging"] != OmegaConf.to_container(sweep.hydra.hydra_logging)
    return _Opening(folder, overrides, bool(hydra["job"]["chdir"]), files, logs)


def _open(opening: _Opening) -> None:
    opening.folder.mkdir(parents=True, exist_ok=True)
    for name, content in opening.files.items():
        path = opening.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        # Not flushed: a thousand folders would wait seconds for the disk, and whoever resumes
        # what a power cut has ended writes them anew.
        write_atomically(path, zlib.decompress(content), durable=False)


def _return(opening: _Opening) -> JobReturn:
    return JobReturn(
        overrides=opening.overrides,
        working_dir=str(opening.folder) if opening.chdir else os.getcwd(),
        task_name=JobRuntime.instance().get("name"),
        status=JobStatus.COMPLETED,
    )


def _set_folder(job: DictConfig, folder: Path) -> None:
    with read_write(job.hydra.runtime), open_dict(job.hydra.runtime):
        job.hydra.runtime.output_dir = os.path.abspath(folder)


def _enter(job: DictConfig, folder: Path) -> None:
    """Make the job's the current Hydra configuration."""
    _set_folder(job, folder)
    HydraConfig.instance().set_config(job)


def _tell_start(context: Context, job: DictConfig, opening: _Opening) -> None:
    """on_job_start, with the job's own logging."""
    hydra, sweep, task = context
    _enter(job, opening.folder)
    if opening.logs:
        configure_log(job.hydra.job_logging, job.hydra.verbose)
    with env_override(job.hydra.job.env_set):
        hydra.callbacks.on_job_start(config=job, task_function=task)
    if opening.logs:
        configure_log(sweep.hydra.hydra_logging, sweep.hydra.verbose)


def _tell_end(context: Context, job: DictConfig, folder: Path, returned: JobReturn) -> None:
    """on_job_end, with the return as Hydra makes it."""
    _enter(job, folder)
    task = copy.deepcopy(job)
    with read_write(task), open_dict(task):
        del task["hydra"]
    hydra = cast(DictConfig, copy.deepcopy(HydraConfig.instance().cfg))
    told = dataclasses.replace(returned, cfg=task, hydra_cfg=hydra)
    context[0].callbacks.on_job_end(config=job, job_return=told)


def _listens(hydra: HydraContext, event: str) -> bool:
    """Whether a callback does anything at all then."""
    silent = getattr(Callback, event)
    return any(getattr(type(each), event, None) is not silent for each in hydra.callbacks.callbacks)


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
