"""The members that a command asks for, composed and checked as src.train does it."""

import sys
from collections.abc import Sequence

from hydra import compose, initialize_config_dir
from hydra._internal.core_plugins.basic_sweeper import BasicSweeper
from hydra.core.config_loader import ConfigLoader
from hydra.core.global_hydra import GlobalHydra
from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.types import RunMode
from omegaconf import DictConfig

from src.arranged import left_to_the_jobs, spelled_out
from src.config import CONF, register
from src.errors import require
from src.jobs import Jobs
from src.launch import limits_of
from src.refusals import of_composition
from src.schema.stacks import StackLimits
from src.sweep import Plan, plan
from src.typed import refuse_foreign_code


def planned(overrides: Sequence[str], hydra: Sequence[str], several: bool) -> Plan:
    """One member, or all combinations of the values; InputError names every fault.

    hydra: overrides of Hydra's own.
    """
    full = spelled_out(overrides, several)
    refuse_foreign_code([*full, *hydra])
    # A refusal is worded by what was typed.
    sys.argv[1:] = full
    if not any(item.startswith("diagnostics=") for item in full):
        full.append("diagnostics=full")
    register()
    with initialize_config_dir(str(CONF), version_base="1.3"):
        if not several:
            return plan([compose("config", [*full, *hydra], return_hydra_config=True)])
        loader = GlobalHydra.instance().config_loader()
        sweep = _sweep(loader, full, hydra)
        _ = sweep.hydra.sweep.dir  # read once, its time is that of all jobs
        return plan(Jobs(loader, sweep, _combinations(loader, sweep)), _limits(sweep))


def _sweep(loader: ConfigLoader, overrides: Sequence[str], hydra: Sequence[str]) -> DictConfig:
    """The configuration of the whole; what it is refused is judged by its jobs instead."""
    try:
        return loader.load_configuration("config", [*overrides, *hydra], RunMode.MULTIRUN)
    except Exception as error:
        again = left_to_the_jobs(overrides)
        if not of_composition(error) or again == overrides:
            raise
        return loader.load_configuration("config", [*again, *hydra], RunMode.MULTIRUN)


def _combinations(loader: ConfigLoader, sweep: DictConfig) -> list[list[str]]:
    """The overrides of each job, as the grid sweeper has them."""
    chosen = sweep.hydra.runtime.choices["hydra/sweeper"]
    require(chosen in ("grid", "basic"), "hydra/sweeper", chosen, "grid: nothing is searched here")
    given = [f"{key}={value}" for key, value in (sweep.hydra.sweeper.params or {}).items()]
    parser = OverridesParser.create(config_loader=loader)
    parsed = parser.parse_overrides([*given, *sweep.hydra.overrides.task])
    (found,) = BasicSweeper.split_arguments(parsed, None)
    return found


def _limits(sweep: DictConfig) -> StackLimits:
    """Those of the stacked launcher; another one has none."""
    if sweep.hydra.runtime.choices["hydra/launcher"] != "stacked":
        return StackLimits()
    return limits_of({k: v for k, v in sweep.hydra.launcher.items() if k != "_target_"})
