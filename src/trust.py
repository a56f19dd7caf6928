"""Files of earlier runs name code, and may come from anybody: what they may have imported.

Hydra keeps a run's configuration in a folder called .hydra. What stands there is refused before
anything of it is imported, unless the command line itself says trust=true.
"""

import os
import re
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

from omegaconf import OmegaConf
from omegaconf.errors import OmegaConfBaseException
from yaml import YAMLError

from src.errors import InputError

RUN_FOLDER = ".hydra"
# Code that a configuration may name whoever wrote it. Of the rest of torch.nn and torch.optim
# nothing: a name with an underscore in front leads to what lies behind a class.
_TORCHS = re.compile(r"torch\.(nn|optim)(\.[A-Za-z]\w*)+")
# What Hydra and our conf write there for every run. Names, no prefixes: hydra.utils and our own
# src.targets import whatever their arguments name.
_WRITTEN = (
    "src.cli.SweepFolder",
    "hydra_plugins.starting_strength.launcher.StackedLauncher",
    "hydra_plugins.starting_strength.sweeper.GridSweeper",
    "hydra._internal.core_plugins.basic_launcher.BasicLauncher",
    "hydra._internal.core_plugins.basic_sweeper.BasicSweeper",
    "logging.StreamHandler",
    "logging.FileHandler",
    "logging.Formatter",
)
_APPROVED: set[str] = set()  # targets that check_places has let pass in this process
# Keys whose value is imported: Hydra's, and those of the logging module's configuration.
_NAMING = ("_target_", "class", "()")
# Keys below which nothing may stand: packages among the places are imported, and so is what the
# variables of the environment (PYTHONPATH) have a new process find.
_CLOSED = ("searchpath", "env_set")
# What makes a node of a text, in which a key could hide.
_MAKING = ("oc.create", "oc.decode")
# The logging module imports what follows.
_EXTERNAL = "ext://"
_STREAMS = ("ext://sys.stdout", "ext://sys.stderr")
# Another value, which is looked at where it stands, and texts that Hydra or our conf assemble.
_HARMLESS = re.compile(
    r"\$\{[\w.@/]+\}"
    r"|\$\{[\w.@/]+\}\n[^\s$][\s\S]*"  # no name has several lines
    r"|\$\{project:[\w.]+\}(/[\w./-]*)?"
    r"|\$\{hydra\.runtime\.output_dir\}/\$\{hydra\.job\.name\}\.log"
    r"|\$\{member_folder:\$\{hydra\.job\.override_dirname\},\$\{oc\.select:hydra\.job\.num,0\}\}"
)


def given(overrides: Iterable[str]) -> bool:
    """Whether trust=true is among the overrides; a file cannot say it for itself."""
    return any(item.lstrip("+").lower() == "trust=true" for item in overrides)


def of_an_earlier_run(path: str | Path) -> bool:
    found = Path(path)
    return RUN_FOLDER in (*found.parts, *Path(os.path.realpath(found)).parts)


def check_folders(folders: Sequence[Path], overrides: Iterable[str]) -> None:
    """InputError for foreign code in files of earlier runs, read as text alone.

    folders: where a command is told to look for configurations.
    """
    if given(overrides):
        return
    faults: dict[str, None] = {}
    for folder in filter(of_an_earlier_run, folders):
        for path in _files(folder):
            faults.update(dict.fromkeys(_of_file(path)))
    if faults:
        raise InputError("\n".join(faults))


def _files(folder: Path) -> list[Path]:
    """Those below the folder that Hydra would read; it follows links to folders, too."""
    found: list[Path] = []
    seen: set[Path] = set()
    for below, inner, names in os.walk(folder, followlinks=True):
        if Path(below).resolve() in seen:
            inner.clear()  # a link to a folder above
            continue
        seen.add(Path(below).resolve())
        found += [Path(below, name) for name in names if name.endswith((".yaml", ".yml"))]
    return sorted(found)


def _of_file(path: Path) -> Iterator[str]:
    try:
        content = OmegaConf.to_container(OmegaConf.load(path), resolve=False)
    except (OSError, YAMLError, OmegaConfBaseException, UnicodeDecodeError):
        yield f"{path}: cannot be read as YAML."
        return
    for key, value in _leaves(content, ""):
        if value is not None and _suspect(key.split("."), str(value)):
            yield _sentence(key, " ".join(str(value).split()), str(path))


def _suspect(keys: Sequence[str], text: str) -> bool:
    """Whether the value has something imported that may be foreign, or may hide such a value."""
    if any(closed in keys for closed in _CLOSED):
        return True
    if keys[-1] in _NAMING:
        return not _known(text)
    if any(word in text for word in _MAKING) or ("params" in keys and "_target_" in text):
        return True
    if _EXTERNAL in text:
        return text not in _STREAMS
    before, interpolated, _ = text.partition("${")
    # What is put together could begin with ext://.
    assembled = bool(interpolated) and _HARMLESS.fullmatch(text) is None
    return assembled and _EXTERNAL.startswith(before)


def _known(target: str) -> bool:
    return target in _WRITTEN or of_torch(target)


def _leaves(node: Any, above: str) -> Iterator[tuple[str, Any]]:
    if isinstance(node, dict):
        for key, child in node.items():
            yield from _leaves(child, f"{above}.{key}" if above else str(key))
    elif isinstance(node, list):
        for child in node:
            yield from _leaves(child, above)
    else:
        yield above, node


def _sentence(key: str, target: str, where: str) -> str:
    return (
        f"{key}={target}: comes from a file of an earlier run ({where}); "
        "trust=true lets it be imported."
    )


def approved(target: str) -> bool:
    """Whether a configuration of this command has it imported."""
    return target in _APPROVED


def of_torch(target: str) -> bool:
    return _TORCHS.fullmatch(target) is not None


def untrusted(targets: Iterable[tuple[str, str]]) -> list[tuple[str, str]]:
    """Of (key, target) pairs those whose code is not torch's."""
    return [(key, target) for key, target in targets if not of_torch(target)]


def check_places(
    foreign: Sequence[tuple[str, str]],
    places: Iterable[str],
    primary: str,
    overrides: Iterable[str],
) -> None:
    """The same as check_folders for what was composed, from places such as file:///a/b.

    primary: the name of the configuration, which may have folders of its own.
    """
    for place in [] if given(overrides) else places:
        scheme, _, path = place.partition("://")
        if scheme == "file" and of_an_earlier_run(Path(path, primary)):
            raise InputError("\n".join(_sentence(*each, path) for each in foreign))
    _APPROVED.update(target for _, target in foreign)
