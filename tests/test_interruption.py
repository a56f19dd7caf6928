"""Signals: what the first does where it comes, what a second does, and that no handler stays."""
# ruff: noqa: PT012 - what happens within is what is tested

import os
import signal
import threading

import pytest

from src import interruption
from src.interruption import (
    Stopped,
    Terminated,
    advice,
    check,
    deferred,
    handled,
    in_one_line,
    requested,
    resumable,
)

BOTH = pytest.mark.parametrize(
    ("number", "kind", "said", "code"),
    [
        (signal.SIGINT, KeyboardInterrupt, "interrupted", 130),
        (signal.SIGTERM, Terminated, "terminated", 143),
    ],
)


class Left(BaseException):
    """In place of os._exit."""


@pytest.fixture
def left(monkeypatch: pytest.MonkeyPatch) -> None:
    def leave(code: int) -> None:
        raise Left(code)

    monkeypatch.setattr(os, "_exit", leave)


@pytest.fixture(autouse=True)
def no_echo(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(interruption, "ECHO", 0.0)


@BOTH
def test_at_once_outside_of_training(
    number: signal.Signals, kind: type[BaseException], said: str, code: int
) -> None:
    with handled(), pytest.raises(KeyboardInterrupt) as raised:
        signal.raise_signal(number)
    assert raised.type is kind


@BOTH
def test_the_first_waits_for_a_safe_point(
    number: signal.Signals,
    kind: type[BaseException],
    said: str,
    code: int,
    capfd: pytest.CaptureFixture[str],
) -> None:
    with handled(), pytest.raises(KeyboardInterrupt) as raised, deferred():
        check()
        signal.raise_signal(number)
        assert requested()
        with deferred():  # of an inner one, the outer end decides
            pass
        with pytest.raises(Stopped):
            check()
        check()
    assert raised.type is kind
    told = f"{said}: the step is finished and what there is is written; once more ends at once.\n"
    assert capfd.readouterr().err == told
    assert not requested()


def test_the_end_is_a_safe_point() -> None:
    with handled(), pytest.raises(Terminated), deferred():
        signal.raise_signal(signal.SIGTERM)


def test_after_training_it_is_at_once_again() -> None:
    with handled():
        with deferred():
            pass
        with pytest.raises(KeyboardInterrupt):
            signal.raise_signal(signal.SIGINT)


def test_what_lightning_makes_of_it() -> None:
    with handled(), pytest.raises(Terminated), deferred():
        signal.raise_signal(signal.SIGTERM)
        raise SystemExit(1)
    with handled(), pytest.raises(SystemExit), deferred():
        raise SystemExit(1)


def test_a_fault_is_not_hidden() -> None:
    with handled(), pytest.raises(ZeroDivisionError), deferred():
        signal.raise_signal(signal.SIGTERM)
        raise ZeroDivisionError


@BOTH
@pytest.mark.parametrize("first", [signal.SIGINT, signal.SIGTERM])
def test_the_second_ends_at_once(
    first: signal.Signals,
    number: signal.Signals,
    kind: type[BaseException],
    said: str,
    code: int,
    capfd: pytest.CaptureFixture[str],
    left: None,
) -> None:
    with handled(), pytest.raises(Left) as end, deferred():
        resumable("python -m src.train resume=here")
        signal.raise_signal(first)
        capfd.readouterr()
        signal.raise_signal(number)
    assert end.value.args == (code,)
    line = f"error: {said}. python -m src.train resume=here goes on from here.\n"
    assert capfd.readouterr().err == line


def test_a_signal_that_comes_twice_as_one_is_one(
    monkeypatch: pytest.MonkeyPatch, left: None
) -> None:
    monkeypatch.setattr(interruption, "ECHO", 60.0)
    with handled(), pytest.raises(KeyboardInterrupt), deferred():
        monkeypatch.setattr(interruption._State, "arrived", -60.0)
        signal.raise_signal(signal.SIGINT)
        signal.raise_signal(signal.SIGINT)


def test_handlers_and_words_are_those_of_before() -> None:
    before = [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)]
    with handled():
        resumable("x")
        with handled():
            assert advice() == ""
        assert advice() == " x goes on from here."
    assert advice() == ""
    assert [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)] == before


def test_what_is_started_in_the_background_does_not_hear_ctrl_c() -> None:
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        with handled():
            signal.raise_signal(signal.SIGINT)
    finally:
        signal.signal(signal.SIGINT, before)


def test_a_command_on_another_thread() -> None:
    done: list[bool] = []

    def command() -> None:
        with handled(), deferred(), in_one_line():
            check()
        done.append(True)

    thread = threading.Thread(target=command)
    thread.start()
    thread.join()
    assert done == [True]


@BOTH
def test_in_one_line(
    number: signal.Signals,
    kind: type[BaseException],
    said: str,
    code: int,
    capsys: pytest.CaptureFixture[str],
) -> None:
    before = signal.getsignal(signal.SIGTERM)
    with pytest.raises(SystemExit) as end, in_one_line():
        signal.raise_signal(number)
    assert (end.value.code, capsys.readouterr().err) == (code, f"error: {said}.\n")
    assert signal.getsignal(signal.SIGTERM) is before
