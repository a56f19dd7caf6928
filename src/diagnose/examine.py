"""The first steps of members, made by the engine that trains them, and what is seen of them."""

from collections.abc import Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from functools import cached_property

import torch
from torch import Tensor

from src.assembly import build_model, epoch_steps, recipes, run_steps
from src.capacity import on_gpu
from src.config import Config
from src.data.chunks import Chunks, Rows, distinct_orders
from src.diagnose.histograms import Histograms, histograms
from src.diagnostics.observe import parameters, snapshots
from src.diagnostics.observer import Observer, sample_of
from src.diagnostics.records import Record, Story
from src.diagnostics.schedule import schedule_of
from src.diagnostics.verdicts.judge import judge
from src.diagnostics.verdicts.verdict import Verdict, facts_of
from src.engine.choice import engine_for, evaluator_for
from src.engine.protocol import Engine
from src.errors import told
from src.progress import Count
from src.stacks import splits_of
from src.sweep import Plan
from src.tuned import UntunableMembers


@dataclass
class Examined:
    """What was seen of a member, from its start to the state after `steps` updates."""

    label: str
    config: Config
    steps: int
    records: list[Record] = field(default_factory=list)
    histograms: dict[int, Histograms] = field(default_factory=dict)  # by step
    diverged_at: int | None = None
    error: str | None = None  # why it could not be examined

    @property
    def run_steps(self) -> int:
        return run_steps(self.config)

    @property
    def story(self) -> Story:
        return Story(self.records)

    @cached_property
    def verdicts(self) -> list[Verdict]:
        """The primary one first; none of a member that could not be examined."""
        facts = facts_of(self.config, self.diverged_at)
        return judge(self.story, facts) if self.error is None else []


def examine(plan: Plan, steps: int, shapes: bool) -> list[Examined]:
    """All members of a checked plan, in its order. shapes: whether histograms are wanted."""
    before = torch.get_num_threads()
    torch.set_num_threads(plan.limits.threads or before)
    members = [Examined(*each, steps) for each in zip(plan.labels, plan.configs, strict=True)]
    count, done = Count(len(members), "members examined"), 0
    try:
        for stack in plan.stacks:
            _examine([members[k] for k in stack], shapes)
            done += len(stack)
            count.tell(done, plan.quiet or len(members) == 1)
    finally:
        torch.set_num_threads(before)
    return members


def _examine(members: list[Examined], shapes: bool) -> None:
    """A stack; where one raises, halves of it, so that one member's fault is its own."""
    try:
        FirstSteps(members, shapes).make()
    except UntunableMembers as error:
        for k, fault in error.faults.items():
            members[k].error = str(fault)
        others = [each for each in members if each.error is None]
        if others:
            _examine(others, shapes)
    except Exception as error:  # noqa: BLE001 - whatever it is, the other members go on
        if len(members) == 1:
            (member,) = members
            member.error = told(error)
            return
        for each in members:
            each.records, each.histograms, each.diverged_at = [], {}, None
        middle = len(members) // 2
        _examine(members[:middle], shapes)
        _examine(members[middle:], shapes)


class FirstSteps:
    """A stack from its start to the update that follows the last look.

    In the order in which src.fit has Lightning do it: validation, which may find a member
    diverged, then the look, then the steps; so the rows are those that the run itself writes.
    """

    def __init__(self, members: Sequence[Examined], shapes: bool) -> None:
        self.members, self.last, self.shapes = members, members[0].steps, shapes
        configs = [member.config for member in members]
        first = self.config = configs[0]
        splits = splits_of(first)
        self.device = torch.device("cuda" if on_gpu(first.trainer) else "cpu")
        self.model = build_model(configs, splits).to(self.device)
        self.recipes = recipes(configs, splits)
        self.splits = splits.to(self.device)
        self._scheduled = schedule_of(first.diagnostics, epoch_steps(first))
        self.observer = Observer(configs)
        orders = distinct_orders(config.data.order_seed for config in configs)
        train = len(self.splits.train)
        self.chunks = Chunks(train, first.data, first.trainer, orders, self.watched)
        self.step, self._looked_at = 0, -1

    def watched(self, step: int) -> bool:
        return step == self.last or self._scheduled(step)

    @property
    def alive(self) -> list[bool]:
        return [member.diverged_at is None for member in self.members]

    @property
    def standing(self) -> list[bool]:
        """Those alive, and those that the validation at this very step found diverged."""
        return [member.diverged_at in (None, self.step) for member in self.members]

    def make(self) -> None:
        self._validate()
        self._look()
        if self.config.trainer.epochs == 0 or not any(self.alive):
            return
        engine = engine_for(self.model, self.recipes, self.config.trainer.precision)
        try:
            for epoch in range(self.config.trainer.epochs):
                self.chunks.epoch = epoch
                for chunk in self.chunks:
                    if self.step > self.last or not any(self.alive):
                        return
                    self._run(engine, chunk.to(self.device))
                if self.step > self.last:
                    return
                self._validate()
                self._look()
        finally:
            engine.close()

    def _run(self, engine: Engine, chunk: Tensor) -> None:
        self._look()
        before = parameters(self.model) if self.watched(self.step) else None
        with self._as_lightning():
            losses, _ = engine.run(chunk, self.step, self.splits.train, self.alive)
        self._retire(losses, self.step)
        self.step += len(chunk)
        if before is not None:
            self._take(self.observer.update(before, self.model, self.step - 1, self.alive))

    def _look(self) -> None:
        """Once at each step of the schedule."""
        if not self.watched(self.step) or self._looked_at == self.step:
            return
        self._looked_at = self.step
        train, standing = self.splits.train, self.standing
        looks = self.observer.look(self.model, self.step, train, standing)
        self._take([look.rows for look in looks])
        if self.shapes and self.step in (0, self.last):
            seen = [k for k, each in enumerate(standing) if each]
            sample = sample_of(train, self.observer.config.samples, self.observer.seed)
            found = snapshots(self.model, sample, self.observer.names, seen, histograms)
            for k, each in zip(seen, found, strict=True):
                self.members[k].histograms[self.step] = each

    def _validate(self) -> None:
        rows = self.splits.validation
        sums = torch.zeros(2, len(self.members), dtype=torch.float64, device=self.device)
        evaluate = evaluator_for(self.model, self.config.trainer.precision)
        with torch.inference_mode(), self._as_lightning():
            for batch in Rows(len(rows)):
                sums += torch.stack(evaluate(*rows.batch(batch.to(self.device))))
        self._retire(sums[:1] / len(rows), self.step)

    def _retire(self, losses: Tensor, first_step: int) -> None:
        """losses [t, m]: a member diverges at the step at which its loss is not finite."""
        for k, finite in enumerate(losses.isfinite().cpu().unbind(dim=1)):
            if self.members[k].diverged_at is None and not finite.all():
                self.members[k].diverged_at = first_step + int((~finite).nonzero()[0])

    def _take(self, rows: Sequence[list[Record]]) -> None:
        for member, each in zip(self.members, rows, strict=True):
            member.records.extend(each)

    def _as_lightning(self) -> AbstractContextManager[object]:
        """What it has its precision plugin do while it trains and evaluates."""
        mixed = self.config.trainer.precision == "bf16-mixed"
        return torch.autocast(self.device.type, torch.bfloat16, enabled=mixed)
