"""What a fit of the benchmark trains, and that its tiers differ in what they measure alone."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest

from src.bench import looks
from src.bench.work import Palette
from src.diagnostics.schedule import schedule_of
from src.isolation import Result
from src.members import train_members
from src.report.results import Record, read_result
from src.tracking.files import RESULT
from tests.looking import watched
from tests.training import even, option


def made(tier: str) -> Palette:
    inits = [option("init", name) for name in ("he", "xavier")]
    activations = [option("activation", name) for name in ("relu", "tanh")]
    return Palette(watched(even(trainer__epochs=2), tier), inits, activations)


@pytest.mark.slow
def test_a_fit_trains_every_member_whatever_is_measured(monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[list[Record]] = []

    def kept(configs: object, folders: Sequence[Path], *rest: object) -> list[Result]:
        results = train_members(configs, folders, *rest)  # type: ignore[arg-type]
        seen.append([read_result(folder / RESULT) for folder in folders])
        return results

    monkeypatch.setattr(looks, "train_members", kept)
    losses: Mapping[str, Sequence[float]] = {
        tier: [fit.run()] for tier in ("off", "light", "full") if (fit := looks.Fit(made(tier), 3))
    }
    assert losses["off"] == losses["light"] == losses["full"]
    assert [len(results) for results in seen] == [1, 3] * 3
    for tier, results in zip(("off", "light", "full"), seen[1::2], strict=True):
        assert [result["status"] for result in results] == ["done"] * 3
        assert all(len(result["epochs"]) == 3 for result in results)
        assert {result["config"]["diagnostics"]["tier"] for result in results} == {tier}
        assert all((result["verdict"] is None) == (tier == "off") for result in results)


def test_a_fit_of_the_default_looks_as_often_as_is_said() -> None:
    looked_at = schedule_of(option("diagnostics", "light"), epoch_steps=480)
    counts = [sum(map(looked_at, range(480 * epochs + 1))) for epochs in (2, 5)]
    assert counts == [10, 13]
    assert sum(map(looked_at, range(101))) == 8
