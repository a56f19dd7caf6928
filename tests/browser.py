"""A real TensorBoard and a real browser, and how to find one's way in its pages.

TensorBoard's page is Angular at the top and Polymer below: what is drawn may lie in shadow roots
within shadow roots. `deep(selector, root)` looks into them all, in the order of the page.
"""

import json
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar
from urllib.request import urlopen

from selenium.common.exceptions import JavascriptException, StaleElementReferenceException
from selenium.webdriver import Chrome, ChromeOptions, ChromeService

T = TypeVar("T")

PATIENCE = 60.0  # seconds until a page shows what is waited for; two cores at peace need 1 to 5
WINDOW = (1400, 900)  # of the page itself, in CSS pixels
BROWSER = next(filter(None, map(shutil.which, ("chromium", "google-chrome"))), None)
DRIVER = shutil.which("chromedriver")

_DEEP = """
const deep = (selector, root = document) => {
  const found = [];
  for (const element of root.querySelectorAll('*')) {
    if (element.matches(selector)) found.push(element);
    if (element.shadowRoot) found.push(...deep(selector, element.shadowRoot));
  }
  return root.shadowRoot ? found.concat(deep(selector, root.shadowRoot)) : found;
};
const text = element => (element?.innerText ?? element?.textContent ?? '')
  .trim().replace(/\\s+/g, ' ');
const width = element => element.getBoundingClientRect().width;
"""

# Lines of a chart are <path class="line">, twice where they are smoothed; a point alone has no
# width. A chart of custom scalars lists what its regular expressions matched, in the line's colour.
_CHARTS = """
const drawn = path => getComputedStyle(path).stroke !== 'none' && width(path) > 10;
return deep('tf-scalar-card, tf-custom-scalar-multi-line-chart-card')
  .filter(card => width(card) > 0)
  .map(card => ({
    title: deep('.heading-label', card).map(text).find(Boolean) || '',
    lines: deep('path.line', card).filter(drawn).map(path => getComputedStyle(path).stroke),
    matches: deep('.match-list-entry', card).map(entry => [
      entry.textContent.replace('◼', '').trim(), getComputedStyle(entry).color]),
  }));
"""

_UNFOLD = """
const headings = deep('button.heading').filter(width);
for (const heading of headings) if (!heading.hasAttribute('open-button')) heading.click();
return headings.map(heading => text(heading.querySelector('.category-name')));
"""

# A grid keeps the rows that are in view, and its cells as slots of another tree.
_TABLE = """
// The last cell of a row holds the curves that Show Metrics opens.
const cells = row => [...row.querySelectorAll(
  '[part~=header-cell], [part~=body-cell]:not([part~=details-cell])')]
  .map(cell => text(cell.querySelector('slot').assignedElements()[0]));
const [grid] = deep('vaadin-grid');
const visible = row => !row.hidden && width(row) > 0;
const body = grid.shadowRoot;
return {
  header: [...body.querySelectorAll('#header tr')].filter(visible).map(cells).flat(),
  rows: [...body.querySelectorAll('#items tr')].filter(visible).map(row => [row.index, cells(row)]),
};
"""
_SCROLL = "deep('vaadin-grid')[0].scrollToIndex(arguments[0]);"


@contextmanager
def tensorboard(folder: Path, log: Path) -> Iterator[str]:
    """The address of a TensorBoard over the folder once it has read every event file there."""
    command = [sys.executable, "-m", "tensorboard.main", "--logdir", str(folder)]
    command += ["--host", "127.0.0.1", "--port", "0", "--reload_interval", "1"]
    if setpriv := shutil.which("setpriv"):
        command = [setpriv, "--pdeathsig", "TERM", *command]  # it ends even if we are killed
    with log.open("w") as stream:
        process = subprocess.Popen(command, stdout=stream, stderr=stream)
    try:

        def address() -> str | None:
            assert process.poll() is None, log.read_text()
            found = re.search(r"http://127\.0\.0\.1:\d+/", log.read_text())
            return found and found[0]

        url = until(address, "TensorBoard's address")
        runs = {path.parent for path in folder.rglob("events.out.tfevents.*")}
        until(lambda: len(read(url, "data/runs")) == len(runs), f"{len(runs)} runs at {url}")
        yield url
    finally:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


