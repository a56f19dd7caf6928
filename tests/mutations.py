"""What befalls a file: a mutation takes a source of chance and the content, and gives another."""

import os
from collections.abc import Callable
from pathlib import Path
from random import Random

Mutation = Callable[[Random, bytes], bytes]


def _flipped(random: Random, content: bytes, times: int = 1) -> bytes:
    found = bytearray(content)
    for _ in range(times):
        found[random.randrange(len(found))] ^= 1 << random.randrange(8)
    return bytes(found)


def _other_bytes(random: Random, content: bytes) -> bytes:
    place, size = _block(random, content)
    return content[:place] + random.randbytes(size) + content[place + size :]


def _inserted(random: Random, content: bytes) -> bytes:
    place = random.randrange(len(content) + 1)
    return content[:place] + random.randbytes(random.choice((1, 2, 8, 100))) + content[place:]


def _deleted(random: Random, content: bytes) -> bytes:
    place, size = _block(random, content)
    return content[:place] + content[place + size :]


def _repeated(random: Random, content: bytes) -> bytes:
    place, size = _block(random, content)
    return content[: place + size] + content[place:]


def _zeroed(random: Random, content: bytes) -> bytes:
    place, size = _block(random, content)
    return content[:place] + bytes(size) + content[place + size :]


def _exchanged(random: Random, content: bytes) -> bytes:
    one, two, three = sorted(random.randrange(len(content) + 1) for _ in range(3))
    return content[:one] + content[two:three] + content[one:two] + content[three:]


def _digit(random: Random, content: bytes) -> bytes:
    """Of a text: still sound, and wrong."""
    places = [k for k, byte in enumerate(content) if byte in b"123456789"]
    place = random.choice(places)
    return content[:place] + str(random.randrange(1, 10)).encode() + content[place + 1 :]


def _block(random: Random, content: bytes) -> tuple[int, int]:
    size = min(len(content), random.choice((1, 4, 64, 512, 4096)))
    return random.randrange(len(content) - size + 1), size


CHANCE: dict[str, Mutation] = {
    "a bit": _flipped,
    "eight bits": lambda random, content: _flipped(random, content, 8),
    "other bytes": _other_bytes,
    "cut": lambda random, content: content[: random.randrange(len(content))],
    "inserted": _inserted,
    "deleted": _deleted,
    "repeated": _repeated,
    "zeroed": _zeroed,
    "exchanged": _exchanged,
    "a digit": _digit,
    "the first bytes": lambda random, content: _flipped(random, content[:16]) + content[16:],
    "the last bytes": lambda random, content: content[:-64] + _flipped(random, content[-64:]),
}
# Of which one is enough.
WHOLE: dict[str, Mutation] = {
    "empty": lambda random, content: b"",
    "zeros": lambda random, content: bytes(len(content)),
    "a page": lambda random, content: b"<!DOCTYPE html><title>404</title>" * 100,
    "twice": lambda random, content: content * 2,
    "longer": lambda random, content: content + b"\n",
    "noise": lambda random, content: random.randbytes(len(content)),
    "nested": lambda random, content: b"[" * 200_000,
    "a lying length": lambda random, content: b"\xff" * 8 + content[8:],
}


def _loop(path: Path) -> None:
    path.symlink_to(path.name)


def _dangling(path: Path) -> None:
    path.symlink_to("absent")


# What is there in place of a file.
PLACES: dict[str, Callable[[Path], None]] = {
    "nothing": lambda path: None,
    "a folder": Path.mkdir,
    "a loop of links": _loop,
    "a link to nothing": _dangling,
    "a pipe": os.mkfifo,
    "a device without end": lambda path: path.symlink_to("/dev/zero"),
}
