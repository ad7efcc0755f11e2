"""Events are hints, the bucket is the truth: what events lose, the sweep finds; what the catalog loses, MinIO has."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING, Any

import pytest
from minio.notificationconfig import NotificationConfig
from tests.harness.databases import empty
from tests.harness.samples import matrix_csv
from tests.harness.waiting import eventually

from belvedere.clients.postgres import connect

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.harness.wall import Card, Wall
    from tests.harness.whole import RunningStack

VOLATILE = {"seq", "outputs", "thumbnail", "page", "queued_at"}


@pytest.fixture
def deaf(stack: RunningStack, wall: Wall) -> Iterator[None]:
    """The bucket announces nothing while the block runs."""
    rules = stack.s3.get_bucket_notification(wall.bucket)
    stack.s3.set_bucket_notification(wall.bucket, NotificationConfig())
    try:
        yield
    finally:
        stack.s3.set_bucket_notification(wall.bucket, rules)


def sweep(stack: RunningStack) -> None:
    stack.airflow.run("sweep_unrendered", {"grace_seconds": 0, "full": True})


def test_the_sweep_finds_what_no_event_announced(stack: RunningStack, wall: Wall, deaf: None) -> None:
    prefix = f"unheard/{uuid.uuid4().hex}/"
    kept = wall.put(f"{prefix}kept.csv", matrix_csv(1), "text/csv")
    assert wall.card(f"{prefix}kept.csv") is None

    sweep(stack)

    assert wall.settled(f"{prefix}kept.csv", kept)["state"] == "rendered"


def test_the_sweep_finds_unheard_changes_and_removals(stack: RunningStack, wall: Wall) -> None:
    prefix = f"unheard/{uuid.uuid4().hex}/"
    changed, removed = f"{prefix}changed.csv", f"{prefix}removed.csv"
    for key in (changed, removed):
        wall.show(key, matrix_csv(2), "text/csv")
    rules = stack.s3.get_bucket_notification(wall.bucket)
    stack.s3.set_bucket_notification(wall.bucket, NotificationConfig())
    try:
        etag = wall.put(changed, matrix_csv(3), "text/csv")
        wall.remove(removed)
    finally:
        stack.s3.set_bucket_notification(wall.bucket, rules)

    sweep(stack)

    assert wall.settled(changed, etag)["state"] == "rendered"
    eventually(lambda: [card["key"] for card in wall.cards(prefix)] == [changed], what="the removed card gone")


def test_a_sweep_with_nothing_to_find_renders_nothing(stack: RunningStack, wall: Wall) -> None:
    card = wall.show(f"swept/{uuid.uuid4().hex}.csv", matrix_csv(4), "text/csv")

    sweep(stack)

    after = wall.card(card["key"])
    assert after is not None
    assert (after["rendered_at"], after["attempts"]) == (card["rendered_at"], card["attempts"])


def everything(wall: Wall) -> dict[str, dict[str, Any]]:
    """Return all cards, without what a new catalog may number anew."""
    return {card["id"]: {name: card[name] for name in card.keys() - VOLATILE} for card in wall.cards("")}


def test_the_catalog_is_rebuilt_from_the_object_store_alone(stack: RunningStack, wall: Wall) -> None:
    wall.show(f"rebuilt/{uuid.uuid4().hex}.csv", matrix_csv(5), "text/csv")
    wall.show(f"rebuilt/{uuid.uuid4().hex}.bin", b"\0\1\2\3" * 50, "application/octet-stream")
    gone = wall.show(f"rebuilt/{uuid.uuid4().hex}.csv", matrix_csv(6), "text/csv")
    wall.remove(gone["key"])
    eventually(lambda: not wall.cards(gone["key"]), what="the deleted card gone")
    stack.await_all_events()
    before = everything(wall)
    with connect(stack.env["CATALOG_DSN"]) as connection:
        sources = connection.execute("select * from sources").fetchall()
        empty(connection)
        for source in sources:
            connection.execute(
                "insert into sources (bucket, tenant, renderings_bucket)"
                " values (%(bucket)s, %(tenant)s, %(renderings_bucket)s)",
                source,
            )
    assert everything(wall) == {}

    stack.airflow.run("rebuild_catalog", {})

    after = everything(wall)
    assert set(after) == set(before)
    different = {
        (name, repr(before[each][name]), repr(card[name]))
        for each, card in after.items()
        for name in card
        if repr(card[name]) != repr(before[each][name])
    }
    assert different == set()


def test_a_link_to_an_artifact_survives_the_rebuild(stack: RunningStack, wall: Wall) -> None:
    card: Card = wall.show(f"linked/{uuid.uuid4().hex}.csv", matrix_csv(7), "text/csv")

    stack.airflow.run("rebuild_catalog", {})

    answer = wall.gallery.get(f"/belvedere/api/artifacts/{card['id']}")
    assert answer.status_code == 200
    assert answer.json()["rendered_at"] == card["rendered_at"]


def test_provisioning_twice_changes_nothing_and_keeps_foreign_rules(stack: RunningStack, wall: Wall) -> None:
    before = str(stack.s3.get_bucket_notification(wall.bucket).queue_config_list)

    stack.airflow.run("provision_storage", {}, seconds=180.0)

    after = str(stack.s3.get_bucket_notification(wall.bucket).queue_config_list)
    assert len(after) == len(before)
    assert wall.show(f"provisioned/{uuid.uuid4().hex}.csv", matrix_csv(8), "text/csv")["state"] == "rendered"
