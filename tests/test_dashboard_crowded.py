"""What a browser shows of more members than TensorBoard draws unasked; they are trained here."""

import re
from pathlib import Path

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
    *("data=synthetic", "data.features=16", "data.train_size=400", "data.validation_size=40"),
    *("data.test_size=40", "data.batch_size=20", "model.hidden=[8]", "model.dropout=0"),
    *("trainer=cpu", "trainer.epochs=2", "optimizer.lr=0.01", "hydra.sweep.dir=sweep"),
)
MEMBERS, LEFT = 45, 15


def test_of_45_members_the_curves_come_with_the_filter_that_the_command_tells(
    tmp_path: Path,
) -> None:
    with command_in(tmp_path) as train:
        outcome = train("-m", *PROBLEM, "init=he,xavier,default", "seed=range(15)")
        assert outcome.code == 0, outcome.err
        runs = {path.parent.name for path in train.results()}
    assert len(runs) == MEMBERS
    told = re.search(r"45 members: .* leaves fewer, such as (\S+)\.$", outcome.out, re.MULTILINE)
    assert told is not None, outcome.out
    assert told[1] == "init=he"
    with tensorboard(tmp_path / "sweep", tmp_path / "log") as url, chromium() as driver:
        page = Page(driver, url)
        page.open("hparams")
        rows = page.table(MEMBERS)
        assert {row["Trial ID"] for row in rows} == runs
        assert all(row["validation accuracy"] for row in rows)

        page.open("custom_scalars")
        page.unfold("loss and accuracy")
        titles = {"validation loss", "validation accuracy"}
        page.until(lambda: titles <= page.charts().keys(), f"charts {titles}")
        page.settle()
        assert not any(chart.lines for chart in page.charts().values())
        page.filter_runs(told[1])

        def drawn() -> bool:
            charts = page.charts()
            return all(runs_of(charts[title].matches) == LEFT for title in titles)

        page.until(drawn, f"curves of {LEFT} runs")
        assert all(page.charts()[title].lines for title in titles)


def runs_of(matches: dict[str, str]) -> int:
    return len({match.partition(" (")[2] for match in matches})
