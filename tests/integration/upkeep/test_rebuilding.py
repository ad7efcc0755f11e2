"""The catalog is only an index: emptied, it is restored from the buckets as it was."""

from __future__ import annotations

import io
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest
from tests.harness.databases import empty
from tests.harness.records import rendering_record

from belvedere.catalog.rebuild import empty_catalog
from belvedere.catalog.results import restore
from belvedere.catalog.sources import SourceBucket, list_sources, register_source
from belvedere.events.sweep import Sweep
from belvedere.model.artifact import ArtifactState
from belvedere.model.watch import Watch
from belvedere.upkeep.restoring import restore_source

if TYPE_CHECKING:
    from collections.abc import Callable

    from minio import Minio

    from belvedere.clients.object_store import ObjectStore
    from belvedere.clients.postgres import Connection
    from belvedere.model.record import RenderingRecord

OWN_BUSINESS = {"seq", "updated_at"}


@pytest.fixture(autouse=True)
def _empty_catalog(catalog: Connection) -> None:
    empty(catalog)


@pytest.fixture(params=[False, True], ids=["unversioned", "versioned"])
def source(request: pytest.FixtureRequest, make_bucket: Callable[..., str], catalog: Connection) -> SourceBucket:
    found = SourceBucket(make_bucket(versioned=request.param), "team", make_bucket())
    register_source(catalog, found)
    return found


class World:
    """One source with its catalog, in which artifacts are put and rendered as the main loop does it."""

    def __init__(self, catalog: Connection, store: ObjectStore, s3: Minio, source: SourceBucket) -> None:
        self.catalog, self.store, self.s3, self.source = catalog, store, s3, source

    def put(self, key: str, content: str) -> None:
        """Put an object and let the catalog hear of it."""
        data = content.encode()
        self.s3.put_object(self.source.bucket, key, io.BytesIO(data), len(data), content_type="text/csv")
        self.sweep()

    def sweep(self) -> None:
        Sweep(self.catalog, self.store, self.source, "sweep", timedelta(0)).whole(afresh=True)

    def render(self, key: str, **changes: Any) -> RenderingRecord:
        """Render a key's latest version: its record goes into the bucket and into the catalog."""
        row = self.catalog.execute("select * from artifacts where key = %s and is_latest", [key]).fetchone()
        assert row is not None
        record = rendering_record(
            key,
            bucket=self.source.bucket,
            **{
                **{name: row[name] for name in ("etag", "version_id", "sequencer", "event_at", "queued_at", "size")},
                "rendered_at": datetime.now(UTC),
                **changes,
            },
        )
        self.store.put(self.source.renderings_bucket, record.object_key, record.to_json(), "application/json")
        self.catalog.execute("update inbox set state = 'done', finished_at = now() where key = %s", [key])
        self.catalog.execute(
            "update artifacts set run_dag_id = %s, run_id = %s, attempts = %s where id = %s",
            [record.run_dag_id, record.run_id, record.attempts, record.artifact_id],
        )
        restore(self.catalog, record)
        return record

    def rows(self) -> dict[tuple[str, str, str], dict[str, Any]]:
        rows = self.catalog.execute("select * from artifacts").fetchall()
        return {
            (row["key"], row["version_id"], row["etag"]): {
                name: value for name, value in row.items() if name not in OWN_BUSINESS
            }
            for row in rows
        }

    def rebuild(self) -> Any:
        empty_catalog(self.catalog)
        assert self.rows() == {}
        report = restore_source(self.catalog, self.store, self.source)
        self.sweep()
        return report


@pytest.fixture
def world(catalog: Connection, object_store: ObjectStore, s3: Minio, source: SourceBucket) -> World:
    return World(catalog, object_store, s3, source)


def test_what_was_rendered_comes_back_as_it_was(world: World) -> None:
    world.put("a.csv", "first")
    world.render("a.csv")
    world.put("a.csv", "second")
    world.render("a.csv", title="second", attempts=2)
    world.put("b c+%2F.csv", "b")
    world.render("b c+%2F.csv", state=ArtifactState.UNSUPPORTED, error_code="unsupported", error_message="no")
    world.put("c.csv", "c")
    world.render("c.csv", state=ArtifactState.DEAD, error_code="malformed", error_message="line 3", outputs=())
    before = world.rows()

    report = world.rebuild()

    after = world.rows()
    assert (report.records, report.broken) == (4, 0)
    assert set(after) == set(before)
    for identity, row in before.items():
        assert after[identity] == row
    assert world.catalog.execute("select from inbox where state = 'queued'").fetchall() == []


def test_what_a_sweep_found_before_the_restoring_comes_back_as_it_was(world: World) -> None:
    world.put("a.csv", "a")
    world.render("a.csv", attempts=2, event_at=datetime(2026, 1, 1, tzinfo=UTC), sequencer=f"{1:032x}")
    record = world.rows()
    empty_catalog(world.catalog)
    world.sweep()
    assert world.rows() != record

    restore_source(world.catalog, world.store, world.source)

    (row,) = world.rows().values()
    told = {name: row[name] for name in ("state", "attempts", "event_at", "sequencer", "run_id")}
    assert told == {
        "state": "rendered",
        "attempts": 2,
        "event_at": datetime(2026, 1, 1, tzinfo=UTC),
        "sequencer": f"{1:032x}",
        "run_id": next(iter(record.values()))["run_id"],
    }


