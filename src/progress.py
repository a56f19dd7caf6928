"""What a person sees while it trains: a bar on a terminal, plain lines elsewhere, or nothing."""

import sys
import time
from collections.abc import Sequence
from typing import Any, Protocol


class Story(Protocol):
    """What progress reads of a member."""

    label: str
    rows: list[dict[str, float | int]]
    diverged_at: int | None


class Progress:
    """Counts member-steps over all stacks of a command. This one shows nothing (quiet=true)."""

    def __init__(self, total: int) -> None:
        self.total, self.done = total, 0
        self.started = time.monotonic()
        self.best: tuple[float, str] | None = None
        self._diverged: set[str] = set()  # labels: a retried stack tells of a member twice
        self._planned = self._not_ours = 0

    def advance(self, member_steps: int) -> None:
        self.done += member_steps

    def epoch(self, members: Sequence[Story], trained: bool) -> None:
        """A stack has been evaluated; the last row of each member is new."""
        for member in members:
            if member.rows and member.diverged_at is None:
                accuracy = member.rows[-1]["validation_accuracy"]
                if self.best is None or accuracy > self.best[0]:
                    self.best = (float(accuracy), member.label)
        self._diverged.update(m.label for m in members if m.diverged_at is not None)

    def resumed(self, member_steps: int) -> None:
        """Steps that an earlier run has made: done, but not in the time since the start."""
        self._not_ours += member_steps
        self.advance(member_steps)

    def stack_done(self, member_steps: int) -> None:
        """A stack has ended, with all of its planned steps or, where all diverged, with fewer."""
        self._planned += member_steps
        self._not_ours += self._planned - self.done
        self.advance(self._planned - self.done)

    def __enter__(self) -> "Progress":
        return self

    def __exit__(self, *exception: Any) -> None:
        pass

    def state(self) -> str:
        """Best validation accuracy so far and the number of diverged members."""
        parts = []
        if self.best is not None:
            parts.append(f"best validation accuracy {self.best[0]:.4f} ({self.best[1]})")
        if self._diverged:
            parts.append(f"{len(self._diverged)} diverged")
        return ", ".join(parts)

    @property
    def seconds_left(self) -> float | None:
        elapsed = time.monotonic() - self.started
        made = self.done - self._not_ours
        return elapsed * (self.total - self.done) / made if made > 0 else None


class Lines(Progress):
    """One plain line an epoch, for logs and pipes."""

    def epoch(self, members: Sequence[Story], trained: bool) -> None:
        super().epoch(members, trained)
        if trained:
            share = self.done / max(self.total, 1)
            elapsed = time.monotonic() - self.started
            left = self.seconds_left or 0.0
            print(
                f"{share:4.0%}  {elapsed:.0f} s gone, {left:.0f} s left, {self.state()}",
                flush=True,
            )


class Bar(Progress):
    """A bar over all member-steps, with the time left and the best accuracy beside it."""

    def __init__(self, total: int) -> None:
        super().__init__(total)
        from rich.console import Console
        from rich.progress import BarColumn, TextColumn, TimeElapsedColumn, TimeRemainingColumn
        from rich.progress import Progress as RichProgress

        self._bar = RichProgress(
            TextColumn("{task.percentage:3.0f} %"),
            BarColumn(bar_width=24),
            TimeElapsedColumn(),
            TextColumn("left"),
            TimeRemainingColumn(),
            TextColumn("{task.description}", markup=False),
            console=Console(file=sys.stdout),
            transient=True,
        )
        self._task = self._bar.add_task("", total=total)

    def advance(self, member_steps: int) -> None:
        super().advance(member_steps)
        self._bar.update(self._task, advance=member_steps)

    def epoch(self, members: Sequence[Story], trained: bool) -> None:
        super().epoch(members, trained)
        self._bar.update(self._task, description=self.state())

    def __enter__(self) -> "Bar":
        self._bar.start()
        return self

    def __exit__(self, *exception: Any) -> None:
        self._bar.stop()


def watch(total: int, quiet: bool) -> Progress:
    """The progress that fits where the output goes. total: steps, summed over all members."""
    if quiet:
        return Progress(total)
    return Bar(total) if sys.stdout.isatty() else Lines(total)


class Count:
    """Says how far a long preparation has come: a plain line every few seconds, not at once."""

    EVERY = 2.0  # seconds

    def __init__(self, total: int, what: str) -> None:
        self.total, self.what = total, what
        self._told = time.monotonic()

    def tell(self, done: int, quiet: bool) -> None:
        if not quiet and time.monotonic() - self._told >= self.EVERY:
            print(f"{done:,} of {self.total:,} {self.what}", flush=True)
            self._told = time.monotonic()
