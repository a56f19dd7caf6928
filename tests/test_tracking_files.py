"""Files appear whole or not at all, JSON is strict, weights that do not fit are refused."""

import json
import math
import os
import re
from pathlib import Path
from typing import Any

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from safetensors.torch import load_file, save_file

from src.errors import InputError
from src.initializers.draw import Start, draw_layers
from src.tracking.files import write_atomically, write_json
from src.tracking.weights import load_weights, save_weights

SIZES = [5, 4, 3]
START = Start("normal", {"mean": 0.0, "std": 1.0}, "uniform_fan_in")


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


# --- whole or not at all ------------------------------------------------------------------


def test_write_leaves_the_file_alone_beside_it(tmp_path: Path) -> None:
    write_atomically(tmp_path / "file", b"one")
    assert (tmp_path / "file").read_bytes() == b"one"
    write_atomically(tmp_path / "file", b"")
    assert (tmp_path / "file").read_bytes() == b""
    assert names(tmp_path) == ["file"]


@pytest.mark.parametrize("fails", ["fsync", "replace"])
def test_a_write_that_fails_leaves_the_old_file_and_no_partial_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, fails: str
) -> None:
    write_atomically(tmp_path / "file", b"old")

    def full(*_: Any) -> None:
        raise OSError("no space left on device")

    monkeypatch.setattr(*{"fsync": (os, "fsync"), "replace": (Path, "replace")}[fails], full)
    with pytest.raises(OSError, match="no space"):
        write_atomically(tmp_path / "file", b"new")
    assert names(tmp_path) == ["file"]
    assert (tmp_path / "file").read_bytes() == b"old"


def test_the_new_content_is_on_the_disk_before_the_name_changes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """After a power cut a file of the right name holds the whole content."""
    calls: list[str] = []
    fsync, replace = os.fsync, Path.replace

    def spied_fsync(number: int) -> None:
        calls.append("fsync")
        fsync(number)

    def spied_replace(self: Path, target: Path) -> Path:
        calls.append("replace")
        assert self.read_bytes() == b"content"
        assert self.parent == target.parent  # a rename across file systems is a copy
        return replace(self, target)

    monkeypatch.setattr(os, "fsync", spied_fsync)
    monkeypatch.setattr(Path, "replace", spied_replace)
    write_atomically(tmp_path / "file", b"content")
    assert calls == ["fsync", "replace"]


# --- strict JSON --------------------------------------------------------------------------


def read(path: Path) -> Any:
    def refuse(constant: str) -> None:
        raise AssertionError(f"{constant} is not JSON")

    return json.loads(path.read_text(), parse_constant=refuse)


def test_numbers_that_are_not_finite_become_null(tmp_path: Path) -> None:
    nan, inf = math.nan, math.inf
    value = {"a": nan, "b": [inf, 1.5, (-inf, 2)], "c": {"d": {"e": [{"f": nan}]}}, "g": "NaN"}
    write_json(tmp_path / "file.json", value)
    expected = {"a": None, "b": [None, 1.5, [None, 2]], "c": {"d": {"e": [{"f": None}]}}}
    assert read(tmp_path / "file.json") == expected | {"g": "NaN"}


def test_text_is_readable_utf8(tmp_path: Path) -> None:
    write_json(tmp_path / "file.json", {"σ": "Größe"})
    text = (tmp_path / "file.json").read_bytes().decode()
    assert "σ" in text
    assert "Größe" in text
    assert text.endswith("}\n")


JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=10,
)


@settings(max_examples=50, derandomize=True, deadline=None, database=None)
@given(value=JSON)
@pytest.mark.slow
def test_finite_values_come_back_as_they_were(
    tmp_path_factory: pytest.TempPathFactory, value: Any
) -> None:
    path = tmp_path_factory.getbasetemp() / "finite.json"
    write_json(path, value)
    assert read(path) == value


def test_what_json_cannot_say_is_refused(tmp_path: Path) -> None:
    with pytest.raises(TypeError):
        write_json(tmp_path / "file.json", {"path": tmp_path})
    assert names(tmp_path) == []


# --- weights ------------------------------------------------------------------------------


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "weights.safetensors"
    layers = draw_layers(SIZES, START, 0)
    save_weights(path, layers, {"label": "test"})
    return path


def test_weights_come_back_to_the_bit(path: Path) -> None:
    expected = draw_layers(SIZES, START, 0)
    for (weight, bias), (saved_weight, saved_bias) in zip(
        expected, load_weights(path, SIZES), strict=True
    ):
        assert torch.equal(weight, saved_weight)
        assert torch.equal(bias, saved_bias)


def test_names_are_those_of_a_sequential(path: Path) -> None:
    assert set(load_file(path)) == {"0.weight", "0.bias", "2.weight", "2.bias"}


def refusal(path: Path, sizes: list[int]) -> str:
    with pytest.raises(InputError) as caught:
        load_weights(path, sizes)
    sentence = str(caught.value)
    assert sentence.startswith(f"model.weights={path}: ")
    assert "\n" not in sentence
    assert sentence.endswith(".")
    return sentence


@pytest.mark.parametrize("sizes", [[5, 4], [5, 4, 3, 3], [5, 3, 4], [6, 4, 3], [3, 4, 5]], ids=str)
def test_weights_of_another_network_are_refused(path: Path, sizes: list[int]) -> None:
    sentence = refusal(path, sizes)
    assert "(4, 5)" in sentence  # what it holds
    assert str((sizes[1], sizes[0])) in sentence  # what is wanted


def test_no_weights_are_refused(tmp_path: Path) -> None:
    assert "not a readable safetensors file" in refusal(tmp_path / "missing", SIZES)


def test_a_folder_is_refused(tmp_path: Path) -> None:
    assert "not a readable safetensors file" in refusal(tmp_path, SIZES)


@pytest.mark.parametrize("content", [b"", b"{}", bytes(1000), b"\xff" * 100], ids=repr)
def test_a_file_of_something_else_is_refused(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "weights.safetensors"
    path.write_bytes(content)
    assert "not a readable safetensors file" in refusal(path, SIZES)


def test_weights_cut_short_are_refused(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-4])
    assert "not a readable safetensors file" in refusal(path, SIZES)


@pytest.mark.parametrize("poison", [math.nan, math.inf, -math.inf])
def test_weights_that_are_not_finite_are_refused(path: Path, poison: float) -> None:
    tensors = load_file(path)
    tensors["2.bias"][1] = poison
    save_file(tensors, path)
    sentence = refusal(path, SIZES)
    assert "2.bias" in sentence
    assert "finite" in sentence
    # The type is right: a sentence that blames it would send the reader astray.
    assert "found torch.float32" not in sentence


def test_weights_of_another_type_are_refused(path: Path) -> None:
    tensors = {name: tensor.double() for name, tensor in load_file(path).items()}
    save_file(tensors, path)
    assert "float64" in refusal(path, SIZES)


def test_a_file_that_cannot_be_written_is_told_by_its_own_name(tmp_path: Path) -> None:
    (tmp_path / "there").mkdir()
    for path in (tmp_path / "there", tmp_path / "absent" / "a.csv"):
        with pytest.raises(OSError, match=rf": '{re.escape(str(path))}'$"):
            write_atomically(path, b"")
    assert list(tmp_path.iterdir()) == [tmp_path / "there"]
