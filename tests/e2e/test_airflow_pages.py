"""Belvedere inside Airflow's own pages, and what it tells others: tabs, menus, links, assets, webhooks."""

from __future__ import annotations

import re
import time
import uuid
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import pytest
from tests.harness.receiver import receiving
from tests.harness.samples import matrix_csv
from tests.harness.waiting import eventually

if TYPE_CHECKING:
    from collections.abc import Iterator

    import httpx
    from playwright.sync_api import FrameLocator, Page
    from tests.harness.wall import Card, Wall
    from tests.harness.whole import RunningStack

FRAME = "iframe[src*='belvedere']"
SLOW_MS = 60_000
OWN_PAGE = {"X-Belvedere": "test"}
WEBHOOKS = "/belvedere/api/tenants/mlpipeline/subscriptions"


@pytest.fixture(scope="module")
def card(wall: Wall) -> Card:
    return wall.show(f"airflow-pages/{uuid.uuid4().hex}.csv", matrix_csv(1), "text/csv")


@pytest.fixture(scope="module")
def written(wall: Wall, card: Card) -> Card:
    """An object that says by its key that the rendering run's task wrote it."""
    key = f"{card['run']['dag_id']}/{card['run']['run_id']}/render/matrix.csv"
    return wall.show(key, matrix_csv(2), "text/csv")


def run_address(stack: RunningStack, card: Card) -> str:
    return f"{stack.url}/dags/{card['run']['dag_id']}/runs/{card['run']['run_id']}"


def open_tab(page: Page) -> FrameLocator:
    page.locator("a[href*='/plugin/artifacts-of']").click(timeout=SLOW_MS)
    frame = page.frame_locator(FRAME)
    frame.locator(".dag-run").wait_for(timeout=SLOW_MS)
    return frame


def names(frame: FrameLocator, section: str) -> list[str]:
    frame.locator(f"#{section} .card").first.wait_for(timeout=SLOW_MS)
    return frame.locator(f"#{section} .card .name").all_inner_texts()


def test_airflow_knows_every_view_of_the_plugin(stack: RunningStack) -> None:
    plugins = {plugin["name"]: plugin for plugin in stack.airflow.get("/plugins")["plugins"]}

    assert {view["url_route"]: view["destination"] for view in plugins["belvedere"]["external_views"]} == {
        "gallery": "nav",
        "gallery-upload": "nav",
        "gallery-tenants": "nav",
        "gallery-operations": "nav",
        "gallery-notifications": "nav",
        "artifacts-of-run": "dag_run",
        "artifacts-of-task": "task_instance",
    }


def test_a_runs_page_has_a_tab_of_its_artifacts_in_airflows_colours(
    stack: RunningStack, page: Page, card: Card, written: Card
) -> None:
    page.goto(run_address(stack, card), timeout=SLOW_MS)
    frame = open_tab(page)

    assert names(frame, "rendered") == [card["key"].split("/")[-1]]
    assert names(frame, "written") == [written["key"].split("/")[-1]]
    for theme in ("dark", "light"):
        page.evaluate("theme => { document.documentElement.className = theme }", theme)
        frame.locator(f"html[data-theme={theme}]").wait_for(timeout=5000)


def test_a_tasks_page_has_a_tab_of_what_it_wrote(stack: RunningStack, page: Page, card: Card, written: Card) -> None:
    page.goto(f"{run_address(stack, card)}/tasks/render", timeout=SLOW_MS)
    frame = open_tab(page)

    assert names(frame, "written") == [written["key"].split("/")[-1]]
    frame.locator("#written .card").click()
    frame.locator("h1", has_text="matrix.csv").wait_for(timeout=SLOW_MS)


def test_the_artifacts_of_a_run_come_into_its_tab_while_it_is_open(stack: RunningStack, page: Page, wall: Wall) -> None:
    run_id = f"manual__{uuid.uuid4().hex}"
    page.goto(f"{stack.url}/belvedere/dags/train/runs/{run_id}?tab=true", timeout=SLOW_MS)
    page.get_by_text("No artifacts of this run yet").wait_for(timeout=SLOW_MS)

    wall.show(f"train/{run_id}/fit/roc.csv", matrix_csv(3), "text/csv")

    page.locator("#written .card", has_text="roc.csv").wait_for(timeout=SLOW_MS)


