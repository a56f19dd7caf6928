"""The engine for a GPU, its calls made one by one on the CPU, against the reference engine."""

from collections.abc import Callable, Sequence
from typing import Any

import hypothesis.strategies as st
import pytest
import torch
from hypothesis import given, settings
from torch import Tensor

from src.engine.batched import BatchedEngine
from src.engine.graphs import WARM_UPS, Repeated
from src.engine.protocol import Engine, Recipe
from src.engine.reference import ReferenceEngine
from src.model import StackedMLP
from tests.test_engine_cpu import BATCH, ORDERS, STEPS, examples, recipe, recipes, rows, stack
from tests.training import options


def trained(
    engine: Engine, model: StackedMLP, chunks: Sequence[Tensor], alive: Sequence[bool]
) -> tuple[Tensor, Tensor, list[Tensor]]:
    """Losses, hits and parameters after the chunks."""
    losses, hits, step = [], [], 0
    for chunk in chunks:
        loss, hit = engine.run(chunk, step, examples(), alive)
        losses.append(loss)
        hits.append(hit)
        step += len(chunk)
    return (
        torch.cat(losses),
        torch.cat(hits),
        [item.detach().clone() for item in model.parameters()],
    )


def both(
    mixture: list[Recipe], chunks: Sequence[Tensor], dtype: torch.dtype = torch.float32
) -> list[tuple[Tensor, Tensor, list[Tensor]]]:
    found = []
    for kind in (BatchedEngine, ReferenceEngine):
        model = stack(mixture, range(len(mixture))).to(dtype)
        found.append(trained(kind(model, mixture), model, chunks, [True] * len(mixture)))
    return found


# Two chunks of full batches, and a last batch that is not full.
CHUNKS = [rows(), rows()[:2], rows()[:1, :, : BATCH - 4]]
DONE = sum(len(chunk) for chunk in CHUNKS)


def allowed(steps: int, rounding: float = 2**-24) -> float:
    """Sums of fewer than 16 terms of size 1, in another order: 16 roundings a product.

    Three products forward, three back, so many steps; an update is at most lr/eps = 1 of a
    gradient, and a buffer of momentum .9 sums up 10 of them.
    """
    return 16 * 6 * steps * 10 * rounding


def assert_close(one: Sequence[Tensor], two: Sequence[Tensor], atol: float) -> None:
    for found, expected in zip(one, two, strict=True):
        assert torch.allclose(found, expected, rtol=0, atol=atol)


@settings(max_examples=40, deadline=None)
@given(st.lists(recipes, min_size=1, max_size=7))
@pytest.mark.slow
def test_batched_against_reference(mixture: list[Recipe]) -> None:
    fast, slow = both(mixture, CHUNKS)
    assert_close([fast[0], *fast[2]], [slow[0], *slow[2]], allowed(DONE))
    # A hit is lost or won where two logits are closer than their errors.
    assert (fast[1] - slow[1]).abs().max() <= 1


@pytest.mark.parametrize("members", [1, 2, 7, 64])
def test_stacks_of_many_sizes_against_reference(members: int) -> None:
    """Every optimizer beside every other, each with its own activation, dropout and order."""
    optimizers, activations = options("optimizer"), options("activation")
    mixture = [
        recipe(
            activations[k % len(activations)],
            optimizers[k % len(optimizers)],
            (0.0, 0.2, 0.5)[k % 3],
            k % 5,
            k % ORDERS,
        )
        for k in range(members)
    ]
    fast, slow = both(mixture, CHUNKS)
    assert_close([fast[0], *fast[2]], [slow[0], *slow[2]], allowed(DONE))


SMOOTH = ["tanh", "gelu", "silu", "softplus", "sigmoid", "mish"]


@pytest.mark.slow
def test_two_hundred_steps_in_doubles_against_reference() -> None:
    """Smooth activations, no dropout: an error grows no faster than the problem's own slope."""
    optimizers = options("optimizer")
    mixture = [
        recipe(SMOOTH[k % len(SMOOTH)], name, 0.0, 0, k % ORDERS)
        for k, name in enumerate(optimizers)
    ]
    torch.set_default_dtype(torch.float64)  # or torch.optim keeps NAdam's momenta in float32
    try:
        fast, slow = both(mixture, [rows()] * 40, torch.float64)
    finally:
        torch.set_default_dtype(torch.float32)
    assert len(fast[0]) == 200
    for one, two in zip([fast[0], *fast[2]], [slow[0], *slow[2]], strict=True):
        scale = two.abs().amax()
        assert float((one - two).abs().max() / scale) <= 1e-9


@settings(max_examples=20, deadline=None)
@given(st.lists(recipes, min_size=2, max_size=12), st.randoms(use_true_random=False))
@pytest.mark.slow
def test_member_against_its_single_run(mixture: list[Recipe], random: Any) -> None:
    """Wherever it stands: the products of a batch of matrices may sum in another order."""
    order = list(range(len(mixture)))
    random.shuffle(order)
    model = stack([mixture[k] for k in order], order)
    engine = BatchedEngine(model, [mixture[k] for k in order])
    together = trained(engine, model, CHUNKS, [True] * len(order))
    for position, k in enumerate(order):
        own = stack([mixture[k]], [k])
        alone = trained(BatchedEngine(own, [mixture[k]]), own, CHUNKS, [True])
        assert torch.allclose(alone[0][:, 0], together[0][:, position], rtol=0, atol=allowed(DONE))
        assert_close(
            [item[0] for item in alone[2]], [item[position] for item in together[2]], allowed(DONE)
        )


