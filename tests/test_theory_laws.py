"""Every row of the table of laws, because it is there: ours against the row, and the library."""

import json
import math
import re
from collections import Counter
from functools import cache
from typing import Any

import numpy as np
import pytest
import torch
from scipy import stats
from torch import Tensor

from src.initializers.draw import draw_layers
from src.starts import setting, start_of
from src.theory import laws
from src.theory.__main__ import main
from src.theory.rows import CUT, ROWS, Row
from tests.conftest import Configure
from tests.law_peers import PACKAGES, PEERS

every_row = pytest.mark.parametrize("row", ROWS, ids=lambda row: f"{row.library} {row.call}")
# (fan_out, fan_in): wide and tall tell the fans apart. Even, as the rows of `sparse` say.
SHAPES = [(60, 200), (200, 60)]


def drawn(row: Row, shape: tuple[int, int], configure: Configure, seed: int = 0) -> Any:
    """Weight and bias of the first layer of a network of two that begins as the row says."""
    config = _config(row.ours, configure)
    sizes = [shape[1], shape[0], 3]
    return draw_layers(sizes, start_of(config.init), seed, setting(config))[0]


@cache
def _config(ours: str, configure: Configure) -> Any:
    return configure(*ours.split(" "))


def variance(row: Row, shape: tuple[int, int]) -> float:
    fan_out, fan_in = shape
    fans = {"fan_in": fan_in, "fan_avg": (fan_in + fan_out) / 2, "fan_max": max(shape), "": 1}
    return row.scale / fans[row.fan]


def expected(row: Row, shape: tuple[int, int]) -> Any:
    """The row's law of one weight, as scipy has it."""
    std = math.sqrt(variance(row, shape))
    if row.law == "normal":
        return stats.norm(row.mean, std)
    if row.law == "uniform":
        bound = math.sqrt(3) * std
        return stats.uniform(row.mean - bound, 2 * bound)
    assert row.law == "truncated_normal"
    if row.cut_std is not None:
        before = std / math.sqrt(CUT)
        return stats.truncnorm(-row.cut_std, row.cut_std, row.mean, before)
    assert row.cut_at is not None
    # Where the cut tells, at 2 std, the row's variance is what is left; elsewhere all of it.
    before = std / math.sqrt(CUT) if math.isclose(std, math.sqrt(CUT)) else std
    cut = row.cut_at / before
    return stats.truncnorm(-cut, cut, row.mean, before)


# --- ours against the row -----------------------------------------------------------------


@every_row
@pytest.mark.parametrize("shape", SHAPES, ids=str)
@pytest.mark.slow
def test_our_equivalent_has_the_law(row: Row, shape: tuple[int, int], configure: Configure) -> None:
    weight, _ = drawn(row, shape, configure)
    if row.law in ("orthogonal", "identity", "sparse"):
        check_structure(row, weight)
        return
    law, count = expected(row, shape), weight.numel()
    sample = weight.double().numpy().ravel()
    # Five standard errors, as derived in test_initializers_laws: chance of 6e-7 an inequality.
    kurtosis = 3 + float(law.stats(moments="k"))
    assert abs(sample.mean() - row.mean) < 5 * law.std() / math.sqrt(count)
    assert math.isclose(law.var(), variance(row, shape), rel_tol=1e-9)
    allowed = 5 * law.var() * math.sqrt((kurtosis - 1) / count)
    assert abs(sample.var() - law.var()) < allowed
    assert stats.kstest(sample, law.cdf).pvalue > 1e-3
    low, high = law.support()
    slack = 2**-22 * max(abs(low), abs(high)) if math.isfinite(high) else 0
    assert low - slack <= sample.min()
    assert sample.max() <= high + slack
    # 40/n of probability lies beyond: of all samples a share of e^-40 has nothing there.
    assert sample.max() >= law.ppf(1 - 40 / count)
    if row.law == "normal":
        # Not cut: 2.27 std is where a law cut at ±2 and corrected would end.
        assert abs(sample - row.mean).max() > 2.5 * law.std()


