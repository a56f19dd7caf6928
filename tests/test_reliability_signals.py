"""kill -9, Ctrl-C and SIGTERM at random moments: no finished member is lost, no number changes."""

import os
import signal

import pytest

from tests.stopped import MEMBERS, SEED, Lane, Tally, stops
from tests.undisturbed import Bench

pytestmark = pytest.mark.slow

STOPS = int(os.environ.get("RELIABILITY_STOPS", "50"))  # of each signal
OWN = {signal.SIGKILL: 6, signal.SIGINT: 2, signal.SIGTERM: 2}  # of them on real processes


@pytest.mark.parametrize("number", OWN, ids=lambda number: number.name)
def test_stopped_at_random_moments(
    bench: Bench, number: signal.Signals, capsys: pytest.CaptureFixture[str]
) -> None:
    def work(lane: Lane) -> Tally:
        share = STOPS // len(bench.lanes), OWN[number] // len(bench.lanes)
        return stops(lane, number, *share, bench.seconds, bench.reference)

    tally = sum(bench.side_by_side(work), Tally())
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
    assert bench.left() == []
