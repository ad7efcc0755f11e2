"""Every page in a real browser, light and dark, wide and narrow: no barrier (axe), no jump, nothing from elsewhere."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import pytest
from tests.harness.axe import violations
from tests.harness.filled_gallery import fill
from tests.harness.pictures import KEEPING, keep

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page
    from tests.harness.filled_gallery import Hung
    from tests.harness.own_gallery import OwnGallery

WIDE = {"width": 1440, "height": 900}
NARROW = {"width": 360, "height": 780}
HUGE = {"width": 3840, "height": 2160}
# The colours are the same on narrow screens: pictures are taken of both, but one is enough to look for barriers.
FORMS = {"wide": (WIDE, ("light", "dark")), "narrow": (NARROW, ("light", "dark") if KEEPING else ("light",))}
# Google calls 0.1 good; what moves here is the place of a few words in the bar.
MOST_SHIFT = 0.02
STILL = """() => new Promise((done) => {
  const look = () => performance.now() - __seen.changed > 400 ? done() : setTimeout(look, 50);
  look();
})"""
WATCH = """
  const seen = window.__seen = { changed: 0, shift: 0, shifts: [] };
  new MutationObserver(() => { seen.changed = performance.now() })
    .observe(document, { subtree: true, childList: true, attributes: true, characterData: true });
  const told = (entry) => `${entry.value.toFixed(4)} ${entry.sources.map((one) => one.node?.outerHTML?.slice(0, 90))}`;
  new PerformanceObserver((list) => {
    for (const entry of list.getEntries()) {
      seen.shift += entry.value;
      seen.shifts.push(told(entry));
    }
  }).observe({ type: "layout-shift", buffered: true });
