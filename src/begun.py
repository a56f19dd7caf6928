"""What a ledger has to say before the first member trains: of its data, its code, its launcher."""

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

from src.agreement import check_data, other_code
from src.config import Config
from src.ledger.resumption import Resumption
from src.sound import whole
from src.standing import Standing, opened


def begin(standing: Standing, configs: Sequence[Config], home: Path) -> None:
    """Fill in the rows of those that are not finished; their data have been loaded.

    InputError where others were trained on other files; that code differs is said alone.
    """
    from src.stacks import checksums_of
    from src.tracking.provenance import code

    rows, here = standing.rows, code()
    then: dict[str, list[dict[str, str]]] = {}
    for config, row in zip(configs, rows, strict=True):
        known = then.setdefault(config.data.name, [])
        if row.data and row.data not in known:
            known.append(row.data)
    started = [row.code for row in rows if row.code and (row.attempts or row.result)]
    for k, config in enumerate(configs):
        if k not in standing.finished:
            data = checksums_of(config)
            check_data(home, then[config.data.name], data)
            rows[k] = replace(rows[k], data=data, code=here)
    said = other_code(started, here)
    if said is not None and not all(config.quiet for config in configs):
        print(said, flush=True)


def begin_single_jobs(home: Path, words: Sequence[str], quiet: bool) -> None:
    """The ledger of a sweep whose launcher has each member trained on its own, maybe elsewhere.

    InputError where it is damaged; a folder that cannot be written is told of by whoever trains.
    """
    with suppress(OSError), opened(home, words, several=True, hosts=True) as ledger:
        if Resumption.own and not Resumption.narrow:
            ledger.tell("words", list(words))
        if Resumption.covers(home) and not quiet:
            # What is damaged is told when its turn comes.
            done = sum(whole(home / row.name) is not None for row in ledger.rows())
            print(f"resumed: {done:,} members are finished, the others go on", flush=True)
