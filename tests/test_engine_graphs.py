"""Which graphs are captured and how often each is replayed, with a stand-in for torch.cuda's."""

from collections.abc import Iterator
from contextlib import contextmanager

import pytest
import torch

from src.engine.graphs import UNROLLED, WARM_UPS, Repeated


class Tape:
    """A GPU that only counts: calls made, and calls recorded in place of being made."""

    def __init__(self) -> None:
        self.made: list[str] = []
        self.recording: list[str] | None = None
        self.replays = 0

    def call(self, name: str) -> None:
        (self.made if self.recording is None else self.recording).append(name)


class Graph:
    def __init__(self, tape: Tape) -> None:
        self.tape, self.calls = tape, list[str]()

    def replay(self) -> None:
        self.tape.replays += 1
        self.tape.made += self.calls


@pytest.fixture
def tape(monkeypatch: pytest.MonkeyPatch) -> Tape:
    tape = Tape()

    class Stream:
        def wait_stream(self, other: "Stream") -> None:
            assert other is not self

    @contextmanager
    def capture(graph: Graph, pool: object) -> Iterator[None]:
        assert pool == "pool"
        tape.recording = graph.calls
        yield
        tape.recording = None

    @contextmanager
    def aside(stream: Stream) -> Iterator[None]:
        assert stream is not main
        yield

    main = Stream()
    monkeypatch.setattr(torch.cuda, "Stream", Stream)
    monkeypatch.setattr(torch.cuda, "stream", aside)
    monkeypatch.setattr(torch.cuda, "current_stream", lambda: main)
    monkeypatch.setattr(torch.cuda, "CUDAGraph", lambda: Graph(tape))
    monkeypatch.setattr(torch.cuda, "graph", capture)
    monkeypatch.setattr(torch.cuda, "graph_pool_handle", lambda: "pool")
    return tape


@pytest.mark.parametrize("count", [0, 1, UNROLLED - 1, UNROLLED, 3 * UNROLLED + 2])
def test_replayed_so_often(tape: Tape, count: int) -> None:
    repeated = Repeated(
        lambda: tape.call("step"), lambda: tape.call("rehearse"), torch.device("cuda")
    )
    assert tape.made == ["rehearse", "step"] * WARM_UPS
    tape.made.clear()
    repeated(count)
    assert tape.made == ["step"] * count
    assert tape.replays == count // UNROLLED + count % UNROLLED


def test_called_one_by_one_on_a_cpu(tape: Tape) -> None:
    repeated = Repeated(
        lambda: tape.call("step"), lambda: tape.call("rehearse"), torch.device("cpu")
    )
    assert tape.made == []
    repeated(5)
    assert tape.made == ["step"] * 5
    assert tape.replays == 0
