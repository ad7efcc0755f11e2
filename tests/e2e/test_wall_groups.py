"""The wall in groups, searched by its language, kept as views, in a real browser."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import expect
from tests.harness.databases import empty
from tests.harness.gallery_rows import add_source, artifact_row, write_artifacts
from tests.harness.own_gallery import BUCKET

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playwright.sync_api import Browser, Page, Route
    from tests.harness.own_gallery import OwnGallery

NEXT = 10**6
UUID = "0b6c1a52-8d6e-4c55-9d0c-51f7f4a3b111"


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


def hang(own: OwnGallery, *keys: str, start: int = 0, **columns: object) -> None:
    rows = (artifact_row(key, start + n, bucket=BUCKET, **columns) for n, key in enumerate(keys))
    write_artifacts(own.catalog, *rows)


def open_wall(tab: Page, own: OwnGallery, query: str = "") -> None:
    tab.goto(f"{own.url}/belvedere/{query}")
    tab.wait_for_selector("#live[data-level=live]")


def test_artifacts_hang_under_their_runs(own: OwnGallery, tab: Page) -> None:
    hang(own, *(f"v2/artifacts/iris/{UUID}/t/{n}.csv" for n in range(12)), "churn/day/a.csv")
    open_wall(tab, own)

    headings = tab.locator(".group-head h2")
    expect(headings).to_have_text(["churn/day", "iris / 0b6c1a52"])
    assert "group=" not in tab.url, "it is how the wall is, unless somebody wants it otherwise"
    said = tab.locator(".group-said")
    expect(said.nth(1)).to_have_text("Kubeflow run · team · 12 artifacts")
    cards = tab.locator(".group:nth-child(2) .cell:visible")
    shown = cards.count()
    assert 1 < shown < 12
    tab.get_by_role("button", name=f"Show {12 - shown} more").click()
    expect(cards).to_have_count(12)
    tab.get_by_role("button", name="Show fewer").click()
    expect(cards).to_have_count(shown)
    tab.get_by_role("button", name="Artifacts of Kubeflow run").click()
    expect(cards).to_have_count(0)
    tab.reload()
    expect(tab.locator(".group")).to_have_count(2)
    expect(cards).to_have_count(0)


def test_who_wants_single_cards_says_so_in_the_address(own: OwnGallery, tab: Page) -> None:
    hang(own, "runs/a/1.csv", "runs/b/2.csv")
    open_wall(tab, own)
    tab.select_option("select[name=group]", "none")

    expect(tab.locator("#wall.wall > .cell .name")).to_have_text(["2.csv", "1.csv"])
    assert "group=none" in tab.url
    tab.reload()
    expect(tab.locator("#wall.wall > .cell .name")).to_have_text(["2.csv", "1.csv"])
    tab.select_option("select[name=order]", "key")
    expect(tab.locator("#wall.wall > .cell .name")).to_have_text(["1.csv", "2.csv"])
    tab.select_option("select[name=group]", "run")
    expect(tab.locator(".group-head h2")).to_have_text(["b", "a"])
    assert "?" not in tab.url


def test_the_first_cards_are_there_before_any_script_and_stay_the_same(own: OwnGallery, tab: Page) -> None:
    hang(own, *(f"runs/a/{n}.csv" for n in range(12)), "runs/b/odd <name>.csv", "top.csv")
    held: list[Route] = []
    tab.route("**/js/wall.js", lambda route: held.append(route))
    tab.goto(f"{own.url}/belvedere/", wait_until="commit")
    expect(tab.locator(".group-head h2")).to_have_text([f"{BUCKET} (top of the bucket)", "b", "a"])
    expect(tab.locator(".group:nth-child(2) .card")).to_contain_text("odd <name>.csv")
    expect(tab.locator("#count")).to_have_text("14 artifacts")
    shown = tab.locator(".cell:visible").count()
    assert shown < 14, "one row of each group, as the scripts will leave it"
    tab.evaluate("window.first = [...document.querySelectorAll('.cell, .group')]")
    before = tab.locator(".group:nth-child(3)").bounding_box()

    held[0].continue_()
    tab.wait_for_selector("#live[data-level=live]")

    assert tab.evaluate(
        "first.every((one) => one.isConnected) && first.every((one) => one.matches('.group') || one.artifact)"
    )
    assert tab.locator(".cell").count() == tab.evaluate("first.filter((one) => one.matches('.cell')).length")
    assert tab.locator(".cell:visible").count() == shown
    assert tab.locator(".group:nth-child(3)").bounding_box() == before


def test_a_group_that_is_alone_shows_all_its_cards(own: OwnGallery, tab: Page) -> None:
    hang(own, *(f"{n:03}.csv" for n in range(90)))
    open_wall(tab, own)

    expect(tab.locator(".group-head h2")).to_have_text([f"{BUCKET} (top of the bucket)"])
    expect(tab.locator(".cell:visible").nth(40)).to_be_attached()
    while tab.locator(".cell").count() < 90:
        tab.mouse.wheel(0, 3000)
        tab.wait_for_timeout(100)
    expect(tab.locator(".cell:visible")).to_have_count(90)


def test_a_group_that_is_alone_shows_what_arrives_as_it_would_if_opened_anew(own: OwnGallery, tab: Page) -> None:
    open_wall(tab, own)
    for n in range(9):
        hang(own, f"runs/a/{n}.csv", start=NEXT + n)
    shown = tab.locator(".cell:visible")

    expect(shown).to_have_count(9)
    tab.reload()
    expect(shown).to_have_count(9)
    tab.wait_for_selector("#live[data-level=live]")

    hang(own, "runs/b/new.csv", start=2 * NEXT)
    expect(tab.locator(".group-head h2")).to_have_text(["b", "a"])
    few = shown.count()
    assert few < 9, "beside others it shows a row of its own"
    tab.reload()
    tab.wait_for_selector("#live[data-level=live]")
    expect(shown).to_have_count(few)


def test_a_group_that_somebody_opened_stays_open_beside_others(own: OwnGallery, tab: Page) -> None:
    hang(own, *(f"runs/a/{n}.csv" for n in range(8)))
    open_wall(tab, own)
    tab.get_by_role("button", name="Show fewer").click()
    tab.get_by_role("button", name=re.compile("Show . more")).click()
    tab.mouse.move(0, 0)
    tab.evaluate("document.activeElement.blur()")

    hang(own, "runs/b/new.csv", start=NEXT)

    expect(tab.locator(".group-head h2")).to_have_text(["b", "a"])
    expect(tab.locator(".group:nth-child(2) .cell:visible")).to_have_count(8)


def test_nothing_is_offered_where_all_cards_are_in_sight(own: OwnGallery, tab: Page) -> None:
    hang(own, "runs/a/1.csv", "runs/a/2.csv")
    open_wall(tab, own)

    expect(tab.locator(".cell:visible")).to_have_count(2)
    expect(tab.locator(".group-more")).to_be_hidden()


def test_what_arrives_hangs_in_its_group(own: OwnGallery, tab: Page) -> None:
    hang(own, "runs/a/1.csv", "runs/b/1.csv")
    open_wall(tab, own, "?group=run")

    hang(own, "runs/a/new.csv", "runs/c/new.csv", start=NEXT)

    expect(tab.locator(".group-head h2")).to_have_text(["c", "a", "b"])
    expect(tab.locator(".group-said").nth(1)).to_contain_text("2 artifacts")
    expect(tab.locator(".group:nth-child(2) .name")).to_have_text(["new.csv", "1.csv"])


def test_arrows_walk_through_groups(own: OwnGallery, tab: Page) -> None:
    hang(own, "runs/a/1.csv", "runs/b/2.csv", "runs/b/3.csv")
    open_wall(tab, own, "?group=run")

    for _ in range(3):
        tab.keyboard.press("j")

    assert tab.evaluate("document.activeElement.querySelector('.name').textContent") == "1.csv"


def test_the_search_is_completed_by_keys(own: OwnGallery, tab: Page) -> None:
    hang(own, "a/roc.csv", facts={"roc": {"auc": 0.95}})
    hang(own, "a/table.csv", kind="table", facts={})
    open_wall(tab, own)
    box = tab.get_by_role("combobox", name="Search")
    tab.keyboard.press("/")
    tab.keyboard.type("kind:r")
    expect(tab.locator("#completions [role=option]")).to_have_text(["roc1"])
    tab.keyboard.press("ArrowDown")
    expect(box).to_have_attribute("aria-activedescendant", "completion-0")
    tab.keyboard.press("Enter")

    expect(box).to_have_value("kind:roc ")
    expect(tab.locator(".card .name")).to_have_text(["roc.csv"])
    tab.keyboard.type("auc>")
    expect(tab.locator("#search-said")).to_contain_text("lacks a number")
    expect(tab.locator(".card .name")).to_have_text(["roc.csv"])
    tab.keyboard.type("0.99")
    expect(tab.locator("#none")).to_be_visible()
    expect(tab.locator("#search-said")).to_be_empty()
    expect(tab).to_have_url(re.compile("q=kind%3Aroc\\+auc%3E0.99"))
    tab.keyboard.press("Escape")
    tab.keyboard.press("Escape")
    assert tab.evaluate("document.activeElement === document.body")


def test_only_what_meets_a_search_for_facts_arrives(own: OwnGallery, tab: Page) -> None:
    hang(own, "a/1.csv", facts={"roc": {"auc": 0.95}})
    open_wall(tab, own, "?q=auc>0.9")

    hang(own, "a/low.csv", start=NEXT, facts={"roc": {"auc": 0.5}})
    hang(own, "a/high.csv", start=NEXT + 1, facts={"roc": {"auc": 0.91}})

    expect(tab.locator(".card .name")).to_have_text(["high.csv", "1.csv"])


def test_views_are_kept_and_opened_again(own: OwnGallery, tab: Page) -> None:
    hang(own, "a/roc.csv", "b/roc.csv")
    open_wall(tab, own, "?q=a%2F&group=day")
    tab.get_by_role("button", name="Views").click()
    tab.get_by_label("Keep these filters as").fill("mine <b>")
    tab.get_by_role("button", name="Keep", exact=True).click()
    expect(tab.locator("#view-list a")).to_have_text("mine <b>")

    open_wall(tab, own)
    tab.get_by_role("button", name="Views").click()
    tab.get_by_role("link", name="mine <b>").click()

    expect(tab.get_by_role("combobox", name="Search")).to_have_value("a/")
    expect(tab.locator(".group-head h2")).to_have_text(["2026-01-01 UTC"])
    tab.get_by_role("button", name="Views").click()
    tab.get_by_role("button", name="Forget the view mine <b>").click()
    expect(tab.locator("#no-views")).to_be_visible()


def test_a_run_has_a_page_of_its_own(own: OwnGallery, tab: Page) -> None:
    hang(own, "train/manual__1/fit/roc.csv", "train/manual__1/eval/cm.csv", "train/manual__2/fit/roc.csv")
    open_wall(tab, own, "?group=run")
    tab.get_by_role("link", name="train / manual__1").click()

    expect(tab.locator("h1")).to_have_text("train / manual__1")
    expect(tab.locator(".run-line")).to_contain_text("2 artifacts")
    expect(tab.locator(".card .name")).to_have_text(["cm.csv", "roc.csv"])
    expect(tab.get_by_role("link", name="Open in Airflow")).to_have_attribute("href", "/dags/train/runs/manual__1")
    tab.select_option("select[name=group]", "kind")
    expect(tab.locator(".group")).to_have_count(1)
    tab.reload()
    expect(tab.locator("h1")).to_have_text("train / manual__1")


def test_the_way_back_leads_to_the_card_one_came_from(own: OwnGallery, tab: Page) -> None:
    hang(own, *(f"many/{n:03}.csv" for n in range(150)))
    open_wall(tab, own)
    seen = tab.locator(".card", has_text="040.csv")
    while not seen.count():
        tab.mouse.wheel(0, 3000)
        tab.wait_for_timeout(100)
    seen.focus()
    chosen = seen.get_attribute("href").rpartition("/")[2]  # type: ignore[union-attr]
    tab.wait_for_function("id => location.search.includes(`at=${id}`)", arg=chosen)
    tab.reload()

    expect(seen).to_be_focused()
    expect(seen).to_be_in_viewport()


def test_the_chosen_card_is_offered_for_comparison(own: OwnGallery, tab: Page) -> None:
    hang(own, "a/1.csv", "a/2.csv")
    open_wall(tab, own)
    tab.evaluate("document.addEventListener('belvedere:compare', (event) => (window.offered = event.detail.ids))")
    tab.keyboard.press("j")
    tab.keyboard.press("c")

    offered = tab.evaluate("window.offered")
    tab.evaluate("ids => document.dispatchEvent(new CustomEvent('belvedere:chosen', {detail: {ids}}))", offered)
    expect(tab.locator(".card[data-chosen] .name")).to_have_text("2.csv")
