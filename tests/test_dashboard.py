"""What a browser shows of a sweep in a real TensorBoard; the sweep is trained here."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.command import command_in
from tests.conftest import SMALL

pytest.importorskip("selenium", reason="needs selenium: pip install -e '.[dev]'")

from tests.browser import BROWSER, DRIVER, Page, chromium, tensorboard

NEEDED = "needs chromium and chromedriver on the path (apt-get install chromium chromium-driver)"
pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(BROWSER is None or DRIVER is None, reason=NEEDED),
]

# At a rate of 1e30 xavier and he diverge; the equal units of zeros stay finite.
ARMS = ("init=zeros,xavier,he", "optimizer=sgd", "optimizer.lr=0.1,1e30", "trainer.epochs=3")
MEMBERS, DIVERGED = 6, 2

PARAMETERS = ["init", "activation", "optimizer", "learning_rate", "seed"]


@dataclass(frozen=True)
class Sweep:
    """A sweep's folder, and its members' results by the label that HParams shows."""

    folder: Path
    results: dict[str, dict[str, Any]]

    @property
    def done(self) -> dict[str, dict[str, Any]]:
        return {key: one for key, one in self.results.items() if one["status"] == "done"}


@pytest.fixture(scope="module")
def sweep(tmp_path_factory: pytest.TempPathFactory) -> Sweep:
    folder = tmp_path_factory.mktemp("dashboard")
    with command_in(folder) as train:
        outcome = train("-m", *SMALL, *ARMS, "logger.every_n_steps=2", "hydra.sweep.dir=sweep")
        assert outcome.code == 0, outcome.err
        results = [json.loads(path.read_text()) for path in train.results()]
    assert [one["status"] for one in results].count("diverged") == DIVERGED
    return Sweep(folder / "sweep", {one["label"]: one for one in results})


@pytest.fixture(scope="module")
def page(sweep: Sweep, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Page]:
    log = tmp_path_factory.mktemp("tensorboard") / "log"
    with tensorboard(sweep.folder, log) as url, chromium() as driver:
        yield Page(driver, url)


def shown(value: float) -> Any:
    """As the table shows it, to five digits."""
    return pytest.approx(value, rel=0.5e-4)


def test_hparams_has_a_row_for_each_member_with_its_metrics(page: Page, sweep: Sweep) -> None:
    page.open("hparams")
    rows = {row["Trial ID"]: row for row in page.table(MEMBERS)}
    assert rows.keys() == sweep.results.keys()
    for label, result in sweep.results.items():
        row, config, metrics = rows[label], result["config"], result["metrics"]
        assert [key for key in row if key in PARAMETERS] == sorted(PARAMETERS)
        for group in ("init", "activation", "optimizer"):
            assert row[group] == config[group]["name"]
        assert float(row["learning_rate"]) == shown(config["optimizer"]["lr"])
        assert float(row["seed"]) == config["seed"]
        last, best = metrics["last"] or metrics["initial"], metrics["best"]
        assert float(row["validation accuracy"]) == shown(last["validation_accuracy"])
        assert float(row["validation loss"]) == shown(last["validation_loss"])
        assert float(row["best validation accuracy"]) == shown(best["validation_accuracy"])
        if metrics["test"] is not None:
            assert float(row["test accuracy"]) == shown(metrics["test"]["accuracy"])


def test_scalars_draw_a_line_for_each_member_that_trained(page: Page, sweep: Sweep) -> None:
    page.open("scalars")
    assert {"loss", "accuracy"} <= set(page.unfold())
    curves = [f"{name}/{part}" for name in ("loss", "accuracy") for part in ("validation", "step")]

    def drawn() -> bool:
        charts = page.charts()
        return all(tag in charts and len(charts[tag].lines) == len(sweep.done) for tag in curves)

    page.until(drawn, f"{len(sweep.done)} lines in each of {curves}")
