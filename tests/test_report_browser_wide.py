"""Tables of the page in a wide window of a real browser."""

from pathlib import Path

import pytest

from tests.browser import BROWSER, DRIVER, chromium
from tests.pages import shown, sweep

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(BROWSER is None or DRIVER is None, reason="no chromium or chromedriver"),
]


@pytest.mark.parametrize("width", [1280, 1440, 1920])
def test_tables_fit_a_wide_page(tmp_path: Path, width: int) -> None:
    names = ("he", "xavier", "truncated_normal", "zeros")
    records = [
        record | {"config": record["config"] | {"activation": {"name": activation}}}
        for activation, worse in (("relu", 0.0), ("sigmoid", 0.05))
        for record in sweep({name: 0.8 - worse - 0.1 * k for k, name in enumerate(names)}, 6)
    ]
    path = tmp_path / "index.html"
    path.write_text(shown(tmp_path / "sweep", records))
    with chromium((width, 900)) as found:
        found.get(path.as_uri())
        found.execute_script("document.querySelectorAll('details').forEach(d => { d.open = true })")
        beyond = found.execute_script(
            "return Object.fromEntries([...document.querySelectorAll('.scroll')].map(box => "
            "[box.querySelector('table').id, box.scrollWidth - box.clientWidth]))",
        )
    assert {"table-arms", "table-pairs", "table-members"} <= set(beyond)
    # A width that is no whole number is rounded up on one side.
    assert max(beyond.values()) <= 1, beyond
