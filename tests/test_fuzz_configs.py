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

import pytest
from hydra.core.override_parser.overrides_parser import OverridesParser

from tests.bad_words import every_kind, place_files
from tests.command import Command, Outcome, command_in
from tests.fuzzed_edge import BASE, SECONDS, LimitedTime, cheap_edge, left_behind, limited

PARTS, EACH = 12, 180  # refusals: 2,160
PROCESSES = 6


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
    """The results say what the words did, as far as each has one value."""
    assert "Traceback" not in outcome.err, words
    last = {word.partition("=")[0]: word for word in words if "=" in word}
    for path in command.results():
        config = json.loads(path.read_text())["config"]
        for key, word in last.items():
            parsed = OverridesParser.create().parse_override(word)
            found = config
            for name in key.split("."):
                found = found.get(name) if isinstance(found, dict) else None
            value = None if parsed.is_sweep_override() else parsed.value()
            if isinstance(found, float) and isinstance(value, int | float):
                assert math.isclose(found, value), (word, found)
            elif isinstance(found, int) and isinstance(value, int):
                assert found == value or isinstance(found, bool), (word, found)


@pytest.mark.slow
@pytest.mark.parametrize("part", range(PARTS))
def test_bad_configurations(part: int, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
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
                assert_as_asked(command, outcome, words)
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
    with capsys.disabled():
        said = f"bad configurations, part {part + 1} of {PARTS}: {refused} refused, each within"
        print(f"\n{said} {SECONDS:g} s; {valid} more were valid")


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
