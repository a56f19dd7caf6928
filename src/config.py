"""The typed configuration of one member. The only file that knows ConfigStore.

Each YAML under conf/ names its schema here, so an unknown key or a wrong type fails while the
configuration is composed; ranges are checked by `validated`, for every member before the first
one trains. Nothing here imports torch: help, composing and checking stay fast.
"""

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field, fields, is_dataclass
from enum import Enum
from pathlib import Path
from typing import Any, cast

from hydra.core.config_store import ConfigStore
from omegaconf import MISSING, DictConfig, OmegaConf
from omegaconf.errors import MissingMandatoryValue, OmegaConfBaseException

from src.errors import InputError, no_such_key, require
from src.layer_options import sources_of, with_layers
from src.schema import activation, data, inits, optimizer, schedule
from src.schema.activation import ActivationConfig
from src.schema.data import DataConfig
from src.schema.diagnostics import DiagnosticsConfig
from src.schema.init import InitConfig
from src.schema.on_failure import check_on_failure
from src.schema.optimizer import OptimizerConfig
from src.schema.own import OwnActivation, OwnInit, OwnOptimizer
from src.schema.ranges import check_seed
from src.schema.reasons import reason
from src.schema.report import ReportConfig
from src.schema.run import LoggerConfig, ModelConfig, TrainerConfig
from src.schema.schedule import ScheduleConfig
from src.trust import check_places, untrusted

PROJECT = Path(__file__).resolve().parent.parent
CONF = PROJECT / "conf"


@dataclass
class Config:
    """One member: everything that decides its numbers, and what the command shows of it."""

    init: InitConfig = MISSING
    activation: ActivationConfig = MISSING
    optimizer: OptimizerConfig = MISSING
    schedule: ScheduleConfig = MISSING
    data: DataConfig = MISSING
    model: ModelConfig = field(default_factory=ModelConfig)
    trainer: TrainerConfig = MISSING
    logger: LoggerConfig = MISSING
    diagnostics: DiagnosticsConfig = MISSING
    report: ReportConfig = field(default_factory=ReportConfig)
    seed: int = 0
    on_failure: str = "continue"  # stop, or retry:N: a member that fails is tried N times more
    reuse: bool = False  # take finished members of earlier sweeps with the same configuration
    quiet: bool = False
    trust: bool = False  # of code that a file of an earlier run names; the command line must say it


SCHEMAS: dict[str, dict[str, type]] = {
    "init": {**inits.SCHEMAS, "own": OwnInit},
    "activation": {**activation.SCHEMAS, "own": OwnActivation},
    "optimizer": {**optimizer.SCHEMAS, "own": OwnOptimizer},
    "schedule": schedule.SCHEMAS,
    "data": data.SCHEMAS,
}


def member_folder(overrides: str, number: int | None) -> str:
    """The folder of a member below its sweep's: its overrides, made safe as one path component."""
    name = overrides.replace("/", "_")
    if not name:
        return f"member={number or 0}"
    if len(name.encode()) <= 180:
        return name
    digest = hashlib.sha256(name.encode()).hexdigest()[:12]
    return name.encode()[:160].decode(errors="ignore") + "~" + digest


class _Uncopied(dict[str, Any]):
    """A group of ConfigStore that copies of the store share.

    Hydra copies the whole store for every composition, and for every group that it lists in its
    help; but what it loads from a store it copies once more, so that nothing is written in there.
    """

    def __deepcopy__(self, memo: object) -> "_Uncopied":
        return self


def register() -> None:
    """Make the schemas and resolvers known to Hydra; calling it again changes nothing."""
    store = ConfigStore.instance()
    store.repo.setdefault("schema", _Uncopied())
    run_wide = {
        "config": Config,
        "trainer": TrainerConfig,
        "logger": LoggerConfig,
        "diagnostics": DiagnosticsConfig,
    }
    for name, node in run_wide.items():
        store.store(name=name, group="schema", node=node)
    for group, schemas in SCHEMAS.items():
        for name, node in schemas.items():
            store.store(name=f"{group}_{name}", group="schema", node=node)
    OmegaConf.register_new_resolver("project", lambda path: str(PROJECT / path), replace=True)
    OmegaConf.register_new_resolver("member_folder", member_folder, replace=True)


