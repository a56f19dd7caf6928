"""The page in a real browser: nothing goes wrong, nothing sticks out, and all can be reached by
keyboard."""

from collections.abc import Iterator
from typing import Any

import pytest
from selenium.webdriver import Chrome
from selenium.webdriver.common.action_chains import ActionChains
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys

from tests.browser import BROWSER, DRIVER, chromium
from tests.pages import shown, sweep

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(BROWSER is None or DRIVER is None, reason="no chromium or chromedriver"),
]
WIDTHS, THEMES = (1280, 390), ("light", "dark")
PAPER = {"light": "rgb(253, 252, 249)", "dark": "rgb(23, 23, 22)"}


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> str:
    folder = tmp_path_factory.mktemp("page")
    records = sweep({"he": 0.8, "xavier": 0.7, "a" * 60: 0.6, "zeros": 0.1}, 6)
    path = folder / "index.html"
    path.write_text(shown(folder / "sweep", records))
    return path.as_uri()


@pytest.fixture(scope="module", params=WIDTHS)
def driver(request: pytest.FixtureRequest) -> Iterator[Chrome]:
    with chromium((request.param, 900)) as found:
        yield found


@pytest.fixture(params=THEMES)
def opened(driver: Chrome, address: str, request: pytest.FixtureRequest) -> Iterator[Chrome]:
    features = [
        {"name": "prefers-color-scheme", "value": request.param},
        {"name": "prefers-reduced-motion", "value": "reduce"},
    ]
    driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": features})
    driver.get("about:blank")
    driver.get(address)
    driver.execute_script("document.querySelectorAll('details').forEach(d => { d.open = true; })")
    yield driver
    assert driver.get_log("browser") == []  # type: ignore[no-untyped-call]


def run(driver: Chrome, script: str, *arguments: Any) -> Any:
    return driver.execute_script(f"return {script};", *arguments)


def find(driver: Chrome, selector: str) -> Any:
    return driver.find_element(By.CSS_SELECTOR, selector)


def paper(driver: Chrome) -> str:
    return str(run(driver, "getComputedStyle(document.body).backgroundColor"))


def focus(driver: Chrome, selector: str) -> None:
    driver.execute_script("document.querySelector(arguments[0]).focus()", selector)


def press(driver: Chrome, *keys: str) -> None:
    ActionChains(driver).send_keys(*keys).perform()


def test_nothing_is_wider_than_the_page(opened: Chrome) -> None:
    wide, room = run(opened, "[document.documentElement.scrollWidth, innerWidth]")
    assert wide <= room
    # Not because it is cut off: what is wide lies in a box that scrolls.
    assert run(opened, "getComputedStyle(document.body).overflowX") == "visible"


def test_type_is_of_one_size_in_all_pictures(opened: Chrome) -> None:
    """Drawings are of unequal width and of one size of type. The page may widen the narrowest to
    the column of a phone, by less than a tenth."""
    scales = run(
        opened,
        "[...document.querySelectorAll('.plot:not([hidden]) .sheet > svg')]"
        ".map(svg => svg.getBoundingClientRect().width / svg.viewBox.baseVal.width)",
    )
    assert len(scales) > 3
    assert max(scales) < 1.1 * min(scales)


def test_it_follows_the_system_until_a_theme_is_chosen(
    opened: Chrome, request: pytest.FixtureRequest
) -> None:
    system = request.node.callspec.params["opened"]
    assert paper(opened) == PAPER[system]
    other = "light" if system == "dark" else "dark"
    focus(opened, ".theme [value=auto]")
    press(opened, *([Keys.ARROW_RIGHT] * (1 + THEMES.index(other))))
    assert paper(opened) == PAPER[other]
    opened.refresh()
    assert paper(opened) == PAPER[other]  # remembered
    opened.execute_script("localStorage.clear()")


def test_words_stand_out_from_the_page(opened: Chrome) -> None:
    """By what the browser computed, of every element that has a text of its own."""
    low = run(
        opened,
        """(() => {
          const parts = colour => colour.match(/[\\d.]+/g).map(Number);
          const linear = c => (c /= 255) <= .04045 ? c / 12.92 : ((c + .055) / 1.055) ** 2.4;
          const light = ([r, g, b]) => .2126 * linear(r) + .7152 * linear(g) + .0722 * linear(b);
          const ground = element => {
            for (; element; element = element.parentElement) {
              const found = parts(getComputedStyle(element).backgroundColor);
              if (found.length === 3 || found[3] > 0) return found;
            }
          };
          const own = element => [...element.childNodes].some(
            node => node.nodeType === 3 && node.data.trim());
          return [...document.querySelectorAll("body *:not(script)")].filter(own)
            .filter(element => element.getClientRects().length)
            .map(element => {
              const words = element.closest("svg") ? "fill" : "color";
              const [a, b] = [parts(getComputedStyle(element)[words]), ground(element)].map(light);
              return [(Math.max(a, b) + .05) / (Math.min(a, b) + .05), element.textContent];
            }).filter(([contrast]) => contrast < 4.5);
        })()""",
    )
    assert low == []


