"""The callback that draws each member once it is trained: filters, mistakes, confusion matrix."""

import logging
import math
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import partial
from typing import TYPE_CHECKING

import torch
from torch import Tensor

from src.data.datasets import DATASETS
from src.data.examples import EVALUATION_BATCH, Examples, Splits
from src.engine.precision import products
from src.errors import on_one_line
from src.interruption import check
from src.lightning import Callback, LightningModule, Trainer
from src.model import StackedMLP
from src.tracking import pictures
from src.tracking.member import MemberTracker
from src.tracking.stack import StackTracker

if TYPE_CHECKING:
    from src.module import StackModule

log = logging.getLogger(__name__)


class Gallery(Callback):
    """Draws from the validation split, after the test, or where none is made after the training."""

    def __init__(self, tracker: StackTracker) -> None:
        self.tracker = tracker

    def on_train_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        if self.tracker.members[0].held_out:
            self.on_test_end(trainer, pl_module)

    def on_test_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        module: StackModule = pl_module  # type: ignore[assignment]
        self.draw(module.model, module.data.splits, module.precision, module.steps_done)

    def draw(self, model: StackedMLP, splits: Splits, precision: str, step: int) -> None:
        """model and splits: on one device."""
        with _unharmed("the pictures"):
            self._draw(model, splits, precision, step)

    def _draw(self, model: StackedMLP, splits: Splits, precision: str, step: int) -> None:
        living = [k for k, alive in enumerate(self.tracker.alive) if alive]
        chosen = predictions(model, splits.validation, living, precision)
        names = names_of(self.tracker.members[0].config.data.name, splits.classes)
        side = math.isqrt(splits.features)
        for k, answers in zip(living, chosen, strict=True):
            check()
            member = self.tracker.members[k]
            with _unharmed(f"the pictures of {member.label}"):
                drawn = _drawn(model, k, splits.validation, answers, names)
                for tag, (png, size) in drawn:
                    member.picture(tag, step, png, size)
                if side * side != splits.features:
                    _say_why_not(member, splits.features)


@contextmanager
def _unharmed(what: str) -> Iterator[None]:
    """A trained member is not lost for its pictures, nor a picture for another member's."""
    try:
        yield
    except Exception as error:  # noqa: BLE001 - whatever it is, it is told
        said = f"{type(error).__name__}: {on_one_line(error)}"
        log.warning("diagnostics: %s failed (%s); the results do without them", what, said)


def predictions(
    model: StackedMLP, examples: Examples, members: Sequence[int], precision: str
) -> list[Tensor]:
    """The class [n], on the CPU, that each of the members with these positions gives an example.

    As src.engine.evaluation does it: on a CPU members in turn, on a GPU all at once.
    """
    rows = torch.arange(len(examples), device=examples.labels.device)
    batches = rows.split(EVALUATION_BATCH)  # type: ignore[no-untyped-call]
    on_cpu = model.weights[0].device.type == "cpu"
    parts = [_alone(model, k) for k in members] if on_cpu else [model]

    def classes(part: StackedMLP, x: Tensor) -> Tensor:
        with torch.inference_mode():
            logits: Tensor = part(x.expand(len(part), -1, -1))
            return logits.argmax(dim=2).to(torch.uint8)

    found = []
    with (
        ThreadPoolExecutor(
            torch.get_num_threads() if on_cpu else 1,
            initializer=torch.set_num_threads,
            initargs=(1,),
        ) as pool,
        products("32-true" if on_cpu else precision),
    ):
        for batch in batches:
            x, _ = examples.batch(batch)
            each = (pool.map if on_cpu else map)(partial(classes, x=x), parts)
            found.append(torch.cat(list(each)).cpu())
    together = torch.cat(found, dim=1)
    return list(together) if on_cpu else [together[k] for k in members]


def _alone(model: StackedMLP, k: int) -> StackedMLP:
    scales = [model.member_scales(k)] if model.scales else []
    return StackedMLP([model.member(k)], [model.activations[k]], scales)


def names_of(data: str, classes: int) -> Sequence[str]:
    """Of the classes; their numbers where the data set has no names."""
    known = DATASETS[data].class_names if data in DATASETS else ()
    return known or [str(number) for number in range(classes)]


def confusion_counts(truth: Tensor, chosen: Tensor, classes: int) -> Tensor:
    """How often the class of a row was taken for that of a column, [true, predicted]."""
    pairs = truth.long() * classes + chosen.long()
    return torch.bincount(pairs, minlength=classes**2).view(classes, classes)


def _drawn(
    model: StackedMLP, k: int, examples: Examples, chosen: Tensor, names: Sequence[str]
) -> Iterator[tuple[str, pictures.Picture]]:
    truth = examples.labels.cpu()
    counts = confusion_counts(truth, chosen, len(names))
    yield "confusion_matrix", pictures.confusion(counts.numpy(), names)
    side = math.isqrt(examples.images.shape[1])
    if side * side != examples.images.shape[1]:
        return
    yield "filters/layer_1", pictures.filters(model.weights[0][k].detach().cpu().numpy(), side)
    wrong = (truth != chosen).nonzero()[: pictures.MOST_EXAMPLES, 0]
    if len(wrong):
        images = examples.images[wrong.to(examples.images.device)].cpu().numpy()
        labels = truth[wrong].numpy(), chosen[wrong].numpy()
        yield "misclassified", pictures.misclassified(images, *labels, names, side)


def _say_why_not(member: MemberTracker, features: int) -> None:
    member.say(f"no pictures of filters and examples: {features} inputs are not those of a square")
