"""IDX files are read exactly, or refused with a sentence that names the file and the fault."""

import gzip
import hashlib
import struct
import tracemalloc
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch

from src.data.datasets import DATASETS, FASHION_MNIST, SHAPES, Dataset
from src.data.idx import locate, read
from src.errors import InputError
from tests.idx_files import TINY, Files, idx, made_files, write

IMAGES, LABELS = "t10k-images-idx3-ubyte", "t10k-labels-idx1-ubyte"
OFFICIAL = Path("/usr/share/datasets/fashion-mnist")


pytestmark = pytest.mark.usefixtures("tiny_shapes")


def refusal(path: Path, name: str, dataset: Dataset) -> str:
    with pytest.raises(InputError) as caught:
        read(path, name, dataset)
    message = str(caught.value)
    assert message.startswith(f"{path}: ")
    assert message.endswith(".")
    assert "\n" not in message
    return message


@pytest.mark.parametrize("name", TINY)
@pytest.mark.parametrize("packed", [False, True], ids=["plain", "gz"])
def test_good_file_is_read_exactly(
    tmp_path: Path, files: Files, dataset: Dataset, name: str, packed: bool
) -> None:
    path = locate(write(tmp_path, files, packed), name)
    assert path is not None
    assert path.suffix == (".gz" if packed else "")
    file = read(path, name, dataset)
    assert file.sha256 == hashlib.sha256(files[name]).hexdigest()
    assert file.content == files[name]
    header = 4 + 4 * len(TINY[name])
    expected = np.frombuffer(files[name][header:], dtype=np.uint8).reshape(TINY[name])
    assert file.tensor.dtype == torch.uint8
    assert np.array_equal(file.tensor.numpy(), expected)


def test_tensor_is_a_copy_that_may_be_written(
    tmp_path: Path, files: Files, dataset: Dataset
) -> None:
    write(tmp_path, files)
    file = read(tmp_path / IMAGES, IMAGES, dataset)
    file.tensor.zero_()
    assert file.content == files[IMAGES]


def test_plain_file_is_preferred_to_its_gz_twin(tmp_path: Path, files: Files) -> None:
    write(tmp_path, files)
    write(tmp_path, files, packed=True)
    assert locate(tmp_path, IMAGES) == tmp_path / IMAGES


def test_no_file(tmp_path: Path) -> None:
    assert locate(tmp_path, IMAGES) is None
    (tmp_path / IMAGES).mkdir()
    assert locate(tmp_path, IMAGES) is None
    assert locate(tmp_path / "absent", IMAGES) is None


def edited_shape(content: bytes) -> bytes:
    return content[:4] + struct.pack(">I", 21) + content[8:]


DAMAGE: dict[str, tuple[Callable[[bytes], bytes], str]] = {
    "truncated": (lambda content: content[:-1], "truncated or padded"),
    "padded": (lambda content: content + b"\0", "truncated or padded"),
    "header only": (lambda content: content[:16], "truncated or padded"),
    "half a header": (lambda content: content[:9], "has the shape ()"),
    "empty": (lambda content: b"", "begins with the bytes nothing"),
    "signed bytes": (lambda content: b"\0\0\x09\x03" + content[4:], "00000903"),
    "labels for images": (lambda content: b"\0\0\x08\x01" + content[4:], "00000801"),
    "a web page": (lambda content: b"<html>" + content[6:], "3c68746d"),
    "another shape": (edited_shape, "(21, 28, 28)"),
}


@pytest.mark.parametrize("damage", DAMAGE)
@pytest.mark.parametrize("packed", [False, True], ids=["plain", "gz"])
def test_damage_is_refused_by_name(
    tmp_path: Path, files: Files, dataset: Dataset, damage: str, packed: bool
) -> None:
    change, evidence = DAMAGE[damage]
    content = change(files[IMAGES])
    path = tmp_path / (f"{IMAGES}.gz" if packed else IMAGES)
    path.write_bytes(gzip.compress(content) if packed else content)
    assert evidence in refusal(path, IMAGES, dataset)


def test_sizes_are_told(tmp_path: Path, files: Files, dataset: Dataset) -> None:
    (tmp_path / IMAGES).write_bytes(files[IMAGES][:1000])
    message = refusal(tmp_path / IMAGES, IMAGES, dataset)
    assert "1000 bytes" in message
    assert str(16 + 20 * 28 * 28) in message


