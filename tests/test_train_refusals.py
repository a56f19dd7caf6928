"""What a command refuses before it trains: data, folders, files and devices that are not there."""

from collections.abc import Iterator
from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file

from src import stacks
from src.data.datasets import DATASETS, SHAPES, Dataset
from src.data.sources import Unavailable
from tests.command import Command
from tests.conftest import SMALL
from tests.idx_files import TINY, made_dataset, made_files, write

QUICK = (*SMALL, "quiet=true", "logger=none")
FASHION = ("data.train_size=30", "data.validation_size=20", "data.batch_size=10", "trainer=cpu")


class Nowhere:
    """Stands in for both sources: no test reads /usr/share or contacts a network."""

    def __init__(self, *_: object) -> None:
        pass

    def offer(self, dataset: Dataset, workspace: Path) -> Path:
        raise Unavailable("switched off")


@pytest.fixture
def offline(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    for name, shape in TINY.items():
        monkeypatch.setitem(SHAPES, name, shape)
    monkeypatch.setitem(DATASETS, "fashion_mnist", made_dataset(made_files()))
    monkeypatch.setattr("src.data.examples.PackageFolder", Nowhere)
    monkeypatch.setattr("src.data.examples.TorchvisionDownload", Nowhere)
    # Nothing made here may be taken for the real data by a later test.
    stacks._load.cache_clear()
    yield
    stacks._load.cache_clear()


@pytest.mark.parametrize("form", [(), ("-m",)], ids=["single", "sweep"])
@pytest.mark.usefixtures("offline")
@pytest.mark.slow
def test_missing_data(command: Command, tmp_path: Path, form: tuple[str, ...]) -> None:
    outcome = command(*form, f"data.root={tmp_path}/empty")
    outcome.assert_refused()
    (sentence,) = outcome.sentences
    assert sentence.startswith(f"data.root={tmp_path}/empty: the files of fashion_mnist are not")
    assert "switched off; switched off" in sentence
    for way in ("copy", "dataset-fashion-mnist", "make data", "data.mirrors"):
        assert way in sentence
    assert outcome.out == ""
    assert command.results() == []


@pytest.mark.usefixtures("offline")
def test_truncated_data(command: Command, tmp_path: Path) -> None:
    broken = write(tmp_path / "data", made_files()) / "t10k-images-idx3-ubyte"
    broken.write_bytes(broken.read_bytes()[:100])
    outcome = command(f"data.root={tmp_path}/data")
    outcome.assert_refused()
    assert outcome.sentences == [f"{broken}: 100 bytes, truncated or padded; must be 15696."]


@pytest.mark.usefixtures("offline")
@pytest.mark.slow
def test_split_larger_than_the_data(command: Command, tmp_path: Path) -> None:
    write(tmp_path / "data", made_files())
    outcome = command(f"data.root={tmp_path}/data", *FASHION, "data.train_size=31")
    outcome.assert_refused()
    assert "data.train_size + data.validation_size=51: must be at most 50" in outcome.err


@pytest.mark.usefixtures("offline")
def test_data_root_that_is_a_file(command: Command, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    outcome = command(f"data.root={tmp_path}/file")
    outcome.assert_refused()
    assert f"data.root={tmp_path}/file: cannot be written" in outcome.err


@pytest.mark.parametrize(
    "arguments",
    [("hydra.run.dir=file/below",), ("-m", "hydra.sweep.dir=file/below")],
    ids=["single", "sweep"],
)
def test_folder_that_cannot_be_written(
    command: Command, tmp_path: Path, arguments: tuple[str, ...]
) -> None:
    (tmp_path / "file").write_text("in the way")
    *flags, folder = arguments
    outcome = command(*flags, *QUICK, folder)
    outcome.assert_refused()
    assert "file/below" in outcome.err
    assert "Not a directory" in outcome.err


@pytest.mark.slow
def test_weights_that_do_not_fit(command: Command, tmp_path: Path) -> None:
    shapes = {"0": (8, 20), "2": (6, 8), "4": (10, 6)}
    weights = {f"{layer}.weight": torch.zeros(shape) for layer, shape in shapes.items()}
    biases = {f"{layer}.bias": torch.zeros(shape[0]) for layer, shape in shapes.items()}
    save_file(weights, tmp_path / "half.safetensors")
    save_file(
        weights | biases | {"0.bias": torch.full((8,), torch.nan)}, tmp_path / "nan.safetensors"
    )
    (tmp_path / "text").write_text("no weights")
    names = ("absent", "text", "half.safetensors", "nan.safetensors")
    paths = ",".join(str(tmp_path / name) for name in names)
    outcome = command("-m", *QUICK, f"model.weights={paths}")
    outcome.assert_refused()
    # All of them at once, in the order given.
    told = [line.partition(": ")[0] for line in outcome.sentences]
    assert told == [f"model.weights={tmp_path / name}" for name in names]
    absent, text, half, nan = outcome.sentences
    assert "No such file" in absent
    assert "not a readable safetensors file" in text
    assert "holds" in half
    assert "'0.bias': (8,)" in half
    assert "0.bias" in nan
    assert "finite" in nan
    assert command.job_folders() == []


@pytest.mark.slow
def test_checkpoint_that_is_none(command: Command, tmp_path: Path) -> None:
    (tmp_path / "text").write_text("no checkpoint")
    torch.save({"state": 1}, tmp_path / "other.ckpt")
    paths = [tmp_path / name for name in ("absent", "text", "other.ckpt")]
    outcome = command("-m", *QUICK, "trainer.ckpt_path=" + ",".join(map(str, paths)))
    outcome.assert_refused()
    told = [line.partition(" (")[0].rstrip(".") for line in outcome.sentences]
    for path, evidence in zip(
        paths, ["no such file"] + 2 * ["not a checkpoint of this program"], strict=True
    ):
        assert [line for line in told if line.startswith(f"trainer.ckpt_path={path}: {evidence}")]
    # torch's own message recommends to run the code in the file.
    assert "weights_only" not in outcome.err


@pytest.mark.slow
def test_all_faults_of_a_sweep_are_told_and_nothing_is_trained(command: Command) -> None:
    outcome = command("-m", *QUICK, "model.dropout=0.1,1.5,2")
    outcome.assert_refused()
    assert outcome.sentences == [
        "model.dropout=1.5: must be at least 0 and below 1.",
        "model.dropout=2.0: must be at least 0 and below 1.",
    ]
    assert command.results() == []
    assert command.job_folders() == []
    assert outcome.out == ""


@pytest.mark.slow
def test_same_member_twice(command: Command) -> None:
    outcome = command("-m", *QUICK, "seed=1,1")
    outcome.assert_refused()
    (sentence,) = outcome.sentences
    assert "seed=1" in sentence
    assert "2 times" in sentence
    assert command.job_folders() == []


@pytest.mark.parametrize(("found", "capability"), [(False, (0, 0)), (True, (7, 5))])
def test_tf32_without_a_gpu_that_has_it(
    command: Command, monkeypatch: pytest.MonkeyPatch, found: bool, capability: tuple[int, int]
) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: found)
    monkeypatch.setattr(torch.cuda, "get_device_capability", lambda: capability)
    outcome = command(*QUICK, "trainer=auto", "trainer.precision=tf32")
    outcome.assert_refused()
    assert outcome.sentences == [
        "trainer.precision=tf32: no GPU that has it was found; 32-true runs anywhere."
    ]
