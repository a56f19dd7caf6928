"""What Hydra and OmegaConf refuse, told in one sentence: the key, what was found, what is allowed.

Their own messages speak of nodes and structs, and name neither the options nor the type.
"""

import difflib
import re
from collections.abc import Iterator, Sequence
from typing import Any, get_type_hints

from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.errors import (
    ConfigCompositionException,
    HydraException,
    InstantiationException,
    MissingConfigException,
    OverrideParseException,
    SearchPathException,
)
from omegaconf import DictConfig, OmegaConf
from omegaconf.errors import ConfigKeyError, ConfigTypeError, OmegaConfBaseException

from src.config import CONF, SCHEMAS, Config
from src.errors import InputError, message, no_such_key
from src.ledger.resumption import KEY as RESUMED
from src.replicates import KEY as REPLICATES
from src.schema.reasons import reason
from src.schema.words import words

_LOGGING = ("Unable to configure", "Unsupported version", "dictionary doesn't specify a version")


def sentence(error: BaseException, arguments: Sequence[str] = ()) -> str | None:
    """The sentence for a refusal, None for an exception that is none. arguments: as typed."""
    if isinstance(error, InputError):
        return str(error)
    if isinstance(error, SearchPathException):
        return f"{reason(error)}."
    if isinstance(error, InstantiationException):
        named = re.search(r"full_key: (\S+)", str(error))
        return f"{named[1] if named else 'hydra'}: {reason(error).partition(', set env')[0]}."
    if isinstance(error, MissingConfigException):
        return _missing_option(error)
    if isinstance(error, OverrideParseException):
        return "\n".join(dict.fromkeys([_unreadable(error), *_others_unreadable(arguments)]))
    if isinstance(error, ConfigCompositionException):
        return _composition(error, arguments)
    if isinstance(error, OmegaConfBaseException):
        return f"{error.full_key or 'configuration'}: {reason(error)}."
    if isinstance(error, OSError) and error.filename:
        return f"{error.filename}: cannot be written ({error.strerror})."
    said = message(error)
    if isinstance(error, ValueError) and "Config group override" in said:
        return _bad_group(arguments)
    if isinstance(error, HydraException) and "does not support sweep type" in said:
        return "interval(...): needs a sweeper that searches; hydra/sweeper=grid takes values."
    if isinstance(error, ValueError) and said.startswith("invalid literal for int"):
        return _bad_place(arguments)
    if isinstance(error, RuntimeError) and said.startswith("Invalid plugin"):
        return f"hydra.launcher or hydra.sweeper: {reason(error)}."
    if isinstance(error, ValueError) and said.startswith(_LOGGING):
        return f"hydra.job_logging: {reason(error)} ({reason(error.__cause__ or error)})."
    return None


def of_composition(error: BaseException) -> bool:
    """Whether this is a refusal of overrides that can be read, not of what they say in between."""
    readable = not isinstance(error, (InputError, OverrideParseException, OSError))
    return readable and sentence(error) is not None


def options_of(group: str) -> list[str]:
    """The YAML files of a config group."""
    return sorted(path.stem for path in (CONF / group).glob("*.yaml")) if group else []


def _no_such_option(group: str, option: str, options: Sequence[str]) -> str:
    near = _near(option, options)
    return f"{group}={option}: no such option; allowed: {', '.join(options)}.{near}"


def _missing_option(error: MissingConfigException) -> str:
    group, _, option = (error.missing_cfg_file or "").rpartition("/")
    options = list(error.options or options_of(group))
    if group and options:
        return _no_such_option(group, option, options)
    return f"{option or reason(error)}: no such configuration among the files of {CONF}."


def _unreadable(error: OverrideParseException) -> str:
    # The parser's own words tell of its grammar; of them only the place helps.
    place = re.search(r"input '(.+?)'", str(error))
    known = place is not None and place.group(1) != "<EOF>"
    where = f" (it stops at {place.group(1)})" if place and known else ""
    return f"{error.override}: cannot be read as key=value{where}."


def _others_unreadable(arguments: Sequence[str]) -> Iterator[str]:
    """Hydra stops at the first."""
    for argument in arguments:
        try:
            if not argument.startswith("-"):
                OverridesParser.create().parse_overrides([argument])
        except OverrideParseException as error:
            yield _unreadable(error)


def _bad_group(arguments: Sequence[str]) -> str:
    for argument in arguments:
        group, _, option = argument.partition("=")
        if not group:
            return f"{argument}: cannot be read as key=value (the key is missing)."
        if options_of(group) and option not in options_of(group):
            return _no_such_option(group, option, options_of(group))
    return "an option of a group must be one of the names that --help lists."