def test_a_rendering_task_links_to_its_card(stack: RunningStack, page: Page, card: Card) -> None:
    page.goto(f"{run_address(stack, card)}/tasks/render/details", timeout=SLOW_MS)

    page.get_by_role("link", name="Picture in the gallery").click(timeout=SLOW_MS)

    name = card["key"].split("/")[-1]
    page.frame_locator(FRAME).locator("h1", has_text=name).wait_for(timeout=SLOW_MS)
    page.wait_for_url(re.compile(rf"/plugin/gallery/belvedere/artifacts/{card['id']}"), timeout=SLOW_MS)


@pytest.mark.parametrize(
    ("menu", "entry", "heading"),
    [
        ("Browse", "Upload to the gallery", "Upload"),
        ("Browse", "Gallery tenants", "Tenants"),
        ("Admin", "Gallery operations", "Operations"),
        ("Admin", "Gallery notifications", "Notifications"),
    ],
)
def test_the_menus_lead_to_the_gallerys_pages(
    stack: RunningStack, page: Page, menu: str, entry: str, heading: str
) -> None:
    page.goto(stack.url, timeout=SLOW_MS)
    page.get_by_role("button", name=menu).first.click(timeout=SLOW_MS)
    page.get_by_role("menuitem", name=entry).click(timeout=SLOW_MS)

    page.frame_locator(FRAME).locator("h1", has_text=heading).first.wait_for(timeout=SLOW_MS)


@contextmanager
def subscription(gallery: httpx.Client, **wish: Any) -> Iterator[dict[str, Any]]:
    made = gallery.post(WEBHOOKS, json=wish, headers=OWN_PAGE).raise_for_status().json()
    try:
        yield made
    finally:
        gallery.delete(f"{WEBHOOKS}/{made['id']}", headers=OWN_PAGE)


def test_a_webhook_hears_of_a_new_picture(gallery: httpx.Client, wall: Wall) -> None:
    prefix = f"told/{uuid.uuid4().hex}/"
    with receiving() as receiver, subscription(gallery, url=receiver.url, prefix=prefix):
        card = wall.show(f"{prefix}cm.csv", matrix_csv(4), "text/csv")
        eventually(lambda: receiver.received, 60.0, what="a message")

        (message,) = receiver.received
        assert message.headers["ce-type"] == "io.belvedere.report.ready"
        assert (message.json["id"], message.json["facts"]) == (card["id"], card["facts"])


def test_a_private_target_is_refused_where_no_setting_allows_it(gallery: httpx.Client) -> None:
    answer = gallery.post(WEBHOOKS, json={"url": "https://10.0.0.1/"}, headers=OWN_PAGE)

    assert answer.status_code == 400
    assert answer.json()["detail"].startswith("url: ")


LISTENER = """
from datetime import datetime

from airflow.sdk import DAG, Asset
from airflow.providers.standard.operators.empty import EmptyOperator

with DAG(
    dag_id="{dag_id}",
    schedule=[Asset("belvedere://reports/mlpipeline/confusion_matrix")],
    start_date=datetime(2026, 1, 1),
    is_paused_upon_creation=False,
):
    EmptyOperator(task_id="hear")
"""


@pytest.fixture
def listener(stack: RunningStack) -> Iterator[str]:
    """A DAG of a user that is scheduled on reports."""
    dag_id = f"test_listener_{uuid.uuid4().hex}"
    file = stack.instance.paths.root / "dags" / f"{dag_id}.py"
    file.write_text(LISTENER.format(dag_id=dag_id))
    try:
        stack.airflow.await_dag(dag_id)
        yield dag_id
    finally:
        file.unlink()


def test_a_dag_runs_when_a_report_is_ready(stack: RunningStack, wall: Wall, listener: str) -> None:
    heard: list[dict[str, Any]] = []

    def told() -> bool:
        for run in stack.airflow.get(f"/dags/{listener}/dagRuns")["dag_runs"]:
            path = f"/dags/{listener}/dagRuns/{run['dag_run_id']}/upstreamAssetEvents"
            heard.extend(stack.airflow.get(path)["asset_events"])
        return bool(heard)

    # The loop learns within a quarter of a minute that a DAG names the asset; until then it has nobody to tell.
    until = time.monotonic() + 90
    keys = []
    while time.monotonic() < until and not heard:
        keys.append(wall.show(f"asset/{uuid.uuid4().hex}.csv", matrix_csv(5), "text/csv")["key"])
        try:
            eventually(told, 8.0, what="a run of the listener")
        except AssertionError:
            continue

    artifacts = [artifact for event in heard for artifact in event["extra"]["artifacts"]]
    assert {artifact["key"] for artifact in artifacts} & set(keys)
    assert {artifact["kind"] for artifact in artifacts} == {"confusion_matrix"}
