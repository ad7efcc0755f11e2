"""The gallery as Airflow's guest: its entry in the nav bar, the frame around it, the way back to Airflow's pages."""

from __future__ import annotations

import re
import uuid
from typing import TYPE_CHECKING

import pytest
from tests.harness.airflow import client_of
from tests.harness.samples import matrix_csv

if TYPE_CHECKING:
    from playwright.sync_api import FrameLocator, Page
    from tests.harness.wall import Card, Wall
    from tests.harness.whole import RunningStack

FRAME = "iframe[src*='belvedere']"


@pytest.fixture(scope="module")
def card(wall: Wall) -> Card:
    return wall.show(f"guest/{uuid.uuid4().hex}.csv", matrix_csv(1), "text/csv")


def framed(page: Page, stack: RunningStack, path: str = "") -> FrameLocator:
    page.goto(f"{stack.url}/plugin/gallery{path}")
    frame = page.frame_locator(FRAME)
    frame.locator("h1").first.wait_for(timeout=30_000)
    return frame


def test_airflow_knows_the_plugin_and_its_view(stack: RunningStack) -> None:
    plugins = {plugin["name"]: plugin for plugin in stack.airflow.get("/plugins")["plugins"]}

    views = plugins["belvedere"]["external_views"]
    (top,) = [view for view in views if view["nav_top_level"]]
    assert (top["name"], top["url_route"]) == ("Gallery", "gallery")
    assert {view["destination"] for view in views} == {"nav", "dag_run", "task_instance"}
    assert plugins["belvedere"]["fastapi_apps"][0]["url_prefix"] == "/belvedere"


def test_the_icons_of_the_nav_bar_are_there(stack: RunningStack) -> None:
    with client_of(stack.url, stack.env["AIRFLOW_USER"], stack.env["AIRFLOW_PASSWORD"]) as client:
        for name in ("icon.svg", "icon-dark.svg"):
            answer = client.get(f"/belvedere/static/{name}")
            assert answer.headers["content-type"].startswith("image/svg+xml")


def test_the_wall_opens_from_the_nav_bar(stack: RunningStack, page: Page, card: Card) -> None:
    page.goto(stack.url)
    page.get_by_role("link", name="Gallery").first.click(timeout=30_000)

    page.frame_locator(FRAME).locator(".card", has_text=card["key"].split("/")[-1]).wait_for(timeout=30_000)


def test_a_filter_stands_in_airflows_address_and_survives_a_reload(stack: RunningStack, page: Page, card: Card) -> None:
    frame = framed(page, stack)
    frame.locator("input[name=q]").fill(card["key"])
    page.wait_for_url(re.compile(r"/plugin/gallery/belvedere/\?.*q=guest"), timeout=10_000)

    page.reload()

    again = page.frame_locator(FRAME)
    again.locator(".card").first.wait_for(timeout=30_000)
    assert again.locator(".card").count() == 1
    assert again.locator("input[name=q]").input_value() == card["key"]


def test_the_gallery_follows_airflows_colours(stack: RunningStack, page: Page) -> None:
    frame = framed(page, stack)

    for theme in ("dark", "light", "dark"):
        page.evaluate("theme => { document.documentElement.className = theme }", theme)
        frame.locator(f"html[data-theme={theme}]").wait_for(timeout=5000)


def test_a_run_opens_in_airflow_itself(stack: RunningStack, page: Page, card: Card) -> None:
    frame = framed(page, stack, f"/belvedere/artifacts/{card['id']}")

    frame.locator("#panel a[data-airflow]").click()

    page.wait_for_url(re.compile(r"/dags/render_artifacts/runs/"), timeout=10_000)
    page.locator(FRAME).wait_for(state="detached", timeout=10_000)


def test_a_run_opens_in_airflow_itself_also_before_the_pages_modules_are_there(
    stack: RunningStack, page: Page, card: Card
) -> None:
    page.route("**/js/artifact.js", lambda route: route.abort())
    frame = framed(page, stack, f"/belvedere/artifacts/{card['id']}")

    frame.locator("#panel a[data-airflow]").click()

    page.locator(FRAME).wait_for(state="detached", timeout=10_000)
    assert re.search(r"/dags/render_artifacts/runs/", page.url)


def test_who_may_not_render_sees_no_button_for_it(stack: RunningStack, card: Card) -> None:
    user, password = stack.env["AIRFLOW_VIEWER_USER"], stack.env["AIRFLOW_VIEWER_PASSWORD"]
    with client_of(stack.url, user, password) as viewer:
        assert "Render again" not in viewer.get(card["page"]).text
    with client_of(stack.url, stack.env["AIRFLOW_USER"], stack.env["AIRFLOW_PASSWORD"]) as admin:
        assert "Render again" in admin.get(card["page"]).text
