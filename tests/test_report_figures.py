"""What the report's pictures show is what the analysis says; read back from their artists."""

import math
import re
from collections.abc import Callable

import numpy as np
import pytest

from src.report.analysis import Analysis, analyse
from src.report.figures.curves import curves, losses
from src.report.figures.differences import differences
from src.report.figures.drawing import Drawing
from src.report.figures.early import early
from src.report.figures.heatmap import heatmap
from src.report.figures.layers import layers
from src.report.figures.profiles import profiles
from src.report.figures.ranking import ranking
from src.report.figures.ranks import ranks
from src.report.figures.survival import survival
from src.report.figures.table import FIGURES
from src.report.figures.weights import weights
from tests.drawn import artists, member, sweep

MEANS = {"he": 0.88, "xavier": 0.87, "lecun": 0.86, "zeros": 0.1}


def test_ranking_shows_means_intervals_and_seeds() -> None:
    analysis = sweep(MEANS)
    found = artists(ranking(analysis).figure)
    for place, summary in enumerate(analysis.summaries):
        drawn = found[f"arm-{place}-ranking-mean"]
        expected = [100 * value for value in (summary.low, summary.mean, summary.high)]
        assert drawn.get_xdata() == pytest.approx(expected)
        assert list(found[f"arm-{place}-ranking-seeds"].get_xdata()) == pytest.approx(
            100 * analysis.table[place]
        )
        assert found[f"arm-{place}-ranking-name"].get_text() == analysis.arms[place].name
        assert found[f"arm-{place}-ranking-letters"].get_text() == analysis.letters[place]


def test_ranking_enlarges_what_is_near_the_best() -> None:
    figure = ranking(sweep(MEANS)).figure
    near = figure.axes[1].get_xlim()
    # The three that learn lie within 3 points of the best, zeros does not.
    assert 80 < near[0] < 86
    assert 88 < near[1] < 93
    found = artists(figure)
    assert {"arm-2-ranking-near-mean", "arm-3-ranking-near-beyond"} <= found.keys()
    assert len(ranking(sweep({"he": 0.88, "xavier": 0.87})).figure.axes) == 1


def test_fewer_than_three_seeds_have_no_letters_and_no_differences() -> None:
    analysis = sweep(MEANS, seeds=2)
    drawing = ranking(analysis)
    assert not any("letters" in gid for gid in artists(drawing.figure))
    assert "too few for intervals" in drawing.caption
    assert differences(analysis) is None
    assert ranks(analysis) is None
    assert profiles(analysis) is None


@pytest.mark.parametrize("baseline", [None, "lecun"])
def test_differences_are_those_of_the_seeds(baseline: str | None) -> None:
    analysis = sweep(MEANS, baseline=baseline)
    reference = analysis.baseline or 0
    drawing = differences(analysis)
    assert drawing is not None
    found = artists(drawing.figure)
    for place in range(4):
        gid = f"arm-{place}-differences-mean"
        if place == reference:
            assert gid not in found
            continue
        expected = 100 * (analysis.table[place] - analysis.table[reference])
        assert found[gid].get_xdata()[1] == pytest.approx(expected.mean())
        assert found[f"arm-{place}-differences-seeds"].get_xdata() == pytest.approx(expected)
        claimed = next(
            pair.claimed
            for pair in analysis.pairs
            if {pair.first, pair.second} == {place, reference}
        )
        filled = found[gid].get_markerfacecolor() == found[gid].get_color()
        assert filled == claimed


def test_differences_enlarge_the_one_arm_that_is_near() -> None:
    """Of he, xavier and zeros the interval of xavier would lie under its marker."""
    drawing = differences(sweep({"he": 0.88, "xavier": 0.879, "zeros": 0.1}))
    assert drawing is not None
    low, high = drawing.figure.axes[1].get_xlim()
    line = artists(drawing.figure)["arm-1-differences-near-mean"]
    assert low < min(0, *line.get_xdata())
    assert high > max(0, *line.get_xdata())
    wide = drawing.figure.axes[0].get_xlim()
    assert high - low < (wide[1] - wide[0]) / 20
    far = differences(sweep({"he": 0.88, "zeros": 0.1}))
    assert far is not None
    assert len(far.figure.axes) == 1


def test_curves_are_means_over_seeds_with_bands() -> None:
    analysis = sweep(MEANS)
    drawing = curves(analysis)
    assert drawing is not None
    found = artists(drawing.figure)
    for place, arm in enumerate(analysis.arms):
        table = 100 * np.array(
            [[row["validation_accuracy"] for row in of["epochs"]] for of in arm.members.values()]
        )
        for name in ("curves", "curves-near"):
            line = found[f"arm-{place}-{name}-line"]
            assert line.get_xdata() == pytest.approx(np.arange(5))
            assert line.get_ydata() == pytest.approx(table.mean(axis=0))
        corners = found[f"arm-{place}-curves-band"].get_paths()[0].vertices
        at_end = corners[corners[:, 0] == 4][:, 1]
        assert [at_end.min(), at_end.max()] == pytest.approx([table[:, 4].min(), table[:, 4].max()])


def test_losses_are_on_log_axes() -> None:
    analysis = sweep(MEANS)
    drawing = losses(analysis)
    assert drawing is not None
    assert [axes.get_yscale() for axes in drawing.figure.axes] == ["log", "log"]
    line = artists(drawing.figure)["arm-0-curves-log-train-line"]
    assert line.get_xdata()[0] == 1  # nothing was trained before epoch 1


