"""The operations page and the upload box in a browser, over a real catalog and store."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import expect
from tests.harness.databases import empty
from tests.harness.events import open_work
from tests.harness.gallery_rows import add_source, artifact_row, write_artifacts
from tests.harness.own_gallery import BUCKET

from belvedere.catalog.dead_events import bury

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playwright.sync_api import Browser, Page
    from tests.harness.own_gallery import OwnGallery


@pytest.fixture
def page(browser: Browser, own: OwnGallery) -> Iterator[Page]:
    empty(own.catalog)
    add_source(own.catalog, BUCKET)
    context = browser.new_context(viewport={"width": 1280, "height": 900})
    page = context.new_page()
    page.set_default_timeout(20_000)
    errors: list[str] = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    yield page
    context.close()
    assert errors == []


def fail(own: OwnGallery, name: str, number: int) -> str:
    row = artifact_row(
        name, number, bucket=BUCKET, state="dead", error_code="malformed", error_message="row 3 is short"
    )
    write_artifacts(own.catalog, row)
    return str(row["id"])


def test_failures_arrive_by_themselves_and_the_chosen_ones_are_driven_again(page: Page, own: OwnGallery) -> None:
    first = fail(own, "runs/one.csv", 1)
    page.goto(f"{own.url}/belvedere/operations")
    page.get_by_role("link", name="malformed").click()
    page.get_by_role("checkbox", name="Select runs/one.csv").check()

    fail(own, "runs/two.csv", 2)
    expect(page.get_by_role("checkbox", name="Select runs/two.csv")).to_be_visible(timeout=20_000)
    expect(page.get_by_role("checkbox", name="Select runs/one.csv")).to_be_checked()
    page.get_by_role("button", name="Drive 1 selected again").click()

    expect(page.get_by_role("status").filter(has_text="1 artifact is on the way again.")).to_be_visible()
    expect(page.get_by_role("checkbox", name="Select runs/one.csv")).to_have_count(0, timeout=20_000)
    assert open_work(own.catalog) == [first]
    assert "state=dead&code=malformed" in page.url


def test_a_buried_record_is_looked_at_and_driven_again(page: Page, own: OwnGallery) -> None:
    bury(
        own.catalog,
        topic="artifacts",
        partition=0,
        offset=7,
        reason="not <b>JSON</b>",
        raw=b"<script>document.title='x'",
    )
    page.goto(f"{own.url}/belvedere/operations")
    page.get_by_role("link", name="not <b>JSON</b>").click()
    page.get_by_role("link", name="Record 1").click()

    expect(page.locator("pre.raw")).to_have_text("<script>document.title='x'")
    page.get_by_role("button", name=re.compile("Drive again ?: record 1$")).click()

    expect(page.get_by_role("status").filter(has_text="1 record stays buried")).to_be_visible()
    expect(page.get_by_text("not JSON: JSONDecodeError").first).to_be_visible(timeout=20_000)
    assert "event=1" in page.url


def test_a_file_is_uploaded_and_its_card_shown_as_it_appears(page: Page, own: OwnGallery) -> None:
    page.goto(f"{own.url}/belvedere/upload")
    with page.expect_response(lambda response: "/api/uploads" in response.url) as sent:
        page.locator("input[type=file]").first.set_input_files(
            {"name": "roc.csv", "mimeType": "text/csv", "buffer": b"a\n1\n"}
        )
    told = sent.value.json()
    expect(page.get_by_text("stored; its card is about to appear")).to_be_visible()

    write_artifacts(
        own.catalog, artifact_row(told["key"], 5, bucket=BUCKET, version_id=told["version_id"], etag=told["etag"])
    )

    link = page.get_by_role("link", name="Open roc.csv")
    expect(link).to_be_visible(timeout=20_000)
    assert (link.get_attribute("href") or "").endswith(told["artifact_id"])
    expect(page.get_by_text("1 of 1 uploaded, nothing waits")).to_be_visible()


def test_a_file_over_the_limit_is_refused_before_it_is_sent(page: Page, own: OwnGallery) -> None:
    settings = own.app.state.resources().settings
    before = settings.upload_bytes
    settings.__dict__["upload_bytes"] = 3
    try:
        page.goto(f"{own.url}/belvedere/upload")
        page.locator("input[type=file]").first.set_input_files(
            {"name": "x.csv", "mimeType": "text/csv", "buffer": b"1234"}
        )

        expect(page.get_by_text("Not uploaded: larger than 3 B")).to_be_visible()
    finally:
        settings.__dict__["upload_bytes"] = before
