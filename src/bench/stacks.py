"""Seconds of training per member-epoch by size of the stack, against peers and the floor.

The work of a member-epoch: 480 steps of 784-256-128-10 at batch 100, dropout .2, Adam; 1.007
MFLOP a sample forward and backward. Members are mixed in start, activation, rate and seed.
"""

import time
from collections.abc import Callable, Sequence
from statistics import median
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.func import functional_call, grad, stack_module_state, vmap

from src import activations
from src.bench.peers import BATCH, network
from src.data.examples import Examples, Splits
from src.dropout import Dropout
from src.engine.choice import engine_for
from src.engine.protocol import Recipe
from src.initializers.draw import draw_layers
from src.model import StackedMLP
from src.optimizers import Spec

SIZES = [784, 256, 128, 10]
STEPS, EPOCH_STEPS = 48, 480
MFLOP = 1.007e6 * BATCH * EPOCH_STEPS  # of a member-epoch
ACTIVATIONS = ("relu", "tanh", "leaky_relu", "silu")


def stacks(splits: Splits, rounds: int, sizes: Sequence[int] = (1, 8, 64)) -> dict[str, Any]:
    """All ways in turn, round by round, so that the machine's noise is shared."""
    examples = splits.train
    ways: dict[str, Callable[[], float]] = {
        **{f"stack of {members}": _stack(examples, members) for members in sizes},
        "plain loop, fused Adam": _plain(examples),
        "torch.func vmap, 64 members": _vmap(examples, 64),
        "floor: products alone": _floor,
    }
    seconds: dict[str, list[float]] = {name: [] for name in ways}
    for way in ways.values():
        way()
    for _ in range(rounds):
        for name, way in ways.items():
            seconds[name].append(way())
    largest = seconds[f"stack of {sizes[-1]}"]
    return {
        "member_epoch_seconds": seconds,
        "largest_stack_times_faster_than": {
            name: [theirs / ours for theirs, ours in zip(values, largest, strict=True)]
            for name, values in seconds.items()
        },
        "largest_stack_share_of_floor": median(seconds["floor: products alone"]) / median(largest),
    }


def _timed(work: Callable[[], object], members: int) -> float:
    started = time.perf_counter()
    work()
    return (time.perf_counter() - started) * EPOCH_STEPS / STEPS / members


def _rows(orders: int) -> Tensor:
    generator = torch.Generator().manual_seed(0)
    return torch.randint(48_000, (STEPS, orders, BATCH), generator=generator)


def _stack(examples: Examples, members: int) -> Callable[[], float]:
    seeds = [k // 4 for k in range(members)]  # arms of a sweep: four to a seed
    scaling = {"scale": 2.0, "fan": "fan_in", "distribution": "normal"}
    layers = [
        draw_layers(SIZES, "variance_scaling", scaling, "constant", 0.0, seed) for seed in seeds
    ]
    names = [ACTIVATIONS[k % len(ACTIVATIONS)] if members > 1 else "relu" for k in range(members)]
    parameters = [{"negative_slope": 0.01} if name == "leaky_relu" else {} for name in names]
    recipes = [
        Recipe(name, kept, Dropout(0.2, seed), Spec("adam", {"lr": 1e-3 / (1 + k % 3)}), seed)
        for k, (name, kept, seed) in enumerate(zip(names, parameters, seeds, strict=True))
    ]
    functions = [
        activations.build(name, **kept) for name, kept in zip(names, parameters, strict=True)
    ]
    engine = engine_for(StackedMLP(layers, functions), recipes, "32-true")
    rows, alive = _rows(max(seeds) + 1), [True] * members
    return lambda: _timed(lambda: engine.run(rows, 0, examples, alive), members)


def _plain(examples: Examples) -> Callable[[], float]:
    images, labels = examples.images.float() / 255, examples.labels
    net = nn.Sequential(*_dense())
    optimizer = torch.optim.Adam(net.parameters(), lr=1e-3, fused=True)

    def train() -> None:
        for rows in _rows(1)[:, 0]:
            loss = F.cross_entropy(net(images[rows]), labels[rows])
            optimizer.zero_grad()
            loss.backward()  # type: ignore[no-untyped-call]
            optimizer.step()

    return lambda: _timed(train, 1)


def _dense() -> nn.Sequential:
    blank = torch.zeros(1, SIZES[0], dtype=torch.uint8)
    one = Examples(blank, torch.zeros(1, dtype=torch.int64))
    return network(Splits(one, one, one, SIZES[-1], {}))


def _vmap(examples: Examples, members: int) -> Callable[[], float]:
    images, labels = examples.images.float() / 255, examples.labels
    nets = [_dense() for _ in range(members)]
    template = _dense()
    parameters, _ = stack_module_state(nets)
    optimizer = torch.optim.Adam(list(parameters.values()), lr=1e-3, fused=True)

    def loss(own: dict[str, Tensor], x: Tensor, y: Tensor) -> Tensor:
        return F.cross_entropy(functional_call(template, own, (x,)), y)

    gradients = vmap(grad(loss), in_dims=(0, None, None), randomness="different")

    def train() -> None:
        for rows in _rows(1)[:, 0]:
            found = gradients(parameters, images[rows], labels[rows])
            for name, parameter in parameters.items():
                parameter.grad = found[name]
            optimizer.step()

    return lambda: _timed(train, members)


def _floor() -> float:
    """The arithmetic of a member-epoch at the rate of one large float32 product."""
    size = 3072
    a, b = torch.rand(size, size), torch.rand(size, size)
    started = time.perf_counter()
    for _ in range(3):
        a @ b
    return MFLOP * (time.perf_counter() - started) / (3 * 2 * size**3)