def _bad_place(arguments: Sequence[str]) -> str | None:
    """Below a list stand numbers; OmegaConf takes whatever is typed there for one."""
    for argument in arguments:
        key = argument.partition("=")[0].lstrip("+~")
        above, _, last = key.rpartition(".")
        if (expected(above) or "").startswith("a list") and not last.isdecimal():
            return f"{argument}: {above} is {expected(above)}, and is given as a whole."
    return None


def _composition(error: ConfigCompositionException, arguments: Sequence[str]) -> str:
    said, cause = reason(error), error.__cause__
    if "Ambiguous value" in said or "requires --multirun" in said:
        found = said.split("'")[1]
        return f"{found}: several values make a sweep: add -m (a list is written key=[a,b])."
    if "Multiple values for" in said or "already at" in said:
        key = re.split(r"[ .]", said.partition("values for ")[2] or said.split("'")[1])[0]
        added = [item for item in arguments if item.startswith(f"+{key}")]
        return f"{added[0] if added else '+' + key}: is there already; write it without the +."
    if isinstance(cause, ConfigTypeError) and "deletion" in str(cause):
        return f"{cause.full_key}: cannot be removed; every member needs it."
    if isinstance(cause, OmegaConfBaseException):
        return _bad_value(said, cause)
    return f"{said}."


def _bad_value(said: str, cause: OmegaConfBaseException) -> str:
    override = re.sub(r"^.*?(?:overriding|override) ", "", said).strip("'")
    if isinstance(cause, (ConfigKeyError, AttributeError)) and "not in" in str(cause):
        return _unknown_key(override, cause)
    key = override.partition("=")[0]
    allowed = expected(key)
    return f"{override}: must be {allowed}." if allowed else f"{override}: {reason(cause)}."


def _unknown_key(override: str, cause: OmegaConfBaseException) -> str:
    sought = override.partition("=")[0].lstrip("+")
    parent, (where, _, name) = cause.parent_node, (cause.full_key or sought).rpartition(".")
    if where in ("init.layers.first", "init.layers.last"):
        return f"{sought}: is set with its option: {where}={{name: <option>, {name}: <value>}}."
    if where.endswith(".arguments"):
        return f"{sought}: is not there yet; +{sought}=<value> adds it."
    beside = parent.keys() if isinstance(parent, DictConfig) else ()
    names = sorted(str(key) for key in beside if where or key != "hydra")
    allowed = [f"{where}.{name}" if where else name for name in names]
    allowed += [] if where else [REPLICATES, RESUMED]
    if not where and sought not in allowed:
        # A bare lr or epochs: say where it lives.
        near = [key for key in all_keys() if key.rpartition(".")[2] == sought]
        # First what the chosen options have: init.lr is a key of two of them.
        if isinstance(parent, DictConfig):
            near.sort(key=lambda key: OmegaConf.select(parent, key) is None)
        if near:
            return f"{no_such_key(sought, allowed)} Did you mean {near[0]}?"
    return no_such_key(sought, allowed) + _near(sought, sorted(allowed))


def _near(word: str, words: Sequence[str]) -> str:
    near = difflib.get_close_matches(word, words, n=1)
    return f" Did you mean {near[0]}?" if near else ""


# --- the types behind the keys --------------------------------------------------------------


def _classes(group: str) -> list[type]:
    hints = get_type_hints(Config)
    return list(SCHEMAS.get(group, {}).values()) or [hints[group]]


def all_keys() -> list[str]:
    """Every dotted key of every option, the two levels that users set."""
    keys: dict[str, None] = {}
    for name in get_type_hints(Config):
        groups = _classes(name) if isinstance(_hint(name), type) else []
        inside = [f"{name}.{key}" for cls in groups for key in _fields(cls)]
        keys.update(dict.fromkeys(inside or [name]))
    return list(keys)


def _fields(cls: type) -> dict[str, Any]:
    return get_type_hints(cls) if hasattr(cls, "__dataclass_fields__") else {}


def _hint(key: str) -> Any:
    """The type of a dotted key, None where it is not known."""
    first, *rest = re.sub(r"\[.*\]", "", key).lstrip("+~").split(".")
    hints = get_type_hints(Config)
    if first not in hints:
        return None
    candidates: list[Any] = _classes(first) if rest else [hints[first]]
    for name in rest:
        found = [_fields(cls)[name] for cls in candidates if name in _fields(cls)]
        if not found:
            return None
        candidates = found
    return candidates[0]


def expected(key: str) -> str | None:
    """What the value of a key must be, in words."""
    hint = _hint(key)
    if hint is None:
        return None
    if hasattr(hint, "__dataclass_fields__"):
        return "set by its keys: " + ", ".join(sorted(f"{key}.{name}" for name in _fields(hint)))
    return words(hint)
