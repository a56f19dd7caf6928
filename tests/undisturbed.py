"""The sweep that nothing has stopped, and lanes in which others of its kind are."""

import signal
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import TypeVar

from tests.forked import Nursery
from tests.left_behind import differences
from tests.stopped import SEED, WORDS, Lane

T = TypeVar("T")


@dataclass
class Bench:
    """Two lanes side by side. seconds: of the sweep, by whether the interpreter is its own."""

    lanes: list[Lane]
    reference: Path
    seconds: dict[bool, float]

    def side_by_side(self, work: Callable[[Lane], T]) -> list[T]:
        with ThreadPoolExecutor(len(self.lanes)) as pool:
            return list(pool.map(work, self.lanes))

    def shared_out(self, items: Sequence[float], work: Callable[[Lane, float], T]) -> list[T]:
        """work of each item, in the first lane that is free of those whose turn it is."""
        count = len(self.lanes)

        def of_lane(lane: Lane) -> list[T]:
            return [work(lane, item) for item in items[self.lanes.index(lane) :: count]]

        return [found for each in self.side_by_side(of_lane) for found in each]

    def left(self) -> list[int]:
        """Processes that outlive their commands."""
        return [pid for lane in self.lanes for pid in lane.left()]


@contextmanager
def undisturbed(folders: Sequence[Path]) -> Iterator[Bench]:
    """A lane in each folder. The last has run the sweep on an interpreter of its own, the others
    forked: both must say the same."""
    with ExitStack() as stack:
        stack.enter_context(_hearing_ctrl_c())
        lanes = [
            Lane(stack.enter_context(Nursery()), folder, Random(SEED + k))
            for k, folder in enumerate(folders)
        ]
        bench = Bench(lanes, folders[0] / "reference", {})

        def run(lane: Lane) -> Path:
            home, own = lane.folder / "reference", lane is lanes[-1]
            code, said, bench.seconds[own] = lane.run([*WORDS, f"hydra.sweep.dir={home}"], own)
            assert code == 0, said
            return home

        bench.side_by_side(lambda lane: lane.nursery.ready())
        for home in bench.side_by_side(run):
            assert differences(home, bench.reference) == []
        yield bench


@contextmanager
def _hearing_ctrl_c() -> Iterator[None]:
    """What a shell starts in the background is not to hear Ctrl-C, nor is what that starts."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)
