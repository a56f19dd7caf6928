"""What the probes saw of each layer, by arm: records.parquet of many members at once."""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from src.diagnostics.records import RECORDS, read_table
from src.errors import InputError
from src.report.arms import Arm, Array
from src.report.settings import Record
from src.tracking.files import expected_of

LAST = None  # each member's own last measured step
STEPS: tuple[int | None, ...] = (0, 100, LAST)
PROBES = ("preactivation_std", "gradient_std", "dead_fraction")
# Made of the root of a probe, as the dashboard does.
ROOTS = {"gradient_std": "gradient_variance"}

_THREADS = 8  # they wait for the disk
# The probe is told by its place among those wanted.
_NONE = pa.table(
    {
        "step": pa.array([], pa.int64()),
        "layer": pa.array([], pa.int32()),
        "probe": pa.array([], pa.int32()),
        "value": pa.array([], pa.float64()),
    }
)


@dataclass(frozen=True)
class Profile:
    """A probe over the seeds of each arm; each array is [arm, step, layer].

    n: members with a finite value there. mean: NaN where n is 0. sd: NaN where n is below 2.
    Steps are in the order asked for; layers are padded to the deepest arm's.
    """

    mean: Array
    sd: Array
    n: npt.NDArray[np.int64]


def profiles(
    arms: Sequence[Arm],
    probes: Sequence[str] = PROBES,
    steps: Sequence[int | None] = STEPS,
) -> dict[str, Profile]:
    """By probe; those that no member has are absent.

    Members without a records.parquet, or with one that cannot be read (src.report.unread), are
    left out. A member that ended before a step has no value there; LAST is wherever it came to.
    """
    members = [
        (row, member)
        for row, arm in enumerate(arms)
        for member in arm.members.values()
        if "folder" in member
    ]
    wanted = sorted({ROOTS.get(name, name) for name in probes})
    rows = _rows([member for _, member in members], wanted)
    rows["arm"] = np.array([row for row, _ in members], np.int64)[rows["member"]]
    found = {}
    for name in probes:
        own = rows[rows["probe"] == ROOTS.get(name, name)]
        if name in ROOTS:
            own = own.assign(value=np.sqrt(own["value"]))
        if len(own):
            found[name] = _profile(own, len(arms), steps)
    return found


def _profile(rows: pd.DataFrame, arms: int, steps: Sequence[int | None]) -> Profile:
    """rows: arm, member, step, layer and value of one probe."""
    shape = (arms, len(steps), int(rows["layer"].max()))
    profile = Profile(np.full(shape, np.nan), np.full(shape, np.nan), np.zeros(shape, np.int64))
    last = rows.groupby("member")["step"].transform("max")
    finite = np.isfinite(rows["value"])
    for place, step in enumerate(steps):
        there = rows[finite & (rows["step"] == (last if step is LAST else step))]
        told = there.groupby(["arm", "layer"])["value"].agg(["mean", "std", "count"])
        arm, layer = (told.index.get_level_values(level).to_numpy() for level in (0, 1))
        profile.mean[arm, place, layer - 1] = told["mean"]
        profile.sd[arm, place, layer - 1] = told["std"]
        profile.n[arm, place, layer - 1] = told["count"]
    return profile


def _rows(members: Sequence[Record], probes: Sequence[str]) -> pd.DataFrame:
    """member (its place among them), step, layer, probe and value: of layers alone."""
    with ThreadPoolExecutor(_THREADS) as pool:
        tables = list(pool.map(partial(_table, wanted=pa.array(probes)), members))
    lengths = [len(table) for table in tables]
    whole = pa.concat_tables([_NONE, *tables])
    probe = pd.Categorical.from_codes(whole["probe"].to_numpy(), probes)
    return pd.DataFrame(
        {
            "member": np.repeat(np.arange(len(members)), lengths),
            "probe": probe,
            **{name: whole[name].to_numpy() for name in ("step", "layer", "value")},
        }
    )


def _table(member: Record, wanted: pa.Array) -> pa.Table:
    """A file's rows of layers and of the wanted probes; none where it cannot be read."""
    try:
        table = read_table(Path(member["folder"]) / RECORDS, expected_of(member, RECORDS))
    except InputError:
        return _NONE
    table = table.set_column(2, "probe", pc.index_in(table["probe"], wanted)).cast(_NONE.schema)
    # A row of the whole network has no layer; what is not wanted has no place.
    of_a_layer = pc.fill_null(pc.greater(table["layer"], 0), False)
    return table.filter(pc.and_(of_a_layer, pc.is_valid(table["probe"])))
