"""logger.detail: what a command with many members leaves out, and what never changes."""

from dataclasses import replace
from pathlib import Path

import pytest

from src.division import left_out
from src.schema.run import MOST_IN_FULL, Detail, LoggerConfig
from src.sweep import Plan
from tests.boards import BASE, trained_sweep
from tests.tensorboard_server import Backend
from tests.training import Trained, even, same_numbers, train, vary


@pytest.fixture(scope="module")
def sweep(tmp_path_factory: pytest.TempPathFactory) -> list[Trained]:
    return trained_sweep(tmp_path_factory.mktemp("sweep"))


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


def test_the_line_is_printed_before_training(capsys: pytest.CaptureFixture[str]) -> None:
    base = even(logger="tensorboard")
    for quiet in (False, True):
        configs = [replace(base, seed=k, quiet=quiet) for k in range(MOST_IN_FULL + 1)]
        planned = Plan(configs, [], [], stacks=[list(range(len(configs)))])
        planned.announce()
        assert capsys.readouterr().out == ("" if quiet else f"{left_out(configs)}\n")
