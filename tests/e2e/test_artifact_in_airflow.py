"""An artifact's page on the whole stack: the log of its real run, and versions and addresses inside Airflow's frame."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import expect
from tests.harness.samples import matrix_csv
from tests.harness.waiting import eventually

if TYPE_CHECKING:
    from collections.abc import Iterator

    import httpx
    from playwright.sync_api import Page
    from tests.harness.wall import Card, Wall
    from tests.harness.whole import RunningStack

FRAME = "iframe[src*='belvedere']"


@pytest.fixture(scope="module")
def versions(wall: Wall) -> Iterator[list[Card]]:
    """Two versions of one object, oldest first."""
    key = f"page/{uuid.uuid4().hex}.csv"
    yield [wall.show(key, matrix_csv(seed), "text/csv") for seed in (1, 2)]
    wall.remove(key)


def log_of(gallery: httpx.Client, card: Card) -> httpx.Response:
    return gallery.get(f"/belvedere/api/artifacts/{card['id']}/log")


def test_the_log_of_a_run_tells_of_the_artifact(gallery: httpx.Client, versions: list[Card]) -> None:
    def said() -> str:
        return " / ".join(line["text"] for line in log_of(gallery, versions[1]).json()["lines"])

    eventually(lambda: "rendered as confusion_matrix" in said(), 30.0, what="the end of the log")

    told = log_of(gallery, versions[1]).json()
    assert "bytes fetched, told to be confusion_matrix" in said()
    assert told["run"] == versions[1]["run"]
    assert told["cut"] is False


def test_a_run_that_airflow_dropped_has_no_log(gallery: httpx.Client, stack: RunningStack, wall: Wall) -> None:
    key = f"page/{uuid.uuid4().hex}.csv"
    card = wall.show(key, matrix_csv(3), "text/csv")
    run = card["run"]
    eventually(lambda: stack.airflow.state(run["dag_id"], run["run_id"]) == "success", 60.0, what="the run's end")
    stack.airflow.http.delete(f"/api/v2/dags/{run['dag_id']}/dagRuns/{run['run_id']}").raise_for_status()

    answer = log_of(gallery, card)
    wall.remove(key)

    assert (answer.status_code, answer.json()["code"]) == (404, "run_missing")


def test_versions_and_addresses_are_mirrored_into_airflows_frame(
    stack: RunningStack, page: Page, versions: list[Card]
) -> None:
    older, newer = versions
    page.goto(f"{stack.url}/plugin/gallery/belvedere/artifacts/{newer['id']}")
    frame = page.frame_locator(FRAME)
    frame.locator("[data-version-said]", has_text="v2").wait_for(timeout=30_000)

    frame.get_by_role("button", name="Older version").click()
    page.wait_for_url(f"**/plugin/gallery/belvedere/artifacts/{older['id']}", timeout=15_000)
    frame.get_by_role("tab", name="Source").click()
    page.wait_for_url(f"**/artifacts/{older['id']}?tab=source", timeout=10_000)
    frame.get_by_role("button", name="Share").click()

    shared = f"{stack.url}/plugin/gallery/belvedere/artifacts/{older['id']}?tab=source"
    expect(frame.get_by_label("This version")).to_have_value(shared)
