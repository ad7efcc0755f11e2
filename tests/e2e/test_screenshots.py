"""The pictures of the documentation, made from the samples.

``BELVEDERE_SCREENSHOTS=1 make test T=tests/e2e/test_screenshots.py`` writes them into ``docs/images``.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import expect
from stack.paths import ROOT
from tests.harness.samples import SAMPLES
from tests.harness.stack_fixtures import logged_in

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page
    from tests.harness.wall import Wall
    from tests.harness.whole import RunningStack

FOLDER = ROOT / "docs" / "images"
WIDE = {"width": 1440, "height": 900}
NARROW = {"width": 390, "height": 844}
ON_WALL = 8
SHOTS = [("light", WIDE, ""), ("dark", WIDE, ""), ("light", NARROW, "-narrow")]


@pytest.fixture(scope="module")
def _samples_shown(wall: Wall) -> None:
    for sample in SAMPLES:
        etags = [wall.put(key, content, kind) for key, content, kind in sample.objects]
        wall.settled(sample.trigger_key, etags[-1], seconds=120.0)


def shoot(page: Page, name: str) -> None:
    """Keep a picture if asked for; otherwise it was enough that the page came so far."""
    if os.environ.get("BELVEDERE_SCREENSHOTS") == "1":
        FOLDER.mkdir(parents=True, exist_ok=True)
        page.screenshot(path=str(FOLDER / f"{name}.png"))


@pytest.mark.parametrize(("theme", "viewport", "suffix"), SHOTS)
@pytest.mark.usefixtures("_samples_shown")
def test_wall_and_artifact_page_come_whole_in_every_form(
    browser: Browser, stack: RunningStack, wall: Wall, theme: str, viewport: dict[str, int], suffix: str
) -> None:
    context = logged_in(browser, stack, viewport=viewport, color_scheme=theme)
    page = context.new_page()
    page.goto(f"{stack.url}/belvedere/")
    cards = page.locator("#wall > li")
    for number in range(ON_WALL):
        expect(cards.nth(number).locator("[data-state=rendered] .has-picture")).to_be_attached(timeout=30_000)
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth"), "scrolls sideways"
    shoot(page, f"wall-{theme}{suffix}")

    card = wall.card("runs/breast-cancer/roc.csv")
    assert card is not None
    page.goto(f"{stack.url}{card['page']}")
    expect(page.locator("[role=tabpanel]:not([hidden])").locator("iframe, img").first).to_be_visible(timeout=30_000)
    page.wait_for_load_state("networkidle")
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth"), "scrolls sideways"
    shoot(page, f"artifact-{theme}{suffix}")
    context.close()
