"""Uploading and operating as people of the whole stack do."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING

from tests.harness.airflow import client_of
from tests.harness.samples import matrix_csv
from tests.harness.waiting import eventually

if TYPE_CHECKING:
    import httpx
    from tests.harness.wall import Wall
    from tests.harness.whole import RunningStack

OWN_HEADER = {"X-Belvedere": "test"}


def test_what_a_member_uploads_hangs_on_the_wall_a_moment_later(stack: RunningStack, wall: Wall) -> None:
    name = f"{uuid.uuid4().hex}.csv"
    with client_of(stack.url, stack.env["AIRFLOW_VIEWER_USER"], stack.env["AIRFLOW_VIEWER_PASSWORD"]) as member:
        query = {"tenant": "mlpipeline", "name": name}
        answer = member.post("/belvedere/api/uploads", params=query, content=matrix_csv(3), headers=OWN_HEADER)
        told = answer.raise_for_status().json()
        foreign = member.post("/belvedere/api/uploads", params=query | {"tenant": "nobodys"}, headers=OWN_HEADER)

    card = wall.settled(told["key"])

    assert (card["id"], card["kind"], card["state"]) == (told["artifact_id"], "confusion_matrix", "rendered")
    assert foreign.status_code == 404


def test_operators_see_kafka_read_and_others_see_nothing_of_it(stack: RunningStack, gallery: httpx.Client) -> None:
    def caught_up() -> bool:
        answer = gallery.get("/belvedere/api/operations/lag")
        return answer.is_success and answer.json()["is_read"] and answer.json()["total"] == 0

    eventually(caught_up, 60.0, what="the ingestion at the end of the topic")
    told = gallery.get("/belvedere/api/operations").raise_for_status().json()
    with client_of(stack.url, stack.env["AIRFLOW_VIEWER_USER"], stack.env["AIRFLOW_VIEWER_PASSWORD"]) as member:
        refused = member.get("/belvedere/api/operations")

    assert any(tenant["tenant"] == "mlpipeline" for tenant in told["tenants"])
    assert (refused.status_code, refused.json()["code"]) == (403, "access_denied")
