"""Mutated files: each is refused in a sentence that names it, or read as it was written.

Never another exception, never a hang, never the end of the process. To try another reader, give
KINDS a line.
"""

import resource
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import Any

import pytest
import torch

from src.checkpoints.faults import checkpoint_faults
from src.checkpoints.file import read as read_checkpoint
from src.config import Config
from src.data.datasets import SHAPES
from src.data.sources import provide
from src.diagnostics.records import RECORDS
from src.diagnostics.records import read as read_records
from src.errors import InputError
from src.ledger.rows import Row
from src.ledger.store import LEDGER, Ledger
from src.report.results import read as read_results
from src.stacks import checksums_of
from src.tracking.files import FILES, RESULT
from src.tracking.weights import load_weights
from tests.conftest import Tell
from tests.fuzzed_edge import LimitedTime, limited
from tests.idx_files import made_dataset, made_files, write
from tests.mutations import CHANCE, PLACES, WHOLE
from tests.training import tiny, train, vary

TIMES = 6  # of each mutation by chance
SECONDS = 20.0  # for a file, of the processor's time
MEGABYTES = 400  # that all of it may need
SIZES = [20, 8, 6, 10]
IMAGES = next(iter(SHAPES))


@dataclass(frozen=True)
class Kind:
    """files: what is in the folder, by name. target: which of them is mutated. read: of its path.

    others: sound files of the kind, which this one must not be taken for.
    """

    files: dict[str, bytes]
    target: str
    read: Callable[[Path], Any]
    others: tuple[bytes, ...] = ()


def _content(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir() if path.is_file()}


def _result(path: Path) -> Any:
    (record,) = read_results(path.parent)
    return {key: record[key] for key in record.keys() - {"folder", "sweep", "written"}}


def _weights(path: Path) -> Any:
    return [tensor.tolist() for layer in load_weights(path, SIZES) for tensor in layer]


def _ledger(path: Path) -> Any:
    with Ledger.read(path.parent) as ledger:
        facts = ledger.words, ledger.several, ledger.begun, ledger.holder
        return facts, ledger.rows(), ledger.configurations()


def _checkpoint(path: Path, configs: list[Config]) -> Any:
    asked = [vary(config, trainer__ckpt_path=str(path)) for config in configs]
    for sentence in checkpoint_faults(asked, checksums_of(asked[0])):
        raise InputError(sentence)
    return _plain(read_checkpoint(path))


def _plain(value: Any) -> Any:
    if isinstance(value, torch.Tensor):
        return value.dtype, value.tolist()
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(item) for item in value]
    return repr(value)  # NaN is not equal to itself


def _idx(packed: bool, folder: Path) -> Kind:
    files = made_files()
    dataset = made_dataset(files)
    target = f"{IMAGES}.gz" if packed else IMAGES

    def read(path: Path) -> Any:
        found = provide(dataset, path.parent, [])
        return {name: file.content for name, file in found.items()}

    others = tuple(_content(write(folder, made_files(seed=1), packed))[target] for _ in range(1))
    return Kind(_content(write(folder, files, packed)), target, read, others)


@pytest.fixture
def kinds(tmp_path: Path, tiny_shapes: None) -> dict[str, Kind]:
    configs = [tiny(seed=seed, trainer__checkpoint=True) for seed in range(2)]
    one, other = train(configs, tmp_path / "trained")
    files, foreign = _content(one.folder), _content(other.folder)
    (checkpoint,) = (tmp_path / "trained").rglob("*.ckpt")
    ledger = tmp_path / "ledger"
    ledger.mkdir()
    with Ledger.at(ledger, ["init=he", "seeds=40"]) as made:
        made.enter([Row(f"seed={k}", k, f"seed={k}", [f"seed={k}"], "ab" * 32) for k in range(40)])
        made.end("seed=3", "done", {"step": 7, "validation_accuracy": 0.5})
    weights = "weights.safetensors"
    sha256 = one.record[FILES][RECORDS]
    return {
        "IDX": _idx(False, tmp_path / "idx"),
        "IDX, packed": _idx(True, tmp_path / "packed"),
        "safetensors": Kind({weights: files[weights]}, weights, _weights),
        "checkpoint": Kind(
            {checkpoint.name: checkpoint.read_bytes()},
            checkpoint.name,
            lambda path: _checkpoint(path, configs),
        ),
        "ledger": Kind(_content(ledger), LEDGER, _ledger),
        "records": Kind(
            files, RECORDS, lambda path: read_records(path, sha256), (foreign[RECORDS],)
        ),
        "records, alone": Kind({RECORDS: files[RECORDS]}, RECORDS, read_records),
        "result.json": Kind(files, RESULT, _result),
    }


