"""What members take examples for, from which they are drawn."""

import torch

from src.assembly import build_model
from src.diagnostics.gallery import confusion_counts, predictions
from src.stacks import splits_of
from tests.training import even


def test_predictions_of_a_stack_are_those_of_single_runs() -> None:
    configs = [even(seed=k, init=init) for k, init in enumerate(("he", "xavier", "he"))]
    splits = splits_of(configs[0])
    together = predictions(build_model(configs, splits), splits.validation, [0, 2], "32-true")
    for k, found in zip((0, 2), together, strict=True):
        model = build_model([configs[k]], splits)
        x, y = splits.validation.batch(torch.arange(len(splits.validation)))
        with torch.no_grad():
            expected = model(x[None]).argmax(dim=2)[0]
        assert found.tolist() == expected.tolist()
        counts = confusion_counts(y, found, 10)
        obvious = [
            [int(((y == row) & (expected == column)).sum()) for column in range(10)]
            for row in range(10)
        ]
        assert counts.tolist() == obvious
