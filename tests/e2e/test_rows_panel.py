"""The Rows tab of a table in a real browser, under the gallery's own policy: pages, sorts, filters, remembers."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest
from stack.paths import ROOT
from tests.harness.waiting import eventually

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playwright.sync_api import Browser, ConsoleMessage, Page
    from tests.harness.own_gallery import OwnGallery

HEADER = "id,city,<b>score</b>\n"
CITIES = ("Paris", "Bonn", "=SUM(A1)", "")
TABLE = HEADER + "".join(f"{at},{CITIES[at % 4]},{at / 8}\n" for at in range(400))


@pytest.fixture(params=["light", "dark"])
def tab(request: pytest.FixtureRequest, browser: Browser, own: OwnGallery) -> Iterator[Page]:
    context = browser.new_context(viewport={"width": 1280, "height": 900}, color_scheme=request.param)
    page = context.new_page()
    page.on("console", lambda message: complaints.append(message.text) if is_complaint(message) else None)
    complaints: list[str] = []
    artifact = own.hang("panel/cities.csv", {}, TABLE.encode(), kind="table")
    page.goto(f"{own.url}/belvedere/artifacts/{artifact}?tab=rows")
    yield page
    if os.environ.get("BELVEDERE_SCREENSHOTS"):
        page.screenshot(path=ROOT / ".belvedere" / "looks" / f"rows-{request.param}.png")
    context.close()
    assert not complaints


def is_complaint(message: ConsoleMessage) -> bool:
    """A refused question is answered by 400, which browsers note as an error; anything else is one."""
    return message.type == "error" and "status of 400" not in message.text


def said(tab: Page, words: str) -> None:
    eventually(lambda: words in tab.locator("[data-status]").inner_text(), 30.0, what=words)


def first_cells(tab: Page) -> list[str]:
    return tab.locator(".rows tbody tr:first-child td").all_inner_texts()


def test_it_pages_sorts_and_filters_and_the_address_remembers(tab: Page) -> None:
    said(tab, "Rows 1 to 50 of 400")
    assert tab.locator(".rows th").nth(3).inner_text().startswith("<b>score</b>")
    tab.locator("[data-go=next]").click()
    said(tab, "Rows 51 to 100 of 400")
    tab.locator("[data-table]").press("PageDown")
    said(tab, "Rows 101 to 150 of 400")
    tab.get_by_role("button", name="id", exact=True).click()
    said(tab, "Rows 1 to 50 of 400")
    tab.get_by_role("button", name="id ↑", exact=True).click()
    eventually(lambda: first_cells(tab)[1:2] == ["399"], 20.0, what="descending")
    tab.locator("select[name=column]").select_option("1")
    tab.locator("input[name=value]").fill("=sum")
    tab.get_by_role("button", name="Add", exact=True).click()
    said(tab, "of 100, out of 400")
    assert first_cells(tab) == ["399", "398", "=SUM(A1)", "49.75"]
    address = tab.url
    assert "filter=1%3Acontains%3A%3Dsum" in address
    tab.reload()
    said(tab, "of 100, out of 400")
    assert first_cells(tab)[1] == "398"
    tab.go_back()
    said(tab, "Rows 1 to 50 of 400")


def test_conditions_that_nothing_meets_are_said_and_cleared(tab: Page) -> None:
    said(tab, "of 400")
    tab.locator("input[name=search]").fill("nowhere")
    empty = tab.locator("[data-empty]")
    empty.wait_for(state="visible")
    assert "No row meets these conditions" in empty.inner_text()
    empty.get_by_role("button").click()
    said(tab, "Rows 1 to 50 of 400")
    tab.locator("select[name=column]").select_option("2")
    tab.locator("select[name=operator]").select_option("greater")
    tab.locator("input[name=value]").fill("tall")
    tab.get_by_role("button", name="Add", exact=True).click()
    said(tab, "holds numbers")
    tab.locator("[data-drop]").first.click()
    said(tab, "Rows 1 to 50 of 400")
