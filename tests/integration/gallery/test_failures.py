"""What a person sees when something is wrong, in a browser: a closed catalog, spoilt and expired addresses."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import pytest

from belvedere.clients.postgres_pool import ConnectionPool
from belvedere.errors import ServiceUnavailable
from belvedere.gallery.capability import Signer

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playwright.sync_api import Browser, Page
    from tests.harness.own_gallery import OwnGallery


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    context = browser.new_context(color_scheme="dark")
    yield context.new_page()
    context.close()


def closed(*_: object) -> None:
    raise ServiceUnavailable("the catalog does not answer: connection refused")


def test_a_page_of_a_closed_gallery_says_so_and_comes_back_by_itself_where_it_was(
    own: OwnGallery, page: Page, monkeypatch: pytest.MonkeyPatch
) -> None:
    address = f"{own.url}/belvedere/?kind=roc#here"
    with monkeypatch.context() as broken:
        broken.setattr(ConnectionPool, "connection", closed)
        page.goto(address)
        assert page.get_by_role("heading", level=1).inner_text() == "Closed for a moment"
        assert "The catalog does not answer" in page.inner_text("main")
        page.get_by_text("Still closed").wait_for()

    page.get_by_role("heading", name="Closed for a moment").wait_for(state="detached")

    assert page.url == address


def test_an_expired_address_leads_to_the_artifacts_page(
    own: OwnGallery, page: Page, monkeypatch: pytest.MonkeyPatch
) -> None:
    artifact_id = own.hang("failures/expired.csv", {"page.html": b"<p>drawn</p>"})
    address = own.url + own.address(artifact_id, "page.html")
    resources = own.app.state.resources()
    late = Signer.__new__(Signer)
    late.__dict__ = resources.signer.__dict__ | {"_clock": lambda: time.time() + 3600}

    with monkeypatch.context() as later:
        later.setattr(Signer, "check", lambda _, token, name: original(late, token, name))
        answer = page.goto(address)
        assert answer is not None
        assert answer.status == 403
        assert page.get_by_role("heading", level=1).inner_text() == "This address has expired"
        page.get_by_role("link", name="Open the artifact's page").click()

    page.wait_for_url(f"**/belvedere/artifacts/{artifact_id}")


def test_a_spoilt_address_in_a_frame_is_said_in_the_colours_around(own: OwnGallery, page: Page) -> None:
    artifact_id = own.hang("failures/spoilt.csv", {"page.html": b"<p>drawn</p>"})
    address = own.url + own.address(artifact_id, "page.html")
    token = address.split("/")[-2]
    page.goto(f"{own.url}/belvedere/artifacts/{artifact_id}")

    page.evaluate(
        "src => Object.assign(document.body.appendChild(document.createElement('iframe')),"
        " {sandbox: 'allow-scripts', name: 'spoilt', src})",
        address.replace(token, token[:-1] + ("A" if token[-1] != "A" else "B")) + "?theme=light",
    )
    frame = page.frame_locator("iframe[name=spoilt]")

    assert frame.locator("h1").inner_text() == "This address is damaged"
    assert frame.locator(".ways").is_hidden()
    assert frame.locator("html").get_attribute("data-theme") == "light"


def test_an_artifact_that_is_not_there_or_not_yours_says_both(own: OwnGallery, page: Page) -> None:
    answer = page.goto(f"{own.url}/belvedere/artifacts/0123456789abcdef01234567")

    assert answer is not None
    assert answer.status == 404
    assert "a tenant that you do not belong to" in page.inner_text("main")
    assert page.get_by_role("link", name="To the wall").is_visible()


original = Signer.check
