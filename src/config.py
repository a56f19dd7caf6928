"""The typed configuration of one member. The only file that knows ConfigStore.

Each YAML under conf/ names its schema here, so an unknown key or a wrong type fails while the
configuration is composed; ranges are checked by `validated`, for every member before the first
one trains. Nothing here imports torch: help, composing and checking stay fast.
"""

import hashlib
from dataclasses import asdict, dataclass, field, fields
from enum import Enum
from pathlib import Path
from typing import Any, cast

from hydra.core.config_store import ConfigStore
from omegaconf import MISSING, DictConfig, OmegaConf
from omegaconf.errors import OmegaConfBaseException

from src.errors import InputError
from src.schema import activation, data, init, optimizer
from src.schema.activation import ActivationConfig
from src.schema.data import DataConfig
from src.schema.init import InitConfig
from src.schema.optimizer import OptimizerConfig
from src.schema.ranges import check_seed
from src.schema.run import LoggerConfig, ModelConfig, TrainerConfig

PROJECT = Path(__file__).resolve().parent.parent
CONF = PROJECT / "conf"


@dataclass
class Config:
    """One member: everything that decides its numbers."""

    init: InitConfig = MISSING
    activation: ActivationConfig = MISSING
    optimizer: OptimizerConfig = MISSING
    data: DataConfig = MISSING
    model: ModelConfig = field(default_factory=ModelConfig)
    trainer: TrainerConfig = MISSING
    logger: LoggerConfig = MISSING
    seed: int = 0
    quiet: bool = False

    def __post_init__(self) -> None:
        check_seed("seed", self.seed)


SCHEMAS: dict[str, dict[str, type]] = {
    "init": init.SCHEMAS,
    "activation": activation.SCHEMAS,
    "optimizer": optimizer.SCHEMAS,
    "data": data.SCHEMAS,
    "trainer": {"trainer": TrainerConfig},
    "logger": {"logger": LoggerConfig},
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


def register() -> None:
    """Make the schemas and resolvers known to Hydra; calling it again changes nothing."""
    store = ConfigStore.instance()
    store.store(name="config", group="schema", node=Config)
    for group, schemas in SCHEMAS.items():
        for name, schema in schemas.items():
            store.store(name=name, group=f"schema/{group}", node=schema)
    OmegaConf.register_new_resolver("project", lambda path: str(PROJECT / path), replace=True)
    OmegaConf.register_new_resolver("member_folder", member_folder, replace=True)


def validated(composed: DictConfig) -> Config:
    """The composed configuration as a checked Config; InputError names the first bad key."""
    try:
        return Config(**{item.name: _object(composed, item.name) for item in fields(Config)})
    except OmegaConfBaseException as error:
        sentence = str(error).splitlines()[0].rstrip(".")
        raise InputError(f"{error.full_key or 'configuration'}: {sentence}.") from error


def _object(composed: DictConfig, key: str) -> Any:
    value = composed[key]
    return OmegaConf.to_object(value) if isinstance(value, DictConfig) else value


def as_plain(config: Config) -> dict[str, Any]:
    """The configuration as dicts, lists, strings and numbers, for JSON."""
    return cast(dict[str, Any], _plain(asdict(config)))


def _plain(node: Any) -> Any:
    if isinstance(node, dict):
        return {key: _plain(child) for key, child in node.items()}
    return node.value if isinstance(node, Enum) else node
