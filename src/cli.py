"""The edge: Hydra's exceptions become one sentence and an exit code, for every entry point."""

import difflib
import os
import re
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from hydra.errors import (
    ConfigCompositionException,
    HydraException,
    MissingConfigException,
    OverrideParseException,
)
from hydra.experimental.callback import Callback
from omegaconf import DictConfig, OmegaConf
from omegaconf.errors import OmegaConfBaseException

from src.config import CONF
from src.errors import InputError, MembersFailed

USAGE, FAILED, INTERRUPTED = 2, 1, 130


class SweepFolder(Callback):
    """Remembers the folder of the sweep that this command has begun, for the table at its end."""

    _current: Path | None = None

    def on_multirun_start(self, config: DictConfig, **_: Any) -> None:
        SweepFolder._current = Path(config.hydra.sweep.dir)

    @classmethod
    def take(cls) -> Path | None:
        """The folder, once; None where no sweep has begun."""
        folder, cls._current = cls._current, None
        return folder


def guarded(command: Callable[[], object]) -> None:
    """Run the command; bad input ends it with one sentence on stderr and a non-zero exit code.

    Hydra's own reporting is switched off (HYDRA_FULL_ERROR makes it let exceptions through); a
    user who sets that variable gets the traces.
    """
    if os.environ.get("HYDRA_FULL_ERROR"):
        command()
        return
    os.environ["HYDRA_FULL_ERROR"] = "1"
    try:
        command()
    except KeyboardInterrupt:
        _leave("interrupted.", INTERRUPTED)
    except MembersFailed as error:
        _leave(str(error), FAILED)
    except (InputError, HydraException, OmegaConfBaseException, OSError) as error:
        _leave(sentence(error), USAGE)
    except Exception as error:  # noqa: BLE001 - a fault of ours; the trace is one variable away
        said = f"{type(error).__name__}: {_first_line(error)}"
        _leave(f"internal fault: {said} (HYDRA_FULL_ERROR=1 shows the trace).", FAILED)
    finally:
        os.environ.pop("HYDRA_FULL_ERROR", None)


def _leave(message: str, code: int) -> None:
    sys.stdout.flush()
    for line in message.splitlines():
        print(f"error: {line}", file=sys.stderr)
    sys.exit(code)


def sentence(error: BaseException) -> str:
    """What is wrong, in one sentence that names the key, what was found and what is allowed."""
    if isinstance(error, InputError):
        return str(error)
    if isinstance(error, MissingConfigException):
        return _missing_option(error)
    if isinstance(error, ConfigCompositionException) and error.__cause__ is not None:
        return _bad_override(error)
    if isinstance(error, OverrideParseException):
        return f"{error.override}: cannot be read as key=value ({_first_line(error)})."
    if isinstance(error, OSError) and error.filename:
        return f"{error.filename}: cannot be written ({error.strerror})."
    if isinstance(error, OmegaConfBaseException) and error.full_key:
        return f"{error.full_key}: {_first_line(error)}."
    return _first_line(error) + "."


def _first_line(error: BaseException) -> str:
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    return lines[0].rstrip(".") if lines else type(error).__name__


def _missing_option(error: MissingConfigException) -> str:
    wanted = error.missing_cfg_file or ""
    group, _, option = wanted.rpartition("/")
    options = options_of(group)
    if not options:
        return _first_line(error) + "."
    return (
        f"{group}={option}: no such option; allowed: {', '.join(options)}.{_near(option, options)}"
    )


def options_of(group: str) -> list[str]:
    """The YAML files of a config group."""
    return sorted(path.stem for path in (CONF / group).glob("*.yaml")) if group else []


def _bad_override(error: ConfigCompositionException) -> str:
    match = re.search(r"[Oo]verrid(?:e|ing) '?([^'\s]+)'?", str(error))
    override = (match.group(1) if match else "").rstrip(".")
    key, _, value = override.partition("=")
    cause = error.__cause__
    reason = _first_line(cause) if cause is not None else _first_line(error)
    if "not in" in reason or "not in struct" in str(cause):
        allowed = keys_beside(key)
        return f"{key}: no such key; allowed here: {', '.join(allowed)}.{_near(key, all_keys())}"
    found = f"{key}={value}" if value else key
    return f"{found}: {reason}."


def _near(word: str, words: list[str]) -> str:
    near = difflib.get_close_matches(word, words, n=1)
    if not near and "." not in word:
        near = [known for known in words if known.rpartition(".")[2] == word][:1]
    return f" Did you mean {near[0]}?" if near else ""


def all_keys() -> list[str]:
    """Every key of the default configuration, dotted."""
    from hydra import compose, initialize_config_dir
    from hydra.core.global_hydra import GlobalHydra

    GlobalHydra.instance().clear()
    with initialize_config_dir(str(CONF), version_base="1.3"):
        composed = OmegaConf.to_container(compose("config"), resolve=False)
    return list(_dotted(composed, ""))


def _dotted(node: object, prefix: str) -> list[str]:
    if not isinstance(node, dict):
        return [prefix]
    below = (_dotted(child, f"{prefix}.{key}".lstrip(".")) for key, child in node.items())
    return [key for keys in below for key in keys]


def keys_beside(key: str) -> list[str]:
    """The keys that stand where `key` was sought."""
    parent = key.rpartition(".")[0]
    depth = parent.count(".") + 1 if parent else 0
    inside = [known for known in all_keys() if not parent or known.startswith(parent + ".")]
    return sorted({".".join(known.split(".")[: depth + 1]) for known in inside})
