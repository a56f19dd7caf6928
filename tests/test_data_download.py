"""torchvision's download against a server of our own: good, truncated, wrong or absent."""

import gc
import gzip
import hashlib
import socket
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
import torchvision.datasets

from src.data.datasets import Dataset
from src.data.sources import TorchvisionDownload, provide
from src.errors import InputError
from tests.idx_files import Files, made_files
from tests.local_server import Mirror, serving

PACKED = {f"{name}.gz": gzip.compress(content, mtime=0) for name, content in made_files().items()}


def announced(packed: Files) -> list[tuple[str, str]]:
    """What torchvision's class says of its downloads: name and MD5."""
    return [(name, hashlib.md5(content).hexdigest()) for name, content in packed.items()]


# torchvision keeps the errors of its failed requests, and with them their sockets, until the
# garbage collector comes by. It is called at the end, so that this warns here and nowhere else.
pytestmark = pytest.mark.filterwarnings("ignore:unclosed <socket:ResourceWarning")


@pytest.fixture(scope="module", autouse=True)
def collected() -> Iterator[None]:
    yield
    gc.collect()


@pytest.fixture(autouse=True)
def offline(tiny_shapes: None, monkeypatch: pytest.MonkeyPatch) -> None:
    """torchvision expects the made files and knows no mirror, so only ours can be asked."""
    monkeypatch.setattr(torchvision.datasets.FashionMNIST, "mirrors", [])
    monkeypatch.setattr(torchvision.datasets.FashionMNIST, "resources", announced(PACKED))
    monkeypatch.setenv("no_proxy", "*")


@pytest.fixture
def servers() -> Iterator[ExitStack]:
    with ExitStack() as stack:
        yield stack


def left_in(root: Path) -> list[str]:
    return sorted(path.name for path in root.iterdir() if path.name != ".lock")


def refusal(dataset: Dataset, root: Path, *mirrors: Mirror) -> str:
    with pytest.raises(InputError) as caught:
        provide(dataset, root, [TorchvisionDownload([mirror.url for mirror in mirrors])])
    return str(caught.value)


@pytest.mark.parametrize("ending", ["", "/"])
def test_good_mirror(
    tmp_path: Path, files: Files, dataset: Dataset, servers: ExitStack, ending: str
) -> None:
    mirror = servers.enter_context(serving(PACKED))
    provide(dataset, tmp_path, [TorchvisionDownload([mirror.url + ending])])
    assert left_in(tmp_path) == sorted(files)
    assert {name: (tmp_path / name).read_bytes() for name in files} == files
    assert set(mirror.asked) == set(PACKED)
    before = len(mirror.asked)
    provide(dataset, tmp_path, [TorchvisionDownload([mirror.url + ending])])
    assert len(mirror.asked) == before


@pytest.mark.parametrize("manner", ["truncated", "cut", "garbage", "missing", "failing"])
def test_bad_mirror_is_told_and_leaves_nothing(
    tmp_path: Path, dataset: Dataset, servers: ExitStack, manner: str
) -> None:
    mirror = servers.enter_context(serving(PACKED, manner))
    message = refusal(dataset, tmp_path, mirror)
    assert message.startswith(f"data.root={tmp_path}: ")
    assert "torchvision could not download it (" in message
    assert mirror.url in message
    for way in ("copy", "dataset-fashion-mnist", "make data"):
        assert way in message
    assert left_in(tmp_path) == []


@pytest.mark.parametrize("manner", ["truncated", "cut", "garbage", "missing", "failing"])
def test_good_mirror_after_a_bad_one(
    tmp_path: Path, files: Files, dataset: Dataset, servers: ExitStack, manner: str
) -> None:
    bad = servers.enter_context(serving(PACKED, manner))
    good = servers.enter_context(serving(PACKED))
    provide(dataset, tmp_path, [TorchvisionDownload([bad.url, good.url])])
    assert {name: (tmp_path / name).read_bytes() for name in files} == files


def test_mirror_that_nobody_serves(tmp_path: Path, dataset: Dataset, files: Files) -> None:
    with serving(PACKED) as gone:
        pass
    message = refusal(dataset, tmp_path, gone)
    assert "refused" in message
    assert gone.url in message
    assert left_in(tmp_path) == []
    with serving(PACKED) as good:
        provide(dataset, tmp_path, [TorchvisionDownload([gone.url, good.url])])
    assert left_in(tmp_path) == sorted(files)


def test_files_with_another_md5_are_not_used(
    tmp_path: Path, dataset: Dataset, servers: ExitStack
) -> None:
    other = {name: gzip.compress(b"wrong") for name in PACKED}
    mirror = servers.enter_context(serving(other))
    assert "corrupted" in refusal(dataset, tmp_path, mirror)
    assert left_in(tmp_path) == []


def test_files_that_torchvision_accepts_are_checked_again(
    tmp_path: Path,
    files: Files,
    dataset: Dataset,
    servers: ExitStack,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    # Whole, well-formed IDX files with the announced MD5, and still not the dataset's content.
    other = {
        f"{name}.gz": gzip.compress(content, mtime=0)
        for name, content in made_files(seed=1).items()
    }
    monkeypatch.setattr(torchvision.datasets.FashionMNIST, "resources", announced(other))
    mirror = servers.enter_context(serving(other))
    assert "SHA-256" in refusal(dataset, tmp_path, mirror)
    assert left_in(tmp_path) == []


def test_next_source_is_used_after_a_failed_download(
    tmp_path: Path, files: Files, dataset: Dataset, servers: ExitStack
) -> None:
    bad = servers.enter_context(serving(PACKED, "truncated"))
    good = servers.enter_context(serving(PACKED))
    sources = [TorchvisionDownload([bad.url]), TorchvisionDownload([good.url])]
    provide(dataset, tmp_path, sources)
    assert left_in(tmp_path) == sorted(files)


def test_own_mirrors_come_before_torchvisions(
    tmp_path: Path, dataset: Dataset, servers: ExitStack, monkeypatch: pytest.MonkeyPatch
) -> None:
    own, builtin = servers.enter_context(serving(PACKED)), servers.enter_context(serving(PACKED))
    monkeypatch.setattr(torchvision.datasets.FashionMNIST, "mirrors", [builtin.url + "/"])
    provide(dataset, tmp_path / "a", [TorchvisionDownload([own.url])])
    assert (set(own.asked), set(builtin.asked)) == (set(PACKED), set())
    provide(dataset, tmp_path / "b", [TorchvisionDownload()])
    assert set(builtin.asked) == set(PACKED)


@pytest.mark.parametrize("manner", ["good", "missing"])
def test_the_process_keeps_its_own_timeout(
    tmp_path: Path, dataset: Dataset, servers: ExitStack, manner: str
) -> None:
    mirror = servers.enter_context(serving(PACKED, manner))
    before = socket.getdefaulttimeout()
    socket.setdefaulttimeout(12.5)
    try:
        if manner == "good":
            provide(dataset, tmp_path, [TorchvisionDownload([mirror.url])])
        else:
            refusal(dataset, tmp_path, mirror)
        assert socket.getdefaulttimeout() == 12.5
    finally:
        socket.setdefaulttimeout(before)
