"""src.members: several stacks of one command, and what becomes of them when one cannot train."""

import json
import math
from collections.abc import Sequence
from pathlib import Path

import pytest
import torch
from torch import Tensor

from src.assembly import build_model
from src.config import Config
from src.data.examples import Examples
from src.engine.cpu import CpuEngine
from src.members import train_members
from src.stacks import splits_of
from tests.training import same_numbers, tiny, train, vary


@pytest.fixture
def base() -> Config:
    return tiny(trainer__epochs=2)


@pytest.mark.slow
def test_results_come_in_the_order_given(base: Config, tmp_path: Path) -> None:
    """Two shapes, in turns: two stacks, whose members are not neighbours in the command."""
    configs = [vary(base, model__hidden=[8] if k % 2 else [4, 4], seed=k) for k in range(5)]
    trained = train(configs, tmp_path)
    for k, member in enumerate(trained):
        assert member.record["label"] == f"member={k}"
        assert member.record["seeds"]["seed"] == k
        assert len(member.weights) == (4 if k % 2 else 6)
        assert member.record["members_in_stack"] == (2 if k % 2 else 3)
    (alone,) = train([configs[3]], tmp_path / "alone")
    assert alone.rows == trained[3].rows


@pytest.mark.slow
def test_a_member_that_raises_has_failed_and_its_stack_goes_on(
    base: Config, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """The weights to start from have vanished since the command was checked."""
    gone = str(tmp_path / "gone.safetensors")
    configs = [
        vary(base, model__hidden=[4]),
        vary(base, model__weights=gone),
        vary(base, seed=1),
        vary(base, model__hidden=[5]),
    ]
    trained = train(configs, tmp_path)
    assert [member.status for member in trained] == ["done", "failed", "done", "done"]
    for member in trained[1:2]:
        assert math.isnan(member.objective)
        assert not member.weights
        saved = json.loads((member.folder / "result.json").read_text())
        assert saved["status"] == "failed"
        assert gone in saved["error"]
        assert "\n" not in saved["error"]
        assert saved["config"]["model"]["hidden"] == [8, 6]
        assert saved["versions"]
        log = (member.folder / "train.log").read_text()
        assert "failed: model.weights=" in log
        assert "Traceback" in log
    assert [record.levelname for record in caplog.records] == ["WARNING", "ERROR"]
    assert "a stack of 2 failed" in caplog.text
    assert "failed: member=1" in caplog.text
    (mate,) = train([configs[2]], tmp_path / "mate")
    assert same_numbers(mate, trained[2])
    (alone,) = train([configs[3]], tmp_path / "alone")
    assert alone.rows == trained[3].rows


def test_a_stack_that_raises_in_training_keeps_what_it_has(
    base: Config, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Out of memory in the second epoch, say: the epochs before it are in the result."""

    class Exhausted(CpuEngine):
        def run(
            self, rows: Tensor, first_step: int, examples: Examples, alive: Sequence[bool]
        ) -> tuple[Tensor, Tensor]:
            if first_step == 6 and self.widths[:-1] == [8, 6]:
                raise RuntimeError("out of\nmemory")
            return super().run(rows, first_step, examples, alive)

    monkeypatch.setattr("src.engine.choice.CpuEngine", Exhausted)
    trained = train([base, vary(base, model__hidden=[4])], tmp_path)
    assert [member.status for member in trained] == ["failed", "done"]
    assert trained[0].record["error"] == "RuntimeError: out of memory"
    assert [row["epoch"] for row in trained[0].rows] == [0, 1]
    assert [row["epoch"] for row in trained[1].rows] == [0, 1, 2]


def test_an_interrupt_is_not_a_failure(
    base: Config, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Ctrl-C ends the command: no result claims that the member was finished or has failed."""

    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("src.members.fit_stack", interrupted)
    with pytest.raises(KeyboardInterrupt):
        train([base], tmp_path)
    assert not list(tmp_path.rglob("result.json"))


def test_folders_labels_and_configurations_must_pair(base: Config, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="shorter"):
        train_members([base, base], [tmp_path], ["one"])


def test_no_members(tmp_path: Path) -> None:
    assert train([], tmp_path) == []


def test_the_global_generators_are_left_alone(base: Config, tmp_path: Path) -> None:
    before = torch.get_rng_state()
    train([base], tmp_path)
    assert torch.equal(torch.get_rng_state(), before)


def test_the_global_seed_changes_nothing(base: Config, tmp_path: Path) -> None:
    with torch.random.fork_rng():
        torch.manual_seed(1)
        (one,) = train([base], tmp_path / "one")
        torch.manual_seed(2)
        (two,) = train([base], tmp_path / "two")
    assert same_numbers(one, two)


def test_the_start_is_each_members_own(base: Config) -> None:
    configs = [base, vary(base, seed=1), vary(base, init="ones"), vary(base, init="he")]
    stack = build_model(configs, splits_of(base))
    for k, config in enumerate(configs):
        alone = build_model([config], splits_of(base)).member(0)
        for (weight, bias), (one_weight, one_bias) in zip(stack.member(k), alone, strict=True):
            assert torch.equal(weight, one_weight)
            assert torch.equal(bias, one_bias)
    assert not torch.equal(stack.member(0)[0][0], stack.member(1)[0][0])