def test_hover_boxes_are_where_the_axes_are_drawn() -> None:
    drawing = curves(sweep(MEANS))
    assert drawing is not None
    for told, axes in zip(drawing.hover, drawing.figure.axes, strict=True):
        extent = axes.get_window_extent()
        wide, high = drawing.figure.bbox.width, drawing.figure.bbox.height
        expected = [extent.x0 / wide, 1 - extent.y1 / high, extent.x1 / wide, 1 - extent.y0 / high]
        assert told["box"] == pytest.approx(expected, abs=1e-5)  # rounded to five digits
        assert told["y"] == pytest.approx(axes.get_ylim())
        assert {series["arm"] for series in told["series"]} == {0, 1, 2, 3}
        for series in told["series"]:
            assert len(series["x"]) == len(series["y"]) == len(series["text"])
            drawn = artists(drawing.figure)[f"arm-{series['arm']}-curves-line"]
            assert series["y"] == pytest.approx(drawn.get_ydata(), rel=1e-4)  # five digits


@pytest.mark.parametrize("make", [ranking, differences])
def test_rows_answer_the_pointer_with_mean_interval_and_seeds(
    make: Callable[[Analysis], Drawing],
) -> None:
    drawing = make(sweep(MEANS))
    found = artists(drawing.figure)
    for told, axes, near in zip(drawing.hover, drawing.figure.axes, ("", "-near"), strict=True):
        assert told["y"] == list(axes.get_ylim())
        assert {f"arm-{series['arm']}-{drawing.name}{near}-mean" for series in told["series"]} == {
            gid for gid in found if gid.endswith(f"{drawing.name}{near}-mean")
        }
        for series in told["series"]:
            line = found[f"arm-{series['arm']}-{drawing.name}{near}-mean"]
            low, mean, high = line.get_xdata()
            assert (series["x"], series["y"]) == ([mean], [line.get_ydata()[1]])
            text = series["text"][0].replace("\N{MINUS SIGN}", "-")
            numbers = [float(number) for number in re.findall(r"-?\d+\.?\d*", text)]
            assert numbers == pytest.approx([mean, 95, low, high, 5], rel=1e-3)  # four digits


def test_a_member_that_diverged_counts_as_guessing_and_is_crossed() -> None:
    records = [member({"init": "he"}, seed, 0.8) for seed in range(3)]
    records += [member({"init": "big"}, seed, 0.8) for seed in range(2)]
    records.append(member({"init": "big"}, 2, 0.8, diverged=1))
    analysis = analyse(records)
    drawing = curves(analysis)
    assert drawing is not None
    found = artists(drawing.figure)
    assert found["arm-1-curves-line"].get_ydata()[-1] == pytest.approx((80 + 80 + 10) / 3)
    assert found["arm-1-curves-diverged"].get_xdata()[0] == 2
    ranked = ranking(analysis)
    assert artists(ranked.figure)["arm-1-ranking-diverged"].get_xdata() == pytest.approx([10])
    told = "1 member of big diverged (crosses); what they count as stands among the notes."
    assert ranked.caption.endswith(told)
    assert drawing.caption.endswith(told)
    log = losses(analysis)
    assert log is not None
    drawn = artists(log.figure)["arm-1-curves-log-validation-line"].get_ydata()[-1]
    assert drawn == pytest.approx((2 * (2.5 - 1.6) + math.log(10)) / 3)


def test_first_steps_are_means_over_seeds() -> None:
    analysis = sweep(MEANS)
    drawing = early(analysis)
    assert drawing is not None
    for place, arm in enumerate(analysis.arms):
        table = [of["first_steps"]["train_loss"] for of in arm.members.values()]
        line = artists(drawing.figure)[f"arm-{place}-early-line"]
        assert line.get_xdata() == pytest.approx(np.arange(100))
        assert line.get_ydata() == pytest.approx(np.mean(table, axis=0))


def test_survival_counts_those_that_never_arrive() -> None:
    records = [
        member({"init": name}, seed, 0.9 if seed < reached else 0.5)
        for name, reached in (("all", 4), ("half", 2), ("none", 0))
        for seed in range(4)
    ]
    drawing = survival(analyse(records))
    assert drawing is not None
    found = artists(drawing.figure)
    ends = [found[f"arm-{place}-survival-line"].get_ydata()[-1] for place in range(3)]
    assert ends == pytest.approx([100, 50, 0])
    assert "Not all seeds of half and none arrive" in drawing.caption
    assert "training accuracy over the last 1,000 examples" in drawing.caption


def test_survival_ends_soon_after_the_last_arrival() -> None:
    records = [member({"init": "he"}, seed, 0.9) for seed in range(4)]
    for seed, record in enumerate(records):
        record["steps_to_80"] = 2 + seed
    never = [member({"init": "zeros"}, seed, 0.5) for seed in range(4)]
    assert min(record["step"] for record in never) > 10
    for given, end in (([*records, *never], 1.25 * 5), (records, 5)):
        drawing = survival(analyse(given))
        assert drawing is not None
        assert drawing.figure.axes[0].get_xlim() == (0, end)


def test_old_results_have_fewer_pictures() -> None:
    analysis = sweep(MEANS)
    for record in analysis.records:
        for key in ("first_steps", "initial_weights"):
            del record[key]
    assert [make(analysis) for make in (early, weights, layers, heatmap)] == [None] * 4


def test_every_picture_is_made_by_a_test() -> None:
    made = {curves, losses, differences, early, heatmap, layers, profiles, ranking, ranks}
    assert set(FIGURES) == {*made, survival, weights}
