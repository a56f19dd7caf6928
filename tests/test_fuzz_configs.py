"""Bad configurations, drawn at random: each is refused in plain sentences, and none hangs.

A draw that is no fault after all is trained, and counted apart: its result says what was asked.
"""

import json
import math
import os
import shutil
import subprocess
import sys
from pathlib import Path
from random import Random
from types import NoneType
from typing import Any

import pytest
from hydra.core.override_parser.overrides_parser import OverridesParser

from src.arranged import arranged
from src.typed import flags_of
from tests.bad_words import every_kind, place_files
from tests.command import Command, Outcome, command_in
from tests.conftest import Tell
from tests.fuzzed_edge import BASE, SECONDS, LimitedTime, cheap_edge, left_behind, limited

PARTS, EACH = 12, 180  # refusals: 2,160
PROCESSES = 6
YES, NO = ("true", "yes", "on", "y", "1"), ("false", "no", "off", "n", "0")


def drawn(random: Random, count: int) -> tuple[bool, list[str]]:
    """Whether it is a sweep, and its words beside BASE. count: how many were drawn before."""
    kinds = list(every_kind())
    several = random.random() < 0.4
    faults = [kinds[count % len(kinds)]]
    while random.random() < 0.25:
        faults.append(random.choice(kinds))
    words = [word for kind in faults for word in kind(random, several)]
    if several and random.random() < 0.5:
        words.insert(0, "init=he,zeros")  # good ones among the bad
    return several, words


def typed(several: bool, words: list[str]) -> list[str]:
    return [*(["-m"] if several else []), *BASE, *words]


def assert_as_asked(command: Command, outcome: Outcome, words: list[str]) -> None:
    """The results say what the words did, as far as each has one value that is written out."""
    assert "Traceback" not in outcome.err, words
    configs = [json.loads(path.read_text())["config"] for path in command.results()]
    parser = OverridesParser.create()
    last = {}
    for word in flags_of(arranged(words)).overrides if configs else ():
        parsed = parser.parse_override(word)
        last[parsed.key_or_group] = parsed
    for parsed in last.values():
        swept = parsed.is_sweep_override() or parsed.is_hydra_override() or parsed.is_delete()
        if swept or parsed.key_or_group == "resume" or "${" in (parsed.input_line or ""):
            continue
        for config in configs:
            assert told(config, parsed.key_or_group, parsed.value()), (words, config)


def told(config: Any, key: str, value: Any) -> bool:
    """Whether it has the key, with this value; an option of a group by its name."""
    found = config
    for name in key.split("."):
        if not isinstance(found, dict) or name not in found:
            return False
        found = found[name]
    if isinstance(found, dict) and isinstance(value, dict):
        return all(told(found, each, value[each]) for each in value)
    if isinstance(found, list):
        alike = isinstance(value, list) and len(found) == len(value)
        return alike and all(map(same, found, value))
    return same(found["name"] if isinstance(found, dict) else found, value)


def same(found: Any, value: Any) -> bool:
    """Of single values. value: as Hydra reads it; in quotes it is a text all the same."""
    text = str(value).lower()
    if isinstance(found, bool):
        return found == bool(value) if isinstance(value, int) else text in (YES if found else NO)
    if found is None:
        return text in ("none", "null")
    if isinstance(found, int | float):
        return not isinstance(value, bool | NoneType) and math.isclose(found, float(value))
    return isinstance(found, str) and found.lower() == text


@pytest.mark.parametrize(
    ("key", "value", "as_asked"),
    [
        ("init", "he", True),
        ("init", "zeros", False),
        ("data.noise", 0.5, True),
        ("data.noise", "0.5", True),
        ("data.noise", 0.25, False),
        ("data.noise", None, False),
        ("data.sound", 0.5, False),
        ("model", {"hidden": [8, 6]}, True),
        ("model.hidden", [8, 6], True),
        ("model.hidden", [8], False),
        ("model.hidden", [8, 7], False),
        ("model.weights", None, True),
        ("model.weights", "a", False),
        ("quiet", True, True),
        ("quiet", "yes", True),
        ("quiet", False, False),
        ("seed", 1, True),
        ("seed", True, False),
        ("on_failure", "stop", True),
        ("on_failure", "continue", False),
        ("reuse", True, False),
    ],
)
def test_what_is_not_as_asked_is_seen(key: str, value: Any, as_asked: bool) -> None:
    config = {
        "init": {"name": "he", "gain": 1.0},
        "data": {"noise": 0.5},
        "model": {"hidden": [8, 6], "weights": None},
        "on_failure": "stop",
        "seed": 1,
        "quiet": True,
    }
    assert told(config, key, value) == as_asked


@pytest.mark.slow
@pytest.mark.parametrize("part", range(PARTS))
def test_bad_configurations(part: int, tmp_path: Path, tell: Tell) -> None:
    import src.members  # noqa: F401 - torch, Lightning: their import is no command's time

    random = Random(part)
    refused = valid = 0
    with command_in(tmp_path) as command, cheap_edge():
        place_files(tmp_path)
        while refused < EACH:
            several, words = drawn(random, refused + valid + part)
            shown = [word[:200] for word in words]
            try:
                with limited():
                    outcome = command(*typed(several, words))
            except LimitedTime as error:
                pytest.fail(f"{'-m ' * several}{shown}: {error}")
            if outcome.code == 0:
                valid += 1
                assert_as_asked(command, outcome, typed(several, words))
                for path in command.results():
                    path.unlink()  # resume= and hydra.run.dir= leave it where the next would look
            else:
                refused += 1
                try:
                    outcome.assert_refused()
                except AssertionError as error:
                    raise AssertionError(f"{'-m ' * several}{shown}: {error}") from None
                assert left_behind(tmp_path) == [], shown
                assert max(map(len, outcome.err.splitlines())) < 5_000, shown
            for name in ("outputs", "multirun"):
                shutil.rmtree(tmp_path / name, ignore_errors=True)
    assert valid < 0.1 * refused
    said = f"bad configurations, part {part + 1} of {PARTS}: {refused} refused, each within"
    tell(f"{said} {SECONDS:g} s; {valid} more were valid")


@pytest.mark.slow
def test_bad_configurations_in_a_process(tmp_path: Path, project: Path) -> None:
    """What a shell sees: nothing here is patched, and words are bytes."""
    random = Random(PARTS)
    place_files(tmp_path)
    environment = {**os.environ, "PYTHONPATH": str(project), "OMP_NUM_THREADS": "1"}
    for count in range(PROCESSES):
        several, words = drawn(random, 5 * count)
        command = [sys.executable, "-m", "src.train", *typed(several, words)]
        done = subprocess.run(
            [os.fsencode(word) if word.isprintable() else word for word in command],
            cwd=tmp_path,
            env=environment,
            capture_output=True,
            timeout=5 * SECONDS,
            check=False,
        )
        Outcome(done.returncode, done.stdout.decode(), done.stderr.decode()).assert_refused()
        assert left_behind(tmp_path) == []
