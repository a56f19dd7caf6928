"""src.tracking.events and StackTracker's windows, read back with TensorBoard's own reader."""

import time
from itertools import pairwise
from pathlib import Path

import pytest
import torch
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

from src.progress import Progress
from src.tracking.events import EventFile
from src.tracking.member import MemberTracker
from src.tracking.stack import StackTracker
from tests.training import tiny, vary


def scalars(folder: Path, tag: str) -> list[tuple[int, float]]:
    events = EventAccumulator(str(folder)).Reload()
    if tag not in events.Tags()["scalars"]:
        return []
    return [(event.step, event.value) for event in events.Scalars(tag)]


def test_nothing_reaches_the_disk_before_flush(tmp_path: Path) -> None:
    events = EventFile(tmp_path)
    events.scalar("loss", 1, 0.5)
    assert list(tmp_path.iterdir()) == []
    events.flush()
    assert scalars(tmp_path, "loss") == [(1, 0.5)]


def test_flush_appends(tmp_path: Path) -> None:
    """Each flush adds what came since the last one, and only that."""
    events = EventFile(tmp_path)
    sizes = []
    for step in range(4):
        events.scalar("loss", step, step / 2)
        events.flush()
        sizes.append(events.path.stat().st_size)
    assert [later - sooner for sooner, later in pairwise(sizes)] == [sizes[1] - sizes[0]] * 3
    events.flush()
    assert events.path.stat().st_size == sizes[-1]
    assert scalars(tmp_path, "loss") == [(step, step / 2) for step in range(4)]
    assert len(list(tmp_path.iterdir())) == 1


def test_files_of_one_second_are_told_apart(tmp_path: Path) -> None:
    files = []
    for _ in range(3):
        files.append(EventFile(tmp_path))
        files[-1].flush()
    paths = [file.path for file in files]
    assert paths == sorted(set(paths))


def test_times_are_kept(tmp_path: Path) -> None:
    events = EventFile(tmp_path)
    before = time.time()
    events.scalar("loss", 1, 0.5)
    after = time.time()
    events.flush()
    (event,) = EventAccumulator(str(tmp_path)).Reload().Scalars("loss")
    assert before <= event.wall_time <= after


# --- windows of the step curves -----------------------------------------------------------


def tracker(folder: Path, every: int, members: int = 2) -> StackTracker:
    base = tiny(logger="tensorboard", logger__every_n_steps=every)
    trackers = []
    for k in range(members):
        path = folder / str(k)
        path.mkdir()
        trackers.append(MemberTracker(vary(base, seed=k), path, f"member {k}"))
        trackers[-1].start()
    return StackTracker(trackers, Progress(100))


def trained(stack: StackTracker, first: int, losses: torch.Tensor) -> None:
    stack.trained(first, 10, losses, torch.ones_like(losses) * 5)


@pytest.mark.parametrize("chunks", [[12], [1] * 12, [5, 7], [2, 3, 4, 3]], ids=str)
def test_windows_do_not_depend_on_chunks(tmp_path: Path, chunks: list[int]) -> None:
    stack = tracker(tmp_path, every=5)
    losses = torch.arange(24.0).view(12, 2)
    first = 0
    for count in chunks:
        trained(stack, first, losses[first : first + count])
        first += count
    for member in stack.members:
        member.flush()
    # Means of 0, 2, 4, 6, 8 and of 10, ..., 18; two steps are left over.
    assert scalars(tmp_path / "0", "loss/step") == [(5, 4.0), (10, 14.0)]
    assert scalars(tmp_path / "1", "loss/step") == [(5, 5.0), (10, 15.0)]
    assert scalars(tmp_path / "0", "accuracy/step") == [(5, 0.5), (10, 0.5)]


def test_windows_run_on_over_epochs(tmp_path: Path) -> None:
    stack = tracker(tmp_path, every=4)
    for epoch in range(2):
        trained(stack, 3 * epoch, torch.full((3, 2), float(epoch)))
        stack.validated(3 * epoch + 3, torch.ones(2), torch.ones(2) / 2, [0.1, 0.1])
    for member in stack.members:
        member.flush()
    assert scalars(tmp_path / "0", "loss/step") == [(4, 0.25)]


def test_a_row_weighs_batches_by_their_size(tmp_path: Path) -> None:
    """Two full batches of 10 and a last one of 5."""
    stack = tracker(tmp_path, every=10)
    stack.trained(0, 10, torch.tensor([[1.0, 2.0], [3.0, 4.0]]), torch.tensor([[1, 10], [3, 10]]))
    stack.trained(2, 5, torch.tensor([[7.0, 0.0]]), torch.tensor([[5, 0]]))
    stack.validated(3, torch.tensor([0.5, 0.25]), torch.tensor([0.75, 1.0]), [0.1, 0.1])
    assert stack.members[0].rows == [
        {
            "epoch": 0,
            "step": 3,
            "train_loss": (10 * 1 + 10 * 3 + 5 * 7) / 25,
            "train_accuracy": 9 / 25,
            "validation_loss": 0.5,
            "validation_accuracy": 0.75,
        }
    ]
    assert stack.members[1].rows[0]["train_loss"] == (10 * 2 + 10 * 4) / 25
    assert stack.members[1].rows[0]["train_accuracy"] == 20 / 25


def test_divergence_is_the_first_step_whose_loss_is_not_finite(tmp_path: Path) -> None:
    stack = tracker(tmp_path, every=1, members=3)
    inf, nan = torch.inf, torch.nan
    trained(stack, 0, torch.tensor([[1.0, 1.0, inf], [1.0, nan, 1.0], [1.0, inf, nan]]))
    assert [member.diverged_at for member in stack.members] == [None, 1, 0]
    trained(stack, 3, torch.tensor([[1.0, nan, nan]]))
    assert [member.diverged_at for member in stack.members] == [None, 1, 0]
    alive = [stack.alive]
    trained(stack, 4, torch.tensor([[nan, nan, nan]]))
    assert [*alive, stack.alive] == [[True, False, False], [False, False, False]]
    for member in stack.members:
        member.flush()
    # Points up to the last finite one: what is not finite is not drawn.
    assert scalars(tmp_path / "1", "loss/step") == [(1, 1.0)]
    assert scalars(tmp_path / "2", "loss/step") == []


def test_state_restored(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    (tmp_path / "b").mkdir()
    stack = tracker(tmp_path / "a", every=4)
    losses = torch.arange(12.0).view(6, 2)
    trained(stack, 0, losses[:3])
    stack.validated(3, torch.ones(2), torch.ones(2), [0.1, 0.1])
    again = tracker(tmp_path / "b", every=4)
    again.restore(stack.state())
    assert [member.rows for member in again.members] == [member.rows for member in stack.members]
    for one in (stack, again):
        trained(one, 3, losses[3:])
        for member in one.members:
            member.flush()
    expected = scalars(tmp_path / "a" / "1", "loss/step")
    assert expected == [(4, 4.0)]
    assert scalars(tmp_path / "b" / "1", "loss/step") == expected
