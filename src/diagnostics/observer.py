"""What is seen of a stack at a step: the same rows, whoever trains it."""

import logging
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import partial
from threading import Lock
from typing import NamedTuple, TypeVar

import torch
from torch import Tensor

from src.config import Config
from src.data.examples import Examples
from src.diagnostics.histograms import Histograms, histograms
from src.diagnostics.observe import Parameters, changes, rows_of, snapshots
from src.diagnostics.probes import table
from src.diagnostics.records import Record
from src.diagnostics.snapshot import Change, Expectation, Snapshot
from src.diagnostics.theory import expectation
from src.errors import on_one_line
from src.model import StackedMLP
from src.streams import stream

Rows = list[list[Record]]  # of each member


class Look(NamedTuple):
    """What is seen of one member at one step."""

    rows: list[Record]
    histograms: Histograms


Found = TypeVar("Found")
Seen = TypeVar("Seen", Snapshot, Change)

log = logging.getLogger(__name__)


def sample_of(examples: Examples, count: int, seed: int) -> tuple[Tensor, Tensor]:
    """x [b, i] and y [b] of `count` examples, or of all where there are fewer."""
    rows = torch.randperm(len(examples), generator=stream(seed, "diagnostics"))[:count]
    return examples.batch(rows.to(examples.labels.device))


class Observer:
    """Takes the probes of a tier. It only reads: no gradient is left, no generator is touched.

    What fails while it is measured has no rows; the training never fails with it.
    """

    def __init__(self, configs: Sequence[Config]) -> None:
        """configs: of the members of a stack, which look at the same sample."""
        self.configs = list(configs)
        self.config, self.seed = configs[0].diagnostics, configs[0].data.split_seed
        self.names = [config.activation.name for config in configs]
        self._told: set[str] = set()  # what has failed, and been said to have
        self._telling = Lock()
        self._train: Examples | None = None  # what the sample was drawn from

    def look(
        self,
        model: StackedMLP,
        step: int,
        train: Examples,
        alive: Sequence[bool],
        pictured: bool = False,
    ) -> list[Look]:
        """Of each member the state after `step` updates; nothing of those not alive.

        pictured: histograms as well.
        """
        measures = {probe.name: probe.measure for probe in table.of(self.config.tier, step)}

        def seen(at: Snapshot) -> list[Look]:
            rows = self._measured(step, measures, at, len(at))
            taken: list[Histograms] = [{} for _ in rows]
            if pictured:
                with self.unharmed("a histogram", step, len(at)):
                    taken = histograms(at)
            return list(map(Look, rows, taken))

        def found(living: list[int]) -> list[Look]:
            if train is not self._train:
                self._sample = sample_of(train, self.config.samples, self.seed)
                self._train = train
            expected = self._expectations(model) if step == 0 else None
            return snapshots(model, self._sample, self.names, living, seen, expected)

        return self._placed(step, alive, found, lambda: Look([], {}))

    def update(
        self, before: Parameters, model: StackedMLP, step: int, alive: Sequence[bool] | None = None
    ) -> Rows:
        """Of each member the rows of update number `step`. before: its layers ahead of it."""

        def seen(made: Change) -> Rows:
            return self._measured(step, table.OF_STEPS, made, len(made.before[0][0]))

        def found(living: list[int]) -> Rows:
            return changes(before, model, living, seen)

        return self._placed(step, alive or [True] * len(model), found, list)

    def _expectations(self, model: StackedMLP) -> list[Expectation]:
        sizes = [model.weights[0].shape[2], *model.widths]
        return [
            expectation(config, sizes, partial(model.member, k))
            for k, config in enumerate(self.configs)
        ]

    @contextmanager
    def unharmed(self, what: str, step: int, members: int = 1) -> Iterator[None]:
        """Whatever fails inside ends there, and is told the first time.

        But of several members it goes on: they are tried one by one (src.diagnostics.observe).
        """
        try:
            yield
        except Exception as error:
            if members > 1:
                raise
            with self._telling:  # threads look at members side by side
                first = what not in self._told
                self._told.add(what)
            if first:
                said = f"{type(error).__name__}: {on_one_line(error)}"
                told = "diagnostics: %s failed at step %d (%s); the training goes on without it"
                log.warning(told, what, step, said)

    def _placed(
        self,
        step: int,
        alive: Sequence[bool],
        found: Callable[[list[int]], list[Found]],
        nothing: Callable[[], Found],
    ) -> list[Found]:
        of_each = [nothing() for _ in alive]
        living = [k for k, each in enumerate(alive) if each]
        # Lightning validates in inference mode, in which nothing can be differentiated.
        with self.unharmed("a look", step), torch.inference_mode(False):
            for k, each in zip(living, found(living), strict=True):
                of_each[k] = each
        return of_each

    def _measured(
        self, step: int, measures: Mapping[str, Callable[[Seen], Tensor]], of: Seen, members: int
    ) -> Rows:
        rows: Rows = [[] for _ in range(members)]
        for name, measure in measures.items():
            with self.unharmed(f"the probe {name}", step, members):
                found = rows_of(step, {name: measure(of)}, members)
                for row, more in zip(rows, found, strict=True):
                    row += more
        return rows
