"""Splits and scaling: disjoint, exhaustive, decided by split_seed alone; the test set untouched."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
import torch

from src.data.datasets import DATASETS, SHAPES
from src.data.examples import Examples, Splits, load
from src.errors import InputError
from src.schema.data import DataConfig, IdxDataConfig, Scaling, SyntheticDataConfig
from tests.conftest import Configure
from tests.idx_files import TEST, TINY, TRAIN, made_dataset, made_files, write


@dataclass
class Made:
    """Fashion-MNIST's configuration over the made files of `root`."""

    root: Path

    def config(self, **values: object) -> IdxDataConfig:
        values = {"train_size": 35, "validation_size": 15, "batch_size": 5, **values}
        return IdxDataConfig(name="fashion_mnist", root=str(self.root), **values)  # type: ignore[arg-type]

    def splits(self, **values: object) -> Splits:
        return load(self.config(**values), sources=[])


@pytest.fixture
def made(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Made:
    for name, shape in TINY.items():
        monkeypatch.setitem(SHAPES, name, shape)
    monkeypatch.setitem(DATASETS, "fashion_mnist", made_dataset(made_files()))
    return Made(write(tmp_path, made_files()))


def pixels(name: str) -> torch.Tensor:
    content = made_files()[f"{name}-images-idx3-ubyte"]
    return torch.from_numpy(np.frombuffer(content, np.uint8, offset=16).copy()).view(-1, 784)


def labels(name: str) -> torch.Tensor:
    content = made_files()[f"{name}-labels-idx1-ubyte"]
    return torch.from_numpy(np.frombuffer(content, np.uint8, offset=8).copy()).long()


def rows_in(examples: Examples, official: torch.Tensor) -> list[int]:
    """Where each image stands in the official file; the made images are all different."""
    found = (examples.images[:, None] == official[None]).all(dim=2)
    assert (found.sum(dim=1) == 1).all()
    return found.int().argmax(dim=1).tolist()


def test_splits_are_disjoint_and_exhaustive(made: Made) -> None:
    splits = made.splits()
    train, validation = (rows_in(s, pixels("train")) for s in (splits.train, splits.validation))
    assert (len(train), len(validation)) == (35, 15)
    assert sorted(train + validation) == list(range(TRAIN))


def test_images_keep_their_labels(made: Made) -> None:
    splits = made.splits()
    for part in (splits.train, splits.validation):
        assert torch.equal(part.labels, labels("train")[rows_in(part, pixels("train"))])


def test_split_is_random(made: Made) -> None:
    # By chance, 35 rows ascend once in 35! times, and are the first 35 of 50 once in 10^12.
    train = rows_in(made.splits().train, pixels("train"))
    assert train != sorted(train)
    assert max(train) >= 35


def test_test_set_is_the_official_one(made: Made) -> None:
    for seed in (0, 1):
        test = made.splits(split_seed=seed, scaling=Scaling.standard).test
        assert len(test) == TEST
        assert torch.equal(test.images, pixels("t10k"))
        assert torch.equal(test.labels, labels("t10k"))


@pytest.mark.parametrize(
    "changed", [{"order_seed": 9}, {"batch_size": 7}, {"scaling": Scaling.standard}]
)
def test_split_depends_on_split_seed_alone(made: Made, changed: dict[str, object]) -> None:
    torch.manual_seed(5)
    first = made.splits()
    torch.manual_seed(6)
    same, other = made.splits(**changed), made.splits(split_seed=1)
    assert torch.equal(first.train.images, same.train.images)
    assert torch.equal(first.validation.images, same.validation.images)
    assert not torch.equal(first.train.images, other.train.images)


def test_smaller_train_split_keeps_the_rows_in_front(made: Made) -> None:
    # So that a learning curve over train_size adds examples and exchanges none.
    small, large = made.splits(train_size=10), made.splits()
    assert torch.equal(small.train.images, large.train.images[:10])


def test_split_draws_nothing_from_the_global_generator(made: Made) -> None:
    torch.manual_seed(0)
    before = torch.get_rng_state()
    made.splits()
    assert torch.equal(torch.get_rng_state(), before)


def test_split_larger_than_the_data(made: Made) -> None:
    made.splits(train_size=30, validation_size=20)
    with pytest.raises(InputError) as caught:
        made.splits(train_size=40, validation_size=11)
    assert str(caught.value) == (
        "data.train_size + data.validation_size=51: must be at most 50, "
        "the size of fashion_mnist's training set."
    )


def test_checksums_are_kept(made: Made) -> None:
    assert made.splits().checksums == DATASETS["fashion_mnist"].sha256


def test_images_are_held_as_uint8(made: Made, configure: Configure) -> None:
    for splits in (made.splits(), load(configure().data)):
        for part in (splits.train, splits.validation, splits.test):
            assert part.images.dtype == torch.uint8
            assert part.labels.dtype == torch.int64
            assert part.images.shape == (len(part), splits.features)


def scaled(examples: Examples) -> torch.Tensor:
    return examples.batch(torch.arange(len(examples)))[0]


def test_unit_scaling_against_division(made: Made) -> None:
    splits = made.splits()
    for part in (splits.train, splits.validation, splits.test):
        x = scaled(part)
        assert x.dtype == torch.float32
        # One rounding of 1/255 and one of the product: two units in the last place of 1.
        torch.testing.assert_close(x.double(), part.images.double() / 255, rtol=0, atol=2 * 2**-23)
    assert scaled(splits.train).min() == 0
    assert scaled(splits.train).max() == 1


def test_standard_scaling_against_float64(made: Made) -> None:
    splits = made.splits(scaling=Scaling.standard)
    exact = splits.train.images.double()
    mean, std = exact.mean(), exact.std(correction=0)
    # Roundings of the shift and of the difference (2^-17 each, below 256), then of scale and
    # product, relative to a largest value of 255 / std.
    tolerance = float((2 * 2**-17 + 2 * 2**-24 * 255) / std)
    for part in (splits.train, splits.validation, splits.test):
        expected = (part.images.double() - mean) / std
        torch.testing.assert_close(scaled(part).double(), expected, rtol=0, atol=tolerance)
    train = scaled(splits.train).double()
    assert abs(float(train.mean())) < tolerance
    # A std moves by no more than the values that it is made of.
    assert abs(float(train.std(correction=0)) - 1) < tolerance


def test_standard_scaling_sees_the_train_split_only(made: Made) -> None:
    first, second = (made.splits(scaling=Scaling.standard, split_seed=seed) for seed in (0, 1))
    assert (first.train.shift, first.train.scale) != (second.train.shift, second.train.scale)
    assert first.test.shift == first.validation.shift == first.train.shift
    assert first.test.scale == first.validation.scale == first.train.scale


def test_batch_of_any_shape(made: Made) -> None:
    train = made.splits().train
    rows = torch.tensor([[[3, 1], [4, 1]], [[5, 9], [2, 6]]])
    x, y = train.batch(rows)
    assert x.shape == (2, 2, 2, 784)
    assert y.shape == (2, 2, 2)
    assert torch.equal(x[1, 0, 1], scaled(train)[9])
    assert torch.equal(y, train.labels[rows])


def test_batch_leaves_the_examples_alone(made: Made) -> None:
    train = made.splits(scaling=Scaling.standard).train
    before = train.images.clone()
    train.batch(torch.arange(10))
    assert torch.equal(train.images, before)


def synthetic(**values: object) -> Splits:
    sizes = {"train_size": 60, "validation_size": 30, "test_size": 20, "batch_size": 10}
    fields = {"name": "synthetic", "features": 12, **sizes, **values}
    return load(SyntheticDataConfig(**fields))  # type: ignore[arg-type]


def test_standard_scaling_of_equal_pixels() -> None:
    # One image of one pixel: a variance of 0 must not become a division by 0.
    splits = synthetic(train_size=1, batch_size=1, features=1, scaling=Scaling.standard)
    assert scaled(splits.train).tolist() == [[0.0]]
    assert scaled(splits.test).isfinite().all()


def test_synthetic_sizes() -> None:
    splits = synthetic(classes=3)
    assert [len(part) for part in (splits.train, splits.validation, splits.test)] == [60, 30, 20]
    assert (splits.features, splits.classes, splits.checksums) == (12, 3, {})
    assert set(splits.train.labels.tolist()) == {0, 1, 2}


def test_synthetic_depends_on_its_seeds() -> None:
    first, same = synthetic(order_seed=1), synthetic(order_seed=2)
    assert torch.equal(first.train.images, same.train.images)
    assert not torch.equal(first.test.images, synthetic(generator_seed=1).test.images)
    resplit = synthetic(split_seed=1)
    assert not torch.equal(first.train.images, resplit.train.images)
    assert torch.equal(first.test.images, resplit.test.images)


def test_synthetic_without_noise_is_its_class_means() -> None:
    splits = synthetic(noise=0.0)
    for label in range(splits.classes):
        of_class = [part.images[part.labels == label] for part in (splits.train, splits.test)]
        images = torch.cat(of_class)
        assert len(images) > 1
        assert torch.equal(images, images[:1].expand_as(images))


def test_load_asks_the_configured_mirrors(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[object] = []

    def provide(dataset: object, root: Path, sources: list[object]) -> None:
        seen.extend([root, *(type(source).__name__ for source in sources)])
        seen.append(sources[-1].mirrors)  # type: ignore[attr-defined]
        raise InputError("seen.")

    monkeypatch.setattr("src.data.examples.provide", provide)
    config: DataConfig = IdxDataConfig(name="kmnist", root=str(tmp_path), mirrors=["http://m/x"])
    with pytest.raises(InputError, match="seen"):
        load(config)
    assert seen == [tmp_path, "PackageFolder", "TorchvisionDownload", ["http://m/x/"]]