def validated(
    composed: DictConfig,
    choices: Mapping[str, Any] | None = None,
    hydra: Any = None,
) -> Config:
    """The composed configuration as a checked Config; InputError has a line for each bad group.

    choices: the option that Hydra took for each group, whose name a member must bear. hydra: its
    own node, where the composed configuration has none.
    """
    hydra = composed.hydra if "hydra" in composed else hydra
    parts: dict[str, Any] = {}
    try:
        faults = _misshapen(composed)
    except OmegaConfBaseException as error:  # an interpolation in place of a group or a number
        faults = [f"{error.full_key or 'configuration'}: {reason(error)}."]
    if faults:
        raise InputError("\n".join(faults))
    for item in fields(Config):
        try:
            parts[item.name] = _object(composed, item.name)
            if item.name == "init":
                parts["init"] = with_layers(parts["init"], composed, hydra)
        except InputError as error:
            faults.append(str(error))
        except MissingMandatoryValue:
            faults += _unset(composed, item.name)
        except OmegaConfBaseException as error:
            faults.append(f"{error.full_key or item.name}: {reason(error)}.")
    if faults:
        raise InputError("\n".join(faults))
    config = Config(**parts)
    foreign = untrusted(_targets(config))
    if foreign:
        places = [where for _, where in sources_of(hydra)]
        primary = "" if hydra is None else str(hydra.job.config_name)
        check_places(foreign, places, primary, [] if hydra is None else hydra.overrides.task)
    _check_names(config, choices or {})
    return config


def _misshapen(composed: DictConfig) -> list[str]:
    """Keys too many, and keys too few."""
    faults = [fault for item in fields(Config) for fault in _strangers(composed, item.name)]
    known = {item.name for item in fields(Config)}
    strangers = sorted(str(key) for key in composed if key not in known | {"hydra"})
    faults += [no_such_key(key, known) for key in strangers]
    for item in fields(Config):
        if item.name not in composed or OmegaConf.is_missing(composed, item.name):
            faults.append(f"{item.name}: cannot be removed; every member needs it.")
    return faults


def _targets(config: Config) -> Iterator[tuple[str, str]]:
    layers = config.init.layers
    options = {
        "init": config.init,
        "init.layers.first": layers.first,
        "init.layers.last": layers.last,
        "activation": config.activation,
        "optimizer": config.optimizer,
    }
    for key, option in options.items():
        if hasattr(option, "_target_"):
            yield f"{key}._target_", option._target_


def _check_names(config: Config, choices: Mapping[str, Any]) -> None:
    """A name, law or algorithm says what was chosen; another is chosen with group=option."""
    for group in (*SCHEMAS, "trainer", "logger", "diagnostics"):
        name = getattr(config, group).name
        chosen = choices.get(group, name)
        require(name == chosen, f"{group}.name", name, f"{chosen}; choose with {group}=<option>")
    for key, node, field_name in (
        ("init.law", config.init, "law"),
        ("optimizer.algorithm", config.optimizer, "algorithm"),
        ("schedule.decay", config.schedule, "decay"),
    ):
        found, fixed = getattr(node, field_name), getattr(type(node), field_name)
        group = key.partition(".")[0]
        require(found == fixed, key, found, f"{fixed}; choose with {group}=<option>")


def _strangers(composed: DictConfig, key: str) -> list[str]:
    """Keys that were appended with + to a group whose schema has none of that name."""
    node = composed.get(key)
    if not isinstance(node, DictConfig):
        return []
    schema = OmegaConf.get_type(node)
    known = {item.name for item in fields(schema)} if is_dataclass(schema) else set()
    allowed = [f"{key}.{name}" for name in known]
    strangers = sorted(str(name) for name in node if name not in known)
    return [no_such_key(f"{key}.{name}", allowed) for name in strangers]


def _unset(composed: DictConfig, key: str) -> list[str]:
    """What is said of the keys of a group that no file and nobody has given a value."""
    names = sorted(OmegaConf.missing_keys(composed[key]))
    return [f"{name}: has no value; write {name}=<value>." for name in names]


def _object(composed: DictConfig, key: str) -> Any:
    value = composed[key]
    if key == "seed":
        check_seed(key, value)
    if key == "on_failure":
        check_on_failure(value)
    return OmegaConf.to_object(value) if isinstance(value, DictConfig) else value


def as_plain(config: Config) -> dict[str, Any]:
    """The configuration as dicts, lists, strings and numbers, for JSON."""
    return cast(dict[str, Any], _plain(asdict(config)))


def _plain(node: Any) -> Any:
    if isinstance(node, dict):
        return {key: _plain(child) for key, child in node.items()}
    return node.value if isinstance(node, Enum) else node
