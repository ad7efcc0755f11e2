from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from tests.harness.databases import empty
from tests.harness.events import wall
from tests.harness.gallery_rows import add_source
from tests.harness.minio_records import minio_message, minio_record

from belvedere.catalog.dead_events import bury, dead_event_groups, dead_events, number_buried
from belvedere.events.reviving import FOREIGN, Fate, buried_for, revive, revive_all

if TYPE_CHECKING:
    from belvedere.clients.object_store import ObjectStore
    from belvedere.clients.postgres import Connection


@pytest.fixture(autouse=True)
def _empty_catalog(catalog: Connection) -> None:
    empty(catalog)


def buried(connection: Connection, raw: bytes, offset: int = 0, reason: str = "an old bug") -> int:
    bury(connection, topic="artifacts", partition=1, offset=offset, reason=reason, raw=raw)
    return dead_events(connection, limit=1)[0].id


def test_a_record_that_can_be_read_by_now_becomes_a_card(catalog: Connection, object_store: ObjectStore) -> None:
    add_source(catalog, "models")
    event = buried(catalog, minio_message(minio_record("a.csv")))

    assert revive(catalog, object_store, event) is Fate.TAKEN

    assert wall(catalog)["a.csv"].state == "queued"
    assert number_buried(catalog) == 0
    assert revive(catalog, object_store, event) is Fate.GONE


def test_what_still_cannot_be_read_stays_with_its_present_reason(
    catalog: Connection, object_store: ObjectStore
) -> None:
    event = buried(catalog, b"no json")

    assert revive(catalog, object_store, event) is Fate.BURIED

    (left,) = dead_events(catalog, limit=5)
    assert (left.id, left.reason) == (event, "not JSON: JSONDecodeError")


def test_good_parts_of_a_record_are_taken_and_the_record_stays_for_the_others(
    catalog: Connection, object_store: ObjectStore
) -> None:
    add_source(catalog, "models")
    event = buried(catalog, minio_message(minio_record("good.csv"), {"eventName": "s3:ObjectCreated:Put"}))

    assert revive(catalog, object_store, event) is Fate.BURIED

    assert list(wall(catalog)) == ["good.csv"]
    assert dead_events(catalog, limit=1)[0].reason.startswith("record 1: ")


def test_a_record_of_a_bucket_that_is_no_source_is_not_lost(catalog: Connection, object_store: ObjectStore) -> None:
    event = buried(catalog, minio_message(minio_record("a.csv")))

    assert revive(catalog, object_store, event) is Fate.BURIED
    assert dead_events(catalog, limit=1)[0].reason == FOREIGN

    add_source(catalog, "models")
    assert revive(catalog, object_store, event) is Fate.TAKEN


def test_all_with_one_reason_are_driven_again_and_no_others(catalog: Connection, object_store: ObjectStore) -> None:
    add_source(catalog, "models")
    for number in range(5):
        buried(catalog, minio_message(minio_record(f"{number}.csv")), offset=number)
    other = buried(catalog, b"no json", offset=9, reason="another reason")
    assert [(group.reason, group.count) for group in dead_event_groups(catalog)] == [
        ("an old bug", 5),
        ("another reason", 1),
    ]

    fates = revive_all(catalog, object_store, list(buried_for(catalog, "an old bug", 3)))

    assert fates[Fate.TAKEN] == 3
    assert sorted(wall(catalog)) == ["2.csv", "3.csv", "4.csv"]
    assert [event.id for event in dead_events(catalog, limit=9, reason="another reason")] == [other]