def test_chunks_of_other_lengths_change_nothing() -> None:
    """To the bit, NAdam's running product and the second, longer chunk's new buffers included."""
    mixture = [recipe("tanh", name, 0.2, k, 0) for k, name in enumerate(options("optimizer"))]
    one, two = stack(mixture, range(len(mixture))), stack(mixture, range(len(mixture)))
    alive = [True] * len(mixture)
    whole = trained(BatchedEngine(one, mixture), one, [rows()], alive)
    split = trained(BatchedEngine(two, mixture), two, [rows()[:1], rows()[1:4], rows()[4:]], alive)
    for found, expected in zip([split[0], *split[2]], [whole[0], *whole[2]], strict=True):
        assert torch.equal(found, expected)


@pytest.mark.parametrize("optimizer", options("optimizer"))
def test_a_loss_that_is_not_finite_stops_its_member_at_that_step(optimizer: str) -> None:
    """In the middle of a chunk: its neighbours are those of a run without it, to the bit."""
    wild = recipe("identity", optimizer, 0.0, 0, 0)
    wild.optimizer.hyperparameters["lr"] = 1e37
    mixture = [recipe("relu", optimizer, 0.2, 0, 0), wild, recipe("tanh", "adam", 0.2, 1, 1)]
    model, calm, slow = (stack(mixture, [0, 1, 2]) for _ in range(3))
    engine = BatchedEngine(model, mixture)
    losses, _, after = trained(engine, model, CHUNKS, [True] * 3)
    finite = losses[:, 1].isfinite()
    stopped = int(finite.int().argmin())
    assert 0 < stopped < STEPS
    assert losses[:, [0, 2]].isfinite().all()
    neighbours = trained(BatchedEngine(calm, mixture), calm, CHUNKS, [True, False, True])[2]
    for one, two in zip(after, neighbours, strict=True):
        assert torch.equal(one[[0, 2]], two[[0, 2]])
    expected = trained(ReferenceEngine(slow, mixture), slow, [rows()[:stopped]], [True] * 3)[2]
    for one, two in zip(after, expected, strict=True):
        # As many steps as before, at a size of 1e37.
        assert torch.allclose(one[1], two[1], rtol=allowed(STEPS), atol=0)
    assert engine.updates[engine.stacked.restore].tolist() == [DONE, stopped, DONE]


def test_a_member_that_is_not_alive_is_left_as_it_is() -> None:
    mixture = [recipe("relu", "adam", 0.2, 0, 0), recipe("relu", "adamw", 0.2, 0, 1)]
    model, before = stack(mixture, [0, 1]), stack(mixture, [0, 1])
    engine = BatchedEngine(model, mixture)
    trained(engine, model, CHUNKS, [True, False])
    for one, two in zip(model.parameters(), before.parameters(), strict=True):
        assert torch.equal(one[1], two[1])
        assert not torch.equal(one[0], two[0])
    assert engine.optimizers[1].state_dict()["state"] == {}


def test_parameters_set_between_chunks_are_taken_over() -> None:
    """As a checkpoint's are, after the engine has been made."""
    mixture = [recipe("relu", "sgd", 0.2, 0, 0), recipe("gelu", "adam", 0.0, 0, 1)]
    late, early = stack(mixture, [0, 1]), stack(mixture, [5, 6])
    engine = BatchedEngine(late, mixture)
    late.load_state_dict(early.state_dict())
    one = trained(engine, late, CHUNKS, [True, True])
    two = trained(BatchedEngine(early, mixture), early, CHUNKS, [True, True])
    for found, expected in zip([one[0], *one[2]], [two[0], *two[2]], strict=True):
        assert torch.equal(found, expected)


def test_bf16_against_reference_under_autocast() -> None:
    """Both round operands and results of products to 8 bits, u = 2^-9 of a size of 3 or less.

    Rounded alike, most numbers are equal; where a float32 sum in another order tips a rounding,
    they differ by one step of it, in six products a step.
    """
    mixture = [
        recipe(activation, "sgd", rate, k, k % ORDERS)
        for k, (activation, rate) in enumerate([("relu", 0.3), ("tanh", 0.0), ("mish", 0.5)])
    ]
    model, slow = stack(mixture, range(3)), stack(mixture, range(3))
    fast = trained(BatchedEngine(model, mixture, "bf16-mixed"), model, CHUNKS, [True] * 3)
    with torch.autocast("cpu", torch.bfloat16):
        expected = trained(ReferenceEngine(slow, mixture), slow, CHUNKS, [True] * 3)
    exact, _ = both(mixture, CHUNKS)
    # An update is lr = .01 of a gradient.
    assert_close(fast[2], expected[2], 0.01 * 6 * DONE * 2 * 2**-9 * 3)
    assert_close([fast[0]], [expected[0]], 6 * 2 * 2**-9 * 3)
    assert not torch.equal(fast[0], exact[0])
    assert fast[0].dtype is torch.float32
    assert {item.dtype for item in fast[2]} == {torch.float32}


class Rehearsed(Repeated):
    """Tries its step out before the first call, as a GPU's does before it captures."""

    def __init__(
        self,
        step: Callable[[], None],
        rehearse: Callable[[], None],
        device: torch.device,
        capture: bool = True,
    ) -> None:
        super().__init__(step, rehearse, device, capture)
        for _ in range(WARM_UPS):
            rehearse()
            step()


def test_a_rehearsal_moves_nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    """At every new batch size, between chunks that train: to the bit."""
    mixture = [recipe("relu", name, 0.2, k, k % 2) for k, name in enumerate(options("optimizer"))]
    plain, _ = both(mixture, CHUNKS)
    monkeypatch.setattr("src.engine.batched.Repeated", Rehearsed)
    tried, _ = both(mixture, CHUNKS)
    for one, two in zip([tried[0], *tried[2]], [plain[0], *plain[2]], strict=True):
        assert torch.equal(one, two)
