"""What a member-epoch is, and the floors that follow from the sizes of its layers."""

from pathlib import Path

import pytest
import torch
import torch.nn.functional as F
from torch.utils.flop_counter import FlopCounterMode

from src.bench.__main__ import palette
from src.bench.machine import children
from src.bench.peers import Copies, Products, network
from src.bench.work import Palette, adam_bytes, mixed, parameter_count, training_flops

DEFAULT = [784, 256, 128, 10]


@pytest.mark.parametrize("widths", [DEFAULT, [20, 10], [7, 5, 3, 2, 4]])
def test_flops_against_those_that_torch_counts(widths: list[int]) -> None:
    net, batch = network(widths, dropout=0.2), 3
    x, y = torch.rand(batch, widths[0]), torch.zeros(batch, dtype=torch.int64)
    with FlopCounterMode(display=False) as counter:
        F.cross_entropy(net(x), y).backward()  # type: ignore[no-untyped-call]
    assert counter.get_total_flops() == batch * training_flops(widths)


def test_the_default_epoch() -> None:
    assert training_flops(DEFAULT) == pytest.approx(1.007e6, rel=1e-3)
    assert training_flops(DEFAULT) * 48_000 == pytest.approx(48.3e9, rel=1e-3)
    assert adam_bytes(DEFAULT) == pytest.approx(6.6e6, rel=1e-2)


def test_parameters_against_torch() -> None:
    assert parameter_count(DEFAULT) == sum(p.numel() for p in network(DEFAULT, 0.0).parameters())


def test_a_floor_is_its_work_over_its_rate() -> None:
    # 2 · 8³ operations, twice, of a member-epoch of 16 examples.
    products = Products([3, 2], examples=16, side=8, count=2)
    assert products.member_epochs == 2 * 2 * 8**3 / (16 * 2 * 2 * 6)
    # 100 numbers read and written, three times; 2 parameters, 28 bytes each, 5 steps.
    copies = Copies([1, 1], steps=5, device="cpu", numbers=100, count=3)
    assert copies.member_epochs == 3 * 800 / (2 * 28 * 5)
    assert copies.run() == 1.0
    assert products.run() == 0.0


@pytest.fixture(scope="module")
def choice() -> Palette:
    return palette("data=synthetic")


@pytest.mark.slow
def test_members_are_mixed(choice: Palette) -> None:
    members = mixed(choice, 64)
    assert len({member.init.name for member in members}) == 6
    assert len({member.activation.name for member in members}) == 4
    assert len({member.optimizer.lr for member in members}) == 3
    seeds = [member.seed for member in members]
    assert sorted(set(seeds)) == list(range(16))
    assert [member.data.order_seed for member in members] == seeds
    assert [member.model.dropout_seed for member in members] == seeds
    assert len({repr(member) for member in members}) == 64


@pytest.mark.parametrize("count", [8, 64, 256, 1024])
def test_every_size_of_stack_has_the_same_mix_of_activations(choice: Palette, count: int) -> None:
    names = [member.activation.name for member in mixed(choice, count)]
    assert {names.count(name) for name in names} == {count // 4}


def test_a_stack_of_one_does_the_work_of_the_peers(choice: Palette) -> None:
    (member,) = mixed(choice, 1)
    assert member.activation.name == "relu"
    assert member.optimizer.name == "adam"
    assert member.optimizer.lr == 1e-3
    assert member.model.dropout == 0.2


def test_threads_that_end_while_their_children_are_counted(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """/proc lists a thread that has ended before its file is read."""
    paths = [tmp_path / name for name in ("gone", "here")]
    paths[1].write_text("12 34 ")
    monkeypatch.setattr(Path, "glob", lambda self, pattern: iter(paths))
    assert children() == [12, 34]
