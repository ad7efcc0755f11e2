"""The gallery full of samples, by itself and in Airflow's frame, as pictures of the documentation.

``BELVEDERE_SCREENSHOTS=1 make test T="tests/e2e/test_screenshots.py tests/e2e/test_every_page.py"`` writes those and
one of every other page into ``docs/screenshots``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import expect
from tests.harness.pictures import keep
from tests.harness.samples import SAMPLES
from tests.harness.stack_fixtures import logged_in

if TYPE_CHECKING:
    from playwright.sync_api import Browser
    from tests.harness.wall import Wall
    from tests.harness.whole import RunningStack

FRAME = "iframe[src*='belvedere']"
WIDE = {"width": 1440, "height": 900}
NARROW = {"width": 390, "height": 844}
ON_WALL = 8
SHOTS = [("light", WIDE, "wide"), ("dark", WIDE, "wide"), ("light", NARROW, "narrow"), ("dark", NARROW, "narrow")]


@pytest.fixture(scope="module")
def _samples_shown(wall: Wall) -> None:
    for sample in SAMPLES:
        etags = [wall.put(key, content, kind) for key, content, kind in sample.objects]
        wall.settled(sample.trigger_key, etags[-1], seconds=120.0)


@pytest.mark.parametrize(("theme", "viewport", "form"), SHOTS)
@pytest.mark.usefixtures("_samples_shown")
def test_wall_and_artifact_page_come_whole_in_every_form(
    browser: Browser, stack: RunningStack, wall: Wall, theme: str, viewport: dict[str, int], form: str
) -> None:
    context = logged_in(browser, stack, viewport=viewport, color_scheme=theme)
    page = context.new_page()
    page.goto(f"{stack.url}/belvedere/")
    cards = page.locator("#wall .cell:visible")
    for number in range(ON_WALL):
        expect(cards.nth(number).locator("[data-state=rendered] .has-picture")).to_be_attached(timeout=30_000)
    page.locator("#live[data-level=live]").wait_for()
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth"), "scrolls sideways"
    keep(page, f"samples-{theme}-{form}")

    card = wall.card("runs/breast-cancer/roc.csv")
    assert card is not None
    page.goto(f"{stack.url}{card['page']}")
    expect(page.locator("[role=tabpanel]:not([hidden])").locator("iframe, img").first).to_be_visible(timeout=30_000)
    page.frame_locator("[role=tabpanel]:not([hidden]) iframe").locator("svg, img, table").first.wait_for(timeout=30_000)
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth"), "scrolls sideways"
    keep(page, f"samples-artifact-{theme}-{form}")
    context.close()


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.usefixtures("_samples_shown")
def test_the_wall_looks_at_home_in_airflow(browser: Browser, stack: RunningStack, theme: str) -> None:
    context = logged_in(browser, stack, viewport=WIDE, color_scheme=theme)
    page = context.new_page()
    page.goto(f"{stack.url}/plugin/gallery", timeout=60_000)
    frame = page.frame_locator(FRAME)

    frame.locator(f"html[data-theme={theme}]").wait_for(timeout=60_000)
    expect(frame.locator("[data-state=rendered] .has-picture").nth(ON_WALL)).to_be_attached(timeout=30_000)
    frame.locator("#live[data-level=live]").wait_for()
    keep(page, f"in-airflow-{theme}-wide")
    context.close()
