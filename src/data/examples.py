"""Examples in memory: uint8 images held where they are used, scaled a batch at a time."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import torch
from torch import Tensor

from src.data.datasets import DATASETS, SHAPES
from src.data.sources import PackageFolder, Source, TorchvisionDownload, provide
from src.errors import require
from src.schema.data import DataConfig, IdxDataConfig, Scaling, SyntheticDataConfig
from src.streams import stream

EVALUATION_BATCH = 1_000


@dataclass(frozen=True)
class Examples:
    """images: uint8 [n, i], labels: int64 [n]; a pixel p is seen as (p - shift) · scale."""

    images: Tensor
    labels: Tensor
    shift: float = 0.0
    scale: float = 1 / 255

    def __len__(self) -> int:
        return len(self.labels)

    def batch(self, rows: Tensor) -> tuple[Tensor, Tensor]:
        """rows [...] -> scaled float32 images [..., i] and labels [...]."""
        flat = rows.reshape(-1)
        x = self.images.index_select(0, flat).to(torch.float32)
        if self.shift:
            x.sub_(self.shift)
        x.mul_(self.scale)
        return x.view(*rows.shape, -1), self.labels.index_select(0, flat).view(rows.shape)

    def to(self, device: torch.device) -> "Examples":
        return replace(self, images=self.images.to(device), labels=self.labels.to(device))


@dataclass(frozen=True)
class Splits:
    """train and validation are carved from the official training set; test is the official one.

    checksums: SHA-256 of the unpacked files by name, empty for made data.
    """

    train: Examples
    validation: Examples
    test: Examples
    classes: int
    checksums: dict[str, str]

    @property
    def features(self) -> int:
        return self.train.images.shape[1]

    def to(self, device: torch.device) -> "Splits":
        return replace(
            self,
            train=self.train.to(device),
            validation=self.validation.to(device),
            test=self.test.to(device),
        )


def load(config: DataConfig, sources: Sequence[Source] | None = None) -> Splits:
    """The splits that the configuration asks for; InputError where they cannot be had."""
    if isinstance(config, SyntheticDataConfig):
        return _synthetic(config)
    assert isinstance(config, IdxDataConfig)
    dataset = DATASETS[config.name]
    if sources is None:
        sources = (PackageFolder(), TorchvisionDownload(config.mirrors))
    files = provide(dataset, Path(config.root), sources)
    images, labels, test_images, test_labels = (files[name].tensor for name in SHAPES)
    return _carve(
        config,
        Examples(images.flatten(1), labels.long()),
        Examples(test_images.flatten(1), test_labels.long()),
        dataset.classes,
        {name: file.sha256 for name, file in files.items()},
    )


def _carve(
    config: DataConfig, official: Examples, test: Examples, classes: int, checksums: dict[str, str]
) -> Splits:
    wanted = config.train_size + config.validation_size
    require(
        wanted <= len(official),
        "data.train_size + data.validation_size",
        wanted,
        f"at most {len(official)}, the size of {config.name}'s training set",
    )
    rows = torch.randperm(len(official), generator=stream(config.split_seed, "split"))
    train, validation = rows[: config.train_size], rows[config.train_size : wanted]
    shift, scale = _scaling(config.scaling, official.images[train])

    def part(images: Tensor, labels: Tensor) -> Examples:
        return Examples(images, labels, shift, scale)

    return Splits(
        train=part(official.images[train], official.labels[train]),
        validation=part(official.images[validation], official.labels[validation]),
        test=part(test.images, test.labels),
        classes=classes,
        checksums=checksums,
    )


def _scaling(scaling: Scaling, train_images: Tensor) -> tuple[float, float]:
    if scaling is Scaling.unit:
        return 0.0, 1 / 255
    # From the counts of the 256 grey levels: exact, and without a float copy of the images.
    counts = torch.bincount(train_images.flatten(), minlength=256).double()
    levels = torch.arange(256, dtype=torch.float64)
    mean = float((counts * levels).sum() / counts.sum())
    variance = float((counts * (levels - mean) ** 2).sum() / counts.sum())
    return mean, 1 / max(variance, 1e-12) ** 0.5


def _synthetic(config: SyntheticDataConfig) -> Splits:
    generator = stream(config.generator_seed, "synthetic")
    means = torch.rand(config.classes, config.features, generator=generator)

    def made(count: int) -> Examples:
        labels = torch.randint(config.classes, (count,), generator=generator)
        noise = torch.randn(count, config.features, generator=generator) * config.noise
        images = (means[labels] + noise).clamp_(0, 1).mul_(255).round_().to(torch.uint8)
        return Examples(images, labels)

    official = made(config.train_size + config.validation_size)
    return _carve(config, official, made(config.test_size), config.classes, {})
