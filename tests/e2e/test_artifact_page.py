"""One artifact's page in a real browser: versions gone through, what is taken along, what happens meanwhile."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from playwright.sync_api import expect
from tests.harness.axe import violations
from tests.harness.gallery_rows import START, artifact_row, write_artifacts
from tests.harness.own_gallery import BUCKET, RENDERINGS
from tests.harness.waiting import eventually

from belvedere.clients.airflow_api import TaskLog
from belvedere.export.verifying import verify
from belvedere.gallery.render_log import airflow_account

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from playwright.sync_api import Browser, BrowserContext, Page, Route
    from tests.harness.own_gallery import OwnGallery

PAGE = b"<h1>The rendering</h1>"
# Looks at the stage at every frame that is drawn, and notes what stood there when nothing should have been missing.
WATCH = """
window.seen = []; window.bare = 0;
const look = () => {
  const stage = document.getElementById("stage");
  if (!stage.hidden) {
    const image = stage.querySelector("img");
    if (!image?.complete || !image.naturalWidth) window.bare += 1;
    const said = stage.querySelector(".stage-said").textContent;
    if (window.seen.at(-1) !== said) window.seen.push(said);
  }
  requestAnimationFrame(look);
};
look();
"""


@pytest.fixture
def context(browser: Browser) -> Iterator[BrowserContext]:
    context = browser.new_context(viewport={"width": 1280, "height": 900})
    yield context
    context.close()


@pytest.fixture
def tab(context: BrowserContext) -> Iterator[Page]:
    """A page; an error in a script of ours fails the test."""
    page = context.new_page()
    errors: list[str] = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    yield page
    assert errors == []


def picture(number: int) -> bytes:
    return f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 4 3"><circle r="{number}"/></svg>'.encode()


def history(own: OwnGallery, key: str, count: int, **columns: Any) -> list[str]:
    """Hang the versions of one object, oldest first, and return their ids."""
    ids = []
    for n in range(1, count + 1):
        own.catalog.execute("update artifacts set is_latest = false where key = %s", (key,))
        ids.append(version(own, key, n, **columns))
    return ids


def version(own: OwnGallery, key: str, n: int, **columns: Any) -> str:
    """Hang, or hang anew, one version of an object, and return its id."""
    files = {"page.html": PAGE + f"<p>version {n}</p>".encode(), "thumbnail.svg": picture(n)}
    told = {"version_id": f"v{n}", "sequencer": f"{n:020X}", "event_at": START + timedelta(minutes=n)}
    return own.hang(key, files, f"a,b\n{n},2\n".encode(), **(told | columns))


def look_at(tab: Page, own: OwnGallery, artifact: str, query: str = "") -> None:
    tab.goto(f"{own.url}/belvedere/artifacts/{artifact}{query}")
    tab.wait_for_load_state("load")


def in_the_open_frame(tab: Page, selector: str) -> str:
    return tab.frame_locator("[role=tabpanel]:not([hidden]) iframe").locator(selector).inner_text().strip()


def test_the_picture_does_not_wait_for_the_pages_scripts(own: OwnGallery, tab: Page) -> None:
    artifact = history(own, "page/first.csv", 1)[0]
    tab.route("**/js/*.js", lambda route: route.abort())
    look_at(tab, own, artifact)

    assert in_the_open_frame(tab, "p") == "version 1"


def test_whoever_reads_the_page_waits_for_its_picture_and_finds_no_empty_frame(own: OwnGallery, tab: Page) -> None:
    artifact = history(own, "page/read.csv", 1)[0]
    held: list[Route] = []
    tab.route("**/page.html*", lambda route: held.append(route))
    tab.goto(f"{own.url}/belvedere/artifacts/{artifact}", wait_until="domcontentloaded")
    eventually(lambda: tab.evaluate("1") and held, 10.0, what="the frame being asked for")

    assert tab.frames[1].url == "", "it would read an empty page as if it were the picture"
    held[0].continue_()
    assert in_the_open_frame(tab, "p") == "version 1"
    expect(tab.locator(".framed[aria-busy]")).to_have_count(0)


def test_the_picture_comes_in_the_colours_of_the_page(own: OwnGallery, tab: Page) -> None:
    artifact = history(own, "page/colours.csv", 1)[0]
    asked: list[str] = []
    tab.on("request", lambda request: asked.append(request.url) if "/page.html" in request.url else None)
    tab.add_init_script("if (parent === window) localStorage.setItem('theme', 'dark')")
    look_at(tab, own, artifact)
    expect(tab.locator("#viewer iframe").first).to_have_attribute("src", re.compile(r"\?theme=dark$"))
    assert len(asked) == 2, "the server did not know"

    look_at(tab, own, artifact)
    assert in_the_open_frame(tab, "p") == "version 1"
    tab.get_by_role("tab", name="Source").click()
    expect(tab.locator("#panel-source iframe")).to_have_attribute("src", re.compile(r"\?theme=dark$"))
    assert [address[-11:] for address in asked[2:]] == ["?theme=dark"], "asked for once, with the page"


def test_keys_and_slider_go_through_the_versions_in_place(own: OwnGallery, tab: Page) -> None:
    ids = history(own, "page/step.csv", 4)
    look_at(tab, own, ids[3], "?tab=source")
    tab.evaluate("window.same = true")

    tab.keyboard.press("[")
    tab.wait_for_url(f"**/{ids[2]}?tab=source")
    assert "v3 of 4" in tab.inner_text(".versions")
    assert "not the newest" in tab.inner_text(".versions")
    slider = tab.get_by_role("slider", name="Version")
    slider.focus()
    slider.press("Home")
    tab.wait_for_url(f"**/{ids[0]}?tab=source")
    expect(tab.locator("#stage")).to_be_hidden()
    expect(slider).to_be_focused()
    expect(tab.get_by_role("button", name="Older version")).to_be_disabled()
    tab.get_by_role("link", name="the newest").click()
    tab.wait_for_url(f"**/{ids[3]}?tab=source")

    assert tab.evaluate("window.same"), "the document was loaded anew"
    expect(tab.get_by_role("tab", name="Source")).to_have_attribute("aria-selected", "true")
    expect(tab.get_by_role("link", name="Compare with v3")).to_have_attribute(
        "href", f"/belvedere/compare?ids={ids[2]},{ids[3]}"
    )


def test_playing_never_shows_an_empty_stage(own: OwnGallery, tab: Page) -> None:
    ids = history(own, "page/play.csv", 4)
    look_at(tab, own, ids[3])
    tab.evaluate(WATCH)

    tab.get_by_role("button", name="Play the versions").click()
    expect(tab.get_by_role("button", name="Pause")).to_be_visible()
    expect(tab.get_by_role("button", name="Play the versions")).to_be_visible(timeout=10_000)
    expect(tab.locator("#stage")).to_be_hidden()

    seen = tab.evaluate("window.seen")
    assert [said.split(" · ")[0] for said in seen] == [f"Version {n}" for n in (1, 2, 3, 4)]
    assert tab.evaluate("window.bare") == 0
    assert tab.url.endswith(ids[3])


def test_pausing_stays_where_it_was(own: OwnGallery, tab: Page) -> None:
    ids = history(own, "page/pause.csv", 4)
    look_at(tab, own, ids[3])

    tab.get_by_role("button", name="Play the versions").click()
    tab.locator(".stage-said", has_text="Version 2").wait_for()
    tab.keyboard.press("Escape")

    tab.wait_for_url(f"**/{ids[1]}")
    assert in_the_open_frame(tab, "p") == "version 2"


def test_a_version_that_is_gone_is_said_and_the_page_stays(own: OwnGallery, tab: Page) -> None:
    ids = history(own, "page/pruned.csv", 2)
    look_at(tab, own, ids[1])
    own.catalog.execute("delete from artifacts where id = %s", (ids[0],))

    tab.keyboard.press("[")

    expect(tab.locator("#note")).to_contain_text("not in the gallery any more")
    expect(tab.locator("[data-version-said]")).to_have_text("v2")
    assert in_the_open_frame(tab, "p") == "version 2"
    assert tab.url.endswith(ids[1])


def test_an_artifact_deleted_under_the_viewer_keeps_its_picture_and_says_so(own: OwnGallery, tab: Page) -> None:
    artifact = own.hang("page/deleted.csv", {"page.html": PAGE})
    look_at(tab, own, artifact)
    assert in_the_open_frame(tab, "h1") == "The rendering"

    own.hang("page/deleted.csv", {"page.html": PAGE}, id=artifact, state="deleted")

    expect(tab.locator(".state span")).to_have_text("deleted", timeout=10_000)
    expect(tab.locator("#panel-rendering .problem")).to_contain_text("What it looked like is kept below")
    expect(tab.get_by_role("button", name="Render again")).to_have_count(0)


def test_an_artifact_taken_from_the_gallery_under_the_viewer_is_cleared_away(own: OwnGallery, tab: Page) -> None:
    ids = history(own, "page/taken.csv", 2)
    look_at(tab, own, ids[1])
    own.catalog.execute("delete from artifacts where id = %s", (ids[1],))

    write_artifacts(own.catalog, artifact_row("page/taken.csv", 9, bucket=BUCKET, version_id="v9"))

    expect(tab.locator("#note")).to_contain_text("cannot be shown any more", timeout=10_000)
    expect(tab.locator("iframe")).to_have_count(0)
    tab.get_by_role("link", name="Look for the newest version").click()
    expect(tab.locator(".where").first).to_contain_text("v2 of 2")


def test_a_newer_version_is_told_and_work_that_goes_on_is_followed(own: OwnGallery, tab: Page) -> None:
    (report,) = history(own, "page/report.csv", 1)
    look_at(tab, own, report)
    newer = history(own, "page/report.csv", 2)[1]
    expect(tab.get_by_role("link", name="Show v2, the newest")).to_be_visible(timeout=10_000)
    assert tab.url.endswith(report)
    assert newer != report

    (first,) = history(own, "page/train.jsonl", 1, kind="progress")
    look_at(tab, own, first)
    second = history(own, "page/train.jsonl", 2, kind="progress")[1]
    tab.wait_for_url(f"**/{second}")
    eventually(lambda: in_the_open_frame(tab, "p") == "version 2", 10.0, what="the newest version's picture")


def test_work_is_followed_also_if_the_page_found_its_version_overtaken_first(own: OwnGallery, tab: Page) -> None:
    key = "page/overtaken.jsonl"
    first = version(own, key, 1, kind="progress")
    look_at(tab, own, first)
    seen = tab.locator("#artifact").get_attribute("data-seq") or ""

    version(own, key, 1, kind="progress", state="rendering", is_latest=False)
    expect(tab.locator("#artifact")).not_to_have_attribute("data-seq", seen, timeout=10_000)
    second = version(own, key, 2, kind="progress")

    tab.wait_for_url(f"**/{second}")


def test_a_button_pressed_before_the_pages_modules_are_there_is_not_pressed_in_vain(own: OwnGallery, tab: Page) -> None:
    older, newer = history(own, "page/early.csv", 2)
    held: list[Route] = []
    tab.route("**/js/artifact.js", lambda route: held.append(route))
    tab.goto(f"{own.url}/belvedere/artifacts/{newer}", wait_until="commit")

    tab.get_by_role("button", name="Older version").click()
    eventually(lambda: held or tab.wait_for_timeout(50), what="the page's module, asked for")
    held[0].continue_()

    tab.wait_for_url(f"**/{older}")


def test_a_rendering_that_is_gone_is_said_in_its_frame_without_an_error_of_ours(
    own: OwnGallery, tab: Page, monkeypatch: pytest.MonkeyPatch
) -> None:
    artifact = own.hang("page/gone.csv", {"page.html": PAGE})
    for found in own.s3.list_objects(RENDERINGS, recursive=True):
        own.s3.remove_object(RENDERINGS, str(found.object_name))
    # As where the browser keeps no cookies: the frame has to find out by itself, and may not write any.
    monkeypatch.setattr("belvedere.gallery.navigation.theme_of", lambda _: "")

    look_at(tab, own, artifact)

    in_frame = tab.frame_locator("#viewer iframe[data-name='page.html']")
    expect(in_frame.locator("main.failure")).to_be_visible()
    expect(in_frame.locator("html.framed")).to_have_attribute("data-theme", "light")


def test_artifacts_are_chosen_for_a_comparison_on_their_pages(own: OwnGallery, tab: Page) -> None:
    one, two = history(own, "page/one.csv", 1)[0], history(own, "page/two.csv", 1)[0]
    look_at(tab, own, one)
    tab.keyboard.press("c")
    expect(tab.locator("[data-compare]")).to_have_attribute("aria-pressed", "true")
    look_at(tab, own, two)
    expect(tab.locator("[data-compare]")).to_have_attribute("aria-pressed", "false")
    tab.locator("[data-compare]").click()

    tab.locator(f'a[href*="compare?ids={one}"]').click()

    tab.wait_for_url(f"**/compare?ids={one},{two}*")


def test_addresses_are_shared_whole_and_lead_back(own: OwnGallery, context: BrowserContext, tab: Page) -> None:
    context.grant_permissions(["clipboard-read", "clipboard-write"])
    ids = history(own, "page/share a&b.csv", 2)
    look_at(tab, own, ids[0], "?tab=source")

    tab.get_by_role("button", name="Share").click()
    this, newest = tab.get_by_label("This version"), tab.get_by_label("The newest version")
    expect(this).to_have_value(f"{own.url}/belvedere/artifacts/{ids[0]}?tab=source")
    expect(tab.get_by_label("Path in the object store")).to_have_value(f"s3://{BUCKET}/page/share a&b.csv")
    newest.locator("xpath=..").get_by_role("button").click()
    expect(newest.locator("xpath=..").get_by_role("button")).to_have_text("copied")

    tab.goto(tab.evaluate("navigator.clipboard.readText()"))
    assert tab.url.endswith(f"/artifacts/{ids[1]}?tab=source")


def test_an_export_is_downloaded_and_verifies(own: OwnGallery, tab: Page, tmp_path: Path) -> None:
    artifact = own.hang("page/export.csv", {"page.html": PAGE})
    look_at(tab, own, artifact)

    tab.get_by_role("button", name="Export").click()
    with tab.expect_download() as told:
        tab.get_by_role("link", name="Rendering and source").click()
    told.value.save_as(tmp_path / "x.zip")

    assert told.value.suggested_filename == f"export.csv-{artifact[:8]}.zip"
    found = verify(tmp_path / "x.zip")
    assert [file.path for file in found.manifest.files] == ["README.txt", "rendering/page.html", "source/export.csv"]


def test_panels_and_log_have_no_barriers(own: OwnGallery, tab: Page) -> None:
    ids = history(own, "page/axe.csv", 3, run_dag_id="render_artifacts", run_id="claim__3")
    look_at(tab, own, ids[1], "?tab=log")
    expect(tab.locator(".log-about")).to_contain_text("cannot be shown")
    for name in ("Share", "Export"):
        tab.get_by_role("button", name=name).click()
        assert violations(tab) == []
        tab.keyboard.press("Escape")
        expect(tab.locator("[popover]:popover-open")).to_have_count(0)


class Airflow:
    """An account whose runs wrote these lines."""

    def __init__(self, *lines: dict[str, str]) -> None:
        self.lines = lines

    def __enter__(self) -> Airflow:
        return self

    def __exit__(self, *error: object) -> None: ...

    def tasks_of_run(self, dag_id: str, run_id: str) -> list[dict[str, Any]]:
        return [{"task_id": "render", "try_number": 1, "state": "success"}]

    def task_log(self, *which: Any, **rest: Any) -> TaskLog:
        return TaskLog(self.lines, cut=False)


def test_the_log_tells_of_this_artifact_alone(own: OwnGallery, tab: Page) -> None:
    artifact = own.hang("page/log.csv", {"page.html": PAGE}, run_dag_id="render_artifacts", run_id="claim__1")
    lines = (
        {
            "event": "<b>rendered</b> as roc",
            "artifact": artifact,
            "level": "warning",
            "timestamp": "2026-11-22T09:00:00Z",
        },
        {"event": "somebody else's plans", "artifact": "f" * 24},
    )
    own.app.dependency_overrides[airflow_account] = lambda: Airflow(*lines)
    try:
        look_at(tab, own, artifact, "?tab=log")
        expect(tab.locator(".log-lines li")).to_have_count(1)
    finally:
        del own.app.dependency_overrides[airflow_account]

    assert "<b>rendered</b> as roc" in tab.inner_text(".log-lines")
    assert "warning" in tab.inner_text(".log-lines")
    assert "1 line about this artifact" in tab.inner_text(".log-about")


def test_a_log_that_cannot_be_read_says_why(own: OwnGallery, tab: Page) -> None:
    artifact = own.hang("page/nolog.csv", {"page.html": PAGE}, run_dag_id="render_artifacts", run_id="claim__2")

    look_at(tab, own, artifact, "?tab=log")

    expect(tab.locator(".log-about")).to_contain_text("The log cannot be shown: Airflow's API server did not answer")
    expect(tab.get_by_role("link", name="The whole run in Airflow")).to_be_visible()


def test_a_copied_rendering_names_its_origin(own: OwnGallery, tab: Page) -> None:
    first = own.hang("page/origin.csv", {"page.html": PAGE})
    twin = {"bucket": BUCKET, "key": "page/origin.csv", "etag": "e", "artifact_id": first}
    renderer = {"renderer_name": "belvedere.roc", "renderer_version": "1"}
    copy = own.hang("page/copy.csv", {"page.html": PAGE}, provenance={"reused_from": twin}, **renderer)
    look_at(tab, own, copy)

    tab.get_by_role("row", name="Copied from").get_by_role("link").click()

    tab.wait_for_url(f"**/artifacts/{first}")
