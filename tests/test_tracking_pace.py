"""src.tracking.pace against a loop over every window."""

import json

import numpy as np
import pytest

from src.tracking.pace import TARGET, WINDOW, Pace


def obvious(hits: list[float], examples: list[int], steps: int) -> int | None:
    """Updates made when the last `steps` batches first had TARGET of their answers right."""
    for end in range(steps, len(hits) + 1):
        window = slice(end - steps, end)
        if sum(hits[window]) >= TARGET * sum(examples[window]):
            return end
    return None


@pytest.mark.parametrize("chunks", [[60], [1] * 60, [7, 13, 1, 39], [3] * 20], ids=str)
@pytest.mark.parametrize("batch", [100, 250, 1000, 3000])
def test_against_a_loop(chunks: list[int], batch: int) -> None:
    random = np.random.default_rng(batch)
    steps = -(-WINDOW // batch)
    learned = np.linspace(0.3, [[0.7, 0.85, 0.95, 1.0, 0.79]], 60)[:, 0]  # [t, m]
    hits = random.binomial(batch, learned).astype(float)
    expected = [obvious(list(column), [batch] * 60, steps) for column in hits.T]
    assert None in expected
    assert len(set(expected)) > 2
    pace, first = Pace(5, batch), 0
    for count in chunks:
        pace.trained(first, batch, hits[first : first + count])
        first += count
    assert pace.reached == expected


def test_a_smaller_last_batch_weighs_less() -> None:
    """Steps of 500 and 200: (300 + 260) / 700 is the target to the example, 559 is not."""
    for right, expected in ((260.0, 2), (259.0, None)):
        pace = Pace(1, 500)
        pace.trained(0, 500, np.array([[300.0]]))
        pace.trained(1, 200, np.array([[right]]))
        assert pace.reached == [expected]


def test_never_before_a_whole_window() -> None:
    pace = Pace(1, 100)
    pace.trained(0, 100, np.full((9, 1), 100.0))
    assert pace.reached == [None]
    pace.trained(9, 100, np.array([[0.0]]))
    assert pace.reached == [10]


def test_goes_on_from_its_state() -> None:
    hits = np.array([[10.0 * k] for k in range(20)]).clip(max=100)
    whole, first = Pace(1, 100), Pace(1, 100)
    whole.trained(0, 100, hits)
    first.trained(0, 100, hits[:13])
    again = Pace(1, 100)
    again.restore(json.loads(json.dumps(first.state())))
    again.trained(13, 100, hits[13:])
    assert again.reached == whole.reached == [obvious(list(hits[:, 0]), [100] * 20, 10)]
    assert whole.reached[0] is not None
    assert whole.reached[0] > 13
