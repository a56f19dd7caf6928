"""resume=FOLDER on the command line: the command that began a sweep, once more, where it stood."""

from collections.abc import Sequence
from pathlib import Path

from src.errors import InputError
from src.ledger.store import LEDGER, Ledger
from src.ledger.words import check_contents, check_known
from src.trust import given

KEY = "resume"


class Resumption:
    """What this process resumes. One at a time: a command is."""

    folder: Path | None = None

    @classmethod
    def covers(cls, folder: Path) -> bool:
        """Whether finished members of this folder are to be kept, not refused."""
        return cls.folder is not None and folder.resolve() == cls.folder.resolve()


def resumed(words: Sequence[str]) -> list[str]:
    """The words of a command without resume=FOLDER, but with what that stands for.

    With overrides of its own a command is trained in that folder; without, it is the one that the
    ledger there has. InputError where the folder has none.
    """
    Resumption.folder = None
    asked = [word for word in words if word.partition("=")[0].lstrip("+") == KEY]
    if not asked:
        return list(words)
    if len(asked) > 1:
        raise InputError(f"{KEY}: given {len(asked)} times; one sweep is resumed at a time.")
    folder = Path(asked[0].partition("=")[2])
    if not folder.is_dir():
        raise InputError(f"{asked[0]}: no such folder; a sweep's below multirun/ is meant.")
    others = [word for word in words if word != asked[0]]
    Resumption.folder = folder
    with Ledger.read(folder) as ledger:
        several, known = ledger.several, ledger.words
    check_contents(folder, others)
    own = [word for word in others if "=" in word and not word.startswith("-")]
    own = [word for word in own if not given([word])]
    if not own:
        check_known(known, folder / LEDGER, others)
    typed = others if own else [*known, *others]
    return _placed(typed, folder, several)


def _placed(words: Sequence[str], folder: Path, several: bool) -> list[str]:
    key = "hydra.sweep.dir" if several else "hydra.run.dir"
    kept = [word for word in words if word.partition("=")[0] != key]
    flags = [] if not several or {"-m", "--multirun"} & set(kept) else ["-m"]
    return [*kept, f'{key}="{folder}"', *flags]


def command(folder: Path) -> str:
    """What resumes it, to be typed."""
    return f"python -m src.train {KEY}={folder}"


__all__ = ["KEY", "LEDGER", "Resumption", "command", "resumed"]