@contextmanager
def chromium(window: tuple[int, int] = WINDOW) -> Iterator[Chrome]:
    """A headless browser of Debian's; selenium is told where it lies, so that it loads none."""
    assert BROWSER is not None
    assert DRIVER is not None
    options = ChromeOptions()
    options.binary_location = BROWSER
    # Root may not use the sandbox; a container's /dev/shm may be too small.
    for argument in ("--headless=new", "--no-sandbox", "--disable-dev-shm-usage", "--disable-gpu"):
        options.add_argument(argument)
    driver = Chrome(options=options, service=ChromeService(DRIVER))
    try:
        size = {"width": window[0], "height": window[1], "deviceScaleFactor": 1, "mobile": False}
        driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)
        yield driver
    finally:
        driver.quit()


def read(url: str, path: str) -> Any:
    """What TensorBoard answers its own page."""
    with urlopen(url + path, timeout=PATIENCE) as answer:
        return json.load(answer)


def until(
    condition: Callable[[], T | None], what: str | Callable[[], str], patience: float = PATIENCE
) -> T:
    """The condition's value as soon as it is true; AssertionError says what did not come."""
    end = time.monotonic() + patience
    while True:
        if value := condition():
            return value
        if time.monotonic() > end:
            said = what if isinstance(what, str) else what()
            raise AssertionError(f"not within {patience:g} s: {said}")
        time.sleep(0.05)


@dataclass(frozen=True)
class Chart:
    """The colours of a chart's lines, and of each match ("tag (run)") where it lists them."""

    lines: frozenset[str]
    matches: dict[str, str]


@dataclass(frozen=True)
class Page:
    """TensorBoard in the browser, one tab at a time."""

    driver: Chrome
    url: str

    def open(self, tab: str) -> None:
        # A change of what follows # alone would keep the page, and what it has read.
        self.driver.get("about:blank")
        self.driver.get(f"{self.url}#{tab}")

    def script(self, body: str, *arguments: Any) -> Any:
        return self.driver.execute_script(_DEEP + body, *arguments)

    def until(self, condition: Callable[[], T | None], what: str) -> T:
        """Wait for the page; half-built ones, where an element has gone or is yet to come, count
        as not ready."""

        def ready() -> T | None:
            try:
                return condition()
            except (JavascriptException, StaleElementReferenceException):
                return None

        return until(ready, lambda: f"{what}; the page says: {self.text()[:2000]}")

    def text(self) -> str:
        return " ".join(filter(None, self.texts(":not(:has(*)):not(style):not(script)")))

    def texts(self, selector: str) -> list[str]:
        """The texts of all that the selector finds and that take room on the page."""
        return list(self.script("return deep(arguments[0]).filter(width).map(text)", selector))

    def tabs(self) -> list[str]:
        """The plugins that have something to show, as they stand at the top."""
        return [name.lower() for name in self.texts("plugin-selector .mat-mdc-tab .plugin-name")]

    def unfold(self, *wanted: str) -> list[str]:
        """Open every category of the tab, once these are there; the names of all."""

        def opened() -> list[str] | None:
            found = list(self.script(_UNFOLD))
            return found if set(wanted) <= set(found) else None

        return self.until(opened, f"categories {wanted}")

    def filter_runs(self, words: str) -> None:
        """Type into the box of the list of runs."""
        find = "return deep('input', deep('#names-regex').find(width))[0];"
        self.until(lambda: self.script(find), "a box for a filter").send_keys(words)

    def charts(self) -> dict[str, Chart]:
        """The tab's charts by title."""
        return {
            item["title"]: Chart(frozenset(item["lines"]), dict(item["matches"]))
            for item in self.script(_CHARTS)
        }

    def table(self, rows: int) -> list[dict[str, str]]:
        """The rows of the HParams table, column heading -> text, once there are so many."""
        seen: dict[int, dict[str, str]] = {}

        def all_seen() -> bool:
            found = self.script(_TABLE)
            for index, cells in found["rows"] if all(found["header"]) else ():
                if any(cells):
                    seen[index] = dict(zip(found["header"], cells, strict=True))
            self.script(_SCROLL, max(seen, default=0))
            return len(seen) >= rows

        self.until(all_seen, f"{rows} rows")
        return [seen[index] for index in sorted(seen)]

    def settle(self) -> None:
        """Wait until the page looks the same twice, a quarter of a second apart: nothing moves."""
        seen: list[str] = []

        def still() -> bool:
            seen.append(self.driver.get_screenshot_as_base64())
            self.driver.execute_async_script("setTimeout(arguments[0], 250)")
            return seen[-2:-1] == seen[-1:]

        self.until(still, "a page at rest")
