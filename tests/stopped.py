"""A sweep that is stopped at random moments, resumed, and held against one that never was."""

import os
import random
import re
import shlex
import shutil
import signal
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from src.ledger.store import LEDGER
from tests.forked import Nursery, Process, Running
from tests.left_behind import MEMBERS, differences, finished, lost

# 24 members in three stacks, so that some are finished while others train.
WORDS = (
    *("-m", "init=zeros,he", "seeds=12", "hydra.launcher.max_stack=8"),
    *("hydra.launcher.threads=2", "model.hidden=[32,16]", "data.validation_size=500"),
    *("trainer=cpu", "trainer.epochs=3", "trainer.steps_per_epoch=16", "trainer.chunk_steps=4"),
    *("diagnostics.early_steps=[0,5]", "diagnostics.samples=32", "diagnostics.images=false"),
    *("diagnostics.histograms=false", "quiet=true", "report.page=false"),
)
RESUME = re.compile(r"python -m src\.train ('?resume=\S+(?: trust=true)?)")
SEED = int(os.environ.get("RELIABILITY_SEED", "7"))
UNTRAINED = 0.4  # about the share of the sweep's seconds that goes into composing and reporting
PATIENCE = 300.0  # seconds that a command may take before it counts as hung


@dataclass
class Tally:
    """What came of many stops."""

    stops: int = 0
    own: int = 0  # of them on interpreters of their own, whose imports are hit as well
    kept: int = 0  # finished members at the moments of the stops, summed
    lost: int = 0
    sweeps: int = 0
    untold: int = 0  # stops with members missing that did not say how to resume
    faults: list[str] = field(default_factory=list)

    def __add__(self, other: "Tally") -> "Tally":
        return Tally(*(getattr(self, name) + getattr(other, name) for name in vars(self)))


@dataclass
class Lane:
    """A place where one command runs at a time."""

    nursery: Nursery
    folder: Path
    random: random.Random
    sessions: list[Running] = field(default_factory=list)

    def start(self, words: Sequence[str], own: bool = False) -> Running:
        output = self.folder / "output"
        begun: Running
        if own:
            begun = Process(words, self.folder, output)
        else:
            begun = self.nursery.start(words, self.folder, output)
        self.sessions.append(begun)
        return begun

    def run(self, words: Sequence[str], own: bool = False) -> tuple[int, str, float]:
        """Exit code, what was said, seconds."""
        started = time.perf_counter()
        running = self.start(words, own)
        code = ended(running)
        return code, running.said, time.perf_counter() - started

    def left(self, seconds: float = 15.0) -> list[int]:
        """Processes that outlive their commands for so long."""
        until = time.monotonic() + seconds
        while any(running.left() for running in self.sessions) and time.monotonic() < until:
            time.sleep(0.1)
        return [pid for running in self.sessions for pid in running.left()]


def ended(running: Running) -> int:
    """The exit code, as a shell tells it but for the sign of one that a signal has ended."""
    code = running.wait(PATIENCE)
    if code is None:
        running.signal(signal.SIGKILL)
        raise AssertionError(f"a command hangs; it has said: {running.said}")
    return code


def stops(
    lane: Lane,
    number: signal.Signals,
    wanted: int,
    own: int,
    seconds: dict[bool, float],
    reference: Path,
) -> Tally:
    """Send the signal at random moments, resume each time, begin anew what is complete.

    own: how many of the stops are to hit interpreters of their own. seconds: what the sweep takes
    undisturbed, by whether it has one.
    """
    tally, takes = Tally(), dict(seconds)
    home, words = _anew(lane, tally)
    while tally.stops < wanted or tally.sweeps == 0 or words[0] != WORDS[0]:
        stopping = tally.stops < wanted
        new = stopping and tally.own < own and tally.stops * own >= tally.own * wanted
        before, began = finished(home), time.perf_counter()
        running = lane.start(words, new)
        # What is finished is not trained again: a later moment would hit nothing.
        share = UNTRAINED + (1 - UNTRAINED) * (1 - len(before) / 2 / MEMBERS)
        latest = takes[new] * share
        if stopping and running.wait(lane.random.uniform(0, latest)) is None:
            running.signal(number)
        code = ended(running)
        if code == 0:  # a machine is not as fast at all times
            takes[new] = (takes[new] + (time.perf_counter() - began) / share) / 2
        tally.lost += len(lost(before, home))
        if len(tally.faults) > 5 or tally.sweeps > 3 * wanted + 5:
            tally.faults.append(f"given up after {tally.stops} stops in {tally.sweeps} sweeps")
            break
        if code == 0:
            tally.sweeps += 1
            tally.faults += differences(home, reference)
            shutil.rmtree(home)
            home, words = _anew(lane, tally)
            continue
        early = new and not home.exists()  # its interpreter had not yet read our first line
        tally.faults += [] if early else _faults_of(running.said, code, number)
        tally.stops, tally.own = tally.stops + 1, tally.own + new
        after = finished(home)
        tally.kept += len(after) // 2
        words = _resuming(words, home, running.said, number, tally)
    return tally


def _anew(lane: Lane, tally: Tally) -> tuple[Path, list[str]]:
    home = lane.folder / f"sweep{tally.sweeps}"
    return home, [*WORDS, f"hydra.sweep.dir={home}"]


def _faults_of(said: str, code: int, number: signal.Signals) -> list[str]:
    """A signal ends a command with 128 + its number, or by itself; never with a trace."""
    right = code in (-number, 128 + number)
    faults = [] if right else [f"exit code {code} after {number.name}: {said[-2000:]}"]
    return faults + ([f"a trace: {said[-2000:]}"] if "Traceback" in said else [])


def typed(said: str) -> list[str] | None:
    """The words of the command that goes on, where one was told."""
    told = RESUME.search(said)
    return None if told is None else shlex.split(told[1])


def _resuming(
    words: list[str], home: Path, said: str, number: signal.Signals, tally: Tally
) -> list[str]:
    if not (home / LEDGER).exists():
        return words  # it had not begun
    told = typed(said)
    if told is not None:
        return told
    missing = len(finished(home)) < 2 * MEMBERS
    tally.untold += missing and number is not signal.SIGKILL
    return [f"resume={home}"]
