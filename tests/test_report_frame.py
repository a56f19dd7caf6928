"""The tidy table: a row a member, with columns and types that do not depend on luck."""

import math
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from src.report import load
from src.report.frame import framed
from src.report.metrics import METRICS
from tests.records import diverged, failed, made, written

FIXED = {
    "folder": "str",
    "label": "str",
    "status": "str",
    "step": "Int64",
    "verdict": "str",
    **dict.fromkeys(METRICS, "float64"),
    "steps_to_80": "Int64",
    "seconds": "float64",
}


def types(frame: pd.DataFrame) -> dict[str, str]:
    return {str(name): str(kind) for name, kind in frame.dtypes.items()}


@pytest.mark.parametrize(
    "records",
    [
        [made()],
        [made(), made(0.5)],
        [failed()],
        [failed(), failed()],
        [diverged()],
        [made(), diverged(), failed()],
    ],
    ids=["one", "two", "one failed", "all failed", "diverged", "mixed"],
)
def test_types_are_those_that_stand_written(records: list[dict[str, Any]]) -> None:
    told = [record | {"folder": str(k)} for k, record in enumerate(records)]
    frame = framed(told)
    assert types(frame) == {**FIXED, "seed": "Int64"}
    assert len(frame) == len(records)


def test_a_row_of_each_status(tmp_path: Path) -> None:
    judged = made(0.75, seed=1) | {
        "verdict": {"primary": "healthy", "index": 0, "found": []},
        "steps_to_80": 40,
    }
    frame = load(written(tmp_path, judged, diverged(seed=2), failed(seed=3)))
    assert list(frame.columns[:4]) == ["folder", "label", "seed", "status"]
    whole, lost, broken = (frame.iloc[k] for k in range(3))
    assert whole["folder"] == str(tmp_path / "member=0")
    assert (whole["seed"], whole["status"], whole["step"]) == (1, "done", 48)
    assert (whole["verdict"], whole["steps_to_80"]) == ("healthy", 40)
    assert (whole["validation_accuracy"], whole["test_accuracy"]) == (0.75, 0.7)
    assert (lost["status"], lost["step"]) == ("diverged", 37)
    assert math.isnan(lost["validation_accuracy"])
    assert pd.isna(lost["verdict"])
    assert pd.isna(lost["steps_to_80"])
    assert pd.isna(broken["step"])
    assert pd.isna(broken["test_accuracy"])
    assert frame.attrs["notes"] == []


@pytest.mark.parametrize(
    ("key", "values", "kind", "expected"),
    [
        ("seed", [0, 1], "Int64", [0, 1]),
        ("optimizer__lr", [0.1, 1], "float64", [0.1, 1.0]),
        ("optimizer__lr", [0.1, None], "float64", [0.1, None]),
        ("model__residual", [False, True], "boolean", [False, True]),
        ("model__residual", [None, True], "boolean", [None, True]),
        ("model__hidden", [[8, 6], [8]], "str", ["[8, 6]", "[8]"]),
        ("model__hidden", ["auto", 8], "str", ["auto", "8"]),
        ("model__hidden", [True, 8], "str", ["true", "8"]),
        ("seed", [2**63, 1], "float64", [float(2**63), 1.0]),
        ("init__name", ["he", "zeros"], "str", ["he", "zeros"]),
    ],
)
def test_a_setting_has_the_type_of_its_values(
    key: str, values: list[Any], kind: str, expected: list[Any]
) -> None:
    frame = framed([made(**{key: value}) | {"folder": "x"} for value in values])
    column = frame[key.replace("__name", "").replace("__", ".")]
    assert str(column.dtype) == kind
    assert [None if pd.isna(value) else value for value in column] == expected


def test_a_setting_that_some_members_lack_is_missing_there() -> None:
    other = made()
    del other["config"]["optimizer"]["lr"]
    column = framed([made(), other])["optimizer.lr"]
    assert column[0] == 0.001
    assert math.isnan(column[1])