def test_an_arm_is_hidden_by_keyboard_in_all_pictures(opened: Chrome) -> None:
    visible = (
        "[...document.querySelectorAll('.sheet [data-arm=\"0\"]')]"
        ".filter(e => getComputedStyle(e).display !== 'none').length"
    )
    assert run(opened, visible) > 3
    focus(opened, '[data-place="0"]')
    press(opened, Keys.SPACE)
    assert run(opened, visible) == 0
    assert run(opened, visible.replace('"0"', '"1"')) > 3
    press(opened, Keys.SPACE)
    assert run(opened, visible) > 3


def test_a_table_is_sorted_by_keyboard(opened: Chrome) -> None:
    column = (
        "[...document.querySelectorAll('#table-arms tbody tr')]"
        ".map(row => parseFloat(row.cells[3].textContent))"
    )
    means = run(opened, column)
    assert means == sorted(means, reverse=True)
    focus(opened, "#table-arms th:nth-child(4) button")
    press(opened, Keys.ENTER)
    assert run(opened, column) == sorted(means)
    heading = find(opened, "#table-arms th:nth-child(4)")
    assert heading.get_attribute("aria-sort") == "ascending"
    press(opened, Keys.SPACE)
    assert run(opened, column) == means
    assert heading.get_attribute("aria-sort") == "descending"


def test_a_curve_is_read_by_arrow_keys(opened: Chrome) -> None:
    tip, spoken = find(opened, ".tip"), find(opened, ".spoken")
    assert not tip.is_displayed()
    focus(opened, '.plot[data-drawing="curves"] .pane')
    press(opened, Keys.ARROW_RIGHT)
    assert tip.is_displayed()
    first = spoken.get_attribute("textContent")
    assert "epoch 0" in first
    press(opened, Keys.ARROW_RIGHT)
    assert "epoch 1" in spoken.get_attribute("textContent")
    press(opened, Keys.ARROW_LEFT)
    assert spoken.get_attribute("textContent") == first
    press(opened, Keys.ESCAPE)
    assert not tip.is_displayed()


def test_rows_are_read_from_top_to_bottom(opened: Chrome) -> None:
    spoken = find(opened, ".spoken")
    focus(opened, '.plot[data-drawing="ranking"] .pane')
    heard = []
    for _ in range(4):
        press(opened, Keys.ARROW_DOWN)
        heard.append(spoken.get_attribute("textContent"))
    names = [text.partition(": ")[0] for text in heard]
    assert names == ["he", "xavier", "a" * 60, "zeros"]
    assert all("95 % interval" in text for text in heard)


def test_the_pointer_is_told_of_what_it_is_on(opened: Chrome) -> None:
    pane = find(opened, '.plot[data-drawing="curves"] .pane')
    opened.execute_script("arguments[0].scrollIntoView({block: 'center'})", pane)
    ActionChains(opened).move_to_element(pane).perform()
    tip = find(opened, ".tip")
    assert tip.is_displayed()
    assert any(name in tip.text for name in ("he", "xavier", "zeros"))
    box = run(
        opened,
        "(r => [r.left, r.top, r.right - innerWidth, r.bottom - innerHeight])"
        "(arguments[0].getBoundingClientRect())",
        tip,
    )
    assert box[0] >= 0
    assert box[1] >= 0
    assert max(box[2:]) <= 0
    ActionChains(opened).move_to_element(find(opened, "#question")).perform()
    assert not tip.is_displayed()


def test_one_scale_is_shown_at_a_time(opened: Chrome) -> None:
    plots = opened.find_elements(By.CSS_SELECTOR, "#figure-curves .plot")
    assert [plot.is_displayed() for plot in plots] == [True, False]
    focus(opened, "#figure-curves .scales input")
    press(opened, Keys.ARROW_RIGHT)
    assert [plot.is_displayed() for plot in plots] == [False, True]


def test_printing_shows_all(opened: Chrome) -> None:
    opened.execute_script("document.querySelectorAll('details').forEach(d => { d.open = false; })")
    shown = (
        "[[...document.querySelectorAll('.rest details')].filter(part => part.open).length,"
        "[...document.querySelectorAll('.plot')].filter(plot => plot.getClientRects().length"
        ").length]"
    )
    folded, plots = run(
        opened,
        "[document.querySelectorAll('.rest details').length, "
        "document.querySelectorAll('.plot').length]",
    )
    assert folded > 0
    before = run(opened, shown)
    assert before == [0, plots - 1]  # of two scales one
    opened.execute_script("dispatchEvent(new Event('beforeprint'))")
    assert run(opened, shown) == [folded, plots]
    opened.execute_script("dispatchEvent(new Event('afterprint'))")
    assert run(opened, shown) == before


def test_without_scripts_all_is_shown(address: str) -> None:
    with chromium((1280, 900)) as found:
        found.execute_cdp_cmd("Emulation.setScriptExecutionDisabled", {"value": True})
        found.get(address)
        plots = found.find_elements(By.CSS_SELECTOR, ".plot")
        assert len(plots) > 3
        assert all(plot.is_displayed() for plot in plots)
        assert find(found, "#table-arms").is_displayed()
        assert not find(found, ".theme").is_displayed()
