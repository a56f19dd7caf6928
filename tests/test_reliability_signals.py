"""kill -9, Ctrl-C and SIGTERM at random moments: no finished member is lost, no number changes."""

import os
import signal
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from random import Random

import pytest

from tests.forked import Nursery
from tests.stopped import MEMBERS, SEED, WORDS, Lane, Tally, differences, stops

pytestmark = pytest.mark.slow

STOPS = int(os.environ.get("RELIABILITY_STOPS", "50"))  # of each signal
OWN = {signal.SIGKILL: 6, signal.SIGINT: 2, signal.SIGTERM: 2}  # of them on real processes


@dataclass
class Bench:
    """Two lanes side by side, and the sweep that nothing has stopped."""

    lanes: list[Lane]
    reference: Path
    seconds: dict[bool, float]  # by whether the interpreter is its own


@pytest.fixture(scope="module")
def bench(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bench]:
    def undisturbed(lane: Lane) -> tuple[int, str, float]:
        """The second on an interpreter of its own: what is forked must say the same."""
        words = [*WORDS, f"hydra.sweep.dir={lane.folder / 'reference'}"]
        return lane.run(words, own=lane is lanes[1])

    with ExitStack() as stack:
        lanes = [
            Lane(stack.enter_context(Nursery()), tmp_path_factory.mktemp("lane"), Random(SEED + k))
            for k in range(2)
        ]
        with ThreadPoolExecutor(2) as pool:
            runs = list(pool.map(undisturbed, lanes))
        homes = [lane.folder / "reference" for lane in lanes]
        for code, said, _ in runs:
            assert code == 0, said
        assert differences(homes[1], homes[0]) == []
        yield Bench(lanes, homes[0], {bool(k): runs[k][2] for k in range(2)})


@pytest.mark.parametrize("number", OWN, ids=lambda number: number.name)
def test_stopped_at_random_moments(
    bench: Bench, number: signal.Signals, capsys: pytest.CaptureFixture[str]
) -> None:
    def lane(k: int) -> Tally:
        share = STOPS // len(bench.lanes), OWN[number] // len(bench.lanes)
        return stops(bench.lanes[k], number, *share, bench.seconds, bench.reference)

    with ThreadPoolExecutor(len(bench.lanes)) as pool:
        tally = sum(pool.map(lane, range(len(bench.lanes))), Tally())
    equal = MEMBERS if not tally.faults else "fewer"
    with capsys.disabled():
        print(
            f"\nreliability: {tally.stops} {number.name} (seed {SEED}, {tally.own} on processes of "
            f"their own), {tally.lost} of {tally.kept} finished members lost, {equal} of {MEMBERS} "
            f"weights, results and summary.csv equal in each of {tally.sweeps} sweeps"
        )
    assert tally.faults == []
    assert tally.lost == tally.untold == 0
    assert tally.stops >= STOPS
    assert tally.kept > 0
    assert [lane.left() for lane in bench.lanes] == [[] for _ in bench.lanes]
