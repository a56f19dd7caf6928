"""A schedule goes on where its checkpoint was, and is not resumed over another length."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from torch import Tensor

from src.config import Config
from src.data.examples import Examples
from src.engine.cpu import CpuEngine
from src.errors import InputError
from src.stacks import checked
from tests.training import even, same_numbers, train, vary


def spread(**changes: Any) -> list[Config]:
    """Learning rates spread over four epochs, beside some that are not."""
    base = even(trainer__chunk_steps=3, **changes)
    return [
        vary(base, schedule="cosine", schedule__warmup_steps=5, optimizer__clip_norm=0.1),
        vary(base, schedule="linear", optimizer="nesterov", model__label_smoothing=0.1),
        vary(base, schedule="step", schedule__every_epochs=1, optimizer="nadam"),
        vary(base, schedule="warmup", schedule__warmup_steps=10, optimizer="sgd"),
    ]


@pytest.fixture(scope="module")
def interrupted(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The checkpoint after two of four epochs: the third was never made."""
    folder = tmp_path_factory.mktemp("interrupted")
    run = CpuEngine.run

    def stopped(
        self: CpuEngine, rows: Tensor, first_step: int, examples: Examples, alive: Sequence[bool]
    ) -> tuple[Tensor, Tensor]:
        if first_step == 8:
            raise KeyboardInterrupt
        return run(self, rows, first_step, examples, alive)

    configs = spread(trainer__epochs=4, trainer__checkpoint=True)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(CpuEngine, "run", stopped)
        with pytest.raises(KeyboardInterrupt):
            train(configs, folder)
    (found,) = folder.glob("*.ckpt")
    return found


@pytest.mark.slow
def test_schedules_resumed_against_uninterrupted(interrupted: Path, tmp_path: Path) -> None:
    configs = spread(trainer__epochs=4, trainer__ckpt_path=str(interrupted))
    checked(configs)
    resumed = train(configs, tmp_path / "resumed")
    whole = train(spread(trainer__epochs=4), tmp_path / "whole")
    assert [row["step"] for row in resumed[0].rows] == [0, 4, 8, 12, 16]
    assert all(same_numbers(one, other) for one, other in zip(resumed, whole, strict=True))


@pytest.mark.parametrize("epochs", [3, 5])
def test_a_schedule_over_another_length_is_refused(interrupted: Path, epochs: int) -> None:
    with pytest.raises(InputError) as caught:
        checked(spread(trainer__epochs=epochs, trainer__ckpt_path=str(interrupted)))
    assert str(caught.value) == (
        f"trainer.ckpt_path={interrupted}: member 0 was trained with trainer.epochs=4, but this "
        f"run has trainer.epochs={epochs}, over which schedule=cosine spreads its learning rates."
    )
