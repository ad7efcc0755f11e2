"""The gallery under FAB's real logins: who gets in, what they see, what visitors without a login may."""

from __future__ import annotations

import uuid
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import httpx
import pytest
from tests.harness.fab_airflow import ADMIN, OP, USER, VIEWER, FabAirflow, address_of
from tests.harness.gallery_rows import add_source, artifact_row, write_artifacts
from tests.harness.stack_fixtures import VIEWPORT
from tests.harness.waiting import eventually

from belvedere.clients.airflow_api import AirflowApi, DagNotReady
from belvedere.clients.postgres import connect

if TYPE_CHECKING:
    from collections.abc import Iterator

    from minio import Minio
    from playwright.sync_api import Browser, FrameLocator, Locator, Page

    from belvedere.clients.postgres import Connection

SHARED, OTHER = "mlpipeline", "velvet"
PAGE = {"Accept": "text/html"}
CHANGES = {"X-Belvedere": "test"}
COMMAND = "airflow roles add-perms User --action can_read --resource Plugins"
LIVE = "#live[data-level=live]"


@pytest.fixture(scope="module")
def catalog(fab: FabAirflow) -> Iterator[Connection]:
    """The catalog behind FAB's gallery, with a tenant that is everybody's and one that is nobody's."""
    with connect(fab.catalog_dsn) as connection:
        for tenant in (SHARED, OTHER):
            add_source(connection, tenant, tenant)
        yield connection


@pytest.fixture(scope="module")
def told(fab: FabAirflow) -> str:
    """What users of the role User are told at first; the command that it names is then run for them."""
    with fab.client(USER) as uma:
        refused = uma.get("/belvedere/api/me")
        assert refused.status_code == 403
        text = str(refused.json()["detail"])
        assert text.endswith(COMMAND)
        fab.run(*COMMAND.split()[1:])
        eventually(lambda: uma.get("/belvedere/api/me").is_success, what="a role that is let in")
    return text


@pytest.fixture
def uma(fab: FabAirflow, told: str) -> Iterator[httpx.Client]:
    """Somebody of the role User, after the administrator did what they were told."""
    with fab.client(USER) as client:
        yield client


@pytest.fixture
def operator(fab: FabAirflow) -> Iterator[httpx.Client]:
    with fab.client(OP) as client:
        yield client


@pytest.fixture
def visitor(fab: FabAirflow) -> Iterator[httpx.Client]:
    """Somebody without a login."""
    with httpx.Client(base_url=fab.url, timeout=30.0, trust_env=False) as client:
        yield client


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    """A page of somebody who has not logged in yet; an error in a script of ours fails the test."""
    context = browser.new_context(viewport=VIEWPORT)
    page = context.new_page()
    page.set_default_timeout(60_000)
    errors: list[str] = []
    page.on(
        "pageerror", lambda error: errors.append(str(error)) if "/belvedere/static/" in (error.stack or "") else None
    )
    yield page
    context.close()
    assert errors == []


def hang(catalog: Connection, tenant: str) -> str:
    row = artifact_row(f"fab/{uuid.uuid4().hex}.csv", tenant=tenant, bucket=tenant, event_at=datetime.now(UTC))
    write_artifacts(catalog, row)
    return str(row["id"])


def seen(client: httpx.Client) -> set[str]:
    answer = client.get("/belvedere/api/artifacts", params={"limit": 200}).raise_for_status()
    return {artifact["id"] for artifact in answer.json()["artifacts"]}


def me(client: httpx.Client) -> Any:
    return client.get("/belvedere/api/me").raise_for_status().json()


def log_in(page: Page, name: str, password: str) -> None:
    """Fill in FAB's login page."""
    page.locator("input[name=username]").fill(name)
    page.locator("input[name=password]").fill(password)
    page.locator("[type=submit]").click()


def card(page: Page | FrameLocator, artifact_id: str) -> Locator:
    return page.locator(f"a.card[href*='{artifact_id}']")


@contextmanager
def member(operator: httpx.Client, user: str) -> Iterator[None]:
    """Let somebody look at the other tenant until the block ends."""
    address = f"/belvedere/api/tenants/{OTHER}/members/{user}"
    operator.put(address, json={"role": "viewer"}).raise_for_status()
    try:
        yield
    finally:
        operator.delete(address).raise_for_status()


@pytest.mark.parametrize("name", [ADMIN, OP])
def test_admins_and_ops_operate(fab: FabAirflow, catalog: Connection, name: str) -> None:
    hidden = hang(catalog, OTHER)
    with fab.client(name) as client:
        assert me(client)["name"] == name
        assert me(client)["operates"]
        assert hidden in seen(client)
        assert client.get("/belvedere/operations", headers=PAGE).status_code == 200


