"""Layer profiles out of many members' records, against a loop over plain rows."""

import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from src.diagnostics.records import RECORDS, Record, read
from src.report.arms import Arm, Values
from src.report.layers import LAST, profiles
from tests.records import made, measured

STEPS = (0, 100, 480)


def rows(scale: float, layers: int = 3, steps: tuple[int, ...] = STEPS) -> list[Record]:
    """Different numbers for each probe, layer and step; loss is one of the whole network."""
    return [
        *(
            Record(step, layer, probe, scale * (1 + layer + step / 10 + number))
            for step in steps
            for layer in range(1, layers + 1)
            for number, probe in enumerate(("preactivation_std", "gradient_variance", "q_ratio"))
        ),
        *(Record(step, None, "loss", 2.3) for step in steps),
    ]


def arm_of(name: str, *folders: Path) -> Arm:
    members: dict[Values, Any] = {
        (str(k),): made() | {"folder": str(folder)} for k, folder in enumerate(folders)
    }
    return Arm(name, {"init": name}, {}, members)


@pytest.fixture
def arms(tmp_path: Path) -> list[Arm]:
    he = [measured(tmp_path / "he", k, rows(1 + k), made()) for k in range(3)]
    short = measured(tmp_path / "zeros", 0, rows(5, layers=2, steps=(0, 10)), made())
    return [arm_of("he", *he), arm_of("zeros", short, tmp_path / "absent")]


def test_profiles_against_a_loop(arms: list[Arm]) -> None:
    found = profiles(arms, ("preactivation_std", "gradient_std"), (0, 100, LAST))
    assert set(found) == {"preactivation_std", "gradient_std"}
    for name, profile in found.items():
        assert profile.mean.shape == profile.sd.shape == profile.n.shape == (2, 3, 3)
        for k, arm in enumerate(arms):
            for place, step in enumerate((0, 100, LAST)):
                for layer in (1, 2, 3):
                    values = expected(arm, name, step, layer)
                    where = (k, place, layer - 1)
                    assert profile.n[where] == len(values)
                    # A mean of three, added in another order: a few units in the last place.
                    mean = np.mean(values) if values else math.nan
                    sd = np.std(values, ddof=1) if len(values) > 1 else math.nan
                    assert profile.mean[where] == pytest.approx(mean, rel=1e-14, nan_ok=True)
                    assert profile.sd[where] == pytest.approx(sd, rel=1e-13, nan_ok=True)


def expected(arm: Arm, name: str, step: int | None, layer: int) -> list[float]:
    values = []
    for member in arm.members.values():
        path = Path(member["folder"]) / RECORDS
        if path.exists():
            own = read(path)
            at = max(row.step for row in own) if step is None else step
            probe = "gradient_variance" if name == "gradient_std" else name
            values += [
                math.sqrt(row.value) if name == "gradient_std" else row.value
                for row in own
                if (row.step, row.layer, row.probe) == (at, layer, probe)
            ]
    return values


def test_values_that_are_not_finite_are_left_out(tmp_path: Path) -> None:
    folders = [
        measured(tmp_path, k, [Record(0, 1, "dead_fraction", value)], made())
        for k, value in enumerate((0.25, math.nan, 0.75, math.inf))
    ]
    profile = profiles([arm_of("he", *folders)])["dead_fraction"]
    assert profile.n[0, 0, 0] == 2
    assert profile.mean[0, 0, 0] == 0.5


def test_a_probe_that_nobody_has_is_absent(arms: list[Arm]) -> None:
    assert set(profiles(arms)) == {"preactivation_std", "gradient_std"}
    assert profiles(arms, ("no_such",)) == {}
    assert profiles([]) == {}


@pytest.mark.parametrize("content", [b"", b"PAR1", b"no parquet"])
def test_broken_records_are_left_out(tmp_path: Path, content: bytes) -> None:
    whole = measured(tmp_path, 0, rows(1), made())
    broken = measured(tmp_path, 1, rows(2), made())
    (broken / RECORDS).write_bytes(content)
    profile = profiles([arm_of("he", whole, broken)])["preactivation_std"]
    assert profile.n.max() == 1
    assert profiles([arm_of("he", broken)]) == {}


def test_members_whose_results_were_made_elsewhere_have_no_profile() -> None:
    assert profiles([Arm("he", {}, {}, {("0",): made()})]) == {}
