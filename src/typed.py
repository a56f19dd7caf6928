"""The words of a command line before Hydra reads them: what it would not end well with is refused.

Hydra's parser of flags prints its usage, and its parser of overrides recurses into every bracket.
"""

import math
import os
import re
from argparse import ArgumentError, Namespace
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NoReturn

from hydra._internal.utils import get_args_parser
from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.core.override_parser.types import ChoiceSweep, Override, QuotedString, RangeSweep
from hydra.errors import HydraException

from src.config import CONF, PROJECT
from src.errors import InputError, on_one_line, readable
from src.ledger.store import LEDGER
from src.refusals import options_of
from src.trust import check_folders, of_an_earlier_run

MEMBERS = 100_000  # of one sweep
LONGEST, DEEPEST, DIGITS = 65_536, 20, 300  # of a word: characters, brackets, digits of a number
_LONGEST_LINE = 4_000  # characters of a sentence
_SHOWN = 60  # characters of a word that cannot be told in full
# Hydra sets each of these to whatever is typed, and reads its keys later.
_NODES = ("hydra", *(f"hydra.{name}" for name in ("launcher", "sweeper", "callbacks")))
_TARGETS = ("hydra.launcher._target_", "hydra.sweeper._target_")
_PLUGINS = ("hydra_plugins.", "hydra._internal.core_plugins.")
_VALUES = (
    *_TARGETS,
    "hydra.sweeper.params",
    "hydra.verbose",
    "hydra.searchpath",
    "hydra.job.env_copy",
)
_NODES += ("hydra.job_logging", "hydra.hydra_logging")
_RECORDS = ("config.yaml", "hydra.yaml", "overrides.yaml")  # of Hydra, for every run
# Flags each of which has Hydra do something else.
_ALONE = ("run", "multirun", "cfg", "info", "shell_completion")
_NUMBER = re.compile(rf"\d{{{DIGITS + 1},}}")


def flags_of(arguments: Sequence[str]) -> Namespace:
    """Hydra's flags and overrides; InputError for a flag that is none or lacks its value."""
    parser = get_args_parser()

    def refuse(message: str) -> NoReturn:
        raise InputError(f"{_plain(message)}; --help tells what is allowed.")

    parser.error = refuse  # type: ignore[method-assign]
    try:
        found = parser.parse_intermixed_args(list(arguments))
    except (ArgumentError, TypeError) as error:
        raise InputError(f"{_plain(str(error))}; --help tells what is allowed.") from error
    asked = [f"--{name.replace('_', '-')}" for name in _ALONE if getattr(found, name)]
    if len(asked) > 1 and not (found.help or found.hydra_help):
        raise InputError(f"{' and '.join(asked)}: only one of them can be asked for.")
    if found.resolve and not (found.cfg or found.help):
        raise InputError("--resolve: is for what --cfg prints; ask for both.")
    for flag in ("config_name", "config_dir", "config_path", "package"):
        if getattr(found, flag) == "":
            raise InputError(f"--{flag.replace('_', '-')}=: names nothing.")
    return found


def check_words(arguments: Sequence[str]) -> None:
    """InputError, a line for each, for words that no key and no value can be."""
    faults = [fault for word in arguments for fault in _faults(word)]
    if faults:
        raise InputError("\n".join(dict.fromkeys(faults)))


def refuse_foreign_code(arguments: Sequence[str]) -> None:
    """InputError where files of earlier runs would have code of theirs run."""
    flags = flags_of(arguments)
    if flags.experimental_rerun is not None:
        raise InputError(
            f"--experimental-rerun={flags.experimental_rerun}: is a pickle, and reading one runs "
            "whatever code it holds; the overrides in its overrides.yaml run it again."
        )
    places = {"--config-dir": Path(flags.config_dir)} if flags.config_dir else {}
    if flags.config_path:  # beside the module of the command, as Hydra has it
        places["--config-path"] = PROJECT / "src" / flags.config_path
    folders = list(places.values())
    check_hydra(flags.overrides)
    for item in flags.overrides:
        if item.partition("=")[0].lstrip("+") == "hydra.searchpath":
            value = _parsed(item).value()
            listed = value if isinstance(value, list) else [value]
            folders += [Path(str(each).removeprefix("file://")) for each in listed]
    if flags.config_name:  # it may have folders of its own
        folders += [(folder / flags.config_name).parent for folder in [*folders, CONF]]
    check_folders(folders, flags.overrides)
    for flag, folder in places.items():
        check_folder(flag, folder, flags.config_name)


def check_folder(flag: str, folder: Path, name: str | None) -> None:
    """InputError where a configuration is asked for that Hydra would not take, and not say so.

    folder: of --config-dir or --config-path. name: of --config-name.
    """
    asked = f"{name or 'config'}.yaml"
    if not (folder / asked).is_file():
        return
    if of_an_earlier_run(folder) and asked in _RECORDS:
        homes = [above for above in folder.resolve().parents if (above / LEDGER).is_file()]
        again = f"resume={homes[0]} goes on with it, and " if homes else ""
        raise InputError(
            f"{flag}={folder}: is the record of a run, no set of options; {again}the words of "
            "its overrides.yaml begin it anew."
        )
    if flag == "--config-dir" and (CONF / asked).is_file():
        raise InputError(
            f"{flag}={folder}: its {asked} is hidden by the {asked} of this program; a "
            "configuration of another name is taken by --config-name."
        )


