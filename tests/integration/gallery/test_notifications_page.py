"""The page of notifications in a browser: an address is added, tried, turned off, removed; what is wrong is said."""

from __future__ import annotations

from contextlib import ExitStack
from typing import TYPE_CHECKING

import pytest
from stack.ports import HOST
from tests.harness.apart import apart
from tests.harness.gallery_rows import add_source
from tests.harness.own_gallery import BUCKET, OwnGallery, own_gallery
from tests.harness.receiver import Receiver, receiving
from tests.harness.waiting import eventually

from belvedere.model.subscription import WebhookSigner
from belvedere.orchestration import sending
from belvedere.orchestration.sending import Sender
from belvedere.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Iterator

    from minio import Minio
    from playwright.sync_api import Browser, Page
    from tests.harness.servers import Servers

    from belvedere.clients.postgres import Connection

SECRET = "a secret of tests"


@pytest.fixture(scope="module")
def settings(servers: Servers, catalog_dsn: str) -> Settings:
    instance = servers.minio()
    return Settings(
        catalog_dsn=catalog_dsn,
        minio_endpoint=instance.minio_endpoint,
        minio_access_key=instance.secrets.minio_root_user,
        minio_secret_key=instance.secrets.minio_root_password,
        capability_secret=SECRET,
        webhook_hosts=(HOST,),
    )


@pytest.fixture(scope="module")
def allowing(settings: Settings, catalog: Connection, s3: Minio) -> Iterator[OwnGallery]:
    """A gallery whose operator lets webhooks reach loopback."""
    add_source(catalog, BUCKET)
    with own_gallery(settings, catalog, s3) as gallery:
        yield gallery


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with receiving() as made:
        yield made


@pytest.fixture
def page(browser: Browser, allowing: OwnGallery) -> Iterator[Page]:
    allowing.catalog.execute("truncate subscriptions cascade")
    context = browser.new_context(viewport={"width": 1280, "height": 900})
    page = context.new_page()
    errors: list[str] = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.goto(f"{allowing.url}/belvedere/notifications?tenant=team")
    yield page
    context.close()
    assert errors == []


def send(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sending, "WAIT_SECONDS", 0.01)

    sender = Sender(settings)
    with ExitStack() as resources:
        sender.open(resources)
        apart(sender.step)


def add(page: Page, url: str) -> None:
    page.get_by_label("Address", exact=True).fill(url)
    page.get_by_label("Kinds", exact=True).fill("roc, table")
    page.get_by_label("one failed for good").check()
    page.get_by_role("button", name="Add the address").click()


def test_an_address_is_added_tried_and_shown_to_work(
    page: Page, allowing: OwnGallery, settings: Settings, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    page.get_by_text("Nobody is told of this tenant's reports yet").wait_for()
    add(page, receiver.url)

    page.get_by_text("It is shown this once").wait_for()
    row = allowing.catalog.execute("select id from subscriptions").fetchone()
    assert row is not None
    assert page.locator("#secret code").inner_text() == WebhookSigner.of(SECRET).secret(row["id"], 1)
    card = page.locator(".subscription")
    assert "kinds roc, table" in card.inner_text()

    card.get_by_role("button", name="Send a test").click()
    eventually(
        lambda: allowing.catalog.execute("select from deliveries where state = 'waiting'").fetchone() is not None,
        10.0,
        what="a message that waits",
    )
    send(settings, monkeypatch)
    card.get_by_text("1 arrived").wait_for(timeout=10_000)

    assert receiver.received[0].headers["ce-type"] == "io.belvedere.report.ping"
    card.get_by_role("button", name="Messages").click()
    card.locator("tbody tr", has_text="a test").get_by_text("arrived").wait_for()


def test_a_target_that_fails_is_said_with_what_it_answered(
    page: Page, settings: Settings, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    receiver.answers = [(500, {})]
    add(page, receiver.url)
    card = page.locator(".subscription")
    card.get_by_role("button", name="Send a test").click()
    card.get_by_text("1 waiting").wait_for(timeout=10_000)

    send(settings, monkeypatch)

    card.get_by_text("the target answers 500").first.wait_for(timeout=10_000)
    card.get_by_text("failing").wait_for()
    card.get_by_role("button", name="Send given up ones again").click()
    card.get_by_text("1 waiting").wait_for(timeout=10_000)


def test_an_address_that_may_not_be_reached_is_marked_and_nothing_is_lost(page: Page) -> None:
    add(page, "https://10.0.0.1/in")

    page.get_by_role("alert").get_by_text("leads to an address inside a private network").wait_for()
    field = page.get_by_label("Address", exact=True)
    assert field.get_attribute("aria-invalid") == "true"
    assert field.input_value() == "https://10.0.0.1/in"
    assert page.locator(".subscription").count() == 0


def test_an_address_is_turned_off_and_removed_after_asking(page: Page, receiver: Receiver) -> None:
    add(page, receiver.url)
    card = page.locator(".subscription")
    card.get_by_role("button", name="Turn off").click()
    card.get_by_role("button", name="Turn on").wait_for(timeout=10_000)

    card.get_by_role("button", name="Remove").click()
    card.get_by_role("button", name="Remove for good?").click()

    page.get_by_text("Nobody is told of this tenant's reports yet").wait_for(timeout=10_000)
