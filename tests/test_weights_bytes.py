"""Equal weights with equal notes are equal files: what is resumed is held against them."""

from pathlib import Path

import torch
from safetensors import safe_open

from src.tracking.weights import in_order, save_weights


def test_equal_weights_are_equal_files(tmp_path: Path) -> None:
    layers = [(torch.ones(3, 2), torch.zeros(3)), (torch.ones(1, 3), torch.zeros(1))]
    notes = {f"note {k}, wïth letters": str(k) for k in range(12)}
    contents = set()
    for k in range(8):  # safetensors itself has 12 notes in as many orders
        save_weights(tmp_path / str(k), layers, notes)
        contents.add((tmp_path / str(k)).read_bytes())
    assert len(contents) == 1
    with safe_open(str(tmp_path / "0"), framework="pt") as file:
        found = file.metadata()
        assert {key: found[key] for key in notes} == notes
        assert torch.equal(file.get_tensor("0.weight"), layers[0][0])
    (content,) = contents
    assert in_order(content) == content
