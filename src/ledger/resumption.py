"""resume=FOLDER on the command line: the command that began a sweep, once more, where it stood."""

import os
import re
import shlex
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from src.errors import InputError
from src.ledger.store import LEDGER, Ledger
from src.ledger.tables import Damaged, NoLedger
from src.ledger.words import check_contents, check_known, need_trust

KEY = "resume"
MEANT = "a sweep's below multirun/, or a run's below outputs/, is meant"
_SWEEPS, _RUNS = "multirun.yaml", ".hydra"  # what Hydra writes into such a folder
_FOLDERS = ("hydra.sweep.dir", "hydra.run.dir")
_SEVERAL = {"-m", "--multirun"}
_HELP = ("--help", "-h", "--hydra-help", "--version", "--shell-completion", "-sc")
_TELLING = ("--cfg", "-c", "--info", "-i")  # flags that have nothing trained
# Flags of Hydra whose next word is their value.
_VALUED = {"--config-dir", "-cd", "--config-name", "-cn", "--config-path", "-cp", "--package", "-p"}
_VALUED |= {"--cfg", "-c"}
# Overrides that name no member: beside them a command is the one that the ledger has.
_NAMELESS = ("quiet", "trust", "on_failure", "reuse", "data.root", "data.mirrors")
_NAMELESS_BELOW = ("report.", "hydra.", "hydra/")


class Resumption:
    """What this process resumes. One at a time: a command is."""

    folder: Path | None = None
    own = False  # whether the members were asked for anew
    narrow = False  # whether, in parts, not all members of the ledger were: its words stay
    # For the processes of a launcher that has members trained elsewhere.
    VARIABLE = "STARTING_STRENGTH_RESUMES"

    @classmethod
    def begin(cls, folder: Path, own: bool) -> None:
        cls.folder, cls.own, cls.narrow = folder.resolve(), own, False
        os.environ[cls.VARIABLE] = str(cls.folder)

    @classmethod
    def end(cls) -> None:
        cls.folder, cls.own, cls.narrow = None, False, False
        os.environ.pop(cls.VARIABLE, None)

    @classmethod
    def covers(cls, folder: Path) -> bool:
        """Whether finished members of this folder are to be kept, not refused."""
        resumed = cls.folder or os.environ.get(cls.VARIABLE)
        return resumed is not None and folder.resolve() == Path(resumed)


def resumed(words: Sequence[str]) -> list[str]:
    """The words of a command without resume=FOLDER, but with what that stands for.

    With overrides of its own a command is trained in that folder; without, or with such as name no
    member, it is the one that the ledger there has. InputError where the folder has none.
    """
    Resumption.end()
    asked = [word for k, word in enumerate(words) if _asks(word, words[k - 1] if k else "")]
    if not asked:
        return list(words)
    if len(asked) > 1:
        raise InputError(f"{KEY}: given {len(asked)} times; one sweep is resumed at a time.")
    others = [word for word in words if word != asked[0]]
    if any(word.partition("=")[0] in _HELP for word in others):
        return others  # nothing is resumed
    folder = _folder(asked[0])
    overrides = _overrides(others)
    for word in overrides:
        if _key(word) in _FOLDERS:
            raise InputError(f"{word}: not together with {asked[0]}, which names the folder.")
    own = any(names_members(word) for word in overrides)
    several, known = _begun(folder, own)
    check_contents(folder, others)
    if not several and _SEVERAL & set(others):
        raise InputError(f"{asked[0]}: is of a single run; -m is for a sweep.")
    told = next((word for word in others if word.partition("=")[0] in _TELLING), None)
    if several and told is not None:
        raise InputError(f"{asked[0]}: is of a sweep; {told} tells of a single run.")
    if not own:
        anew = {_key(word) for word in overrides}
        theirs = set(_overrides(known))
        kept = [word for word in known if word not in theirs or _key(word) not in anew]
        check_known(kept, folder / LEDGER, others)
        others = [*kept, *others]
    Resumption.begin(folder, own)
    return _placed(others, folder, several)


def command(folder: Path) -> str:
    """What resumes it, to be typed; by whoever has begun it, who trusts what that was."""
    trusted = " trust=true" if _of_own_code(folder) else ""
    return f"python -m src.train {shlex.quote(f'{KEY}={folder}')}{trusted}"