def check_hydra(overrides: Sequence[str]) -> None:
    """InputError for values of Hydra's own keys at which it fails in its words, or with none."""
    for override in overrides:
        key = override.partition("=")[0].strip().lstrip("+")
        if key in _NODES or key in _VALUES:
            parsed = _parsed(override)
            if parsed.is_sweep_override():
                raise InputError(f"{shortened(override)}: must have one value.")
            _check_own(key, shortened(override), parsed.value())


def _parsed(override: str) -> Override:
    """OverrideParseException, which has a sentence, for what cannot be read."""
    return OverridesParser.create().parse_overrides([override])[0]


def check_sweep(overrides: Sequence[str]) -> None:
    """InputError for ranges that never end, and for more members than can be listed.

    overrides: such as need not be readable.
    """
    members = 1
    for override in overrides:
        if not set(override) & set(",({[$"):
            continue
        try:
            parsed = OverridesParser.create().parse_override(override)
        except HydraException as error:
            if " while evaluating '" not in str(error):
                continue  # told by Hydra
            said = on_one_line(error).partition(" while evaluating '")[2].partition("': ")[2]
            why = f" ({said.rstrip('.')})" if said else ""
            raise InputError(f"{shortened(override)}: cannot be read as key=value{why}.") from error
        sweep = parsed.value()
        listed = sweep.list if isinstance(sweep, ChoiceSweep) else [sweep]
        nameless = [each for each in listed if isinstance(each, list) and not _names(each)]
        if nameless and options_of(parsed.key_or_group):
            raise InputError(f"{shortened(override)}: must be the name of an option, or several.")
        if isinstance(sweep, RangeSweep):
            members *= _steps(override, sweep)
        elif isinstance(sweep, ChoiceSweep):
            members *= max(len(sweep.list), 1)
    if members > MEMBERS:
        raise InputError(f"asks for {members} members; at most {MEMBERS} can be trained at once.")


def _names(listed: Sequence[object]) -> bool:
    return all(isinstance(each, str | QuotedString) for each in listed)


def _steps(override: str, sweep: RangeSweep) -> int:
    start, stop, step = sweep.start or 0, sweep.stop or 0, sweep.step
    if not all(math.isfinite(each) for each in (start, stop, step)) or step == 0:
        raise InputError(f"{shortened(override)}: must be a range of finite numbers in steps.")
    return max(math.ceil((stop - start) / step), 0)


def _check_own(key: str, shown: str, value: Any) -> None:
    listed = value if isinstance(value, list) else [value]
    texts = all(isinstance(each, str) for each in listed)
    if key in _NODES and not isinstance(value, dict):
        raise InputError(f"{shown}: must be set by its keys, {key}.<key>=<value>.")
    if key == "hydra.job.env_copy" and not (texts and all(each in os.environ for each in listed)):
        raise InputError(f"{shown}: must be a list of variables of the environment that are set.")
    if key in _TARGETS and not str(value).startswith(_PLUGINS):
        raise InputError(f"{shown}: must be a plugin, {_PLUGINS[0]}<package>.<class>.")
    if key == "hydra.sweeper.params" and not (value is None or isinstance(value, dict)):
        raise InputError(f"{shown}: must be a mapping, {{seed: 'range(3)'}}, or null.")
    if key == "hydra.verbose" and not (isinstance(value, bool) or texts):
        raise InputError(f"{shown}: must be true, false, or the names of loggers.")
    if key == "hydra.searchpath":
        schemes = [str(each).partition("://")[0] for each in listed if "://" in str(each)]
        if not isinstance(value, list) or not texts or not {*schemes} <= {"file", "pkg"}:
            raise InputError(f"{shown}: must be a list of folders, [file:///a/b].")


def _faults(word: str) -> list[str]:
    shown = shortened(word)
    if len(word) > LONGEST:
        return [f"{shown}: is {len(word)} characters long; at most {LONGEST} can be read."]
    odd = [letter for letter in word if letter != "\t" and not readable(letter)]
    if odd:
        named = ", ".join(sorted({f"U+{ord(letter):04X}" for letter in odd})[:5])
        return [f"{shown}: holds characters that cannot be printed ({named}); leave them out."]
    if _depth(word) > DEEPEST:
        return [f"{shown}: is nested in {_depth(word)} brackets; at most {DEEPEST} can be read."]
    if _NUMBER.search(word):
        return [f"{shown}: holds a number of more than {DIGITS} digits."]
    return []


def _depth(word: str) -> int:
    depth = deepest = 0
    for letter in word:
        depth += (letter in "[{(") - (letter in ")}]")
        deepest = max(deepest, depth)
    return deepest


def shortened(word: str) -> str:
    """A word as a sentence can hold it: on one line, printable, its beginning alone."""
    plain = _plain(word)
    return plain if len(plain) <= _SHOWN else f"{plain[:_SHOWN]}..."


def elided(line: str) -> str:
    """A sentence without the middle of a value of pages."""
    half = _LONGEST_LINE // 2
    return line if len(line) <= _LONGEST_LINE else f"{line[:half]} ... {line[-half:]}"


def _plain(text: str) -> str:
    return "".join(letter if readable(letter) else _escaped(letter) for letter in text)


def _escaped(letter: str) -> str:
    return letter.encode("unicode_escape", "surrogatepass").decode()
