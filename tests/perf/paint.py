"""How soon pages show something that means something, in a browser on the same machine."""

from __future__ import annotations

import os
import shutil
from typing import TYPE_CHECKING

from playwright.sync_api import sync_playwright

from tests.harness.stack_fixtures import logged_in
from tests.perf.figures import Figure, percentile

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playwright.sync_api import BrowserContext

    from tests.harness.wall import Wall
    from tests.harness.whole import RunningStack

GOAL_MS = 300.0
ROUNDS = 20
# A new tab is a new window of Chromium, which loads pages of its own (some 200 ms of processor time), and the page
# before is still being put away: neither belongs to the visit that is measured, and a person has the window already.
WINDOW_MS = 700
# What a page is for is there (its words, its cards) and has been drawn.
MEANS = """selector => {
  new MutationObserver((_, watch) => {
    if (!document.querySelector(selector)) return;
    watch.disconnect();
    requestAnimationFrame(() => requestAnimationFrame(() => { window.__meaningful = performance.now() }));
  }).observe(document, { subtree: true, childList: true });
}"""
WHEN = """() => new Promise((done) => {
  const look = () => window.__meaningful ? done(window.__meaningful) : setTimeout(look, 5);
  look();
})"""
# The cards on the screen have their pictures, or their progress, too.
PICTURES = """() => new Promise((done) => {
  const shown = (one) => one.getBoundingClientRect().bottom > 0 && one.getBoundingClientRect().top < innerHeight;
  const whole = (one) => one.querySelector(".progress") || (one.querySelector("img[src]")?.complete ?? true);
  const look = () => {
    const thumbs = [...document.querySelectorAll("#wall .thumb")].filter(shown);
    if (thumbs.every(whole)) done(performance.now());
    else setTimeout(look, 5);
  };
  look();
})"""


def paint(stack: RunningStack, wall: Wall) -> Iterator[Figure]:
    """Open the wall, an artifact's page and the help again and again; the first time fills the browser's cache."""
    card = wall.show("bench-paint/roc.csv", b"fpr,tpr,threshold\n0,0,inf\n0.1,0.7,0.8\n1,1,0\n", "text/csv")
    pages = {"wall": ("/", ".card"), "artifact": (f"/artifacts/{card['id']}", "#viewer"), "help": ("/help", "h2")}
    program = os.environ.get("CHROMIUM") or shutil.which("chromium") or shutil.which("google-chrome")
    with sync_playwright() as driver:
        flags = ["--no-sandbox"] if os.geteuid() == 0 else []
        browser = driver.chromium.launch(executable_path=program, args=flags)
        for name, (path, sign) in pages.items():
            context = logged_in(browser, stack)
            seen = [_seen_ms(context, f"{stack.url}/belvedere{path}", sign) for _ in range(ROUNDS + 1)]
            context.close()
            first, *later = (painted for painted, _ in seen)
            yield Figure(f"first meaningful paint, {name}, empty cache", first, "ms")
            yield Figure(f"first meaningful paint, {name}, p50", percentile(later, 0.5), "ms", GOAL_MS)
            yield Figure(f"first meaningful paint, {name}, p95", percentile(later, 0.95), "ms")
            if name == "wall":
                yield Figure("its pictures, wall, p50", percentile([whole for _, whole in seen[1:]], 0.5), "ms")
        browser.close()


def _seen_ms(context: BrowserContext, address: str, sign: str) -> tuple[float, float]:
    """Return the milliseconds from asking for a page until what means something in it was drawn, and its pictures."""
    page = context.new_page()
    page.add_init_script(f"({MEANS})({sign!r})")
    page.wait_for_timeout(WINDOW_MS)
    page.goto(address)
    painted: float = page.evaluate(WHEN)
    whole: float = page.evaluate(PICTURES)
    page.close()
    return painted, whole
