"""The command line as Hydra can read it."""

import re
from collections.abc import Sequence
from pathlib import Path

from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.core.override_parser.types import ValueType

from src.replicates import replicated
from src.typed import check_sweep, check_words, flags_of

_REPEATED = re.compile(r"\[([\d, ]+)\] ?\* ?(\d{1,9})(?!\d)")
_PLAIN = re.compile(r"""[\w.+-]*|".*"|'.*'""")
_MOST_LAYERS = 10_000


def arranged(arguments: Sequence[str]) -> list[str]:
    """The command line as Hydra can read it: overrides, then flags; lists, paths, seeds told.

    InputError for what cannot be read at all.

    argparse refuses overrides on both sides of a flag, and Hydra's grammar a value with an = in
    it, which our own folders (init=he) have, and [100]*30, which is thirty layers of 100.
    """
    check_words(arguments)
    parsed = flags_of(arguments)
    flags = list(arguments)
    for override in parsed.overrides:
        flags.remove(override)
    told = replicated(parsed.overrides, parsed.multirun)
    overrides = [_quoted(_repeated(override)) for override in told]
    check_sweep(overrides)
    # Overrides first: --info alone would take the next word for its own.
    return [*overrides, *flags]


def is_sweep(arguments: Sequence[str]) -> bool:
    return bool(flags_of(arguments).multirun)


def left_to_the_jobs(arguments: Sequence[str]) -> list[str]:
    """The command line of a sweep with its single values as sweeps of one value.

    Before it sweeps, Hydra sets every single value on the defaults. There a key of a swept group
    may not exist, and the first fault hides those of the jobs.
    """
    overrides = flags_of(arguments).overrides
    return [_left(item) if item in overrides else item for item in arguments]


def _left(override: str) -> str:
    (parsed,) = OverridesParser.create().parse_overrides([override])
    if parsed.is_hydra_override() or parsed.value_type is not ValueType.ELEMENT:
        return override
    value = parsed.get_value_element_as_str() or "''"
    return f"{parsed.get_key_element()}=choice({value})"


def _repeated(override: str) -> str:
    """model.hidden=[100]*3 as model.hidden=[100,100,100]; what is not such a list stays."""
    key, _, value = override.partition("=")
    if key.lstrip("+") != "model.hidden":
        return override
    return f"{key}={_REPEATED.sub(_written_out, value)}"


def _written_out(found: re.Match[str]) -> str:
    inside, times = found[1], int(found[2])
    return f"[{','.join([inside] * times)}]" if times <= _MOST_LAYERS else found[0]


def _quoted(override: str) -> str:
    key, _, value = override.partition("=")
    if key == "report.baseline" and not _PLAIN.fullmatch(value):
        return f'{key}="{value}"'  # an arm of several settings: he, relu
    return f'{key}="{value}"' if "=" in value and Path(value).exists() else override


def spelled_out(words: Sequence[str], several: bool) -> list[str]:
    """Overrides in the order that Hydra takes, dropout=... as model.dropout=...

    several: whether a key may be given several values.
    """
    full = replicated(words, several)
    return [f"model.{item}" if item.startswith("dropout=") else item for item in arranged(full)]
