"""What a browser shows of a sweep in a real TensorBoard; the sweep is trained here."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.command import command_in

pytest.importorskip("selenium", reason="needs selenium: pip install -e '.[dev]'")

from tests.browser import BROWSER, DRIVER, Page, chromium, tensorboard

NEEDED = "needs chromium and chromedriver on the path (apt-get install chromium chromium-driver)"
pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(BROWSER is None or DRIVER is None, reason=NEEDED),
]

PROBLEM = (
    *("data=synthetic", "data.features=64", "data.train_size=2000", "data.validation_size=200"),
    *("data.test_size=200", "data.batch_size=20", "model.hidden=[32,16]", "model.dropout=0"),
    *("trainer=cpu", "trainer.epochs=2", "optimizer=sgd", "quiet=true", "hydra.sweep.dir=sweep"),
)
# At a rate of 1e30 he diverges; the equal units of zeros stay finite.
ARMS = ("init=zeros,he", "optimizer.lr=0.1,1e30")
MEMBERS, DIVERGED, LAYERS = 4, 1, 3

PARAMETERS = ["activation", "init", "learning_rate", "optimizer", "seed"]


@dataclass(frozen=True)
class Sweep:
    """A sweep's folder, and its members' results by folder, which TensorBoard calls the run."""

    folder: Path
    results: dict[str, dict[str, Any]]

    @property
    def done(self) -> set[str]:
        return {run for run, one in self.results.items() if one["status"] == "done"}


@pytest.fixture(scope="module")
def sweep(tmp_path_factory: pytest.TempPathFactory) -> Sweep:
    folder = tmp_path_factory.mktemp("dashboard")
    with command_in(folder) as train:
        outcome = train("-m", *PROBLEM, *ARMS)
        assert outcome.code == 0, outcome.err
        results = {path.parent.name: json.loads(path.read_text()) for path in train.results()}
    trained = Sweep(folder / "sweep", results)
    assert len(results) == len(trained.done) + DIVERGED == MEMBERS
    return trained


@pytest.fixture(scope="module")
def page(sweep: Sweep, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Page]:
    log = tmp_path_factory.mktemp("tensorboard") / "log"
    with tensorboard(sweep.folder, log) as url, chromium() as driver:
        yield Page(driver, url)


def cell(value: float) -> Any:
    """As the table shows it, to five digits."""
    return pytest.approx(value, rel=0.5e-4)


def test_every_tab_has_something_to_show(page: Page) -> None:
    page.open("")
    wanted = {"time series", "scalars", "custom scalars", "images", "histograms", "text", "hparams"}
    page.until(lambda: wanted <= set(page.tabs()), f"tabs {wanted}")


def test_hparams_has_a_row_for_each_member_with_its_metrics(page: Page, sweep: Sweep) -> None:
    page.open("hparams")
    rows = {row["Trial ID"]: row for row in page.table(MEMBERS)}
    assert len(rows) == MEMBERS
    for run, result in sweep.results.items():
        row, config, metrics = rows[run], result["config"], result["metrics"]
        assert [key for key in row if key in PARAMETERS] == PARAMETERS
        for group in ("init", "activation", "optimizer"):
            assert row[group] == config[group]["name"]
        assert float(row["learning_rate"]) == cell(config["optimizer"]["lr"])
        assert float(row["seed"]) == config["seed"]
        last, best = metrics["last"], metrics["best"]
        assert float(row["best validation accuracy"]) == cell(best["validation_accuracy"])
        assert float(row["verdict index"]) == result["verdict"]["index"]
        # A cell is empty where the member never came to it.
        if last is None:
            assert row["validation accuracy"] == ""
        else:
            assert float(row["validation accuracy"]) == cell(last["validation_accuracy"])
        never = result["steps_to_80"] is None
        assert row["steps to 80%"] == "" if never else float(row["steps to 80%"]) > 0
        assert (row["test accuracy"] == "") == (metrics["test"] is None)
    reached = [row for row in rows.values() if row["steps to 80%"]]
    assert [row["init"] for row in reached] == ["he"]


def test_scalars_draw_a_line_for_each_member_that_trained(page: Page, sweep: Sweep) -> None:
    page.open("scalars")
    page.unfold("loss", "accuracy")
    curves = [f"{name}/{part}" for name in ("loss", "accuracy") for part in ("validation", "step")]

    def drawn() -> bool:
        charts = page.charts()
        return all(tag in charts and len(charts[tag].lines) == len(sweep.done) for tag in curves)

    page.until(drawn, f"{len(sweep.done)} lines in each of {curves}")


def test_the_layout_lays_the_arms_over_each_other(page: Page, sweep: Sweep) -> None:
    """Every chart has lines, each in the colour of a run that it lists; no arm is left out."""
    page.open("custom_scalars")
    page.unfold("loss and accuracy", "std of preactivations", "std of gradients")
    layers = range(1, LAYERS + 1)
    wanted = ["validation loss", "validation accuracy", "loss, mean of some steps"]
    wanted += [
        f"std of {what}, layer {k}" for what in ("preactivations", "gradients") for k in layers
    ]

    def drawn() -> bool:
        charts = page.charts()
        return set(wanted) <= charts.keys() and all(
            len(charts[title].lines) >= len(sweep.done) for title in wanted
        )

    page.until(drawn, f"charts {wanted} with {len(sweep.done)} lines each")
    for title, chart in page.charts().items():
        assert chart.lines, title
        assert chart.lines <= set(chart.matches.values()), title
        listed = {match.partition(" (")[2].removesuffix(")") for match in chart.matches}
        assert listed <= sweep.results.keys(), title
        # Zeros have no ratio of update to weight.
        assert sweep.done <= listed or "update" in title, title


def test_text_tells_each_members_verdict(page: Page, sweep: Sweep) -> None:
    page.open("text")
    page.unfold("configuration", "verdict")
    wanted = [
        found["sentence"] for one in sweep.results.values() for found in one["verdict"]["found"]
    ]

    def told() -> bool:
        texts = " ".join(page.script(_TEXTS))
        return all(" ".join(sentence.split()) in texts for sentence in wanted)

    page.until(told, f"the sentences {wanted}")


def test_images_are_drawn(page: Page, sweep: Sweep) -> None:
    page.open("images")
    page.unfold("filters", "misclassified", "confusion_matrix")

    # Who makes no mistake has no picture of them.
    ends = [sweep.results[run]["metrics"]["last"]["validation_accuracy"] for run in sweep.done]
    pictures = sum(2 + (accuracy < 1) for accuracy in ends)

    def drawn() -> bool:
        sizes = page.script("return deep('img').map(one => Math.min(one.naturalWidth, width(one)))")
        return bool(len(sizes) == pictures and min(sizes) > 20)

    page.until(drawn, f"{pictures} pictures of {len(sweep.done)} members")


def test_histograms_are_drawn(page: Page, sweep: Sweep) -> None:
    page.open("histograms")
    page.unfold("gradients", "preactivations", "weights")

    def drawn() -> bool:
        hills = page.script(_HILLS)
        return bool(len(hills) >= 3 * LAYERS * len(sweep.done) and min(hills) >= 1)

    page.until(drawn, f"histograms of {LAYERS} layers of {len(sweep.done)} members")


_TEXTS = """
return deep('tf-markdown-view').filter(width).flatMap(view => deep('div', view).map(text));
"""

# Numbers of hills of each chart: areas with a width and a height.
_HILLS = """
const hill = path => width(path) > 1 && path.getBoundingClientRect().height > 1;
return deep('vz-histogram-timeseries').map(
  chart => deep('path.outline', chart).filter(hill).length);
"""
