"""What is interrupted after any step goes on from there, and ends as if it had not been."""

from pathlib import Path
from typing import Any

import pytest

from src.config import Config
from src.engine.cpu import CpuEngine
from src.ledger.reuse import same_code
from src.schema.run import Detail
from src.tracking.files import RESULT
from src.tracking.provenance import is_other, trained_by
from tests.interrupting import interrupted, resumed, same_story, stopping, trained
from tests.own import EXAMPLE, own
from tests.training import even, options, vary

# Windows of 3 steps in 2 epochs of 4; a checkpoint at the end of each chunk of one step.
LOGGED: dict[str, Any] = {
    "logger": "tensorboard",
    "logger__every_n_steps": 3,
    "trainer__chunk_steps": 1,
    "trainer__checkpoint_seconds": 1e-9,
    "trainer__epochs": 2,
}


def mixture(**changes: Any) -> list[Config]:
    """Every optimizer, other orders and seeds, schedules, and members that diverge."""
    base = even(**{**LOGGED, **changes})
    return [
        *[vary(base, optimizer=name, seed=k) for k, name in enumerate(options("optimizer"))],
        vary(base, model__dropout=0.5, data__order_seed=4, model__dropout_seed=2),
        vary(base, optimizer="adamw", optimizer__amsgrad=True, schedule="cosine"),
        vary(base, optimizer="rmsprop", optimizer__momentum=0.5, schedule__warmup_steps=5),
        vary(base, init="uniform", optimizer="sgd", optimizer__lr=1e30),  # diverges at step 1
        vary(base, init="normal", init__std=1e30, model__dropout=0.9999),  # at step 0
        vary(base, optimizer="sgd", optimizer__clip_norm=0.1, model__label_smoothing=0.1),
    ]


def goes_on(configs: list[Config], folder: Path, steps: int) -> None:
    whole = trained(configs, folder / "whole")
    interrupted(configs, folder / "cut", steps)
    assert list((folder / "cut").glob("stack-*.ckpt"))
    again = resumed(configs, folder / "cut")
    for k, (one, other) in enumerate(zip(again, whole, strict=True)):
        assert f"goes on from step {steps}" in (one.folder / "train.log").read_text()
        assert same_story(one, other), k
    assert not list((folder / "cut").glob("stack-*.ckpt"))


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> list[Any]:
    return trained(mixture(), tmp_path_factory.mktemp("whole"))


@pytest.mark.parametrize(
    "steps", [3, 4, 6, *(pytest.param(k, marks=pytest.mark.slow) for k in (1, 7))]
)
@pytest.mark.slow
def test_after_any_step(whole: list[Any], tmp_path: Path, steps: int) -> None:
    """Within an epoch, within a window of the curves, at the end of either."""
    interrupted(mixture(), tmp_path, steps)
    for k, (one, other) in enumerate(zip(resumed(mixture(), tmp_path), whole, strict=True)):
        assert same_story(one, other), k