def test_a_role_without_the_right_is_shown_the_door_and_what_opens_it(fab: FabAirflow) -> None:
    with fab.client(VIEWER) as vera:
        assert vera.get("/api/v2/plugins").status_code == 403, "Airflow shows them no entry either"
        refused = vera.get("/belvedere/api/artifacts")
        page = vera.get("/belvedere/", headers=PAGE)

    assert refused.status_code == page.status_code == 403
    assert refused.json()["code"] == "access_denied"
    for text in (refused.json()["detail"], page.text):
        assert COMMAND in text


def test_the_command_at_the_door_opens_it_to_what_is_everybodys(uma: httpx.Client, catalog: Connection) -> None:
    shared, hidden = hang(catalog, SHARED), hang(catalog, OTHER)

    assert me(uma) == {"name": USER, "operates": False, "sees_all": False, "tenants": {SHARED: "member"}}
    assert shared in seen(uma)
    assert hidden not in seen(uma)
    assert uma.get(f"/belvedere/artifacts/{hidden}", headers=PAGE).status_code == 404
    assert uma.get("/belvedere/operations", headers=PAGE).status_code == 403


def test_an_operators_word_counts_at_once(uma: httpx.Client, operator: httpx.Client, catalog: Connection) -> None:
    hidden = hang(catalog, OTHER)
    own = f"/belvedere/api/tenants/{SHARED}/members/{USER}"
    assert uma.put(own, json={"role": "member"}).status_code == 403

    with member(operator, USER):
        assert me(uma)["tenants"] == {SHARED: "member", OTHER: "viewer"}
        assert hidden in seen(uma)
    assert hidden not in seen(uma)


def test_members_upload_where_they_are_members(uma: httpx.Client, catalog: Connection, s3: Minio) -> None:
    if not s3.bucket_exists(SHARED):
        s3.make_bucket(SHARED)
    told = {"name": "first.csv", "tenant": SHARED}

    kept = uma.post("/belvedere/api/uploads", params=told, content=b"a,b\n1,2\n").raise_for_status().json()
    refused = uma.post("/belvedere/api/uploads", params=told | {"tenant": OTHER}, content=b"a,b\n1,2\n")

    assert s3.get_object(SHARED, kept["key"]).read() == b"a,b\n1,2\n"
    assert refused.status_code == 404


def test_who_logs_in_by_their_address_is_who_they_are_by_name(fab: FabAirflow) -> None:
    with fab.client(address_of(OP)) as client:
        assert me(client)["name"] == OP


def test_the_dispatcher_works_for_a_role_op(fab: FabAirflow) -> None:
    with AirflowApi(fab.url, OP, fab.password) as api, pytest.raises(DagNotReady):
        api.trigger("render_artifacts", "test__fab", {})


def test_logging_out_ends_access_for_every_copy_of_the_token(fab: FabAirflow, visitor: httpx.Client) -> None:
    with fab.client(OP) as client:
        token = client.headers["Authorization"].removeprefix("Bearer ")
        copy = {"Cookie": f"_token={token}"}
        assert visitor.get("/belvedere/api/me", headers=copy).status_code == 200
        assert client.get("/api/v2/auth/logout").is_redirect

        assert client.get("/belvedere/api/me").status_code == 401
    assert visitor.get("/belvedere/api/me", headers=copy).status_code == 401
    page = visitor.get("/belvedere/help", headers=PAGE | copy)
    assert page.headers["location"] == "/api/v2/auth/login?next=%2Fbelvedere%2Fhelp"


def test_who_is_removed_from_fab_has_no_login_any_more(fab: FabAirflow) -> None:
    name = f"guest-{uuid.uuid4().hex[:8]}"
    fab.add_user(name, "Op")
    with fab.client(name) as guest:
        assert me(guest)["name"] == name
        fab.remove_user(name)

        eventually(lambda: guest.get("/belvedere/api/me").status_code == 401, what="the end of a removed user's login")


def test_without_a_login_pages_lead_to_it_and_data_are_refused(visitor: httpx.Client) -> None:
    page = visitor.get("/belvedere/?q=auc%3E0.9", headers=PAGE)

    assert page.status_code == 303
    assert page.headers["location"] == "/api/v2/auth/login?next=%2Fbelvedere%2F%3Fq%3Dauc%253E0.9"
    refused = visitor.get("/belvedere/api/artifacts")
    assert (refused.status_code, refused.json()["code"]) == (401, "unauthorized")
    assert "log in first" in refused.json()["detail"]


def test_visitors_look_at_what_is_everybodys_and_change_nothing(
    fab: FabAirflow, visitor: httpx.Client, catalog: Connection
) -> None:
    shared, hidden = hang(catalog, SHARED), hang(catalog, OTHER)
    with fab.visitors_may_read_plugins():
        assert me(visitor)["tenants"] == {SHARED: "viewer"}
        assert shared in seen(visitor)
        assert hidden not in seen(visitor)
        assert visitor.get(f"/belvedere/api/artifacts/{hidden}").status_code == 404
        assert visitor.get("/belvedere/operations", headers=PAGE).status_code == 403
        for path in (f"artifacts/{shared}/rerender", f"uploads?tenant={SHARED}&name=a.csv", "views"):
            refused = visitor.post(f"/belvedere/api/{path}", json={}, headers=CHANGES)
            assert (path, refused.status_code) == (path, 403)


