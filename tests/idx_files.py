"""Made IDX files: the four names and the layout of Fashion-MNIST, with 50 and 20 images."""

import gzip
import hashlib
import struct
from pathlib import Path

import numpy as np

from src.data.datasets import SIDE, Dataset

TRAIN, TEST, CLASSES = 50, 20, 10
TINY: dict[str, tuple[int, ...]] = {
    "train-images-idx3-ubyte": (TRAIN, SIDE, SIDE),
    "train-labels-idx1-ubyte": (TRAIN,),
    "t10k-images-idx3-ubyte": (TEST, SIDE, SIDE),
    "t10k-labels-idx1-ubyte": (TEST,),
}

Files = dict[str, bytes]


def idx(values: np.ndarray) -> bytes:
    """The values as an IDX file of unsigned bytes."""
    header = bytes((0, 0, 8, values.ndim)) + struct.pack(f">{values.ndim}I", *values.shape)
    return header + values.astype(np.uint8).tobytes()


def made_files(seed: int = 0) -> Files:
    random = np.random.default_rng(seed)
    return {
        name: idx(random.integers(0, CLASSES if len(shape) == 1 else 256, shape))
        for name, shape in TINY.items()
    }


def made_dataset(files: Files, package_folder: str | None = None) -> Dataset:
    """A dataset whose published checksums are those of the files."""
    return Dataset(
        name="fashion_mnist",
        torchvision_class="FashionMNIST",
        sha256={name: hashlib.sha256(content).hexdigest() for name, content in files.items()},
        debian_package="dataset-fashion-mnist",
        package_folder=package_folder,
    )


def write(folder: Path, files: Files, packed: bool = False) -> Path:
    """The files in the folder, as name.gz where packed."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, content in files.items():
        if packed:
            (folder / f"{name}.gz").write_bytes(gzip.compress(content, mtime=0))
        else:
            (folder / name).write_bytes(content)
    return folder