"""


class Shown(NamedTuple):
    """One page: where it is (with names of what hangs), and what is there when it has come whole."""

    path: str
    sign: str


PAGES = {
    "wall": Shown("/", ".has-picture"),
    "wall as a list": Shown("/?view=list", ".has-picture"),
    "wall of nothing": Shown("/?q=nothing-is-called-so", "#none"),
    "wall by run": Shown("/?group=run", ".has-picture"),
    "run": Shown("/runs?bucket=gallery-sources&run=runs/breast-cancer/", ".has-picture"),
    "comparison": Shown("/compare?ids={version-1},{version-3}", "#main h2"),
    "comparison of kinds": Shown("/compare?ids={version-1},{roc-breast-cancer-header},{wave}", "#main h2"),
    "upload": Shown("/upload", "h1"),
    "operations": Shown("/operations", "h2"),
    "notifications": Shown("/notifications?tenant=team", "#new"),
    "tenants": Shown("/tenants", ".tenant-list"),
    "tenant": Shown("/tenants/vision", "#connect"),
    "tenant that drifted": Shown("/tenants/churn", ".drift"),
    "tenant that failed": Shown("/tenants/search-ranking", "#standing"),
    "changes": Shown("/changes", ".changes"),
    "tab of a run": Shown("/dags/runs/runs/breast-cancer?tab=true", ".has-picture"),
    "tab of a task that wrote nothing": Shown("/dags/train/runs/manual__1/tasks/fit?tab=true", "#none"),
    "help": Shown("/help", "#search"),
    "curve": Shown("/artifacts/{roc-breast-cancer-header}", "iframe, img"),
    "table": Shown("/artifacts/{table-parquet-diabetes}", "iframe, img"),
    "progress": Shown("/artifacts/{progress_as_json_lines}", "iframe, img"),
    "sound": Shown("/artifacts/{wave}", "audio"),
    "older version": Shown("/artifacts/{version-2}", ".versions"),
    "queued": Shown("/artifacts/{queued}", ".waiting"),
    "dead": Shown("/artifacts/{dead}", ".problem"),
    "deleted": Shown("/artifacts/{deleted}", ".problem"),
    "nothing there": Shown("/artifacts/000000000000000000000000", "h1"),
    "malformed": Shown("/?order=sideways", "h1"),
}


@pytest.fixture(scope="module")
def hung(own: OwnGallery, tmp_path_factory: pytest.TempPathFactory) -> Hung:
    return fill(own, tmp_path_factory.mktemp("fill"))


class Visit:
    """A browser tab that notes what goes wrong."""

    def __init__(self, page: Page, own: OwnGallery) -> None:
        self.page = page
        self.complaints: list[str] = []
        self._home = own.url
        page.add_init_script(WATCH)
        page.on("pageerror", lambda error: self.complaints.append(f"script: {error}"))
        page.on("request", lambda request: self._look_at(request.url))
        page.on("console", lambda said: self._listen(said.type, said.text))

    def open(self, path: str, sign: str) -> None:
        """Open a page and wait until it has come whole and nothing changes any more."""
        self.page.goto(f"{self._home}/belvedere{path}")
        self.page.locator(sign).first.wait_for()
        self.page.evaluate(STILL)

    def jumps(self) -> list[str]:
        """Return what moved without being asked, if it was more than a little."""
        seen = self.page.evaluate("__seen")
        moved: list[str] = seen["shifts"] if seen["shift"] > MOST_SHIFT else []
        return moved

    def _look_at(self, address: str) -> None:
        if not address.startswith((self._home, "data:", "blob:", "about:")):
            self.complaints.append(f"asks for {address}")

    def _listen(self, kind: str, text: str) -> None:
        # That a page of 404 answers 404 is said there, too.
        if kind == "error" and "the server responded with a status of 4" not in text:
            self.complaints.append(f"console: {text}")


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("name", PAGES)
def test_a_page_has_no_barriers_and_does_not_jump(
    browser: Browser, own: OwnGallery, hung: Hung, name: str, form: str
) -> None:
    viewport, themes = FORMS[form]
    context = browser.new_context(viewport=viewport, color_scheme=themes[0])
    visit = Visit(context.new_page(), own)
    visit.open(PAGES[name].path.format(**hung.ids), PAGES[name].sign)
    jumps = visit.jumps()

    for theme in themes:
        visit.page.emulate_media(color_scheme=theme)
        visit.page.locator(f"html[data-theme={theme}]").wait_for()
        visit.page.evaluate(STILL)
        keep(visit.page, f"{name.replace(' ', '-')}-{theme}-{form}")
        found = [] if KEEPING else violations(visit.page)
        assert found == [], "\n".join([theme, *found])
    assert jumps == []
    assert visit.page.evaluate("document.documentElement.scrollWidth <= innerWidth"), "scrolls sideways"
    assert visit.complaints == []
    context.close()


@pytest.mark.parametrize("name", ["wall", "curve", "help"])
def test_a_page_fills_a_4k_screen_sensibly(browser: Browser, own: OwnGallery, hung: Hung, name: str) -> None:
    context = browser.new_context(viewport=HUGE)
    visit = Visit(context.new_page(), own)
    visit.open(PAGES[name].path.format(**hung.ids), PAGES[name].sign)

    assert visit.page.evaluate("document.documentElement.scrollWidth <= innerWidth"), "scrolls sideways"
    widths = visit.page.evaluate("[...document.querySelectorAll('.card, #main p')].map((one) => one.offsetWidth)")
    assert max(widths) < 2800, "lines nobody can read"
    context.close()


def test_a_page_by_itself_takes_the_colours_chosen_in_airflow(browser: Browser, own: OwnGallery) -> None:
    context = browser.new_context(color_scheme="light")
    page = context.new_page()
    page.goto(f"{own.url}/belvedere/help")
    assert page.locator("html[data-theme=light]").count() == 1

    other = context.new_page()
    other.goto(f"{own.url}/belvedere/help")
    other.evaluate("localStorage.setItem('theme', 'dark')")

    page.locator("html[data-theme=dark]").wait_for()
    page.reload()
    assert page.locator("html[data-theme=dark]").count() == 1
    context.close()
