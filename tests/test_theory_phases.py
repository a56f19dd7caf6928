"""The phase diagram: its field against the layer's own fixed point, and what is drawn of it."""

import math
from pathlib import Path

import pytest
import torch
from matplotlib.image import imread

from src import activations
from src.criticality import critical
from src.initializers.draw import Start
from src.initializers.place import Setting
from src.meanfield import Layer
from src.theory.inputs import Inputs
from src.theory.phases import phases
from src.theory.picture import draw
from src.theory.predict import predict
from src.theory.starts import layer_starts
from src.theory.table import Report

SIGMA_W = torch.tensor([0.3, 0.9, 1.3, 1.9, 3.0], dtype=torch.float64)
SIGMA_B = torch.tensor([0.0, 0.1, 0.7], dtype=torch.float64)
MOMENT = 0.2


@pytest.mark.parametrize("name", ["relu", "tanh", "sigmoid", "gelu", "selu", "softplus"])
@pytest.mark.parametrize("dropout", [0.0, 0.2])
@pytest.mark.slow
def test_the_field_is_that_of_the_fixed_points(name: str, dropout: float) -> None:
    phi = activations.build(name)
    found = phases(phi, dropout, MOMENT, SIGMA_W, SIGMA_B)
    for j, b in enumerate(SIGMA_B.tolist()):
        for k, w in enumerate(SIGMA_W.tolist()):
            layer = Layer(phi, w * w, b * b, dropout)
            q = layer.variance_fixed_point(w * w * MOMENT + b * b)
            assert bool(found.unbounded[j, k]) == math.isinf(q), (w, b)
            # The table has 40 points a decade, linear between: 3 % of q, less of χ1.
            expected = layer.chi(min(q, 1e10))
            assert float(found.chi[j, k]) == pytest.approx(expected, rel=0.01), (w, b)


def report(name: str, law: str, sigma_w: float) -> Report:
    setting = Setting(activation=activations.build(name), activation_name=name)
    parameters = {"scale": sigma_w**2, "fan": "fan_in", "distribution": "normal"}
    start = Start("variance_scaling", parameters)
    inputs = Inputs(MOMENT, 0.5, 10)
    starts = layer_starts([20, 30, 30, 10], start, setting, list, fixed=False)
    return Report(law, "made", setting, inputs, predict(starts, setting, inputs))


@pytest.mark.parametrize(("name", "sigma_w"), [("relu", 2.2), ("tanh", 1.9)])
@pytest.mark.slow
def test_regions_differ_in_grey_and_meet_at_the_critical_line(
    name: str, sigma_w: float, tmp_path: Path
) -> None:
    """Along a line at σb near 1, left of the critical σw is lighter, and the line dark."""
    path = tmp_path / "x.png"
    draw(report(name, "made", sigma_w), path)
    grey = imread(path)[:, :, :3] @ [0.299, 0.587, 0.114]
    height, width = grey.shape
    # The frame: dark columns and rows over most of the picture.
    columns = [x for x in range(width) if (grey[:, x] < 0.3).mean() > 0.6]
    rows = [y for y in range(height) if (grey[y] < 0.3).mean() > 0.6]
    left, right, top, bottom = columns[0], columns[-1], rows[0], rows[-1]
    row = grey[top + (bottom - top) // 20, left + 4 : right - 3]  # σb = .95
    line = critical(activations.build(name), 0.95**2).weight ** 0.5
    at = int(line / (1.6 * max(sigma_w, 1.0)) * (right - left)) - 4
    assert row[at - 6 : at + 7].min() < 0.2
    ordered, chaotic = row[: at - 12], row[at + 12 :]
    assert ordered.min() > 0.85
    assert sorted(chaotic)[len(chaotic) // 2] < 0.8
