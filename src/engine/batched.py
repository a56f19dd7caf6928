"""The fast engine for a GPU: all members in every call, no host in the loop, steps in CUDA graphs.

A GPU spends more time on being told what to do than on doing it: a launch costs some 5 µs, as long
as a batch's products take. So a step is a fixed sequence of calls on fixed tensors, captured once
and replayed; what changes from step to step lies in tensors made for a whole chunk, and a counter
on the device says which row of them is due. Whether a loss is finite is decided there as well: a
member's update is made through a mask. On a CPU the same calls are made one by one.
"""

import math
from collections.abc import Sequence

import torch
from torch import Tensor

from src import optimizers
from src.data.examples import Examples
from src.dropout import positions, raw_numbers_of, starts_of
from src.engine.graphs import Repeated
from src.engine.groups import Group
from src.engine.kernels import own
from src.engine.network import Network
from src.engine.precision import product_type, products
from src.engine.protocol import Recipe
from src.engine.rules import flags_of
from src.engine.stacked import Stacked
from src.engine.states import States
from src.model import StackedMLP
from src.schedules import Schedule

# That a chunk is made for at least. Enough for trainer.chunk_steps up to here (48 by default); with
# a larger one the first longer chunk is captured anew, once.
STEPS = 64


class Chunk:
    """What the steps on batches of one size read and write, at addresses that stay."""

    def __init__(self, engine: "BatchedEngine", shape: torch.Size, examples: Examples) -> None:
        """shape: of the rows [t, s, b]; t is the most steps that a chunk may have."""
        device, steps = engine.device, shape[0]
        self.capacity, self.batch, self.examples = steps, shape[-1], examples
        self.t = torch.zeros(1, dtype=torch.int64, device=device)
        self.rows = torch.zeros(shape, dtype=torch.int64, device=device)
        self.starts = torch.zeros(steps, len(engine.seeds), dtype=torch.int64, device=device)
        self.positions = positions(self.batch, engine.widths[:-1], device)
        self.numbers = [
            torch.zeros(
                steps, len(group.names), len(group.made), 1, device=device, dtype=engine.dtype
            )
            for group in engine.groups
        ]
        self.losses = torch.zeros(steps, engine.members, dtype=engine.dtype, device=device)
        self.hits = torch.zeros(steps, engine.members, dtype=torch.int64, device=device)
        self.run = Repeated(
            lambda: engine.step(self), lambda: engine.rehearse(self), device, engine.captures
        )


