"""The exceptions a user is meant to see, and how they are worded."""

import unicodedata
from collections.abc import Iterable


class InputError(ValueError):
    """Bad input, told in one sentence: the key or file, what was found, what is allowed."""


def require(condition: bool, key: str, found: object, allowed: str) -> None:
    """Raise InputError(`key=found: must be allowed`) unless the condition holds."""
    if not condition:
        raise InputError(f"{key}={found}: must be {allowed}.")


class MembersFailed(Exception):
    """Some members could not be trained; the message names them, the others are finished."""


class SweepStopped(MembersFailed):
    """A command ended before all of its members did; the message says why."""


def no_such_key(key: str, allowed: Iterable[str]) -> str:
    """allowed: the keys that stand where this one was sought, dotted."""
    return f"{key}: no such key; allowed here: {', '.join(sorted(allowed))}."


def told(error: BaseException) -> str:
    """In one line: what a user is meant to see as it is, anything else with its name before it."""
    said, name = on_one_line(error), writable(type(error).__name__)
    return said if isinstance(error, InputError) or said == name else f"{name}: {said}"


def on_one_line(error: BaseException) -> str:
    """The exception's whole message, whatever its line breaks; its name where it has none."""
    return " ".join(message(error).split()) or writable(type(error).__name__)


def message(error: BaseException) -> str:
    """The exception's message, fit to be written; empty where even asking for it raises."""
    try:
        return writable(str(error))
    except KeyboardInterrupt:
        raise
    except BaseException:  # noqa: BLE001 - a user's own exception may raise anything
        return ""


def writable(text: str) -> str:
    """The text with its lone surrogates, which no file can hold, as \\udc80."""
    return text.encode("utf-8", "backslashreplace").decode()


def readable(letter: str) -> bool:
    """Not so: control characters, line ends, bytes that are no UTF-8, what turns lines round."""
    return unicodedata.category(letter) not in ("Cc", "Cs", "Zl", "Zp") and letter not in _TURNING


_TURNING = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")


def printable(text: str) -> str:
    """With a ? for what a terminal would obey, not show: texts may be somebody else's."""
    if text.isprintable():
        return text
    return "".join(each if each == "\t" or readable(each) else "?" for each in text)