@pytest.mark.parametrize("share", [0.0, 0.01, 0.5, 0.999])
def test_truncated_gz(tmp_path: Path, files: Files, dataset: Dataset, share: float) -> None:
    whole = gzip.compress(files[IMAGES])
    path = tmp_path / f"{IMAGES}.gz"
    path.write_bytes(whole[: int(share * len(whole))])
    # An empty .gz unpacks to nothing without complaint, and is then refused for its header.
    evidence = "truncated or damaged gzip" if share else "begins with the bytes nothing"
    assert evidence in refusal(path, IMAGES, dataset)


@pytest.mark.parametrize("position", [3, 12, -6])
def test_damaged_gz(tmp_path: Path, files: Files, dataset: Dataset, position: int) -> None:
    # A flag byte, the deflate stream, and the checksum of the content.
    content = bytearray(gzip.compress(files[LABELS], mtime=0))
    content[position] ^= 0xFF
    path = tmp_path / f"{LABELS}.gz"
    path.write_bytes(content)
    refusal(path, LABELS, dataset)


def test_a_gz_without_an_end_is_read_no_further_than_it_must_be(
    tmp_path: Path, dataset: Dataset
) -> None:
    path = tmp_path / f"{LABELS}.gz"
    path.write_bytes(gzip.compress(bytes((0, 0, 8, 1)) + struct.pack(">I", 20) + bytes(2**26)))
    tracemalloc.start()
    assert "more than 28 bytes" in refusal(path, LABELS, dataset)
    assert tracemalloc.get_traced_memory()[1] < 2**22
    tracemalloc.stop()


def test_gz_that_is_no_gzip(tmp_path: Path, files: Files, dataset: Dataset) -> None:
    path = tmp_path / f"{IMAGES}.gz"
    path.write_bytes(files[IMAGES])
    assert "gzip" in refusal(path, IMAGES, dataset)


@pytest.mark.parametrize("name", TINY)
def test_wrong_checksum(tmp_path: Path, dataset: Dataset, name: str) -> None:
    other = made_files(seed=1)
    write(tmp_path, other)
    message = refusal(tmp_path / name, name, dataset)
    assert hashlib.sha256(other[name]).hexdigest() in message
    assert dataset.sha256[name] in message
    assert dataset.name in message
    assert "not used" in message


def test_one_flipped_bit_is_noticed(tmp_path: Path, files: Files, dataset: Dataset) -> None:
    content = bytearray(files[IMAGES])
    content[len(content) // 2] ^= 1
    (tmp_path / IMAGES).write_bytes(content)
    assert "SHA-256" in refusal(tmp_path / IMAGES, IMAGES, dataset)


def test_label_out_of_range(tmp_path: Path) -> None:
    unchecked = Dataset(name="made", torchvision_class="MNIST", sha256={})
    labels = np.arange(20) % 10
    (tmp_path / LABELS).write_bytes(idx(labels))
    read(tmp_path / LABELS, LABELS, unchecked)
    labels[7] = 10
    (tmp_path / LABELS).write_bytes(idx(labels))
    message = refusal(tmp_path / LABELS, LABELS, unchecked)
    assert "label 10" in message
    assert "below 10" in message


def test_unreadable(
    tmp_path: Path, files: Files, dataset: Dataset, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(tmp_path, files)

    # Made by hand: tests often run as root, whom no file mode keeps from reading.
    def denied(path: Path, *_: str) -> None:
        raise PermissionError(13, "Permission denied", str(path))

    monkeypatch.setattr(Path, "open", denied)
    message = refusal(tmp_path / IMAGES, IMAGES, dataset)
    assert "cannot be read (Permission denied)" in message


@pytest.mark.skipif(not OFFICIAL.is_dir(), reason=f"{OFFICIAL} is not on this machine")
@pytest.mark.parametrize("name", TINY)
def test_official_files_against_the_published_checksums(name: str) -> None:
    path = locate(OFFICIAL, name)
    assert path is not None
    packed = path.read_bytes()
    content = gzip.decompress(packed) if path.suffix == ".gz" else packed
    assert hashlib.sha256(content).hexdigest() == FASHION_MNIST.sha256[name]


def test_published_checksums_are_those_of_the_design() -> None:
    # Typed in again from DESIGN.md: a changed constant would otherwise accept changed data.
    assert [FASHION_MNIST.sha256[name][:16] for name in SHAPES] == [
        "c59f468a2f672dc8",
        "bad3541b69d91243",
        "5b4141f0afbad91e",
        "0402a96d92fd2663",
    ]
    assert [DATASETS["mnist"].sha256[name][:16] for name in SHAPES] == [
        "ba891046e6505d7a",
        "65a50cbbf4e906d7",
        "0fa7898d509279e4",
        "ff7bcfd416de3373",
    ]
