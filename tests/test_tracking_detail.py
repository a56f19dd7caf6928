"""logger.detail: what a command with many members leaves out, and what never changes."""

import re
from dataclasses import replace
from itertools import product
from pathlib import Path

import pytest

from src.division import crowded, left_out
from src.schema.run import MOST_IN_FULL, Detail, LoggerConfig
from src.sweep import Plan
from tests.boards import BASE, trained_sweep
from tests.tensorboard_server import Backend
from tests.training import Trained, even, same_numbers, train, vary


@pytest.fixture(scope="module")
def sweep(tmp_path_factory: pytest.TempPathFactory) -> list[Trained]:
    return trained_sweep(tmp_path_factory.mktemp("sweep"))


@pytest.mark.slow
def test_few_writes_the_row_and_changes_no_number(tmp_path: Path, sweep: list[Trained]) -> None:
    base = even(**BASE, logger__detail=Detail.few)
    members = [vary(base, init="he"), vary(base, init="zeros")]
    few = train(members, tmp_path)
    backend = Backend(tmp_path)
    assert backend.layout() == {}
    full = Backend(sweep[0].folder.parent).rows()
    for one, other in zip(few, sweep, strict=False):
        assert same_numbers(one, other)
        assert one.record["verdict"] == other.record["verdict"]
        assert one.record["steps_to_80"] == other.record["steps_to_80"]
        for plugin in ("histograms", "text", "custom_scalars"):
            assert backend.tensors(plugin, one.folder.name) == {}
        assert backend.images(one.folder.name) == {}
        row, expected = backend.rows()[one.folder.name], full[one.folder.name]
        assert row.hparams == expected.hparams
        assert [value.value for value in row.metric_values] == [
            value.value for value in expected.metric_values
        ]
        sizes = [sum(f.stat().st_size for f in m.folder.glob("events.*")) for m in (one, other)]
        assert sizes[0] < sizes[1] / 10


def test_pictures_change_no_bit(tmp_path: Path, sweep: list[Trained]) -> None:
    without = even(**BASE, diagnostics__histograms=False, diagnostics__images=False)
    (plain,) = train([vary(without, init="he")], tmp_path / "plain")
    (off,) = train([vary(without, init="he", diagnostics="off")], tmp_path / "off")
    assert same_numbers(plain, sweep[0])
    assert same_numbers(off, sweep[0])
    found = Backend(tmp_path)
    assert found.tensors("histograms", "plain/member=0") == {}
    assert found.images("plain/member=0") == {}
    # Without probes there is no verdict: no such metric, and the column says so.
    assert "verdict/index" not in {m.name.tag for m in Backend(off.folder).columns().metric_infos}
    (row,) = Backend(off.folder).rows().values()
    assert row.hparams["verdict"].string_value == "-"


def test_the_number_of_members_decides() -> None:
    auto, everything = LoggerConfig("made"), LoggerConfig("made", detail=Detail.all)
    few = LoggerConfig("made", detail=Detail.few)
    assert [auto.in_full(n) for n in (1, MOST_IN_FULL, MOST_IN_FULL + 1)] == [True, True, False]
    assert everything.in_full(100_000)
    assert not few.in_full(1)


def test_what_is_left_out_is_said_once() -> None:
    base = even(logger="tensorboard")
    many = [base] * (MOST_IN_FULL + 1)
    said = left_out(many)
    assert said is not None
    assert said.startswith("101 members: ")
    assert "logger.detail=all" in said
    assert left_out(many[1:]) is None
    for detail in (Detail.all, Detail.few):
        logger = replace(base.logger, detail=detail)
        assert left_out([replace(base, logger=logger)] * len(many)) is None
    assert left_out([even(logger="none")] * len(many)) is None


def named(*swept: tuple[str, int]) -> list[Path]:
    """The folders of a grid: init=0,seed=0 and so on."""
    keys, counts = zip(*swept, strict=True)
    grid = product(*map(range, counts))
    return [Path(",".join(f"{k}={v}" for k, v in zip(keys, one, strict=True))) for one in grid]


@pytest.mark.parametrize(
    ("swept", "example"),
    [
        ([("seed", 40)], None),
        ([("init", 41)], "init=1"),  # init=10 to init=19 have it in them as well
        ([("init", 4), ("seed", 20)], "init=0"),  # seed=1 leaves 44, seed=2 four
        ([("init", 2), ("seed", 50)], "seed=1"),  # init=0 leaves 50
        ([("init", 2), ("model.hidden", 50)], "model.hidden=1"),
    ],
    ids=str,
)
def test_more_curves_than_are_drawn_unasked(
    swept: list[tuple[str, int]], example: str | None
) -> None:
    folders = named(*swept)
    said = crowded([even(logger="tensorboard")] * len(folders), folders)
    if example is None:
        assert said is None
        return
    assert said is not None
    assert said.startswith(f"{len(folders)} members: TensorBoard's HParams tab shows all; ")
    assert said.endswith(f"leaves fewer, such as {example}.")
    assert 0 < sum(bool(re.search(example, folder.name)) for folder in folders) <= 40


@pytest.mark.parametrize("members", [40, 41, 100, 101])
def test_one_line_for_many_at_the_most(members: int) -> None:
    """Up to 40 all is drawn, up to 100 once fewer are left, and of more there are no curves."""
    base = even(logger="tensorboard")
    configs, folders = [base] * members, named(("init", members))
    said = crowded(configs, folders), left_out(configs)
    assert [line is not None for line in said] == [40 < members <= 100, members > 100]
    everything = replace(base, logger=replace(base.logger, detail=Detail.all))
    assert (crowded([everything] * members, folders) is not None) == (members > 40)
    few = replace(base, logger=replace(base.logger, detail=Detail.few))
    assert crowded([few] * members, folders) is None
    assert crowded([even(logger="none")] * members, folders) is None


def test_no_filter_is_made_up() -> None:
    """Names that are no part of the command's words, or that a filter would read otherwise."""
    configs = [even(logger="tensorboard")] * 41
    for name in ("member={}", "model.hidden=[{}]", "run {}"):
        said = crowded(configs, [Path(name.format(k)) for k in range(41)])
        assert said is not None
        assert said.endswith("leaves fewer, such as member=1." if "=" in name[:7] else "fewer.")


def test_the_line_is_printed_before_training(capsys: pytest.CaptureFixture[str]) -> None:
    base = even(logger="tensorboard")
    for quiet in (False, True):
        configs = [replace(base, seed=k, quiet=quiet) for k in range(MOST_IN_FULL + 1)]
        planned = Plan(configs, [], [], stacks=[list(range(len(configs)))])
        planned.announce()
        assert capsys.readouterr().out == ("" if quiet else f"{left_out(configs)}\n")
