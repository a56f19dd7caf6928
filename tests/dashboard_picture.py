"""The README's picture: what TensorBoard shows of a sweep, its layout above its HParams.

Made with, from the repository's root:
    python -m src.train -m init=zeros,ones,uniform,he hydra.sweep.dir=multirun/picture
    python -m tests.dashboard_picture multirun/picture docs/dashboard.png
"""

import sys
import tempfile
from io import BytesIO
from pathlib import Path

from PIL import Image

from tests.browser import Page, chromium, tensorboard

WINDOW = (1680, 1070)
MARGIN = 24  # pixels below the last row of the table
# Every arm has the same of these; that leaves room for the verdict, and for the metrics.
UNSEEN = ("activation", "learning_rate", "optimizer", "seed")

_LOGARITHMIC = """
for (const card of deep('tf-custom-scalar-multi-line-chart-card'))
  if (!text(deep('.heading-label', card)[0]).includes('accuracy'))
    deep('[icon=line-weight]', card)[0].click();
"""
_TICK = """
const boxes = deep('paper-checkbox').filter(
  box => arguments[0].includes(text(box)));
boxes.forEach(box => box.click());
return boxes.length === arguments[0].length;
"""
_BOTTOM = """
const rows = [...deep('vaadin-grid')[0].shadowRoot.querySelectorAll('#items tr')];
return Math.max(...rows.filter(row => !row.hidden && width(row) > 0)
  .map(row => row.getBoundingClientRect().bottom));
"""


def shot(page: Page) -> Image.Image:
    return Image.open(BytesIO(page.driver.get_screenshot_as_png())).convert("RGB")


def layout(page: Page) -> Image.Image:
    """The custom scalars unsmoothed, losses and what the probes measured on logarithmic axes."""
    page.open("custom_scalars&_smoothingWeight=0")
    page.unfold("loss and accuracy", "std of preactivations")
    page.until(lambda: all(chart.lines for chart in page.charts().values()), "lines")
    page.script(_LOGARITHMIC)
    page.settle()
    return shot(page)


def table(page: Page, members: int) -> Image.Image:
    """The HParams table, down to its last row."""
    page.open("hparams")
    page.table(members)
    assert page.script(_TICK, [*UNSEEN, "verdict"])
    page.until(lambda: "verdict" in page.table(members)[0], "a column of verdicts")
    page.settle()
    whole = shot(page)
    return whole.crop((0, 0, whole.width, min(int(page.script(_BOTTOM)) + MARGIN, whole.height)))


def main(folder: Path, picture: Path) -> None:
    members = len(list(folder.rglob("result.json")))
    with tempfile.TemporaryDirectory() as place:
        log = Path(place) / "log"
        with tensorboard(folder, log) as url, chromium(WINDOW) as driver:
            page = Page(driver, url)
            parts = [layout(page), table(page, members)]
    whole = Image.new("RGB", (parts[0].width, sum(part.height for part in parts)))
    top = 0
    for part in parts:
        whole.paste(part, (0, top))
        top += part.height
    whole.save(picture, optimize=True)


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