def test_members_come_back_from_the_records_alone(world: World) -> None:
    folder = Watch(world.source.bucket, "run/", ("*.png",))
    for key in ("run/a.png", "run/b.png", "run/old.png", "run/coco.json"):
        world.put(key, key)
        world.render(key)
    world.render("run/coco.json", members=("run/a.png", "run/old.png"), watches=(folder,))
    world.render("run/coco.json", members=("run/a.png", "run/b.png"), watches=(folder,))
    before, families = world.rows(), families_of(world)
    assert sorted(key for (key, _, _), row in before.items() if row["part"]) == ["run/a.png", "run/b.png"]

    world.rebuild()

    assert families_of(world) == families
    assert {identity: row["part"] for identity, row in world.rows().items()} == {
        identity: row["part"] for identity, row in before.items()
    }
    assert world.catalog.execute("select from inbox where state = 'queued'").fetchall() == []


def families_of(world: World) -> list[tuple[Any, ...]]:
    rows = world.catalog.execute("select leader_key, member_key as place from members").fetchall()
    rows += world.catalog.execute("select leader_key, prefix || names::text as place from watches").fetchall()
    return sorted((row["leader_key"], row["place"]) for row in rows)


def test_restoring_without_emptying_changes_nothing(world: World) -> None:
    world.put("a.csv", "a")
    world.render("a.csv")
    before = world.rows()

    restore_source(world.catalog, world.store, world.source)

    assert world.rows() == before


def test_what_was_deleted_is_deleted_again(world: World) -> None:
    world.put("a.csv", "a")
    world.render("a.csv")
    world.s3.remove_object(world.source.bucket, "a.csv")
    world.sweep()

    world.rebuild()

    (row,) = world.rows().values()
    assert (row["state"], row["is_latest"]) == ("deleted", True)


def test_what_has_no_record_is_rendered_again(world: World) -> None:
    world.put("rendered.csv", "r")
    world.render("rendered.csv")
    world.put("waiting.csv", "w")

    world.rebuild()

    states = {row["key"]: row["state"] for row in world.rows().values()}
    assert states == {"rendered.csv": "rendered", "waiting.csv": "queued"}


@pytest.mark.parametrize("broken", [b"", b"{}", b"\xff", b"[" * 50_000])
def test_a_broken_record_is_skipped_and_its_artifact_rendered_again(world: World, broken: bytes) -> None:
    for key in ("a.csv", "b.csv"):
        world.put(key, key)
    world.render("a.csv")
    record = world.render("b.csv")
    world.store.put(world.source.renderings_bucket, record.object_key, broken, "application/json")

    report = world.rebuild()

    assert (report.records, report.broken) == (1, 1)
    states = {row["key"]: row["state"] for row in world.rows().values()}
    assert states == {"a.csv": "rendered", "b.csv": "queued"}


def test_a_record_that_the_catalog_refuses_harms_no_other(world: World) -> None:
    for key in ("a.csv", "b.csv", "c.csv"):
        world.put(key, key)
    for key in ("a.csv", "c.csv"):
        world.render(key)
    refused = replace(world.render("b.csv"), attempts=2**40)
    world.store.put(world.source.renderings_bucket, refused.object_key, refused.to_json(), "application/json")

    report = world.rebuild()

    assert (report.records, report.broken) == (2, 1)
    assert {row["key"] for row in world.rows().values() if row["state"] == "rendered"} == {"a.csv", "c.csv"}


def test_versions_without_a_record_of_their_own_come_back(
    catalog: Connection, object_store: ObjectStore, s3: Minio, make_bucket: Callable[..., str]
) -> None:
    world = World(catalog, object_store, s3, SourceBucket(make_bucket(versioned=True), "team", make_bucket()))
    world.put("same.csv", "same")
    world.put("same.csv", "same")
    world.render("same.csv")
    world.put("quick.csv", "superseded before its turn")
    world.put("quick.csv", "final")
    world.render("quick.csv")

    report = world.rebuild()

    assert (report.records, report.versions) == (2, 2)
    rows = world.rows().values()
    assert sorted((row["key"], row["state"], row["is_latest"]) for row in rows) == [
        ("quick.csv", "rendered", True),
        ("quick.csv", "superseded", False),
        ("same.csv", "rendered", False),
        ("same.csv", "rendered", True),
    ]


def test_emptying_keeps_the_sources(world: World) -> None:
    world.put("a.csv", "a")

    empty_catalog(world.catalog)

    assert world.rows() == {}
    assert world.source in list_sources(world.catalog)
    assert world.catalog.execute("select from inbox").fetchall() == []