def _of_own_code(folder: Path) -> bool:
    with suppress(InputError, OSError), Ledger.read(folder) as ledger:
        return need_trust(ledger.words)
    return False


def _asks(word: str, before: str) -> bool:
    return before not in _VALUED and _key(word) == KEY


def _key(word: str) -> str:
    return word.partition("=")[0].lstrip("+~")


def names_members(word: str) -> bool:
    """Whether an override has a say in which members there are."""
    key = _key(word)
    if key.startswith("hydra.sweeper.params"):
        return True
    return key not in _NAMELESS and not key.startswith(_NAMELESS_BELOW)


def _overrides(words: Sequence[str]) -> list[str]:
    before = ["", *words]
    return [
        word
        for flag, word in zip(before, words, strict=False)
        if not word.startswith("-") and flag not in _VALUED
    ]


def _folder(word: str) -> Path:
    _, _, value = word.partition("=")
    if len(value) > 1 and value[0] == value[-1] and value[0] in "'\"" and not Path(value).exists():
        value = value[1:-1]
    if not value:
        raise InputError(f"{word}: names no folder; {MEANT}.")
    folder = Path(value)
    if not folder.is_dir():
        found = "is a file" if folder.exists() else "no such folder"
        raise InputError(f"{word}: {found}; {MEANT}.")
    return folder


def _begun(folder: Path, own: bool) -> tuple[bool, list[str]]:
    """Whether a sweep was begun there, and by which words; InputError where none can be told."""
    try:
        with Ledger.read(folder) as ledger:
            return ledger.several, ledger.words
    except (NoLedger, Damaged) as error:
        several = (folder / _SWEEPS).is_file()
        if isinstance(error, NoLedger):
            _check_place(folder, several or (folder / _RUNS).is_dir())
        if not own:
            raise InputError(
                f"{str(error).rstrip('.')}; {KEY}={folder} goes on without it where the overrides "
                "that began it are typed as well."
            ) from error
        return several, []


def _check_place(folder: Path, begun: bool) -> None:
    """InputError where what is meant is a folder above or below this one, or none at all."""
    sweep = _sweep_of(folder.resolve())
    if sweep is not None:
        raise InputError(f"{folder}: is a member's; its sweep is resumed by {KEY}={sweep}.")
    if begun:
        return
    below = sorted(path.parent for path in folder.glob(f"*/{LEDGER}"))
    if below:
        more = f" or another of the {len(below)} there" if len(below) > 1 else ""
        raise InputError(f"{folder}: is no sweep's folder; {below[-1]}{more} is meant.")
    raise InputError(f"{folder}: nothing was begun there; {MEANT}.")


def _sweep_of(place: Path) -> Path | None:
    """The folder above whose ledger has this one as a member's."""
    for above in place.parents:
        name = place.relative_to(above).as_posix()
        with suppress(InputError), Ledger.read(above) as ledger:
            if ledger.several and any(row.name == name for row in ledger.rows()):
                return above
    return None


def _placed(words: Sequence[str], folder: Path, several: bool) -> list[str]:
    """The words with this folder in place of the one that they began in."""
    dropped, added = set(_FOLDERS), [f"{_FOLDERS[not several]}={_quoted(str(folder))}"]
    if not several and (folder / _RUNS).is_dir():
        # Hydra would write there before anything is checked.
        dropped.add("hydra.output_subdir")
        added.append("hydra.output_subdir=null")
    gone = {word for word in _overrides(words) if _key(word) in dropped}
    flags = [] if not several or _SEVERAL & set(words) else ["-m"]
    return [*(word for word in words if word not in gone), *added, *flags]


def _quoted(text: str) -> str:
    """As Hydra's grammar reads it back, whatever the text holds."""
    for special in (r"\$\{", '"'):
        text = re.sub(rf"(\\*)({special})", r"\1\1\\\2", text)
    return '"' + re.sub(r"(\\+)$", r"\1\1", text) + '"'


__all__ = ["KEY", "LEDGER", "Resumption", "command", "names_members", "resumed"]