def test_what_an_operator_makes_everybodys_is_visitors_too(
    fab: FabAirflow, visitor: httpx.Client, operator: httpx.Client, catalog: Connection
) -> None:
    hidden = hang(catalog, OTHER)
    with fab.visitors_may_read_plugins():
        with member(operator, "*"):
            assert me(visitor)["tenants"] == {SHARED: "viewer", OTHER: "viewer"}
            assert hidden in seen(visitor)
        assert hidden not in seen(visitor)


def test_the_login_page_leads_back_to_what_was_asked_for(fab: FabAirflow, page: Page, catalog: Connection) -> None:
    address = f"{fab.url}/belvedere/artifacts/{hang(catalog, OTHER)}?tab=facts&x=a%20b"

    page.goto(address)
    assert page.url.startswith(f"{fab.url}/auth/login/")
    log_in(page, OP, "not the password")
    page.get_by_text("Invalid login").wait_for()
    log_in(page, OP, fab.password)

    page.wait_for_url(address)
    page.locator(".standing", has_text=f"{OP} operator").wait_for()


def test_at_the_door_a_viewer_reads_what_to_do(fab: FabAirflow, page: Page) -> None:
    page.goto(f"{fab.url}/belvedere/")
    log_in(page, VIEWER, fab.password)

    page.get_by_role("heading", name="Not allowed").wait_for()
    assert COMMAND in page.get_by_role("main").inner_text()
    with page.expect_response("**/api/v2/plugins*") as told:
        page.goto(fab.url)
    assert told.value.status == 403
    page.get_by_role("link", name="Dags", exact=True).wait_for()
    assert page.get_by_role("link", name="Gallery").count() == 0


def test_a_user_sees_the_shared_tenant_then_another_on_an_operators_word(
    fab: FabAirflow, page: Page, uma: httpx.Client, operator: httpx.Client, catalog: Connection
) -> None:
    shared, hidden = hang(catalog, SHARED), hang(catalog, OTHER)
    page.goto(f"{fab.url}/belvedere/")
    log_in(page, USER, fab.password)
    card(page, shared).wait_for()
    assert card(page, hidden).count() == 0
    assert page.get_by_role("link", name="Operations").count() == 0

    with member(operator, USER):
        page.reload()
        card(page, hidden).wait_for()
        page.locator(".standing", has_text=OTHER).wait_for()

    page.reload()
    card(page, shared).wait_for()
    assert card(page, hidden).count() == 0


def test_the_wall_hangs_in_airflows_frame_until_its_user_logs_out(
    fab: FabAirflow, page: Page, uma: httpx.Client, catalog: Connection
) -> None:
    shared = hang(catalog, SHARED)
    page.goto(f"{fab.url}/auth/login/")
    log_in(page, USER, fab.password)
    page.get_by_role("link", name="Gallery").click()
    frame = page.frame_locator("iframe[src*='belvedere']")
    card(frame, shared).wait_for()
    frame.locator(LIVE).wait_for()
    card(frame, hang(catalog, SHARED)).wait_for()

    page.get_by_role("button", name="User").click()
    page.get_by_role("menuitem", name="Logout").click()
    page.get_by_role("button", name="Confirm").click()
    page.wait_for_url(f"{fab.url}/auth/login/**")
    page.goto(f"{fab.url}/belvedere/")

    assert page.url.startswith(f"{fab.url}/auth/login/")


def test_a_page_left_open_leads_to_the_login_after_logging_out_elsewhere(
    fab: FabAirflow, page: Page, catalog: Connection
) -> None:
    hang(catalog, SHARED)
    page.goto(f"{fab.url}/belvedere/")
    log_in(page, OP, fab.password)
    page.wait_for_selector(LIVE)
    with page.context.new_page() as other:
        other.goto(f"{fab.url}/api/v2/auth/logout")

    page.locator("select[name=kind]").select_option("roc")

    page.wait_for_url(f"{fab.url}/auth/login/**")


def test_visitors_find_the_login_on_the_wall(fab: FabAirflow, page: Page, catalog: Connection) -> None:
    shared = hang(catalog, SHARED)
    with fab.visitors_may_read_plugins():
        page.goto(f"{fab.url}/belvedere/?view=list")
        card(page, shared).wait_for()
        assert page.get_by_role("link", name="Upload").count() == 0
        page.get_by_role("link", name="Log in").click()
        log_in(page, OP, fab.password)
        page.wait_for_url(f"{fab.url}/belvedere/?view=list")

    assert page.get_by_role("link", name="Log in").count() == 0
    page.get_by_role("link", name="Operations").wait_for()
