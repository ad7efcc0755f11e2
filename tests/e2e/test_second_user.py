"""Two people, two browsers, one gallery: what is another tenant's is not there until an operator lets somebody in."""

from __future__ import annotations

import uuid
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest
from tests.harness.airflow import log_in
from tests.harness.gallery_rows import add_source, artifact_row, write_artifacts
from tests.harness.stack_fixtures import VIEWPORT

from belvedere.clients.postgres import connect

if TYPE_CHECKING:
    from collections.abc import Iterator

    import httpx
    from playwright.sync_api import Browser, Page
    from tests.harness.whole import RunningStack

    from belvedere.clients.postgres import Connection

TENANT = "velvet"
LIVE = "#live[data-level=live]"
CHANGES = {"X-Belvedere": "test"}


@pytest.fixture
def second(browser: Browser, stack: RunningStack) -> Iterator[Page]:
    """A page of somebody who may look at Airflow, and operates nothing."""
    context = browser.new_context(viewport=VIEWPORT)
    token = log_in(stack.url, stack.env["AIRFLOW_VIEWER_USER"], stack.env["AIRFLOW_VIEWER_PASSWORD"])
    context.add_cookies([{"name": "_token", "value": token, "url": stack.url}])
    yield context.new_page()
    context.close()


@pytest.fixture
def catalog(stack: RunningStack) -> Iterator[Connection]:
    with connect(stack.env["CATALOG_DSN"]) as connection:
        add_source(connection, "velvet", TENANT)
        yield connection
        connection.execute("delete from artifacts where tenant = %s", (TENANT,))
        connection.execute("delete from artifacts where key like 'second-user/%'")
        connection.execute("delete from sources where tenant = %s", (TENANT,))


@contextmanager
def let_in(gallery: httpx.Client, user: str, role: str) -> Iterator[None]:
    address = f"/belvedere/api/tenants/{TENANT}/members/{user}"
    gallery.put(address, json={"role": role}, headers=CHANGES).raise_for_status()
    yield
    gallery.delete(address, headers=CHANGES).raise_for_status()


def hang(catalog: Connection, key: str, tenant: str, bucket: str) -> str:
    row = artifact_row(key, tenant=tenant, bucket=bucket, event_at=datetime.now(UTC))
    write_artifacts(catalog, row)
    return str(row["id"])


def test_an_operator_lets_somebody_into_a_tenant_and_out_again(
    stack: RunningStack, gallery: httpx.Client, catalog: Connection, page: Page, second: Page
) -> None:
    name = uuid.uuid4().hex
    for wall in (page, second):
        wall.goto(f"{stack.url}/belvedere/")
        wall.wait_for_selector(LIVE)

    secret = hang(catalog, f"second-user/{name}-velvet.csv", TENANT, "velvet")
    hang(catalog, f"second-user/{name}-shared.csv", "mlpipeline", "mlpipeline")

    page.get_by_text(f"{name}-velvet.csv").first.wait_for()
    second.get_by_text(f"{name}-shared.csv").first.wait_for()
    assert f"{name}-velvet.csv" not in second.content()
    assert TENANT not in second.content()

    answer = second.goto(f"{stack.url}/belvedere/artifacts/{secret}")
    assert answer is not None
    assert answer.status == 404
    assert "a tenant that you do not belong to" in second.inner_text("main")

    with let_in(gallery, stack.env["AIRFLOW_VIEWER_USER"], "viewer"):
        second.reload()
        assert f"{name}-velvet.csv" in second.inner_text("h1")
        assert second.get_by_role("button", name="Render again").count() == 0
        second.goto(f"{stack.url}/belvedere/?tenant={TENANT}")
        second.get_by_text(f"{name}-velvet.csv").first.wait_for()

    answer = second.goto(f"{stack.url}/belvedere/artifacts/{secret}")
    assert answer is not None
    assert answer.status == 404


def test_operations_are_shown_to_operators_alone(stack: RunningStack, page: Page, second: Page) -> None:
    for who, status in ((page, 200), (second, 403)):
        who.goto(f"{stack.url}/belvedere/")
        assert who.get_by_role("link", name="Operations").count() == (1 if status == 200 else 0)

        answer = who.goto(f"{stack.url}/belvedere/operations")
        assert answer is not None
        assert answer.status == status

    assert "it is for operators" in second.inner_text("main")
