"""kill -9, Ctrl-C and SIGTERM at random moments: no finished member is lost, no number changes."""

import os
import shutil
import signal
from pathlib import Path

import pytest

from tests.conftest import Tell
from tests.left_behind import MEMBERS, differences, finished, lost
from tests.stopped import SEED, Lane, Tally, stops
from tests.undisturbed import Bench

pytestmark = pytest.mark.slow

STOPS = int(os.environ.get("RELIABILITY_STOPS", "50"))  # of each signal
OWN = {signal.SIGKILL: 6, signal.SIGINT: 2, signal.SIGTERM: 2}  # of them on real processes


def test_what_differs_is_found(bench: Bench, tmp_path: Path) -> None:
    """The comparison that the tests below rest on: each kind of difference, planted."""
    home = tmp_path / "sweep"
    shutil.copytree(bench.reference, home)
    assert differences(home, bench.reference) == []
    kept = finished(home)
    first, second, third, fourth, fifth = sorted(home.glob("*/result.json"))[:5]
    for path, old, new in (
        (first.with_name("weights.safetensors"), b"", b""),
        (second, b'"step": 48', b'"step": 47'),
        (home / "summary.csv", b"done", b"none"),
    ):
        content = path.read_bytes()
        assert old in content
        path.write_bytes(content.replace(old, new, 1) if old else content[:-1] + b"x")
    shutil.copy(first.with_name("records.parquet"), third.with_name("records.parquet"))
    (events,) = fourth.parent.glob("events.*")
    shutil.copy(events, f"{events}.1")  # every point is there, twice
    fifth.unlink()
    found = [each.rpartition(": ")[2] for each in differences(home, bench.reference)]
    assert {"weights", "step", "records.parquet", "events", "no result.json"} <= set(found)
    assert "summary.csv" in found
    assert len(lost(kept, home)) == 3


@pytest.mark.parametrize("number", OWN, ids=lambda number: number.name)
def test_stopped_at_random_moments(bench: Bench, number: signal.Signals, tell: Tell) -> None:
    def work(lane: Lane) -> Tally:
        share = STOPS // len(bench.lanes), OWN[number] // len(bench.lanes)
        return stops(lane, number, *share, bench.seconds, bench.reference)

    tally = sum(bench.side_by_side(work), Tally())
    equal = MEMBERS if not tally.faults else "fewer"
    tell(
        f"reliability: {tally.stops} {number.name} (seed {SEED}, {tally.own} on processes of "
        f"their own), {tally.lost} of {tally.kept} finished members lost, {equal} of {MEMBERS} "
        f"weights, results and summary.csv equal in each of {tally.sweeps} sweeps"
    )
    assert tally.faults == []
    assert tally.lost == tally.untold == 0
    assert tally.stops >= STOPS
    assert tally.kept > 0
    assert bench.left() == []
