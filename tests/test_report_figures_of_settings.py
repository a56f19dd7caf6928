"""Pictures of settings together, of layers, weights and ranks, read back from their artists."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from src.report.analysis import analyse
from src.report.figures.heatmap import heatmap
from src.report.figures.layers import layers
from src.report.figures.profiles import profiles
from src.report.figures.ranks import ranks
from src.report.figures.weights import weights
from tests.drawn import artists, member, sweep, with_records

MEANS = {"he": 0.88, "xavier": 0.87, "lecun": 0.86, "zeros": 0.1}


def test_heatmap_holds_means_and_hatches_what_is_missing() -> None:
    pairs = [("he", "relu"), ("he", "tanh"), ("xavier", "relu")]
    records = [
        member({"init": init, "activation": activation}, seed, 0.8 - 0.1 * k + 0.001 * seed)
        for k, (init, activation) in enumerate(pairs)
        for seed in range(3)
    ]
    drawing = heatmap(analyse(records))
    assert drawing is not None
    axes = drawing.figure.axes[0]
    cells: Any = np.ma.asarray(axes.collections[0].get_array()).reshape(2, 2)
    table, mask = np.ma.getdata(cells), np.ma.getmaskarray(cells)
    across = [tick.get_text() for tick in axes.get_xticklabels()]
    down = [tick.get_text() for tick in axes.get_yticklabels()]
    seen = {
        frozenset((down[row], across[column])): table[row, column]
        for row, column in np.argwhere(~mask)
    }
    assert seen == {
        frozenset(pair): pytest.approx(100 * (0.801 - 0.1 * k)) for k, pair in enumerate(pairs)
    }
    assert mask.sum() == 1
    assert axes.patch.get_hatch()
    assert "1 combination(s) without a member are hatched" in drawing.caption
    assert heatmap(sweep(MEANS)) is None


def test_layers_show_probes_and_zeros_at_the_foot(tmp_path: Path) -> None:
    records = [
        member({"init": name}, seed, value)
        for name, value in (("he", 0.8), ("zeros", 0.1))
        for seed in range(3)
    ]
    drawing = layers(analyse(with_records(records, tmp_path)))
    assert drawing is not None
    found = artists(drawing.figure)
    assert found["arm-0-layers-preactivation-0-line"].get_ydata() == pytest.approx([1, 0.5, 0.25])
    assert found["arm-0-layers-preactivation-1-line"].get_ydata() == pytest.approx([2, 1, 0.5])
    assert found["arm-0-layers-gradient-0-line"].get_ydata() == pytest.approx([2, 2, 2])
    assert list(found["arm-1-layers-gradient-0-zero"].get_xdata()) == [1, 2, 3]
    assert "arm-0-layers-gradient-0-zero" not in found
    assert "It is 0 (triangles at the foot) in zeros" in drawing.caption


def test_ranks_are_joined_within_the_critical_difference() -> None:
    analysis = sweep(MEANS, seeds=10)
    drawing = ranks(analysis)
    assert drawing is not None
    assert analysis.ranking is not None
    found = artists(drawing.figure)
    drawn = [found[f"arm-{place}-ranks-mean"].get_xdata()[0] for place in range(4)]
    assert drawn == pytest.approx(analysis.ranking.means)
    bars = [line for line in drawing.figure.axes[0].lines if line.get_linewidth() == 2.2]
    assert len(bars) == len(analysis.ranking.groups)
    for bar, group in zip(bars, analysis.ranking.groups, strict=True):
        ends = [analysis.ranking.means[group[0]], analysis.ranking.means[group[-1]]]
        assert bar.get_xdata() == pytest.approx(ends)


def test_profiles_show_the_share_of_seeds_above() -> None:
    analysis = sweep({"he": 0.88, "xavier": 0.87})
    drawing = profiles(analysis)
    assert drawing is not None
    for place in range(2):
        line = artists(drawing.figure)[f"arm-{place}-profiles-line"]
        above = [100 * (100 * analysis.table[place] > at).mean() for at in line.get_xdata()]
        assert line.get_ydata() == pytest.approx(above)


def test_weights_are_as_wide_as_they_were_drawn() -> None:
    analysis = sweep({"he": 0.88, "zeros": 0.1})
    for record in analysis.arms[1].members.values():
        record["initial_weights"] = [
            {"layer": layer, "low": 0.0, "high": 0.0, "counts": [500]} for layer in (1, 2, 3)
        ]
    drawing = weights(analysis)
    assert drawing is not None
    found = artists(drawing.figure)
    held = [of["initial_weights"][0] for of in analysis.arms[0].members.values()]
    edges = found["arm-0-weights-1-line"].get_data().edges
    assert edges[0] == min(of["low"] for of in held)
    assert edges[-1] == max(of["high"] for of in held)
    assert list(found["arm-1-weights-1-spike"].get_xdata()) == [0, 0]
