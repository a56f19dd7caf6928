"""Made sweeps, their pages, and what a browser would read in one."""

import re
from collections.abc import Mapping, Sequence
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

from src.report.analysis import analyse
from src.report.figures.table import drawings
from src.report.page.build import page
from src.report.results import read
from tests.records import made, written

VOID = {"meta", "link", "br", "input", "img", "hr"}
# Closed by what follows them (HTML, 13.1.2.4).
OPTIONAL = {"td", "tr", "th", "li"}


class Tree(HTMLParser):
    """What a browser would see: tags with attributes, texts, and how they nest."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str]]] = []
        self.texts: list[str] = []
        self.open: list[str] = []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: Any) -> None:
        self.tags.append((tag, {key: value or "" for key, value in attrs}))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: Any) -> None:
        self.handle_starttag(tag, attrs)
        if tag not in VOID:
            self.open.pop()

    def handle_endtag(self, tag: str) -> None:
        while self.open[-1] != tag:
            assert self.open.pop() in OPTIONAL
        self.open.pop()

    def handle_data(self, data: str) -> None:
        if self.open and self.open[-1] not in ("script", "style"):
            self.texts.append(data)

    def named(self, tag: str) -> list[dict[str, str]]:
        return [attributes for name, attributes in self.tags if name == tag]

    @property
    def text(self) -> str:
        return re.sub(r"\s+", " ", " ".join(self.texts))


def sweep(accuracies: Mapping[str, float], seeds: int = 4) -> list[dict[str, Any]]:
    """Each init's seeds around its accuracy, test and validation; curves of three epochs."""
    found = []
    for init, accuracy in accuracies.items():
        for seed in range(seeds):
            value = accuracy + 0.004 * ((seed * 7) % 5 - 2)
            record = made(value, f"init={init},seed={seed}", init__name=init, seed=seed)
            record["metrics"]["test"] = {"accuracy": value - 0.01, "loss": 0.4}
            record["epochs"] = [
                {"epoch": k, "step": 16 * k, "validation_accuracy": value * k / 3,
                 "validation_loss": 2 / (k + 1), "train_loss": 2 / (k + 1)}
                for k in range(4)
            ]  # fmt: skip
            found.append(record)
    return found


def shown(folder: Path, records: Sequence[dict[str, Any]]) -> str:
    analysis = analyse(read(written(folder, *records)))
    return page(analysis, drawings(analysis))
