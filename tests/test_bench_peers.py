"""Each way of the benchmark does the work that its name says, and learns a small problem by it."""

from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest
import torch
import torch.nn.functional as F

from src.bench.__main__ import palette
from src.bench.harness import Epochs, Stack
from src.bench.lightning_loop import LightningLoop
from src.bench.peers import NotebookLoop, PlainLoop, Problem, VmapLoop
from src.bench.turns import Way, learned
from src.bench.work import Palette, mixed
from tests.idx_files import TRAIN, made_files, write

STEPS = 60  # an epoch
PROBLEM = (
    *("data=synthetic", "data.features=40", "data.train_size=600", "data.batch_size=10"),
    *("data.validation_size=10", "data.test_size=10", "model.hidden=[48,24]"),
)
needs_jax = pytest.mark.skipif(
    find_spec("jax") is None or find_spec("optax") is None,
    reason="JAX is not installed (pip install -e '.[bench]')",
)


@pytest.fixture(scope="module")
def choice() -> Palette:
    return palette(*PROBLEM)


@pytest.fixture(scope="module")
def still() -> Palette:
    return palette(*PROBLEM, "model.dropout=0")


def assert_learns(way: Way, member_epochs: float) -> None:
    assert way.member_epochs == pytest.approx(member_epochs)
    assert way.first_loss is not None
    for _ in range(5):
        last = way.run()
    assert learned(way.first_loss, last)


@pytest.mark.slow
def test_the_harness_learns(choice: Palette) -> None:
    assert_learns(Stack.mixed(choice, 9, STEPS), 9.0)
    assert_learns(Stack.mixed(choice, 2, STEPS // 2), 1.0)


def test_epochs_of_the_harness(choice: Palette) -> None:
    epochs = Epochs(mixed(choice, 2))  # five epochs, as the configuration has it
    assert epochs.member_epochs == 10.0
    assert epochs.first_loss is not None
    assert learned(epochs.first_loss, epochs.run())
    assert epochs.stack.step == 4 + 5 * STEPS


def test_a_piece_is_no_longer_than_an_epoch(choice: Palette) -> None:
    with pytest.raises(ValueError, match="steps=61: an epoch has 60"):
        Stack.mixed(choice, 1, STEPS + 1)


def test_the_plain_loop_learns(choice: Palette) -> None:
    assert_learns(PlainLoop(choice.base, STEPS), 1.0)


@pytest.mark.slow
def test_the_vmapped_loop_learns(choice: Palette) -> None:
    assert_learns(VmapLoop(choice.base, 3, STEPS), 3.0)


@pytest.mark.slow
def test_the_lightning_loop_learns(choice: Palette) -> None:
    assert_learns(LightningLoop(choice.base, STEPS), 1.0)


@pytest.mark.slow
def test_the_notebook_loop_learns(tmp_path: Path) -> None:
    write(tmp_path, made_files())
    loop = NotebookLoop(tmp_path, batch=10, train_size=TRAIN - 10, steps=4)
    assert loop.member_epochs == 1.0
    assert loop.first_loss is not None
    assert learned(loop.first_loss, [loop.run() for _ in range(40)][-1])


@pytest.mark.slow
def test_the_vmapped_gradient_against_autograd(still: Palette) -> None:
    loop = VmapLoop(still.base, 3, STEPS)
    problem = loop.problem
    x, y = problem.images[problem.rows[7]], problem.labels[problem.rows[7]]
    found, losses = loop.gradients(loop.parameters, x, y)
    for k in range(3):
        net = problem.network()
        net.load_state_dict({name: value[k] for name, value in loop.parameters.items()})
        loss = F.cross_entropy(net(x), y)
        loss.backward()  # type: ignore[no-untyped-call]
        torch.testing.assert_close(losses[k], loss.detach())
        for name, parameter in net.named_parameters():
            torch.testing.assert_close(found[name][k], parameter.grad)


def test_the_batches_are_those_of_an_epoch(choice: Palette) -> None:
    problem = Problem(choice.base, STEPS)
    assert problem.rows.shape == (STEPS, 10)
    assert len(set(problem.rows.flatten().tolist())) == 600
    assert problem.images.min() >= 0
    assert problem.images.max() <= 1


@pytest.mark.peers
@needs_jax
@pytest.mark.parametrize("members", [None, 3])
def test_the_jax_scan_learns(choice: Palette, members: int | None) -> None:
    from src.bench.jax_peers import Scan

    assert_learns(Scan(choice.base, members, STEPS), members or 1)


@pytest.mark.peers
@needs_jax
@pytest.mark.parametrize("members", [None, 2])
def test_the_jax_scan_against_torch(still: Palette, members: int | None) -> None:
    """One piece of the scan is Adam's steps on the same batches, as torch.optim makes them."""
    import numpy as np

    from src.bench.jax_peers import Scan

    steps = 12
    scan = Scan(still.base, members, steps)
    problem = Problem(still.base, steps)
    nets = [problem.network() for _ in range(members or 1)]
    scan.carry = _untrained(members)
    for k, net in enumerate(nets):
        layers = [layer for layer in net if isinstance(layer, torch.nn.Linear)]
        for layer, pair in zip(layers, scan.carry[0], strict=True):
            weight, bias = (np.array(part if members is None else part[k]) for part in pair)
            layer.weight.data = torch.from_numpy(weight).t().contiguous()
            layer.bias.data = torch.from_numpy(bias)
    expected = torch.zeros(steps)
    for net in nets:
        optimizer = torch.optim.Adam(net.parameters(), lr=1e-3)
        for t, rows in enumerate(problem.rows):
            loss = F.cross_entropy(net(problem.images[rows]), problem.labels[rows])
            optimizer.zero_grad()
            loss.backward()  # type: ignore[no-untyped-call]
            optimizer.step()
            expected[t] += loss.detach() / len(nets)
    # float32 sums in two orders: a relative 1e-7 a step, grown over twelve.
    torch.testing.assert_close(torch.tensor(scan._piece()), expected, rtol=1e-4, atol=1e-5)


def _untrained(members: int | None) -> tuple[Any, ...]:
    """A carry before its first step, of the same kind as the scan's."""
    import jax

    from src.bench.jax_peers import _network

    init, _ = _network([40, 48, 24, 10], 0.0)
    keys = jax.random.split(jax.random.key(1), members or 1)
    return init(keys[0]) if members is None else jax.vmap(init)(keys)  # type: ignore[no-any-return]
