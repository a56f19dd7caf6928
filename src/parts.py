"""A resumed sweep whose members are launched in parts: batches, or each job on its own.

None of the parts knows what the others ask for. So what the whole command asks for is held against
the ledger before the first of them begins.
"""

from collections.abc import Iterable, Sequence
from contextlib import closing
from pathlib import Path

from hydra._internal.core_plugins.basic_sweeper import BasicSweeper
from hydra.core.global_hydra import GlobalHydra
from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.errors import HydraException
from omegaconf import DictConfig

from src.ledger.resumption import Resumption, names_members
from src.ledger.rows import Row
from src.ledger.store import Ledger
from src.ledger.tables import Damaged, NoLedger
from src.replicates import replicated
from src.standing import check_members

_KNOWN = ("grid", "basic")  # sweepers whose members can be told beforehand


def at_once(sweep: DictConfig) -> bool:
    """Whether the sweeper has all members launched together."""
    return _sweeper(sweep) in _KNOWN and sweep.hydra.sweeper.get("max_batch_size") is None


def check_asked(folder: Path, sweep: DictConfig, first: Sequence[str], in_parts: bool) -> None:
    """Hold what a resuming command with members of its own asks for against what was begun.

    first: the overrides that began the sweep. Where this one asks for fewer, or where nobody
    knows, those stay in the ledger: they ask for the others as well, begun or not. in_parts:
    whether nobody sees all members; InputError where some are new, and some that were begun are
    left out.
    """
    known = {_named(row.overrides): row for row in _rows(folder)}
    if _sweeper(sweep) not in _KNOWN:
        Resumption.narrow = bool(known or first)
        return
    try:
        asked = {_named(words): words for words in _asked(sweep)}
    except HydraException:
        return  # told when the sweeper reads them
    if in_parts:
        added = [_row(words) for key, words in asked.items() if key not in known]
        left_out = [row for key, row in known.items() if key not in asked]
        check_members(folder, added, left_out, len(known), len(asked))
    Resumption.narrow = bool((known.keys() | _first(first)) - asked.keys())


def _first(words: Sequence[str]) -> set[frozenset[str]]:
    """The members that the first command asked for; one that is none where they cannot be told."""
    if not words:
        return set()
    if any(word.lstrip("+").startswith("hydra.sweeper.params") for word in words):
        return {frozenset()}
    try:
        return {_named(each) for each in _combined(filter(names_members, words))}
    except HydraException:
        return {frozenset()}


def _sweeper(sweep: DictConfig) -> str:
    return str(sweep.hydra.runtime.choices["hydra/sweeper"])


def _rows(folder: Path) -> list[Row]:
    try:
        with closing(Ledger.read(folder)) as ledger:
            return ledger.rows()
    except (NoLedger, Damaged):
        return []  # a new one is made


def _asked(sweep: DictConfig) -> Sequence[Sequence[str]]:
    """The overrides of each member, as these sweepers put them together."""
    params = sweep.hydra.sweeper.get("params") or {}
    words = replicated([f"{key}={value}" for key, value in params.items()], several=True)
    return _combined([*words, *sweep.hydra.overrides.task])


def _combined(words: Iterable[str]) -> Sequence[Sequence[str]]:
    parser = OverridesParser.create(GlobalHydra.instance().config_loader())
    return BasicSweeper.split_arguments(parser.parse_overrides(list(words)), None)[0]


def _named(overrides: Iterable[str]) -> frozenset[str]:
    return frozenset(filter(names_members, overrides))


def _row(overrides: Sequence[str]) -> Row:
    return Row("", 0, "", list(overrides), "")
