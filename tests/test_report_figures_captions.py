"""What captions say is true where arms tie, are alone, diverge early or have commas in names."""

import re
from collections.abc import Mapping
from typing import Any

import numpy as np
import pytest
from matplotlib.text import Text

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
from src.report.figures.table import drawings
from tests.drawn import artists, member, sweep, with_records

MEANS = {"he": 0.88, "xavier": 0.87, "lecun": 0.86, "zeros": 0.1}


def made(drawing: Drawing | None) -> Drawing:
    assert drawing is not None
    return drawing


def arms(scores: Mapping[str, list[float]], **changes: Any) -> Analysis:
    return analyse(
        [
            member({"init": name}, seed, value) | changes
            for name, values in scores.items()
            for seed, value in enumerate(values)
        ]
    )


def test_profiles_tell_the_median_as_it_is() -> None:
    """Of three seeds one, not half, is above it; and two arms have it."""
    caption = made(profiles(arms({"a": [0.5, 0.7, 0.8], "b": [0.6, 0.7, 0.7]}))).caption
    assert "Highest median: a and b, 70.00 %." in caption or (
        "Highest median: b and a, 70.00 %." in caption
    )
    assert "alf the seeds" not in caption


def test_one_arm_has_an_interval_and_says_so() -> None:
    drawing = ranking(arms({"he": [0.7, 0.71, 0.72]}))
    assert "95 % interval 68.52 % to 73.48 %" in drawing.caption  # t of 2: 71 ± 4.303 / sqrt(3)
    assert "too few" not in drawing.caption
    assert drawing.caption.startswith("The mean test accuracy of all members is 71.00 %")


def test_no_axis_of_accuracies_goes_beyond_100() -> None:
    figure = ranking(arms({"he": [1.0] * 3})).figure
    ticks = [text.get_text() for text in figure.axes[0].get_xticklabels()]
    low, high = figure.axes[0].get_xlim()
    assert low > 90
    assert high < 100.2
    assert "100" in ticks


def test_arms_that_diverged_before_a_curve_began_are_named() -> None:
    records = [member({"init": "he"}, seed, 0.8) for seed in range(3)]
    records += [member({"init": "big"}, seed, 0.8, diverged=2 * (seed == 0)) for seed in range(3)]
    records += [member({"init": "huge"}, seed, 0.8, diverged=0) for seed in range(3)]
    analysis = analyse(records)
    for make, name in ((curves, "curves"), (losses, "curves-log-validation")):
        drawing = made(make(analysis))
        found = artists(drawing.figure)
        crosses = {
            place: len(found[f"arm-{place}-{name}-diverged"].get_xdata())
            for place in range(3)
            if f"arm-{place}-{name}-diverged" in found
        }
        big = next(k for k, arm in enumerate(analysis.arms) if arm.name == "big")
        assert crosses == {big: 3}
        assert "3 members of big diverged (crosses);" in drawing.caption
        assert "Not drawn: huge, of which 3 members diverged." in drawing.caption
    records[3] = member({"init": "big"}, 0, 0.8)
    told = made(early(analyse(records))).caption
    assert "2 members of big diverged (crosses)" in told
    assert "crosses" not in made(early(sweep(MEANS))).caption


def test_crosses_stay_out_of_what_is_not_enlarged() -> None:
    """A cross at guessing lies far below the panel of those near the best."""
    records = [
        member({"init": name}, seed, value, diverged=3 if name == "big" and not seed else None)
        for name, value in (("he", 0.88), ("xavier", 0.875), ("big", 0.88))
        for seed in range(3)
    ]
    found = artists(made(curves(analyse(records))).figure)
    crosses = [of for gid, of in found.items() if gid.endswith("curves-near-diverged")]
    assert [of.get_clip_on() for of in crosses] == [True]


def test_all_that_tie_are_named() -> None:
    analysis = arms({"a": [0.9] * 3, "b": [0.9] * 3, "c": [0.1] * 3, "d": [0.1] * 3})
    names = {arm.name: place for place, arm in enumerate(analysis.arms)}
    first, last = sorted("ab", key=names.__getitem__), sorted("cd", key=names.__getitem__)
    assert f"Soonest: {' and '.join(first)}, half by step 30." in made(survival(analysis)).caption
    told = made(curves(analysis)).caption
    assert f"Best after epoch 4: {' and '.join(first)}, 90.00 %;" in told
    assert f"worst: {' and '.join(last)}, 10.00 %." in told
    assert f"last {' and '.join(last)} with 10.00 %." in ranking(analysis).caption


def test_survival_tells_the_log_rank_test() -> None:
    analysis = arms({"a": [0.9] * 6, "b": [0.5] * 6})
    assert analysis.log_rank is not None
    assert analysis.log_rank.p < 0.01
    told = re.search(
        r"Log-rank test of all arms at once: p (<|=) (\S+);", made(survival(analysis)).caption
    )
    assert told
    assert float(told[2]) == pytest.approx(max(analysis.log_rank.p, 0.001), abs=5e-4)
    assert "no claim rests on it" in made(survival(analysis)).caption


def test_ranks_are_a_second_look() -> None:
    caption = made(ranks(sweep(MEANS))).caption
    assert "Friedman and Nemenyi" in caption
    assert "need not agree with the letters" in caption


@pytest.mark.slow
def test_names_with_commas_have_a_plus_instead(tmp_path: Any) -> None:
    records = [
        member({"init": init, "activation": activation}, seed, value)
        for init, value in (("he", 0.88), ("zeros", 0.1))
        for activation in ("relu", "tanh")
        for seed in range(3)
    ]
    analysis = analyse(with_records(records, tmp_path))
    drawn = drawings(analysis)
    assert {"heatmap", "layers"} <= {drawing.name for drawing in drawn}
    assert any("he + relu" in drawing.caption for drawing in drawn)
    for drawing in drawn:
        assert not [arm.name for arm in analysis.arms if arm.name in drawing.caption]
    assert "sorted by their mean over the columns" in made(heatmap(analyse(records))).caption


def test_layers_that_all_change_alike_have_one_factor(tmp_path: Any) -> None:
    records = [member({"init": name}, seed, 0.8) for name in ("he", "lecun") for seed in range(3)]
    caption = made(layers(analyse(with_records(records, tmp_path)))).caption
    # with_records halves the signal at each of three layers.
    assert re.search("std of preactivations changes .* by a factor of 0.25 in .* and ", caption)
    assert "between" not in caption


def test_epochs_are_whole() -> None:
    records = [member({"init": "he"}, seed, 0.8) for seed in range(3)]
    for record in records:
        record["epochs"] = record["epochs"][:2]
    figure = made(curves(analyse(records))).figure
    assert np.array(figure.axes[0].get_xticks()).tolist() == [0, 1]


def test_two_panels_have_one_label_below_both() -> None:
    figure = made(differences(sweep(MEANS))).figure
    first, second = (axes.get_position() for axes in figure.axes)
    [label] = [text for text in figure.findobj(Text) if "difference from" in text.get_text()]
    assert label.get_position()[0] == pytest.approx((first.x0 + second.x1) / 2)
