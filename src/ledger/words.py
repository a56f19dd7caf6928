"""The words of a ledger, and what else lies in its folder: both may be somebody else's.

Words decide what is imported, read and written. Those that stand in a ledger may set the keys of
our own schemas and choose among our own options; any other needs trust=true, typed by whoever
resumes it.
"""

import os
import re
import stat
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from pathlib import Path

from src.config import SCHEMAS
from src.errors import InputError, printable
from src.tracking.files import real
from src.trust import given, of_torch

GROUPS = (*SCHEMAS, "trainer", "logger", "diagnostics", "init.layers.first", "init.layers.last")
_FLAGS = ("-m", "--multirun")
_FOLDERS = ("hydra.sweep.dir", "hydra.run.dir")  # resume=... sets them
_PATHS = ("model.weights", "trainer.ckpt_path", "data.root")
# Inside a mapping: the keys that are paths, places to fetch from, or trust itself.
_HIDDEN = re.compile(r"\{.*\b(weights|ckpt_path|root|mirrors|trust)\b", re.DOTALL)
_TARGET = re.compile(r"""_target_["']?\s*[:=]\s*["']?([\w.]*)""")
# Another value, looked at where it stands. Anything else after a $ calls a resolver: oc.env reads
# what is secret, and others may do anything.
_REFERENCE = re.compile(r"\$\{[A-Za-z_]\w*(\.\w+)*\}")
_NUMBER = r"null|[\w.]+"
_PARTS = r"(\$\{hydra\.job\.(num|id|override_dirname)\}|[\w=,-]|(?<!\.)\.)+"
_HYDRAS = {
    "hydra/launcher": "stacked|basic",
    "hydra/sweeper": "grid|basic",
    "hydra/job_logging": "plain|default|none|disabled|stdout",
    "hydra/hydra_logging": "plain|default|none|disabled|stdout",
    "hydra.launcher.max_stack": _NUMBER,
    "hydra.launcher.memory_gb": _NUMBER,
    "hydra.launcher.threads": _NUMBER,
    "hydra.sweeper.max_batch_size": _NUMBER,
    "hydra.sweep.subdir": _PARTS,
    "hydra.job.name": r"[\w-]+",
    "hydra.job.chdir": "true|false",
    "hydra.verbose": "true|false",
    "hydra.output_subdir": r"null|\.hydra",
}


def check_known(words: Sequence[str], ledger: Path, typed: Iterable[str]) -> None:
    """InputError, a line for each word that may not be used, unless trust=true is typed.

    words: of the ledger, as somebody typed them. typed: those of whoever resumes it.
    """
    if given(typed):
        return
    faults = [
        f"{_shown(word)}: comes from {ledger}; trust=true lets it be used."
        for word in _joined(words)
        if _suspect(word)
    ]
    if faults:
        raise InputError("\n".join(dict.fromkeys(faults)))


def need_trust(words: Sequence[str]) -> bool:
    """Whether trust=true must be typed where these words are a ledger's."""
    return any(map(_suspect, _joined(words)))


def check_contents(folder: Path, typed: Iterable[str]) -> None:
    """InputError for a link that leads out of the folder, and for what is no file and no folder.

    Through the one, members would be written elsewhere; of the other, reading may never end.
    """
    home = folder.resolve()
    trusted = given(typed)
    faults: list[str] = []
    for path, kind in _odd(home):
        shown = folder / path.relative_to(home)
        if kind != "link":
            faults.append(f"{shown}: is neither a file nor a folder; remove it.")
        elif not trusted and not _within(path, home):
            faults.append(f"{shown}: is a link out of {folder}; trust=true lets it be followed.")
    if faults:
        raise InputError("\n".join(sorted(faults)))


def _within(link: Path, home: Path) -> bool:
    """home: resolved. A link that leads round to itself leads nowhere else."""
    return real(link).is_relative_to(home)


def _odd(folder: Path) -> Iterator[tuple[Path, str]]:
    """Links and specials below the folder; links are not followed."""
    below = [str(folder)]
    while below:
        with suppress(OSError), os.scandir(below.pop()) as entries:  # told by who reads it
            for entry in entries:
                if entry.is_symlink():
                    yield Path(entry.path), "link"
                elif entry.is_dir(follow_symlinks=False):
                    below.append(entry.path)
                elif not stat.S_ISREG(entry.stat(follow_symlinks=False).st_mode):
                    yield Path(entry.path), "special"


def _joined(words: Sequence[str]) -> Iterator[str]:
    """Flags together with the word that is their value."""
    flag = ""
    for word in words:
        bare = not word.startswith("-") and "=" not in word and not word.startswith("~")
        if flag and bare:
            yield f"{flag} {word}"
            flag = ""
            continue
        if flag:
            yield flag
        flag = word if word.startswith("-") and word not in _FLAGS else ""
        if not flag and word not in _FLAGS:
            yield word
    if flag:
        yield flag


def _suspect(word: str) -> bool:
    typed, equals, value = word.partition("=")
    key, value = typed.strip().lstrip("+~"), value.strip()
    if word.startswith("-") or not (equals or word.startswith("~")):
        return True
    if "$" in _REFERENCE.sub("", value) or not re.fullmatch(r"[\w./]+", key):
        return True
    if _names_code(f"{key}={value}") or _HIDDEN.search(value):
        return True
    if key in _FOLDERS:
        return typed != key
    if key.partition("/")[0].partition(".")[0] == "hydra":
        allowed = _HYDRAS.get(key)
        return typed != key or allowed is None or not re.fullmatch(allowed, value)
    if "/" in key or key == "trust":
        return "/" in key or value.lower() != "false"
    if key in GROUPS:
        return any(letter in value for letter in "/\\$")
    if key.partition("[")[0] == "data.mirrors":
        return value not in ("[]", "")
    return key in _PATHS and _leads_away(value)


def _names_code(text: str) -> bool:
    named = _TARGET.findall(text)
    return len(named) != text.count("_target_") or not all(map(of_torch, named))


def _leads_away(value: str) -> bool:
    """Whether a path, or one of several in a sweep, is absolute, leads up or is put together."""
    paths = re.split(r"""[,()\[\]{}'"\s]+""", value)
    away = any(path.startswith(("/", "~")) or ".." in path.split("/") for path in paths)
    return away or "$" in value or "\\" in value


def _shown(word: str) -> str:
    plain = printable(word)
    return plain if len(plain) <= 200 else f"{plain[:200]}..."
