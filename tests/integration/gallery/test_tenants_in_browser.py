"""The pages of tenants in a browser: found by keys, read at 360 px; credentials are gone when they should be."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import expect
from tests.harness.axe import violations
from tests.harness.databases import empty
from tests.harness.filled_tenants import DRIFTED, FAILED, KEY, MLFLOW_USER, READY, WAITING, fill_tenants

from belvedere.catalog.memberships import revoke
from belvedere.catalog.tenant_changes import NewChange, list_changes, record_change
from belvedere.catalog.tenants import declare, note_failed
from belvedere.gallery.auth import Identity, identity

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playwright.sync_api import Browser, Page
    from tests.harness.own_gallery import OwnGallery

SOMEBODY = "somebody"
SECRETS = (KEY.identifier, KEY.password, MLFLOW_USER.password)
NARROW = {"width": 360, "height": 780}
SLOW_MS = 30_000
PAGES = {
    "tenants": "/tenants",
    "ready": f"/tenants/{READY}",
    "drifted": f"/tenants/{DRIFTED}",
    "failed": f"/tenants/{FAILED}",
    "waiting": f"/tenants/{WAITING}",
    "changes": "/changes",
}


@pytest.fixture
def page(browser: Browser, own: OwnGallery) -> Iterator[Page]:
    empty(own.catalog)
    fill_tenants(own.catalog, SOMEBODY)
    context = browser.new_context(viewport={"width": 1280, "height": 900})
    context.grant_permissions(["clipboard-read", "clipboard-write"])
    page = context.new_page()
    page.set_default_timeout(SLOW_MS)
    errors: list[str] = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    yield page
    context.close()
    assert errors == []


@pytest.fixture
def _member_only(own: OwnGallery) -> Iterator[None]:
    before = own.app.dependency_overrides[identity]
    own.app.dependency_overrides[identity] = lambda: Identity(SOMEBODY, operates=False)
    yield
    own.app.dependency_overrides[identity] = before


def open_page(page: Page, own: OwnGallery, path: str) -> None:
    page.goto(f"{own.url}/belvedere{path}")


def shown(page: Page) -> list[str]:
    content = page.content()
    return [secret for secret in SECRETS if secret in content]


def number_of_looks(own: OwnGallery) -> int:
    changes = list_changes(own.catalog, READY, None, limit=100)
    return sum(change.action == "reveal_credentials" for change in changes)


@pytest.mark.parametrize("name", PAGES)
def test_a_page_of_tenants_has_no_barrier_wide_dark_and_narrow(page: Page, own: OwnGallery, name: str) -> None:
    open_page(page, own, PAGES[name])
    found = violations(page)
    page.emulate_media(color_scheme="dark")
    page.set_viewport_size({"width": NARROW["width"], "height": NARROW["height"]})
    page.evaluate("document.querySelectorAll('main details').forEach((one) => { one.open = true })")

    assert found + violations(page) == []
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), "scrolls sideways"


def test_the_empty_page_teaches_three_ways_without_a_barrier(page: Page, own: OwnGallery) -> None:
    empty(own.catalog)
    open_page(page, own, "/tenants")

    for way in ("In Airflow's form", "Over REST", "As a file in git"):
        expect(page.get_by_role("heading", name=way)).to_be_visible()
    assert "/api/v2/dags/provision_tenant/dagRuns" in page.get_by_label("With curl").inner_text()
    assert page.get_by_role("link", name="Open provision_tenant").get_attribute("href") == "/dags/provision_tenant"
    assert violations(page) == []


def test_a_tenant_is_found_by_its_state_and_opened_by_keys(page: Page, own: OwnGallery) -> None:
    open_page(page, own, "/tenants")
    page.get_by_role("navigation", name="By state").get_by_role("link", name=re.compile("drifted")).click()
    link = page.locator(".tenant-list a")
    expect(link).to_have_text([DRIFTED])

    link.focus()
    page.keyboard.press("Enter")

    expect(page.get_by_role("heading", level=1)).to_have_text(DRIFTED)
    rows = page.get_by_role("region", name="What differs from the declaration").get_by_role("row")
    expect(rows.filter(has_text="churn: quota")).to_contain_text("500GiB")
    expect(rows.filter(has_text="object lock")).to_contain_text("no run can mend it")
    assert "?state=drifted" in page.evaluate("document.referrer")


def test_a_new_state_appears_by_itself(page: Page, own: OwnGallery) -> None:
    open_page(page, own, f"/tenants/{READY}")
    page.get_by_role("heading", name="Its declaration").click()

    note_failed(own.catalog, READY, "service_unavailable", "MLflow does not answer: <b>wait</b>", None)

    expect(page.locator("#standing")).to_contain_text("MLflow does not answer: <b>wait</b>", timeout=SLOW_MS)
    expect(page.get_by_label("The declaration as YAML")).to_contain_text(f"name: {READY}")


def test_credentials_are_shown_on_request_copied_and_hidden_by_escape(page: Page, own: OwnGallery) -> None:
    open_page(page, own, f"/tenants/{READY}")
    before = number_of_looks(own)
    assert shown(page) == []
    assert SOMEBODY in page.locator("[data-said]").inner_text()

    page.get_by_role("button", name="Show credentials").press("Enter")
    expect(page.locator("[data-secret='s3.secret_key']").first).to_have_text(KEY.password)
    page.get_by_role("button", name="copy secret key").click()
    expect(page.get_by_role("status").filter(has_text="copied: secret key")).to_be_attached()
    copied = page.evaluate("navigator.clipboard.readText()")
    page.get_by_role("button", name="copy the lines for MinIO's client").click()
    lines = page.evaluate("navigator.clipboard.readText()")

    assert copied == KEY.password
    assert lines.splitlines()[0].endswith(f"'{KEY.identifier}' '{KEY.password}'")
    assert MLFLOW_USER.password in page.get_by_label("Variables for MLflow", exact=True).inner_text()
    assert number_of_looks(own) == before + 1
    page.keyboard.press("Escape")
    expect(page.get_by_role("button", name="Show credentials")).to_be_visible()
    assert shown(page) == []


def test_credentials_are_gone_after_a_minute(page: Page, own: OwnGallery) -> None:
    page.clock.install()
    open_page(page, own, f"/tenants/{READY}")
    page.get_by_role("button", name="Show credentials").click()
    expect(page.get_by_role("button", name="Hide them now")).to_be_focused()
    page.clock.run_for(50_000)
    still = shown(page)

    page.clock.run_for(11_000)

    expect(page.get_by_role("button", name="Show credentials")).to_be_focused()
    assert (len(still), shown(page)) == (len(SECRETS), [])


def test_credentials_are_gone_when_one_leaves_and_comes_back(page: Page, own: OwnGallery) -> None:
    open_page(page, own, f"/tenants/{READY}")
    page.get_by_role("button", name="Show credentials").click()
    expect(page.get_by_role("button", name="Hide them now")).to_be_visible()

    page.get_by_role("link", name="‹ Tenants").click()
    page.locator(".tenant-list").wait_for()
    page.go_back()

    expect(page.get_by_role("button", name="Show credentials")).to_be_visible()
    assert shown(page) == []


def test_a_refusal_is_said_where_one_asked(page: Page, own: OwnGallery) -> None:
    open_page(page, own, f"/tenants/{READY}")
    revoke(own.catalog, READY, SOMEBODY)

    page.get_by_role("button", name="Show credentials").click()

    expect(page.get_by_role("alert").filter(has_text=f"the role member in {READY}")).to_be_visible()
    assert shown(page) == []


def test_who_is_no_member_by_name_is_told_so_and_given_no_button(page: Page, own: OwnGallery) -> None:
    revoke(own.catalog, READY, SOMEBODY)
    open_page(page, own, f"/tenants/{READY}")

    expect(page.get_by_text("Keys are shown to members by name only")).to_be_visible()
    expect(page.get_by_role("button", name="Show credentials")).to_have_count(0)
    expect(page.get_by_role("link", name="Rotate keys")).to_have_attribute("href", "/dags/rotate_tenant_keys")


@pytest.mark.usefixtures("_member_only")
def test_a_member_sees_no_other_tenant_and_no_operators_buttons(page: Page, own: OwnGallery) -> None:
    open_page(page, own, "/tenants")
    expect(page.locator(".tenant-list a")).to_have_text([READY])
    expect(page.get_by_text("Declare another tenant")).to_have_count(0)
    page.locator(".tenant-list a").click()
    expect(page.get_by_role("button", name="Show credentials")).to_be_visible()
    expect(page.get_by_role("link", name="Rotate keys")).to_have_count(0)

    open_page(page, own, f"/tenants/{DRIFTED}")

    expect(page.get_by_role("heading", name="Nothing hangs here")).to_be_visible()
    assert DRIFTED not in page.locator("nav").inner_text()


def test_changes_are_opened_and_older_ones_turned_to(page: Page, own: OwnGallery) -> None:
    for number in range(60):
        record_change(own.catalog, NewChange(tenant=READY, actor="admin", action="tag", summary=f"tag number {number}"))
    open_page(page, own, f"/changes?tenant={READY}")
    expect(page.locator(".changes li")).to_have_count(50)
    page.get_by_role("link", name="Older").click()
    page.get_by_text(re.compile("Before and after")).click()

    expect(page.locator(".before-after")).to_contain_text("50GiB")
    expect(page.get_by_role("link", name="provision_tenant").first).to_have_attribute(
        "href", re.compile(r"^/dags/provision_tenant/runs/manual__2026-11-20")
    )


def test_markup_in_a_declaration_is_shown_not_obeyed(page: Page, own: OwnGallery) -> None:
    hostile = "<img src=x onerror=document.title='x'>"
    declare(own.catalog, "hostile", {"name": hostile, "labels": {hostile: [hostile]}}, "d", f"git:{hostile}")
    open_page(page, own, "/tenants/hostile")
    page.get_by_role("heading", name="Its declaration").click()

    assert hostile in page.get_by_label("The declaration as YAML").inner_text()
    assert page.locator("main img").count() == 0
    assert page.title() == "Gallery: tenant hostile"


def test_operations_lead_to_what_drifted(page: Page, own: OwnGallery) -> None:
    open_page(page, own, "/operations")
    tile = page.get_by_role("link", name=re.compile("Tenants adrift"))
    expect(tile).to_contain_text("of 4 not as declared")
    rows = page.get_by_role("region", name="Table of tenants").get_by_role("row")
    expect(rows.nth(1)).to_contain_text(FAILED)

    rows.nth(2).get_by_role("link").click()

    expect(page.get_by_role("heading", level=1)).to_have_text(DRIFTED)
