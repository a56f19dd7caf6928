"""What reuse=true does not take: another configuration, other data or code, a damaged file."""

import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors import safe_open
from safetensors.torch import save

from src.config import as_plain
from src.diagnostics.records import RECORDS
from src.identity import digest
from src.ledger.reuse import has_own, same_code, sought
from src.ledger.rows import Row
from src.ledger.store import Ledger
from src.ledger.taken import relabelled
from src.standing import Asked, Standing
from src.tracking.files import RESULT, WEIGHTS, read_result, write_result
from src.tracking.provenance import versions
from tests.command import command_in
from tests.conftest import SMALL, Configure
from tests.own import ACTIVATION

EARLY = "diagnostics.early_steps=[0]"


@pytest.fixture(scope="module")
def earlier(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    with command_in(tmp_path_factory.mktemp("earlier")) as command:
        typed = ("init=he", "seed=0,1", "hydra.sweep.subdir=member_${seed}")
        outcome = command("-m", *SMALL, EARLY, "quiet=true", *typed, "hydra.sweep.dir=multirun/a")
        assert (outcome.code, outcome.err) == (0, "")
        yield command.folder


class Found:
    """Whether he with seed 0 is found below a copy of the earlier sweep."""

    def __init__(self, folder: Path, configure: Configure) -> None:
        self.source = folder / "multirun" / "a" / "member_0"
        self.configure, self.folder = configure, folder

    def __call__(self, *overrides: str, held_out: bool = True, **changes: Any) -> bool:
        config = self.configure(EARLY, "init=he", *overrides)
        config = replace(config, **changes)
        home = self.folder / "multirun" / "b"
        asked = Asked(config, home / "m", "m", [], 0)
        standing = Standing([Row("m", 0, "m", [], digest(as_plain(config)))])
        found = sought([asked], standing, home, held_out)
        assert standing.finished.keys() == found.keys()
        return bool(found)

    def tell(self, **changes: Any) -> None:
        """Change the result that is there."""
        write_result(self.source / RESULT, {**read_result(self.source / RESULT), **changes})


@pytest.fixture
def found(earlier: Path, tmp_path: Path, configure: Configure) -> Found:
    shutil.copytree(earlier / "multirun" / "a", tmp_path / "multirun" / "a")
    found = Found(tmp_path, configure)
    assert found()
    return found


@pytest.mark.slow
def test_what_decides_no_number_may_differ(found: Found) -> None:
    assert found("quiet=false", "logger=none", "trainer.checkpoint=true", "report.page=true")


@pytest.mark.parametrize(
    "override",
    [
        "seed=7",
        "init.scale=2.5",
        "trainer.epochs=2",
        "diagnostics=full",
        "data.noise=0.3",
        "trainer.precision=bf16-mixed",
    ],
)
@pytest.mark.slow
def test_another_configuration(found: Found, override: str) -> None:
    assert not found(override)


def test_a_run_that_went_on_from_another(found: Found) -> None:
    config = read_result(found.source / RESULT)["config"]
    trainer = {**config["trainer"], "ckpt_path": "stack-0.ckpt"}
    found.tell(config={**config, "trainer": trainer})
    assert not found()


def test_own_pieces_are_never_taken(found: Found) -> None:
    assert not found(activation=ACTIVATION)
    assert has_own({"init": {"layers": {"first": {"_target_": "a.b"}}}})
    assert not has_own({"init": {"name": "he"}, "model": {"hidden": [1]}})


@pytest.mark.parametrize(
    "changes",
    [
        {"status": "failed", "error": "x"},
        {"versions": {"starting-strength": "0", "torch": "0"}},
        {"versions": None},
        {"device": "NVIDIA H200"},
        {"data_sha256": {"train-images-idx3-ubyte": "0" * 64}},
        {"config": {"seed": 3}},
        {"files": {WEIGHTS: "0" * 64}},
        {"files": {}},
        {"files": None},
    ],
    ids=str,
)
@pytest.mark.slow
def test_another_result(found: Found, changes: dict[str, Any]) -> None:
    found.tell(**changes)
    assert not found()


@pytest.mark.parametrize("name", [RESULT, WEIGHTS, RECORDS])
@pytest.mark.slow
def test_a_damaged_file(found: Found, name: str) -> None:
    path = found.source / name
    path.write_bytes(path.read_bytes()[:-9])
    assert not found()
    path.unlink()
    assert not found()


def test_a_ledger_that_names_what_is_outside(found: Found, tmp_path: Path) -> None:
    shutil.move(found.source, tmp_path / "outside")
    with Ledger.at(found.source.parent) as ledger:
        (row,) = [row for row in ledger.rows() if row.name == found.source.name]
        ledger.enter([replace(row, name="../../outside")])
    assert not found()


@pytest.mark.parametrize(
    ("then", "now", "source", "same"),
    [
        ("a", "a", None, True),
        ("a", "b", None, False),
        ("a", "b", "here", False),
        ("a-dirty", "a-dirty", None, False),
        ("a-dirty", "a-dirty", "other", False),
        ("a-dirty", "b", "here", True),
        (None, None, "here", True),
        (None, "a", None, False),
    ],
)
def test_same_code(
    monkeypatch: pytest.MonkeyPatch, then: str | None, now: str | None, source: str, same: bool
) -> None:
    """Where a checkout has changes, its revision does not say what they are."""
    monkeypatch.setattr("src.tracking.provenance.git_revision", lambda: now)
    monkeypatch.setattr("src.tracking.provenance.source_sha256", lambda: "here")
    record = {"versions": versions(), "git_revision": then, "source_sha256": source}
    assert same_code(record) == same


def test_relabelled(tmp_path: Path) -> None:
    tensors = {"0.weight": torch.rand(3, 2), "0.bias": torch.rand(3)}
    content = save(tensors, metadata={"label": "a", "hidden": "[]"})
    for label in ("a", "b" * 37, "ü,x=1"):
        (tmp_path / WEIGHTS).write_bytes(relabelled(content, label))
        with safe_open(tmp_path / WEIGHTS, framework="pt") as file:
            assert file.metadata() == {"label": label, "hidden": "[]"}
            for name, tensor in tensors.items():
                assert torch.equal(file.get_tensor(name), tensor)
