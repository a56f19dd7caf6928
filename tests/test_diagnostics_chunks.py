"""Chunks cut at the steps that are looked at: the same rows in the same order, whatever is."""

import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from src.data.chunks import Chunks
from src.diagnostics.schedule import schedule_of
from src.schema.data import DataConfig
from src.schema.diagnostics import DiagnosticsConfig, Tier
from src.schema.run import TrainerConfig


@st.composite
def problems(draw: st.DrawFn) -> tuple[int, int, TrainerConfig, frozenset[int], int]:
    size = draw(st.integers(1, 120))
    batch = draw(st.integers(1, size))
    chunk, limit = draw(st.integers(1, 60)), draw(st.none() | st.integers(1, 150))
    trainer = TrainerConfig(name="made", chunk_steps=chunk, steps_per_epoch=limit)
    return (
        size,
        batch,
        trainer,
        draw(st.frozensets(st.integers(0, 400), max_size=20)),
        draw(st.integers(0, 5)),
    )


@settings(derandomize=True, deadline=None, max_examples=60)
@given(problems())
def test_rows_are_the_same_with_any_schedule(
    problem: tuple[int, int, TrainerConfig, frozenset[int], int],
) -> None:
    size, batch, trainer, watched, epoch = problem
    data = DataConfig(name="made", train_size=size, batch_size=batch)
    plain = Chunks(size, data, trainer, [3, 5])
    cut = Chunks(size, data, trainer, [3, 5], watched.__contains__)
    plain.epoch = cut.epoch = epoch
    pieces = list(cut)
    assert len(pieces) == len(cut)
    one, two = (
        [step for chunk in chunks for step in chunk.transpose(0, 1).unbind(1)]
        for chunks in (plain, pieces)
    )
    assert len(one) == len(two) == cut.steps
    assert all(torch.equal(*pair) for pair in zip(one, two, strict=True))
    step = epoch * cut.steps
    for piece in pieces:
        inside = watched & set(range(step, step + len(piece)))
        assert len(piece) == 1 if inside else 1 <= len(piece) <= trainer.chunk_steps
        step += len(piece)


def test_chunks_of_the_default_run() -> None:
    """480 steps an epoch: cut at the early steps and at an epoch's first."""
    config = DiagnosticsConfig(
        name="light", tier=Tier.light, histograms=False, images=False, early_steps=[0, 1, 2, 5, 50]
    )
    data = DataConfig(name="made", train_size=48_000, batch_size=100)
    chunks = Chunks(
        48_000, data, TrainerConfig(name="made"), [0], schedule_of(config, epoch_steps=480)
    )
    assert [len(piece) for piece in chunks][:10] == [1, 1, 1, 2, 1, 42, 2, 1, 45, 48]
    chunks.epoch = 1
    assert [len(piece) for piece in chunks] == [1, 47, *[48] * 9]
