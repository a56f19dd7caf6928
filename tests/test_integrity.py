"""What was changed since it was written is told by its name, and no number of it is used."""

import json
import os
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file, save_file

from src.diagnostics.records import RECORDS, Record, read, write
from src.errors import InputError
from src.report.analysis import analyse
from src.report.notes import happened
from src.report.results import read as read_sweep
from src.report.results import read_result
from src.tracking.files import FILES, RESULT, sha256, write_json, write_result
from src.tracking.weights import SUM, load_weights, save_weights, tensor_sum
from tests.records import made

CHANGED = "was changed since it was written (checksum)."
ROWS = [Record(step, 1, "preactivation_std", 0.5 + step) for step in range(20)]


@pytest.fixture
def result(tmp_path: Path) -> Path:
    path = tmp_path / RESULT
    write_result(path, made())
    return path


def refusal(path: Path) -> str:
    with pytest.raises(InputError) as caught:
        read_result(path)
    sentence = str(caught.value)
    assert sentence.startswith(f"{path}: ")
    assert "\n" not in sentence
    return sentence


# --- result.json --------------------------------------------------------------------------


def test_a_result_is_read_as_it_was_written(result: Path) -> None:
    found = read_result(result)
    assert {key: found[key] for key in found if key != "written"} == made() | {FILES: {}}


def test_its_checksum_is_its_last_line(result: Path) -> None:
    body, _, line = result.read_bytes().rpartition(b",\n  ")
    assert line == f'"checksum": "{sha256(body)}"\n}}\n'.encode()


@pytest.mark.parametrize(("old", "new"), [(b"0.8", b"0.9"), (b"1.23456", b"1.23457")])
def test_a_number_that_was_changed(result: Path, old: bytes, new: bytes) -> None:
    result.write_bytes(result.read_bytes().replace(old, new))
    assert refusal(result) == f"{result}: {CHANGED}"


def test_every_length_but_its_own_is_refused(result: Path) -> None:
    content = result.read_bytes()
    for length in range(0, len(content), 7):
        result.write_bytes(content[:length])
        refusal(result)
    for padded in (content[:-1], content + b"\n", content + b" "):
        result.write_bytes(padded)
        assert refusal(result) == f"{result}: {CHANGED}"


def test_a_checksum_that_was_taken_away(result: Path) -> None:
    write_json(result, made() | {FILES: {}})
    assert refusal(result) == f"{result}: {CHANGED}"


def test_a_result_of_before_there_were_checksums_is_read(tmp_path: Path) -> None:
    write_json(tmp_path / RESULT, made())
    assert read_result(tmp_path / RESULT)["metrics"] == made()["metrics"]


def test_what_is_no_file_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / RESULT)
    assert refusal(tmp_path / RESULT).endswith("not a readable result (not a regular file).")


# --- weights ------------------------------------------------------------------------------


@pytest.fixture
def weights(tmp_path: Path) -> Path:
    path = tmp_path / "weights.safetensors"
    save_weights(path, [(torch.ones(2, 3), torch.zeros(2))], {"label": "a"}, [0.5])
    return path


def refused_weights(path: Path, expected: str | None = None) -> str:
    with pytest.raises(InputError) as caught:
        load_weights(path, [3, 2], checksum=expected)
    return str(caught.value).removeprefix(f"model.weights={path}: ")


def test_a_weight_that_was_changed(tmp_path: Path) -> None:
    path = tmp_path / "weights.safetensors"
    whole = save_weights(path, [(torch.ones(2, 3), torch.zeros(2))], {"label": "a"})
    load_weights(path, [3, 2], checksum=whole)
    content = bytearray(path.read_bytes())
    content[-1] ^= 1
    path.write_bytes(content)
    assert refused_weights(path) == CHANGED
    assert refused_weights(path, whole) == CHANGED
    # From elsewhere, without a checksum: as it stands.
    save_file(load_file(path), path)
    load_weights(path, [3, 2])
    assert refused_weights(path, whole) == CHANGED


def test_the_sum_is_of_name_type_shape_and_bytes(weights: Path) -> None:
    tensors = load_file(weights)
    sums = {
        tensor_sum(tensors),
        tensor_sum({**tensors, "2.bias": tensors["0.bias"]}),
        tensor_sum({**tensors, "0.weight": tensors["0.weight"].T.contiguous()}),
        tensor_sum({**tensors, "0.bias": tensors["0.bias"].to(torch.int32)}),
        tensor_sum({**tensors, "0.bias": -tensors["0.bias"]}),  # another bit, an equal number
    }
    assert len(sums) == 5
    assert tensor_sum(dict(reversed(tensors.items()))) in sums
    assert json.loads(weights.read_bytes()[8:].partition(b"}")[0] + b"}}")["__metadata__"] == {
        "label": "a",
        SUM: tensor_sum(tensors),
    }


@pytest.mark.parametrize("length", [0, 1, 2**16, 2**40, 2**63, 2**64 - 1])
def test_a_header_that_lies_of_its_length(weights: Path, length: int) -> None:
    weights.write_bytes(length.to_bytes(8, "little") + weights.read_bytes()[8:])
    assert "not a readable safetensors file" in refused_weights(weights)


@pytest.mark.parametrize("shape", [[2**40], [2**32, 2**32], [2, 2], [-1], ["x"], [2.5]], ids=str)
def test_a_header_that_lies_of_a_shape(weights: Path, shape: list[Any]) -> None:
    entry = {"0.bias": {"dtype": "F32", "shape": shape, "data_offsets": [0, 8]}}
    header = json.dumps(entry).encode()
    weights.write_bytes(len(header).to_bytes(8, "little") + header + bytes(8))
    assert "not a readable safetensors file" in refused_weights(weights)


# --- records ------------------------------------------------------------------------------


def test_records_are_of_the_result_beside_them(tmp_path: Path) -> None:
    path = tmp_path / RECORDS
    whole = write(path, "a", ROWS)
    assert read(path, whole) == read(path) == ROWS
    write(path, "a", ROWS[:-1])
    with pytest.raises(InputError, match="was changed since"):
        read(path, whole)
    with pytest.raises(InputError, match="was changed since"):
        read(path, "")  # of a result that has none


def test_pages_are_checked_where_no_result_is_known(tmp_path: Path) -> None:
    path = tmp_path / RECORDS
    write(path, "a", ROWS)
    content = path.read_bytes()
    footer = len(content) - 8 - int.from_bytes(content[-8:-4], "little")
    refused = 0
    for place in range(4, footer, 5):
        path.write_bytes(content[:place] + bytes([content[place] ^ 4]) + content[place + 1 :])
        refused += _is_refused(path)
    assert refused > footer / 5 / 2  # the headers of pages have no checksum


def _is_refused(path: Path) -> bool:
    try:
        assert read(path) == ROWS
    except InputError as error:
        return str(error).startswith(f"{path}: not readable records (")
    return False


def test_a_report_names_records_that_it_leaves_out(tmp_path: Path) -> None:
    for seed in range(3):
        place = tmp_path / f"member={seed}"
        place.mkdir()
        told = {RECORDS: write(place / RECORDS, "a", ROWS)}
        write_result(place / RESULT, made(seed=seed) | {FILES: told})
    sound = happened(analyse(read_sweep(tmp_path)))
    path = tmp_path / "member=1" / RECORDS
    path.write_bytes(path.read_bytes()[:-9])
    (note,) = set(happened(analyse(read_sweep(tmp_path)))) - set(sound)
    assert note == f"The records of 1 member(s) are left out: {path}: {CHANGED}"