@pytest.mark.slow
def test_after_the_last_step(
    whole: list[Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing is left to train; what comes after it is done all the same."""

    def cut(*arguments: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr("src.members._finish", cut)
        with pytest.raises(KeyboardInterrupt):
            trained(mixture(), tmp_path)
    with stopping(0):  # no step is made again
        again = resumed(mixture(), tmp_path)
    for k, (one, other) in enumerate(zip(again, whole, strict=True)):
        assert same_story(one, other), k


@pytest.mark.slow
def test_interrupted_again_and_again(whole: list[Any], tmp_path: Path) -> None:
    interrupted(mixture(), tmp_path, 2)
    for steps in (3, 5, 6):
        with stopping(steps), pytest.raises(KeyboardInterrupt):
            resumed(mixture(), tmp_path)
    for one, other in zip(resumed(mixture(), tmp_path), whole, strict=True):
        assert same_story(one, other)


@pytest.mark.parametrize(
    ("before", "after"),
    [(5, 3), *(pytest.param(*cut, marks=pytest.mark.slow) for cut in ((512, 4), (4, 512)))],
)
@pytest.mark.slow
def test_stacks_cut_differently(whole: list[Any], tmp_path: Path, before: int, after: int) -> None:
    """Members of different stacks stand at different steps; each goes on from its own."""
    interrupted(mixture(), tmp_path, 3, before)
    again = resumed(mixture(), tmp_path, after)
    for k, (one, other) in enumerate(zip(again, whole, strict=True)):
        assert same_story(one, other), k
    assert not list(tmp_path.glob("stack-*.ckpt"))


@pytest.mark.slow
def test_half_of_the_members_alone(whole: list[Any], tmp_path: Path) -> None:
    """A member that has a result is kept, and its neighbours go on without it."""
    interrupted(mixture(), tmp_path, 5)
    for k in (0, 2, 3):
        found = (whole[k].folder / RESULT).read_bytes()
        (tmp_path / f"member={k}" / RESULT).write_bytes(found)
    again = resumed(mixture(), tmp_path)
    for k, (one, other) in enumerate(zip(again, whole, strict=True)):
        if k not in (0, 2, 3):
            assert same_story(one, other), k


@pytest.mark.slow
def test_code_that_began_what_other_code_ends(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A result is of both; with the same code it names no other, and may be reused."""
    assert not is_other({**trained_by(), "revision": "another, with the same modules"})
    configs = mixture()[:3]
    whole = trained(configs, tmp_path / "whole")
    assert "begun_by" not in whole[0].record
    former = {**trained_by(), "torch": "1"}
    with monkeypatch.context() as patch:
        patch.setattr("src.checkpoints.saver.trained_by", lambda: former)
        interrupted(configs, tmp_path / "cut", 2)
    with stopping(3), pytest.raises(KeyboardInterrupt):
        resumed(configs, tmp_path / "cut")
    for one, other in zip(resumed(configs, tmp_path / "cut"), whole, strict=True):
        assert same_story(one, other)
        record = one.record
        assert record["begun_by"] == [former]
        assert not same_code(record)
        assert same_code({key: record[key] for key in record if key != "begun_by"})


@pytest.mark.parametrize(
    ("detail", "tier"), [("all", "off"), ("few", "light"), ("all", "full"), ("few", "full")]
)
@pytest.mark.slow
def test_each_detail_and_tier(tmp_path: Path, detail: str, tier: str) -> None:
    base = even(**LOGGED, diagnostics=tier, logger__detail=Detail(detail))
    goes_on([base, vary(base, seed=1, init="he")], tmp_path, 4)


def of_engine(name: str) -> list[Config]:
    """Members whose steps another engine makes, or another part of one."""
    base = even(**LOGGED)
    return {
        "one member": [base],
        "bf16-mixed": mixture(trainer__precision="bf16-mixed")[:4],
        "residual": [
            vary(base, model__hidden=[32, 32, 32], model__residual=True, seed=k) for k in (0, 1)
        ],
        "own pieces": [vary(own(**LOGGED), seed=k) for k in (0, 1)],
        "no logger": [vary(base, logger="none", seed=k) for k in (0, 1)],
    }[name]


ENGINES = [
    ("one member", 3),
    ("bf16-mixed", 5),
    ("residual", 4),
    ("own pieces", 6),
    ("no logger", 7),
]


@pytest.mark.parametrize(("name", "steps"), ENGINES)
@pytest.mark.slow
def test_each_engine(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, steps: int
) -> None:
    monkeypatch.syspath_prepend(str(EXAMPLE))
    goes_on(of_engine(name), tmp_path, steps)


@pytest.mark.slow
def test_halves_of_a_stack_that_failed_go_on(
    whole: list[Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Out of memory after 5 steps, as long as there are more than half of the members."""
    run, made = CpuEngine.run, []

    def full(self: CpuEngine, rows: Any, first_step: int, *rest: Any) -> Any:
        if first_step == 5 and len(self.optimizers) > len(whole) // 2 + 1:
            raise RuntimeError("out of memory")
        made.append(first_step)
        return run(self, rows, first_step, *rest)

    monkeypatch.setattr(CpuEngine, "run", full)
    found = trained(mixture(), tmp_path)
    assert sorted(made) == [0, 1, 2, 3, 4, 5, 5, 6, 6, 7, 7]
    for k, (one, other) in enumerate(zip(found, whole, strict=True)):
        assert same_story(one, other), k
    assert not list(tmp_path.glob("stack-*.ckpt"))
