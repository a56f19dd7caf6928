"""What progress counts, over stacks, retries and resumed runs."""

from dataclasses import dataclass, field

from src.progress import Progress


@dataclass
class Told:
    label: str
    rows: list[dict[str, float | int]] = field(default_factory=list)
    diverged_at: int | None = None


def test_a_member_that_diverges_again_in_a_retried_stack_counts_once() -> None:
    """A stack fails, its halves are tried: each tells of its own members only."""
    progress = Progress(total=40)
    progress.epoch([Told("a", diverged_at=1), Told("b"), Told("c", diverged_at=2)], trained=True)
    progress.epoch([Told("a", diverged_at=1), Told("b")], trained=True)
    progress.epoch([Told("c", diverged_at=2)], trained=True)
    assert progress.state() == "2 diverged"


def test_the_best_of_all_stacks_is_kept() -> None:
    progress = Progress(total=40)
    progress.epoch([Told("a", [{"validation_accuracy": 0.8}])], trained=True)
    progress.stack_done(20)
    progress.epoch([Told("b", [{"validation_accuracy": 0.7}])], trained=True)
    assert progress.state() == "best validation accuracy 0.8000 (a)"


def test_a_stack_that_ended_early_counts_as_done() -> None:
    progress = Progress(total=40)
    progress.advance(3)
    progress.stack_done(20)
    assert progress.done == 20
    progress.advance(20)
    progress.stack_done(20)
    assert progress.done == progress.total


def test_steps_of_an_earlier_run_take_no_time_of_this_one() -> None:
    progress = Progress(total=40)
    progress.resumed(20)
    assert progress.done == 20
    assert progress.seconds_left is None
    progress.advance(10)
    assert progress.seconds_left is not None
