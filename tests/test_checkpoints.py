"""A run resumed from a checkpoint is the run that was never interrupted, to the bit."""

from fnmatch import fnmatch
from pathlib import Path
from typing import Any

import pytest
import torch

from src.config import Config
from src.errors import InputError
from src.stacks import checked
from tests.training import Trained, even, same_numbers, train, vary

# Windows of 3 steps in epochs of 4: each epoch ends inside one, which the checkpoint must carry.
LOGGED: dict[str, Any] = {"logger__every_n_steps": 3, "trainer__chunk_steps": 3}


def members(checkpoint: Path | None = None, **changes: Any) -> list[Config]:
    path = None if checkpoint is None else str(checkpoint)
    base = even(**LOGGED, trainer__ckpt_path=path, **changes)
    return [
        vary(base, init="he", model__dropout=0.5),
        vary(base, init="uniform", optimizer="sgd", optimizer__lr=1e30),  # diverges at step 1
        vary(base, activation="tanh", optimizer="nesterov", seed=1),
        vary(base, activation="gelu", optimizer="nadam", data__order_seed=4),
        vary(base, activation="selu", init="lecun", optimizer="adagrad", model__dropout_seed=2),
        vary(base, optimizer="adamw", optimizer__amsgrad=True),
        vary(base, optimizer="radam", model__dropout=0.0),
        vary(base, optimizer="rmsprop", optimizer__momentum=0.5, optimizer__centered=True),
        # Diverges at step 0, when it is evaluated: a training loss behind this dropout is finite.
        vary(base, init="normal", init__std=1e30, model__dropout=0.9999),
    ]


DIVERGED = [1, 8]


@pytest.fixture(scope="module")
def uninterrupted(tmp_path_factory: pytest.TempPathFactory) -> list[Trained]:
    return train(members(trainer__epochs=4), tmp_path_factory.mktemp("whole"))


