"""The wall and an artifact's page in a real browser, while artifacts arrive and change under them."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import pytest
from tests.harness.databases import empty
from tests.harness.gallery_rows import add_source, artifact_row, write_artifacts
from tests.harness.own_gallery import BUCKET
from tests.harness.waiting import eventually

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playwright.sync_api import Browser, Page
    from tests.harness.own_gallery import OwnGallery

PICTURE = b'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 4 3"><rect width="4" height="3"/></svg>'
PAGE = b"<h1>The rendering</h1>"
NEXT = 10**6


@pytest.fixture
def tab(browser: Browser, own: OwnGallery) -> Iterator[Page]:
    """A page over an emptied catalog; an error in a script of ours fails the test."""
    empty(own.catalog)
    add_source(own.catalog, BUCKET)
    context = browser.new_context(viewport={"width": 1280, "height": 900})
    page = context.new_page()
    errors: list[str] = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    yield page
    context.close()
    assert errors == []


def open_wall(tab: Page, own: OwnGallery, query: str = "") -> None:
    tab.goto(f"{own.url}/belvedere/{query}")
    tab.wait_for_selector("#live[data-level=live]")


def names(tab: Page) -> list[str]:
    return tab.locator(".card .name").all_text_contents()  # inner texts of cards far below are empty


def in_the_open_frame(tab: Page, selector: str) -> str:
    """Wait for an element in the frame of the open tab and return its text."""
    return tab.frame_locator("[role=tabpanel]:not([hidden]) iframe").locator(selector).inner_text().strip()


def test_an_empty_wall_teaches_and_fills_by_itself(own: OwnGallery, tab: Page) -> None:
    open_wall(tab, own)
    assert "mc cp" in tab.inner_text("#empty")

    start = time.perf_counter()
    write_artifacts(own.catalog, artifact_row("live/roc.csv", NEXT, bucket=BUCKET, state="queued", kind=None, facts={}))
    tab.wait_for_selector(".card[data-state=queued]")
    took = time.perf_counter() - start

    assert names(tab) == ["roc.csv"]
    assert tab.locator("#empty").is_hidden()
    assert took < 1.5, f"the card appeared after {took:.2f} s"


def test_a_card_becomes_its_picture_in_place(own: OwnGallery, tab: Page) -> None:
    write_artifacts(own.catalog, *(artifact_row(f"live/{n}.csv", n, bucket=BUCKET) for n in range(3)))
    open_wall(tab, own)
    before = names(tab)
    card = tab.locator(".card", has_text="1.csv")
    card.focus()

    write_artifacts(own.catalog, artifact_row("live/1.csv", 1, bucket=BUCKET, state="rendering"))
    tab.wait_for_selector(".card[data-state=rendering]")
    own.hang("live/1.csv", {"thumbnail.svg": PICTURE}, id=artifact_row("live/1.csv", 1, bucket=BUCKET)["id"])
    tab.wait_for_selector(".card[data-state=rendered] .has-picture img")

    assert names(tab) == before
    assert "AUC 0.900" in card.inner_text()
    assert tab.evaluate("document.activeElement.className") == "card", "the focus stays where it was"


def test_new_cards_wait_behind_a_pill_while_somebody_looks_at_one(own: OwnGallery, tab: Page) -> None:
    write_artifacts(own.catalog, *(artifact_row(f"live/{n}.csv", n, bucket=BUCKET) for n in range(3)))
    open_wall(tab, own)
    tab.locator(".card").first.hover()
    before = names(tab)

    write_artifacts(own.catalog, *(artifact_row(f"new/{n}.csv", NEXT + n, bucket=BUCKET) for n in range(2)))
    tab.wait_for_selector("#pill:not([hidden])")

    assert tab.inner_text("#pill") == "2 new"
    assert names(tab) == before
    tab.click("#pill")
    eventually(lambda: names(tab)[:2] == ["1.csv", "0.csv"], 5.0, what="the new cards")
    assert len(names(tab)) == 5


def test_filters_stand_in_the_address_and_survive_the_way_back(own: OwnGallery, tab: Page) -> None:
    write_artifacts(
        own.catalog,
        artifact_row("a/roc.csv", 1, bucket=BUCKET),
        artifact_row("a/iris.csv", 2, bucket=BUCKET, kind="table"),
        artifact_row("b/iris.csv", 3, bucket=BUCKET, kind="table", state="dead", error_message="line 3 is odd"),
    )
    open_wall(tab, own)
    tab.select_option("select[name=kind]", "table")
    eventually(lambda: len(names(tab)) == 2, 5.0, what="tables only")
    tab.fill("input[name=q]", "b/")
    eventually(lambda: len(names(tab)) == 1, 5.0, what="one card")
    assert "line 3 is odd" in tab.inner_text(".card")
    assert "kind=table" in tab.url
    assert "q=b" in tab.url

    tab.reload()
    assert len(names(tab)) == 1
    tab.click("button[data-view=list]")
    assert "view=list" in tab.url
    tab.locator(".card").click()
    tab.wait_for_selector(".problem")
    tab.go_back()
    eventually(lambda: len(names(tab)) == 1, 5.0, what="the wall as it was")
    assert tab.locator("#wall.list").count() == 1


def test_what_is_typed_before_the_scripts_arrive_is_searched_for(own: OwnGallery, tab: Page) -> None:
    write_artifacts(
        own.catalog, artifact_row("a/roc.csv", 1, bucket=BUCKET), artifact_row("b/iris.csv", 2, bucket=BUCKET)
    )
    arrived = []
    tab.route("**/js/wall.js", lambda route: arrived.append(route))
    tab.goto(f"{own.url}/belvedere/", wait_until="commit")
    tab.fill("input[name=q]", "iris")
    eventually(lambda: len(arrived) > 0, 5.0, what="the request for the script")
    arrived[0].continue_()
    eventually(lambda: names(tab) == ["iris.csv"], 5.0, what="the one card searched for")
    assert "q=iris" in tab.url


def test_further_cards_come_while_scrolling(own: OwnGallery, tab: Page) -> None:
    write_artifacts(own.catalog, *(artifact_row(f"many/{n:03}.csv", n, bucket=BUCKET) for n in range(180)))
    open_wall(tab, own)
    assert "180 artifacts" in tab.inner_text("#count")
    assert len(names(tab)) < 180

    for _ in range(12):
        tab.mouse.wheel(0, 4000)
        tab.wait_for_timeout(120)

    eventually(lambda: len(names(tab)) == 180, 10.0, what="all cards")
    assert names(tab) == [f"{n:03}.csv" for n in reversed(range(180))]


def test_keys_search_move_open_and_go_back(own: OwnGallery, tab: Page) -> None:
    write_artifacts(own.catalog, *(artifact_row(f"keys/{n}.csv", n, bucket=BUCKET) for n in range(4)))
    open_wall(tab, own)
    tab.keyboard.press("/")
    assert tab.evaluate("document.activeElement.name") == "q"
    tab.keyboard.press("Escape")
    for key in ("j", "j", "k", "ArrowRight"):
        tab.keyboard.press(key)
    assert tab.evaluate("document.activeElement.querySelector('.name').textContent") == "2.csv"
    tab.keyboard.press("?")
    assert tab.locator("#help").is_visible()
    tab.keyboard.press("Escape")

    with tab.expect_navigation(url="**/artifacts/*", wait_until="load"):
        tab.keyboard.press("Enter")
    tab.keyboard.press("Escape")

    tab.wait_for_selector("#wall .card")


def test_an_artifacts_page_follows_it_to_its_picture(own: OwnGallery, tab: Page) -> None:
    row = artifact_row("live/wait.csv", NEXT, bucket=BUCKET, state="queued", kind=None)
    write_artifacts(own.catalog, row)
    tab.goto(f"{own.url}/belvedere/artifacts/{row['id']}")
    tab.wait_for_selector(".waiting")
    tab.wait_for_timeout(500)

    own.hang("live/wait.csv", {"page.html": PAGE}, id=row["id"])

    assert in_the_open_frame(tab, "h1") == "The rendering"
    assert tab.inner_text(".state span") == "rendered"


def test_versions_are_stepped_through_by_keys(own: OwnGallery, tab: Page) -> None:
    rows = [artifact_row("keys/v", n, bucket=BUCKET, version_id=f"v{n}", is_latest=n == 3) for n in (1, 2, 3)]
    write_artifacts(own.catalog, *rows)
    tab.goto(f"{own.url}/belvedere/artifacts/{rows[2]['id']}")

    tab.keyboard.press("[")
    tab.wait_for_url(f"**/{rows[1]['id']}", wait_until="load")
    assert "not the newest" in tab.inner_text(".versions")
    tab.keyboard.press("]")
    tab.wait_for_url(f"**/{rows[2]['id']}")


def test_tabs_are_walked_with_arrows_and_remembered(own: OwnGallery, tab: Page) -> None:
    artifact = own.hang("tabs.csv", {"page.html": PAGE, "data.json": b'{"rows": [1]}'}, source=b"first line\n")
    tab.goto(f"{own.url}/belvedere/artifacts/{artifact}")
    tab.get_by_role("tab", name="Rendering").focus()
    for _ in range(2):
        tab.keyboard.press("ArrowRight")

    assert tab.url.endswith("?tab=source")
    assert in_the_open_frame(tab, "pre") == "first line"
    tab.reload()
    assert tab.get_by_role("tab", name="Source").get_attribute("aria-selected") == "true"


def test_rendering_again_is_asked_for_on_the_page(own: OwnGallery, tab: Page) -> None:
    artifact = own.hang("again.csv", {"page.html": PAGE})
    tab.goto(f"{own.url}/belvedere/artifacts/{artifact}")

    tab.click("[data-rerender]")

    eventually(lambda: tab.inner_text(".state span") == "queued", 5.0, what="the queued state")
    assert own.client.get("/belvedere/api/stats").json()["queue"] == 1


@pytest.mark.parametrize(("width", "view"), [(360, "grid"), (360, "list"), (3840, "grid")])
def test_no_name_breaks_the_layout(own: OwnGallery, tab: Page, width: int, view: str) -> None:
    names = ["n/" + "x" * 240, "o/" + "long/" * 170 + "end.csv", "שלום/עולם.csv", "p/\u202egnp.exe", "q/a  b\tc.csv"]
    rows = [artifact_row(name, n, bucket=BUCKET, title=name) for n, name in enumerate(names)]
    write_artifacts(own.catalog, *rows)
    tab.set_viewport_size({"width": width, "height": 900})

    open_wall(tab, own, f"?view={view}")
    assert tab.evaluate("document.documentElement.scrollWidth <= innerWidth")
    for row in rows:
        tab.goto(f"{own.url}/belvedere/artifacts/{row['id']}")
        assert tab.evaluate("document.documentElement.scrollWidth <= innerWidth"), row["key"][:40]
