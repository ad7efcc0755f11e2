from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from tests.harness.databases import empty
from tests.harness.events import arrive, created, open_work, queue_up, removed

from belvedere.catalog.pruning import (
    Place,
    count_dead_events,
    count_finished_work,
    forget_dead_events,
    forget_finished_work,
    forget_version,
    known_places,
    knows_bucket,
    old_versions,
    shares_place,
)
from belvedere.catalog.sources import SourceBucket, register_source

if TYPE_CHECKING:
    from belvedere.clients.postgres import Connection


@pytest.fixture(autouse=True)
def _empty_catalog(catalog: Connection) -> None:
    empty(catalog)
    register_source(catalog, SourceBucket("models", "team", "models-renderings"))


def close_work(connection: Connection, days_ago: float) -> None:
    connection.execute(
        "update inbox set state = 'done', finished_at = now() - make_interval(secs => %s)", [days_ago * 86400]
    )


def age(connection: Connection, days: float) -> None:
    """Let everything have happened so many days earlier."""
    for column in ("event_at", "updated_at"):
        connection.execute(
            f"update artifacts set {column} = {column} - make_interval(secs => %s)",
            [days * 86400],
        )


def test_finished_work_is_forgotten_in_time_and_open_work_never(
    catalog: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("belvedere.catalog.pruning.BATCH_ROWS", 2)
    queue_up(catalog, ["a", "b", "c", "d", "e"])
    close_work(catalog, 8)
    queue_up(catalog, ["young"], bucket="others")
    arrive(catalog, created("f", at=9))
    catalog.execute("update inbox set state = 'done', finished_at = now() where key = 'young'")

    assert count_finished_work(catalog, 7) == 5
    assert forget_finished_work(catalog, 7) == 5
    assert forget_finished_work(catalog, 7) == 0
    assert len(open_work(catalog)) == 1


def test_buried_events_are_forgotten_in_time(catalog: Connection) -> None:
    for offset, days in enumerate((1, 40, 50)):
        catalog.execute(
            'insert into dead_events (received_at, topic, partition, "offset", reason)'
            " values (now() - make_interval(days => %s), 'artifacts', 0, %s, 'junk')",
            [days, offset],
        )

    assert count_dead_events(catalog, 30) == 2
    assert forget_dead_events(catalog, 30) == 2
    assert count_dead_events(catalog, 0) == 1


def old_keys(connection: Connection, keep_days: float = 30) -> list[tuple[str, str]]:
    found = old_versions(connection, keep_days, after_id="", most=100)
    return sorted((version.key, version.etag) for version in found)


def test_a_version_is_old_from_when_another_took_its_place(catalog: Connection) -> None:
    arrive(catalog, created("a", at=1, etag="e1"))
    age(catalog, 100)
    arrive(catalog, created("a", at=2, etag="e2"))
    catalog.execute("update artifacts set event_at = now() where etag = 'e2'")
    close_work(catalog, 0)
    assert old_keys(catalog) == []

    age(catalog, 31)

    assert old_keys(catalog) == [("a", "e1")]


def test_a_deleted_artifact_is_old_from_its_deletion(catalog: Connection) -> None:
    arrive(catalog, created("a", at=1, etag="e1"))
    age(catalog, 100)
    arrive(catalog, removed("a", at=2))
    assert old_keys(catalog) == []

    age(catalog, 31)

    assert old_keys(catalog) == [("a", "e1")]


def test_the_latest_version_is_never_old_and_neither_is_one_with_open_work(catalog: Connection) -> None:
    arrive(catalog, created("latest", at=1))
    arrive(catalog, created("busy", at=1, etag="e1"))
    catalog.execute("update inbox set state = 'claimed' where etag = 'e1'")
    arrive(catalog, created("busy", at=2, etag="e2"))
    age(catalog, 1000)

    assert old_keys(catalog) == []


def test_versions_of_the_same_bytes_share_their_place(catalog: Connection) -> None:
    arrive(catalog, created("a", at=1, etag="e", version="v1"))
    arrive(catalog, created("a", at=2, etag="e", version="v2"))
    close_work(catalog, 0)
    age(catalog, 31 + 400)

    (old,) = old_versions(catalog, 30, after_id="", most=10)
    assert shares_place(catalog, old)
    catalog.execute("delete from artifacts where id <> %s", [old.id])
    assert not shares_place(catalog, old)


def test_forgotten_versions_are_gone_and_pages_go_on(catalog: Connection) -> None:
    for at in range(1, 6):
        arrive(catalog, created("a", at=at))
    close_work(catalog, 0)
    age(catalog, 1000)

    first = old_versions(catalog, 30, after_id="", most=3)
    second = old_versions(catalog, 30, after_id=first[-1].id, most=3)

    assert len({version.id for version in [*first, *second]}) == 4
    for version in first:
        forget_version(catalog, version)
    assert len(old_keys(catalog)) == 1


def test_places_are_known_by_key_and_etag_together(catalog: Connection) -> None:
    arrive(catalog, created("a", at=1, etag="e1"), created("b", at=2, etag="e2"))

    asked = [Place("a", "e1"), Place("a", "e2"), Place("c", "e1")]

    assert known_places(catalog, "models", asked) == {Place("a", "e1")}
    assert known_places(catalog, "others", asked) == set()
    assert known_places(catalog, "models", []) == set()
    assert knows_bucket(catalog, "models")
    assert not knows_bucket(catalog, "others")