@pytest.fixture(scope="module")
def checkpoint(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Of a stack that stopped after two of its four epochs."""
    folder = tmp_path_factory.mktemp("first")
    train(members(trainer__epochs=2, trainer__checkpoint=True), folder)
    (found,) = folder.glob("*.ckpt")
    return found


@pytest.mark.slow
def test_one_whole_file_a_stack(checkpoint: Path) -> None:
    files = sorted(path.name for path in checkpoint.parent.iterdir() if path.is_file())
    assert len(files) == 1
    assert fnmatch(files[0], "stack-????????.ckpt")
    saved = torch.load(checkpoint, weights_only=True)  # data, never code
    assert len(saved["members"]) == 9
    assert saved["steps_done"] == 8


def test_resumed_against_uninterrupted(
    checkpoint: Path, uninterrupted: list[Trained], tmp_path: Path
) -> None:
    configs = members(checkpoint, trainer__epochs=4)
    checked(configs)
    resumed = train(configs, tmp_path)
    assert [member.status == "diverged" for member in resumed] == [k in DIVERGED for k in range(9)]
    for k, (one, other) in enumerate(zip(resumed, uninterrupted, strict=True)):
        assert same_numbers(one, other), k
    assert [row["step"] for row in resumed[0].rows] == [0, 4, 8, 12, 16]


@pytest.mark.slow
def test_checkpoints_written_change_nothing(uninterrupted: list[Trained], tmp_path: Path) -> None:
    saved = train(members(trainer__epochs=4, trainer__checkpoint=True), tmp_path)
    assert all(same_numbers(one, other) for one, other in zip(saved, uninterrupted, strict=True))


@pytest.mark.slow
def test_resumed_twice(checkpoint: Path, uninterrupted: list[Trained], tmp_path: Path) -> None:
    """2 epochs, 1 more with a checkpoint of its own, then the last one."""
    third = members(checkpoint, trainer__epochs=3, trainer__checkpoint=True)
    train(third, tmp_path / "third")
    (later,) = (tmp_path / "third").glob("*.ckpt")
    resumed = train(members(later, trainer__epochs=4), tmp_path / "fourth")
    assert all(same_numbers(one, other) for one, other in zip(resumed, uninterrupted, strict=True))


@pytest.mark.parametrize("every", [1, 2, 4, 5])
def test_resumed_wherever_a_window_of_the_curves_ends(tmp_path: Path, every: int) -> None:
    """After an epoch of 4 steps a window of so many is just full, or has 4 steps in it."""
    base = even(logger__every_n_steps=every, trainer__epochs=2)
    first = even(logger__every_n_steps=every, trainer__checkpoint=True)
    train([first], tmp_path / "first")
    (path,) = (tmp_path / "first" / "member=0").glob("stack-*.ckpt")
    (resumed,) = train([vary(base, trainer__ckpt_path=str(path))], tmp_path / "resumed")
    (whole,) = train([base], tmp_path / "whole")
    assert same_numbers(resumed, whole)


@pytest.mark.slow
def test_resuming_a_finished_run_trains_nothing(checkpoint: Path, tmp_path: Path) -> None:
    short = train(members(trainer__epochs=2), tmp_path / "short")
    resumed = train(members(checkpoint, trainer__epochs=2), tmp_path / "resumed")
    assert all(same_numbers(one, other) for one, other in zip(resumed, short, strict=True))


def test_a_single_run_keeps_its_checkpoint_in_its_own_folder(tmp_path: Path) -> None:
    config = even(**LOGGED, trainer__checkpoint=True)
    (first,) = train([config], tmp_path / "first")
    (path,) = first.folder.glob("stack-*.ckpt")
    longer = even(**LOGGED, trainer__epochs=2)
    more = vary(longer, trainer__ckpt_path=str(path))
    checked([more])
    (resumed,) = train([more], tmp_path / "resumed")
    (whole,) = train([longer], tmp_path / "whole")
    assert same_numbers(resumed, whole)


def test_every_stack_of_a_sweep_writes_its_own(tmp_path: Path) -> None:
    base = even(trainer__checkpoint=True)
    train([base, vary(base, seed=1), vary(base, seed=2)], tmp_path, max_stack=1)
    files = sorted(path.relative_to(tmp_path).as_posix() for path in tmp_path.rglob("*.ckpt"))
    assert [file.partition("/")[0] for file in files] == [f"member={k}" for k in range(3)]
    assert len({Path(file).name for file in files}) == 3


# --- refused ------------------------------------------------------------------------------


def refusal(configs: list[Config]) -> str:
    with pytest.raises(InputError) as caught:
        checked(configs)
    sentence = str(caught.value)
    assert "\n" not in sentence
    assert sentence.endswith(".")
    assert sentence.startswith("trainer.ckpt_path=")
    return sentence


CHANGED = [
    ({"init": "xavier"}, "init"),
    ({"activation": "relu"}, "activation"),
    ({"optimizer__lr": 0.5}, "optimizer.lr"),
    ({"seed": 9}, "seed"),
    ({"data__order_seed": 9}, "data.order_seed"),
    ({"model__dropout": 0.4}, "model.dropout"),
    ({"model__label_smoothing": 0.4}, "model.label_smoothing"),
    ({"optimizer__clip_norm": 1.0}, "optimizer.clip_norm"),
    ({"schedule": "cosine"}, "schedule.name=cosine"),
]


@pytest.mark.parametrize(("change", "key"), CHANGED, ids=str)
def test_another_member_is_refused(checkpoint: Path, change: dict[str, Any], key: str) -> None:
    configs = members(checkpoint, trainer__epochs=4)
    configs[2] = vary(configs[2], **change)
    sentence = refusal(configs)
    assert "member 2 was trained with" in sentence
    assert key in sentence


@pytest.mark.parametrize(
    ("key", "value"), [("batch_size", 32), ("train_size", 48), ("validation_size", 16)]
)
def test_other_data_are_refused_once(checkpoint: Path, key: str, value: int) -> None:
    """All nine members differ, and one sentence is enough."""
    assert f"data.{key}" in refusal(members(checkpoint, **{f"data__{key}": value}))


def test_another_number_of_members_is_refused(checkpoint: Path) -> None:
    sentence = refusal(members(checkpoint=checkpoint)[:3])
    assert "holds 9 member(s), but this run has 3" in sentence


def test_fewer_epochs_than_the_checkpoint_has_are_refused(checkpoint: Path) -> None:
    """It has trained for 2 epochs: a run of 1 cannot go on from it."""
    refusal(members(checkpoint, trainer__epochs=1))


def test_no_epochs_from_a_checkpoint_are_refused(checkpoint: Path) -> None:
    refusal(members(checkpoint, trainer__epochs=0))


def test_no_file_is_refused(tmp_path: Path) -> None:
    missing = tmp_path / "missing.ckpt"
    assert "no such file" in refusal(members(checkpoint=missing))


@pytest.mark.parametrize("content", [b"", b"not a checkpoint", bytes(range(256)) * 10], ids=len)
def test_a_file_of_something_else_is_refused(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "other.ckpt"
    path.write_bytes(content)
    assert "not a checkpoint of this program" in refusal(members(checkpoint=path))


def test_a_checkpoint_of_another_program_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "other.ckpt"
    torch.save({"state_dict": {"weight": torch.zeros(2)}}, path)
    assert "not a checkpoint of this program" in refusal(members(checkpoint=path))


def test_a_checkpoint_cut_short_is_refused(checkpoint: Path, tmp_path: Path) -> None:
    path = tmp_path / "short.ckpt"
    path.write_bytes(checkpoint.read_bytes()[:-1000])
    assert "not a checkpoint of this program" in refusal(members(checkpoint=path))


def test_a_checkpoint_that_would_run_code_is_refused(tmp_path: Path) -> None:
    """Unpickling this calls print: weights_only refuses it before that."""
    path = tmp_path / "evil.ckpt"

    class Evil:
        def __reduce__(self) -> tuple[object, tuple[str]]:
            return (print, ("run",))

    torch.save({"starting_strength": {"members": [Evil()]}}, path)
    assert "not a checkpoint of this program" in refusal(members(checkpoint=path))