def _mutated(kind: Kind, foreign: list[bytes], random: Random) -> Iterator[tuple[str, Any]]:
    """What befell the target, and its content or what puts something else in its place."""
    content = kind.files[kind.target]
    for name, mutation in CHANCE.items():
        for _ in range(TIMES):
            yield name, mutation(random, content)
    for name, mutation in WHOLE.items():
        yield name, mutation(random, content)
    yield from PLACES.items()
    for other in (*foreign, *kind.others):
        yield "another file", other


def _refused(kind: Kind, path: Path, sound: Any) -> bool:
    """Whether it was; where not, what was read is what was written."""
    try:
        with limited(SECONDS):
            assert kind.read(path) == sound
    except InputError as error:
        sentence = str(error)
        assert str(path) in sentence or str(path.parent) in sentence
        assert "\n" not in sentence
        assert sentence.endswith(".")
        return True
    return False


def test_a_reader_that_hangs_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def read(path: Path) -> Any:
        while path:
            pass

    monkeypatch.setattr("tests.test_fuzz_files.SECONDS", 0.1)
    with pytest.raises(LimitedTime, match="still running"):
        _refused(Kind({}, "", read), tmp_path, None)


@pytest.mark.slow
def test_mutated_files(kinds: dict[str, Kind], tmp_path: Path, tell: Tell) -> None:
    faults: list[str] = []
    refused: dict[str, int] = {}
    unchanged: dict[str, int] = {}
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    for name, kind in kinds.items():
        random = Random(f"mutated {name}")
        foreign = [other.files[other.target] for other in kinds.values() if other is not kind]
        foreign = [content for content in foreign if content != kind.files[kind.target]]
        sound = kind.read(_laid(kind, tmp_path / name / "sound"))
        refused[name] = unchanged[name] = 0
        for number, (what, found) in enumerate(_mutated(kind, foreign, random)):
            path = _laid(kind, tmp_path / name / str(number))
            path.unlink()
            path.write_bytes(found) if isinstance(found, bytes) else found(path)
            try:
                counted = refused if _refused(kind, path, sound) else unchanged
            except (Exception, LimitedTime) as error:  # noqa: BLE001 - all of them are told
                faults.append(f"{name}, {what} ({number}): {type(error).__name__}: {error}"[:300])
                continue
            counted[name] += 1
    grown = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024
    counts = {name: refused[name] + unchanged[name] for name in kinds}
    tell(
        f"{sum(counts.values())} mutated files: {sum(refused.values())} refused, "
        f"{sum(unchanged.values())} read unchanged ("
        + ", ".join(f"{name} {refused[name]}/{counts[name]}" for name in kinds)
        + f"); {grown:.0f} MB"
    )
    assert faults == []
    assert min(counts.values()) >= 80
    assert sum(counts.values()) >= 500
    assert all(refused[name] > counts[name] / 2 for name in kinds)
    assert grown < MEGABYTES


def _laid(kind: Kind, folder: Path) -> Path:
    folder.mkdir(parents=True)
    for name, content in kind.files.items():
        (folder / name).write_bytes(content)
    return folder / kind.target