def check_structure(row: Row, weight: Tensor) -> None:
    """weight [o, i]"""
    fan_out, fan_in = weight.shape
    if row.law == "orthogonal":
        short = weight.double() if fan_out <= fan_in else weight.double().T
        gram = short @ short.T
        assert torch.allclose(gram, row.scale * torch.eye(len(short)).double(), atol=1e-5)
        # The mean of the squares is exact: min(shape) rows of squared norm `scale`.
        assert math.isclose(
            float(weight.double().square().mean()), variance(row, (fan_out, fan_in)), rel_tol=1e-5
        )
    elif row.law == "identity":
        assert torch.equal(weight, torch.eye(fan_out, fan_in))
    else:
        assert set((weight == 0).sum(0).tolist()) == {fan_out // 2}
        kept = weight[weight != 0].double().numpy()
        std = math.sqrt(2 * variance(row, (fan_out, fan_in)))
        assert stats.kstest(kept, stats.norm(0, std).cdf).pvalue > 1e-3


def bias_law(row: Row, shape: tuple[int, int]) -> Any:
    """None: zeros, which is what ours are where the call knows of no bias, too."""
    bound = {"U(±1/√fan_in)": 1 / math.sqrt(shape[1]), "as W": math.sqrt(3 * variance(row, shape))}
    if row.bias in bound:
        return stats.uniform(-bound[row.bias], 2 * bound[row.bias])
    if row.bias == "N(0, 0.01²)":
        return stats.norm(0, 0.01)
    assert row.bias in ("", "0"), row.bias
    return None


@every_row
def test_our_equivalent_has_the_biases(row: Row, configure: Configure) -> None:
    shape = (3_000, 20)
    _, bias = drawn(row, shape, configure)
    law = bias_law(row, shape)
    if law is None:
        assert torch.equal(bias, torch.zeros_like(bias))
    else:
        assert stats.kstest(bias.double().numpy(), law.cdf).pvalue > 1e-3


# --- ours against the library -------------------------------------------------------------


def test_every_row_of_an_installable_library_has_a_peer() -> None:
    rows = [(row.library, row.call) for row in ROWS]
    assert len(set(rows)) == len(rows)
    assert {pair for pair in rows if pair[0] in PACKAGES} == set(PEERS)


# torch shares this process with every other test.
MARKED = [
    pytest.param(row, marks=() if row.library == "torch" else pytest.mark.peers)
    for row in ROWS
    if row.library in PACKAGES
]


@pytest.mark.parametrize("row", MARKED, ids=lambda row: f"{row.library} {row.call}")
@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_our_equivalent_against_the_library(
    row: Row,
    shape: tuple[int, int],
    configure: Configure,
) -> None:
    """Two samples, the test of Kolmogorov and Smirnov; the seeds are fixed."""
    theirs, their_bias = PEERS[row.library, row.call](*shape, 1)
    assert theirs.shape == shape
    weight, bias = drawn(row, shape, configure, seed=1)
    if row.law == "identity":
        assert weight.numpy().tolist() == theirs.tolist()
        return
    if row.law == "sparse":
        assert ((weight == 0).sum(0).numpy() == (theirs == 0).sum(0)).all()
    if row.law == "orthogonal":
        # The entries of one matrix depend on each other: the corners of many.
        ours_sample, theirs_sample = corners(row, configure)
    else:
        ours_sample, theirs_sample = weight.numpy(), theirs
    samples = [(ours_sample, theirs_sample)]
    if their_bias is not None:
        assert row.bias
        samples.append((bias.numpy(), their_bias))
        if row.bias == "0":
            assert not their_bias.any()
    for mine, other in samples:
        pvalue = stats.ks_2samp(mine[mine != 0], other[other != 0]).pvalue if other.any() else 1.0
        assert pvalue > 1e-3


def corners(row: Row, configure: Configure) -> tuple[Any, Any]:
    peer, shape = PEERS[row.library, row.call], (5, 8)
    draws = range(100, 400)
    ours = [float(drawn(row, shape, configure, seed)[0][0, 0]) for seed in draws]
    return np.array(ours), np.array([float(peer(*shape, seed)[0][0, 0]) for seed in draws])


# --- the command --------------------------------------------------------------------------


def test_the_table_covers_names_and_libraries() -> None:
    names = Counter(row.name for row in ROWS)
    assert names.keys() >= {"he", "xavier", "lecun", "orthogonal", "dense layer"}
    libraries = {row.library for row in ROWS}
    assert libraries >= {"torch", "Keras", "JAX", "Flax", "TF1", "MXNet", "Flux"}
    assert libraries >= {"scikit-learn", "fastai", "timm"}
    dense = {row.library for row in ROWS if row.name == "dense layer"}
    assert dense == libraries - {"TF1 contrib"}


def test_the_table_is_printed_whole(capsys: pytest.CaptureFixture[str]) -> None:
    main(["laws"])
    out = capsys.readouterr().out
    lines = out.splitlines()
    assert len({len(line) for line in lines if line.startswith(("|", "+"))}) == 1
    for row in ROWS:
        (found,) = [line for line in lines if all(f"| {cell} " in line for cell in told(row))]
        assert row.source in found
    assert laws.NOTES in out


def told(row: Row) -> list[str]:
    return [row.name, row.library, row.call, row.variance, row.ours]


def test_json_is_the_same_table(capsys: pytest.CaptureFixture[str]) -> None:
    main(["laws", "--json"])
    records = json.loads(capsys.readouterr().out)
    assert [record["call"] for record in records] == [row.call for row in ROWS]
    assert records == laws.records()


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["laws", "--jsn"], "unrecognized arguments: --jsn; --help tells what is allowed."),
        (["laws", "init=he"], "laws init=he: must be laws, laws --json or page, alone."),
        (["page", "x"], "page x: must be laws, laws --json or page, alone."),
        (["page", "--json"], "page with options: must be laws, laws --json or page, alone."),
        (["lows"], "lows: cannot be read as key=value"),
    ],
)
def test_bad_arguments_are_told(
    words: list[str], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as end:
        main(words)
    assert end.value.code == 2
    err = capsys.readouterr().err
    assert re.fullmatch(r"error: [^\n]+\.\n", err)
    assert said in err
