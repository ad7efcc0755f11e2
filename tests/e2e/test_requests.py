"""What people can ask for: render one object, render again, over REST and from the gallery's page."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import expect
from tests.harness.samples import matrix_csv
from tests.harness.waiting import eventually

if TYPE_CHECKING:
    from playwright.sync_api import Page
    from tests.harness.wall import Card, Wall
    from tests.harness.whole import RunningStack


def rendered_again(wall: Wall, card: Card) -> Card:
    """Wait for a newer rendering of the same version."""

    def newer() -> Card | None:
        now = wall.card(card["key"])
        done = now is not None and now["state"] == "rendered" and now["rendered_at"] > card["rendered_at"]
        return now if done else None

    found = eventually(newer, 60.0, what="another rendering")
    assert found is not None
    return found


@pytest.fixture
def card(wall: Wall) -> Card:
    return wall.show(f"asked/{uuid.uuid4().hex}.csv", matrix_csv(1), "text/csv")


def test_a_person_renders_one_object_over_rest(stack: RunningStack, wall: Wall, card: Card) -> None:
    run_id = stack.airflow.run("render_artifacts", {"bucket": "mlpipeline", "key": card["key"]})

    again = rendered_again(wall, card)
    assert again["run"]["run_id"] == run_id
    assert again["id"] == card["id"]
    assert again["facts"] == card["facts"]


def test_a_run_for_an_object_that_is_not_there_fails_with_the_reason(stack: RunningStack) -> None:
    run_id = stack.airflow.run(
        "render_artifacts", {"bucket": "mlpipeline", "key": "no/such/thing.csv"}, expect="failed"
    )

    assert "no/such/thing.csv" in stack.airflow.logs("render_artifacts", run_id)


def test_a_run_for_a_bucket_that_is_no_source_says_what_to_do(stack: RunningStack) -> None:
    run_id = stack.airflow.run("render_artifacts", {"bucket": "elsewhere", "key": "a.csv"}, expect="failed")

    assert "provision_storage" in stack.airflow.logs("render_artifacts", run_id)


def test_a_run_without_a_name_says_what_is_missing(stack: RunningStack) -> None:
    run_id = stack.airflow.run("render_artifacts", {}, expect="failed")

    assert "both bucket and key are needed" in stack.airflow.logs("render_artifacts", run_id)


@pytest.mark.parametrize("conf", [{"bucket": "Not A Bucket", "key": "a"}, {"claim": "drop table"}, {"key": ""}])
def test_parameters_out_of_form_are_refused_at_the_door(stack: RunningStack, conf: dict[str, str]) -> None:
    body = {"logical_date": None, "conf": conf}

    assert stack.airflow.http.post("/api/v2/dags/render_artifacts/dagRuns", json=body).status_code in (400, 422)


def test_the_button_on_the_page_renders_again(page: Page, stack: RunningStack, wall: Wall, card: Card) -> None:
    page.goto(f"{stack.url}{card['page']}")

    page.locator("[data-rerender]").click()

    rendered_again(wall, card)
    expect(page.locator("header .state")).to_have_attribute("data-state", "rendered", timeout=30_000)


def test_the_api_renders_again_and_only_once_for_two_requests(wall: Wall, card: Card) -> None:
    path = f"/belvedere/api/artifacts/{card['id']}/rerender"

    answers = [wall.gallery.post(path).raise_for_status().json()["queued"] for _ in range(2)]

    assert answers[0]
    rendered_again(wall, card)


def test_rerender_artifacts_takes_a_prefix(stack: RunningStack, wall: Wall) -> None:
    prefix = f"again/{uuid.uuid4().hex}/"
    cards = [wall.show(f"{prefix}{number}.csv", matrix_csv(number), "text/csv") for number in range(3)]
    other = wall.show(f"other/{uuid.uuid4().hex}.csv", matrix_csv(9), "text/csv")

    dry = stack.airflow.run("rerender_artifacts", {"bucket": "mlpipeline", "prefix": prefix, "dry_run": True})
    real = stack.airflow.run("rerender_artifacts", {"bucket": "mlpipeline", "prefix": prefix})

    assert stack.airflow.xcom("rerender_artifacts", dry, "request")["selected"] == 3
    assert stack.airflow.xcom("rerender_artifacts", real, "request")["queued"] == 3
    for card in cards:
        rendered_again(wall, card)
    untouched = wall.card(other["key"])
    assert untouched is not None
    assert untouched["rendered_at"] == other["rendered_at"]
