"""What TensorBoard is told of one member, and how it lays that out."""

import math
import time
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import yaml
from tensorboard.plugins.custom_scalar.layout_pb2 import (
    Category,
    Chart,
    Layout,
    MultilineChartContent,
)

from src.config import Config, as_plain
from src.diagnostics.records import Record
from src.diagnostics.verdicts.names import NAMES
from src.schema.diagnostics import Tier
from src.tracking.events import Buckets, EventFile, HParam
from src.tracking.kept import KeptFiles
from src.tracking.pace import TARGET, WINDOW
from src.tracking.words import verdict_as_markdown

# Scalars of the HParams tab: heading and description of each. All that a command with many members
# writes. TensorBoard shows the first five unasked, and of each its last point; so what a member
# that diverged never came to has a tag of its own, not that of the curve. One that never reached
# the target has no steps_to_80. TensorBoard leaves the cell empty and shows the row.
METRICS = {
    "accuracy/final": (
        "validation accuracy",
        "at the end of the last epoch; empty: the run did not come to its end",
    ),
    "accuracy/best": ("best validation accuracy", "of all epochs' ends, and of the start"),
    "accuracy/steps_to_80": (
        f"steps to {TARGET:.0%}",
        f"updates until the training accuracy of the last {WINDOW:,} examples was {TARGET:.0%}; "
        "empty: never",
    ),
    "verdict/index": (
        "verdict index",
        ", ".join(f"{index} {name}" for index, name in enumerate(NAMES)),
    ),
    "accuracy/test": ("test accuracy", "after the last epoch"),
    "loss/final": (
        "validation loss",
        "at the end of the last epoch; empty: the run did not come to its end",
    ),
}

# The HParams columns that come first: what people sweep, and the cause. TensorBoard shows five of
# them unasked, in the order of the alphabet; the verdict's number stands among the metrics.
FIRST_COLUMNS = ("activation", "init", "learning_rate", "optimizer", "seed", "verdict")

NO_VERDICT = "-"

# Probe -> title of its charts; gradient_std is made of the probe gradient_variance.
CURVES = {
    "preactivation_std": "std of preactivations",
    "gradient_std": "std of gradients",
    "dead_fraction": "dead units",
    "update_ratio": "update to weight",
}
_DUMPER = getattr(yaml, "CSafeDumper", yaml.SafeDumper)  # libyaml's, where it is there
MOST_LAYERS = 8  # with a chart each; of a deeper network as many, evenly spaced, with both ends


class Board:
    """The event file of one member, in full or with little more than its row in the HParams tab."""

    def __init__(
        self, config: Config, folder: Path, in_full: bool, kept: KeptFiles | None = None
    ) -> None:
        """kept: of a member that goes on; it appends to the file that it had begun."""
        self.config, self.in_full = config, in_full
        self.layers = shown_layers(len(config.model.hidden) + 1)
        begun = None if kept is None else kept.reopened(folder)
        if kept is not None and begun is not None:
            self.events, self._started = begun, kept.started
            return
        self.events = EventFile(folder)
        self._started = time.time()
        columns = hparams(config, NO_VERDICT)
        self.events.hparams_experiment(columns, FIRST_COLUMNS, metrics_of(config))
        if in_full:
            self.events.layout(layout_of(self.layers, config.diagnostics.tier is not Tier.off))
            self.events.text("configuration", 0, _as_code(as_plain(config)))

    def kept(self, log: int) -> KeptFiles:
        """Where the file ends now, once it is flushed. log: the bytes of train.log."""
        path = self.events.path
        return KeptFiles(log, path.name, path.stat().st_size, self.events.declared, self._started)

    def point(self, tag: str, step: int, value: float) -> None:
        """A scalar; none of what is not finite."""
        if (self.in_full or tag in METRICS) and math.isfinite(value):
            self.events.scalar(tag, step, value)

    def measured(self, rows: Iterable[Record]) -> None:
        """Draw the probes that the layout shows."""
        for row in rows if self.in_full else ():
            name, value = row.probe, row.value
            if name == "gradient_variance":
                name, value = "gradient_std", math.sqrt(value)
            if name in CURVES and row.layer in self.layers:
                self.point(f"{name}/layer_{row.layer}", row.step, value)

    def histograms(self, step: int, found: Mapping[str, Buckets]) -> None:
        if self.in_full:
            for tag, buckets in found.items():
                self.events.histogram(tag, step, buckets)

    def image(self, tag: str, step: int, png: bytes, size: tuple[int, int]) -> None:
        if self.in_full:
            self.events.image(tag, step, png, size)

    def end(self, step: int, verdict: Mapping[str, Any] | None, success: bool) -> None:
        """Write the member's row: only now, as TensorBoard keeps the first that it reads of a
        member, and the verdict is one of its columns."""
        told = NO_VERDICT
        if verdict is not None:
            told = str(verdict["primary"])
            self.point("verdict/index", step, verdict["index"])
            if self.in_full:
                self.events.text("verdict", step, verdict_as_markdown(verdict))
        self.events.hparams_session(hparams(self.config, told), self._started, success)


def hparams(config: Config, verdict: str) -> dict[str, HParam]:
    return {
        "init": config.init.name,
        "activation": config.activation.name,
        "optimizer": config.optimizer.name,
        "schedule": config.schedule.name,
        "learning_rate": config.optimizer.lr,
        "weight_decay": config.optimizer.weight_decay,
        "hidden": "-".join(map(str, config.model.hidden)),
        "dropout": config.model.dropout,
        "batch_size": config.data.batch_size,
        "epochs": config.trainer.epochs,
        "data": config.data.name,
        "seed": config.seed,
        "verdict": verdict,
    }


def metrics_of(config: Config) -> dict[str, tuple[str, str]]:
    """Those that its members can have: without probes there is no verdict."""
    judged = config.diagnostics.tier is not Tier.off
    return {tag: words for tag, words in METRICS.items() if judged or tag != "verdict/index"}


def shown_layers(layers: int) -> list[int]:
    """Numbers of the layers that have curves."""
    if layers <= MOST_LAYERS:
        return list(range(1, layers + 1))
    return [1 + k * (layers - 1) // (MOST_LAYERS - 1) for k in range(MOST_LAYERS)]


def layout_of(layers: Sequence[int], measured: bool) -> Layout:
    """Charts that lay the arms of a sweep over each other: each has one line for each run."""
    training = {
        "loss, mean of some steps": "loss/step",
        "accuracy, mean of some steps": "accuracy/step",
        "validation loss": "loss/validation",
        "validation accuracy": "accuracy/validation",
    }
    categories = [_category("loss and accuracy", training)]
    for name, title in CURVES.items() if measured else ():
        # Activations have units that die; the logits have none.
        own = layers[:-1] if name == "dead_fraction" else layers
        charts = {f"{title}, layer {layer}": f"{name}/layer_{layer}" for layer in own}
        categories.append(_category(title, charts))
    return Layout(category=categories)


def _category(title: str, charts: Mapping[str, str]) -> Category:
    """charts: title -> tag."""
    return Category(
        title=title,
        chart=[
            Chart(title=words, multiline=MultilineChartContent(tag=[f"^{tag}$"]))
            for words, tag in charts.items()
        ],
    )


def _as_code(plain: Any) -> str:
    text = yaml.dump(plain, sort_keys=False, allow_unicode=True, Dumper=_DUMPER)
    return f"```yaml\n{text}```"
