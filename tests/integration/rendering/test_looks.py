"""Every kind in a real browser under the policy it is served with, in light and dark: seen, whole, and quiet.

``BELVEDERE_SCREENSHOTS=1`` keeps the pictures in ``.belvedere/looks``; ``BELVEDERE_SAMPLES`` names other samples.
"""

from __future__ import annotations

import os
import re
from typing import TYPE_CHECKING

import pytest
from stack.paths import ROOT
from tests.harness.specimens import drawn, specimens

from belvedere.gallery import policies
from belvedere.gallery.framing import HELPER_HASH, Theme, in_theme, with_helper
from belvedere.gallery.presenting import OWN_PAPER
from belvedere.model.rendering import Source
from belvedere.rendering import registry
from belvedere.rendering.detection import detect
from belvedere.rendering.isolation.landlock import landlock_abi

if TYPE_CHECKING:
    from pathlib import Path

    from playwright.sync_api import Browser, Page, Route

    from belvedere.model.rendering import Output, Rendering

FOLDER = ROOT / ".belvedere" / "looks"
ADDRESS = "http://belvedere.test/"
WIDTH = 1000
KEEPING = os.environ.get("BELVEDERE_SCREENSHOTS") == "1"
# Pictures to look at are taken in both; a test without eyes needs each theme once.
PAGE_THEMES = (Theme.LIGHT, Theme.DARK) if KEEPING else (Theme.DARK,)
PICTURE_THEMES = (Theme.LIGHT, Theme.DARK) if KEEPING else (Theme.LIGHT,)
SPECIMENS = specimens()

pytestmark = pytest.mark.skipif(landlock_abi() == 0, reason="this kernel has no Landlock")


@pytest.fixture(scope="module", params=SPECIMENS, ids=lambda specimen: specimen.name)
def look(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Rendering:
    return drawn(request.param, tmp_path_factory.mktemp("look"))


def served(page: Page, rendering: Rendering, theme: Theme) -> list[str]:
    """Answer the page's requests as the gallery does; return the list that its complaints go into."""
    complaints: list[str] = []
    by_name = {output.name: output for output in rendering.outputs}

    def answer(route: Route) -> None:
        name = route.request.url.removeprefix(ADDRESS)
        if name == "thumbnails":
            shown = "".join(f'<img src="{o.name}">' for o in rendering.outputs if o.role in ("thumbnail", "figure"))
            said = f"<style>:root{{color-scheme:{theme.value}}}body{{margin:16px}}img{{max-width:700px}}</style>"
            route.fulfill(body=f"<!doctype html>{said}{shown}", content_type="text/html")
        elif name in by_name:
            body, headers = as_served(by_name[name], rendering.kind, theme)
            route.fulfill(body=body, headers=headers)
        else:
            complaints.append(f"asks for {route.request.url}")
            route.abort()

    page.route("**/*", answer)
    page.on("console", lambda message: complaints.append(message.text) if message.type == "error" else None)
    page.on("pageerror", lambda error: complaints.append(str(error)))
    return complaints


def as_served(output: Output, kind: str, theme: Theme) -> tuple[bytes, dict[str, str]]:
    """Return what the gallery would answer for an output."""
    media_type = policies.serving(output.media_type).media_type
    if not media_type.startswith("text/html"):
        return output.content, policies.inert().headers() | {"Content-Type": media_type}
    policy = policies.active() if output.active else policies.page(HELPER_HASH)
    content = output.content if kind in OWN_PAPER else in_theme(output.content, theme)
    return b"".join(with_helper(iter([content]))), policy.headers() | {"Content-Type": "text/html; charset=utf-8"}


def keep(page: Page, look: Rendering, specimen: str, what: str, theme: Theme) -> None:
    """Keep a picture if asked for."""
    if KEEPING:
        FOLDER.mkdir(parents=True, exist_ok=True)
        name = re.sub(r"[^a-z0-9_-]+", "-", f"{look.kind}-{specimen}-{what}-{theme.value}".lower())
        height = min(2400, max(200, int(page.evaluate("document.documentElement.scrollHeight"))))
        page.set_viewport_size({"width": WIDTH, "height": height})
        page.screenshot(path=str(FOLDER / f"{name}.png"))


@pytest.mark.parametrize("theme", PAGE_THEMES)
def test_its_page_shows_something_under_its_policy(
    browser: Browser, look: Rendering, theme: Theme, request: pytest.FixtureRequest
) -> None:
    page = browser.new_page(viewport={"width": WIDTH, "height": 800}, color_scheme=theme.value)
    complaints = served(page, look, theme)
    page.goto(f"{ADDRESS}page.html", wait_until="load")
    try:
        keep(page, look, request.node.callspec.id.rpartition("-")[0], "page", theme)
        assert page.inner_text("body").strip() or page.locator("img, svg, canvas, iframe, audio, video").count()
        if look.kind not in OWN_PAPER:
            assert complaints == []
            assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth"), "scrolls sideways"
    finally:
        page.close()


@pytest.mark.parametrize("theme", PICTURE_THEMES)
def test_its_pictures_are_whole(
    browser: Browser, look: Rendering, theme: Theme, request: pytest.FixtureRequest
) -> None:
    page = browser.new_page(viewport={"width": WIDTH, "height": 400}, color_scheme=theme.value)
    complaints = served(page, look, theme)
    page.goto(f"{ADDRESS}thumbnails", wait_until="load")
    try:
        keep(page, look, request.node.callspec.id.rpartition("-")[0], "pictures", theme)
        sizes = page.evaluate("[...document.images].map(image => [image.naturalWidth, image.naturalHeight])")
        assert sizes, "no thumbnail"
        assert all(width > 0 and height > 0 for width, height in sizes)
        assert complaints == []
    finally:
        page.close()


def test_every_registered_kind_is_among_them(tmp_path: Path) -> None:
    shown = set()
    for number, specimen in enumerate(SPECIMENS):
        path = tmp_path / str(number)
        path.write_bytes(specimen.content)
        shown.add(detect(Source("b", specimen.key, "e", "", specimen.content_type, len(specimen.content), path)))

    registered = {
        kind for renderer in registry.renderers() if renderer.name.startswith("belvedere.") for kind in renderer.kinds
    }
    assert registered - shown == set()