class BatchedEngine:
    """Optimisation steps of a stack; rows of its tensors are members in an order of its own."""

    def __init__(
        self, model: StackedMLP, recipes: Sequence[Recipe], precision: str = "32-true"
    ) -> None:
        first = model.weights[0]
        self.model, self.precision = model, precision
        self.device, self.dtype = first.device, first.dtype
        self.members, self.widths = len(model), model.widths
        leaves = model.leaves()
        self.optimizers = optimizers.build([recipe.optimizer for recipe in recipes], leaves)
        kinds = [
            _kind(recipe, k, self.optimizers[k].param_groups[0]) for k, recipe in enumerate(recipes)
        ]
        order = sorted(range(len(recipes)), key=kinds.__getitem__)
        self._order = order  # on the host
        self.stacked = Stacked(model, order, product_type(precision, self.dtype))
        ordered = [recipes[k] for k in order]
        self.network = Network(self.stacked, ordered)
        # A user's own code may do what a CUDA graph cannot hold.
        self.captures = not any(own(recipe.activation_parameters) for recipe in recipes)
        self.groups = self._grouped(recipes, kinds)
        self.updates = torch.zeros(self.members, dtype=torch.int64, device=self.device)
        self._states = States(self.optimizers, leaves, self.stacked, self.groups, self.updates)
        self._alive = torch.zeros(self.members, dtype=torch.bool, device=self.device)
        self._read(ordered)
        self.max_norm = self._max_norm(ordered)
        self._chunks: dict[int, Chunk] = {}

    def _grouped(self, recipes: Sequence[Recipe], kinds: Sequence[tuple[str, ...]]) -> list[Group]:
        groups: list[Group] = []
        first, order = 0, self._order
        while first < len(order):
            kind = kinds[order[first]][:2]
            members = [k for k in order[first:] if kinds[k][:2] == kind]
            own = [self.optimizers[k] for k in members]
            multipliers = self.stacked.multipliers([recipes[k] for k in members])
            groups.append(Group(kind[0], first, own, self.stacked.flat, multipliers))
            first += len(members)
        return groups

    def _read(self, recipes: Sequence[Recipe]) -> None:
        """Which data order, schedule and dropout each row has."""
        self._schedules: list[Schedule] = []  # each once
        for recipe in recipes:
            if recipe.schedule not in self._schedules:
                self._schedules.append(recipe.schedule)
        places = [self._schedules.index(recipe.schedule) for recipe in recipes]
        self._schedule_of = torch.tensor(places)  # on the host
        dropouts = [recipe.dropout for recipe in recipes]
        self.seeds = sorted({dropout.seed for dropout in dropouts})
        self.drops = any(dropout.dropped_levels for dropout in dropouts)

        def column(values: list[int], dtype: torch.dtype) -> Tensor:
            return torch.tensor(values, dtype=dtype, device=self.device)

        self._order_of = column([recipe.order for recipe in recipes], torch.int64)
        self._seed_of = column([self.seeds.index(item.seed) for item in dropouts], torch.int64)
        thresholds = column([item.threshold for item in dropouts], torch.int16)
        self._threshold = thresholds.view(-1, 1, 1)
        scales = torch.tensor([item.scale for item in dropouts], device=self.device)
        self._scale = scales.view(-1, 1, 1)

    def _max_norm(self, recipes: Sequence[Recipe]) -> Tensor | None:
        """The largest 2-norm of each row's gradient, [m, 1]; None where none is limited."""
        norms = [math.inf if item.clip_norm is None else item.clip_norm for item in recipes]
        if all(map(math.isinf, norms)):
            return None
        return torch.tensor(norms, dtype=self.dtype, device=self.device)[:, None]

    # --- a chunk ------------------------------------------------------------------------------

    def run(
        self, rows: Tensor, first_step: int, examples: Examples, alive: Sequence[bool]
    ) -> tuple[Tensor, Tensor]:
        # Outside autocast: the network rounds to the products' type by itself.
        plain = torch.autocast(self.device.type, enabled=False)
        with torch.no_grad(), plain, products(self.precision):
            steps = len(rows)
            self.stacked.take(self.model)
            chunk = self._chunk(rows, examples)
            living = torch.tensor([alive[k] for k in self._order])
            self._fill(chunk, rows, first_step, living)
            chunk.run(steps)
            for group in self.groups:
                group.advance(steps, living[group.rows])
            self.stacked.give(self.model)
            restore = self.stacked.restore
            losses, hits = chunk.losses[:steps], chunk.hits[:steps]
            return losses.index_select(1, restore), hits.index_select(1, restore)

    def close(self) -> None:
        self._chunks.clear()

    def _chunk(self, rows: Tensor, examples: Examples) -> Chunk:
        known = self._chunks.get(rows.shape[-1])
        if known is None or known.capacity < len(rows) or known.examples is not examples:
            self._alive.zero_()  # nothing that is tried out may move a member
            # Short chunks come first, cut at the steps that are looked at; the longer ones after
            # them should not have to be captured again.
            shape = torch.Size((max(len(rows), STEPS), *rows.shape[1:]))
            known = self._chunks[rows.shape[-1]] = Chunk(self, shape, examples)
        return known

    def _fill(self, chunk: Chunk, rows: Tensor, first_step: int, alive: Tensor) -> None:
        steps = len(rows)
        self._put(chunk.rows[:steps], rows)
        if self.drops:
            self._put(chunk.starts[:steps], starts_of(self.seeds, first_step, steps))
        factors = self.rate_factors(first_step, steps)
        for group, numbers in zip(self.groups, chunk.numbers, strict=True):
            made = group.coefficients(factors[:, group.rows])
            self._put(numbers[:steps], made.to(self.dtype))
        self._put(self._alive, alive)
        chunk.t.zero_()

    def _put(self, there: Tensor, here: Tensor) -> None:
        """A copy that the host does not wait for."""
        if self.device.type == "cuda" and here.device.type == "cpu":
            here = here.pin_memory()
        there.copy_(here, non_blocking=True)

    def rate_factors(self, first_step: int, steps: int) -> Tensor:
        """What multiplies each row's learning rate, float64 [t, m]."""
        numbers = range(first_step, first_step + steps)
        factors = [[schedule.factor(step) for schedule in self._schedules] for step in numbers]
        return torch.tensor(factors, dtype=torch.float64).index_select(1, self._schedule_of)

    # --- a step -------------------------------------------------------------------------------

    def rehearse(self, chunk: Chunk) -> None:
        """Let `step` be tried: nobody alive, row 0 of a chunk that is not filled yet."""
        chunk.t.zero_()

    def step(self, chunk: Chunk) -> None:
        """Step t of the chunk, in calls on fixed tensors alone."""
        x, y = chunk.examples.batch(chunk.rows.index_select(0, chunk.t)[0])  # [s, b, i], [s, b]
        x, y = self._per_member(x), self._per_member(y)
        logits = self.network.forward(x.to(self.dtype), self._factors(chunk))
        losses = self.network.losses(logits, y)
        hits = (logits.argmax(dim=2) == y).sum(dim=1)
        chunk.losses.index_copy_(0, chunk.t, losses[None])
        chunk.hits.index_copy_(0, chunk.t, hits[None])
        self._alive.logical_and_(losses.isfinite())
        self.network.backward()
        if self.max_norm is not None:
            self.stacked.clip(self.max_norm)
        alive = self._alive[:, None]
        for group, numbers in zip(self.groups, chunk.numbers, strict=True):
            due = numbers.index_select(0, chunk.t)[0]
            group.update(self.stacked.flat, self.stacked.grad, alive, due)
        self.stacked.round()
        self.updates.add_(self._alive)
        chunk.t.add_(1)

    def _per_member(self, values: Tensor) -> Tensor:
        """[s, ...] -> [m, ...]"""
        if len(values) == 1:
            return values.expand(self.members, *values.shape[1:])
        return values.index_select(0, self._order_of)

    def _factors(self, chunk: Chunk) -> list[Tensor] | None:
        """0 where dropped, 1/keep elsewhere: [m, b, o] for each hidden layer."""
        if not self.drops:
            return None
        starts = chunk.starts.index_select(0, chunk.t)[0]
        layers = raw_numbers_of(starts, chunk.positions, chunk.batch, self.widths[:-1])
        if len(self.seeds) > 1:
            layers = [raw.index_select(0, self._seed_of) for raw in layers]
        return [torch.where(raw >= self._threshold, self._scale, 0.0) for raw in layers]


def _kind(recipe: Recipe, k: int, options: dict[str, object]) -> tuple[str, ...]:
    """Rows are sorted by this: update rule and path through it, activation, place in the model."""
    flags = ",".join(sorted(flags_of(options)))
    if recipe.rate_multipliers is not None:
        flags += " multiplied"  # so that others pay nothing for it
    activation = f"{recipe.activation} {sorted(recipe.activation_parameters.items())}"
    return recipe.optimizer.algorithm, flags, activation, f"{k:09d}"
