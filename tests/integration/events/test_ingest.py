from __future__ import annotations

import io
import json
from typing import TYPE_CHECKING

import pytest
from tests.harness.databases import empty
from tests.harness.events import open_work, wall
from tests.harness.minio_records import WRITER_KEY_ID, minio_message, minio_record

from belvedere.clients.kafka import RawRecord
from belvedere.clients.postgres import CatalogRejected, connect
from belvedere.errors import ServiceUnavailable, TransientError
from belvedere.events.ingest import Ingestion

if TYPE_CHECKING:
    from collections.abc import Iterable

    from minio import Minio

    from belvedere.clients.object_store import ObjectStore
    from belvedere.clients.postgres import Connection

LONELY_SURROGATE = json.dumps({"Records": [minio_record("x")]}).replace('"x"', '"\\ud800"').encode()


class Tape:
    """A stream of given records in batches, which notes how much was in the catalog at each commit."""

    def __init__(self, connection: Connection, *batches: Iterable[bytes]) -> None:
        self._connection = connection
        self._batches = [list(batch) for batch in batches]
        self._offset = 0
        self.at_commits: list[int] = []

    def batch(self, _timeout_seconds: float, _most: int) -> list[RawRecord]:
        values = self._batches.pop(0) if self._batches else []
        records = [RawRecord("artifacts", 0, self._offset + n, value) for n, value in enumerate(values)]
        self._offset += len(records)
        return records

    def commit(self) -> None:
        row = self._connection.execute("select count(*) as n from inbox").fetchone()
        self.at_commits.append(row["n"] if row else -1)


@pytest.fixture(autouse=True)
def _empty_catalog(catalog: Connection) -> None:
    empty(catalog)


@pytest.fixture
def ingestion(catalog: Connection, object_store: ObjectStore) -> Ingestion:
    return Ingestion(catalog, object_store, {"models": "team"}.get)


def dead_events(connection: Connection) -> list[dict[str, object]]:
    return connection.execute('select "offset", reason, raw from dead_events order by "offset"').fetchall()


def test_records_are_in_the_catalog_before_their_offsets_are_committed(
    ingestion: Ingestion, catalog: Connection
) -> None:
    tape = Tape(catalog, [minio_message(minio_record("a")), minio_message(minio_record("b"))])

    assert ingestion.step(tape, 1.0, 500) == 2

    assert tape.at_commits == [2]
    assert sorted(wall(catalog)) == ["a", "b"]
    assert ingestion.tally.queued == 2


def test_nothing_is_committed_while_the_catalog_is_away(
    catalog: Connection, catalog_dsn: str, object_store: ObjectStore
) -> None:
    with connect(catalog_dsn) as lost:
        ingestion = Ingestion(lost, object_store, {"models": "team"}.get)
        tape = Tape(catalog, [minio_message()])
        catalog.execute("select pg_terminate_backend(%s)", [lost.info.backend_pid])

        with pytest.raises(TransientError):
            ingestion.step(tape, 1.0, 500)

    assert tape.at_commits == []


@pytest.mark.parametrize(
    "bad", [b"", b"\xff\xfe junk", b"{}", b'{"Records": [null]}', LONELY_SURROGATE, b"[" * 50_000, b"null"]
)
def test_a_bad_record_is_buried_and_its_neighbours_are_not(
    ingestion: Ingestion, catalog: Connection, bad: bytes
) -> None:
    tape = Tape(catalog, [minio_message(minio_record("before")), bad, minio_message(minio_record("after"))])

    ingestion.step(tape, 1.0, 500)

    assert sorted(wall(catalog)) == ["after", "before"]
    (dead,) = dead_events(catalog)
    assert dead["offset"] == 1
    assert dead["reason"]
    assert len(tape.at_commits) == 1


def test_a_record_that_the_catalog_refuses_is_buried_alone(ingestion: Ingestion, catalog: Connection) -> None:
    catalog.execute("alter table artifacts add constraint refuse check (key <> 'refused')")
    try:
        tape = Tape(catalog, [minio_message(minio_record(key)) for key in ("before", "refused", "after")])

        ingestion.step(tape, 1.0, 500)
    finally:
        catalog.execute("alter table artifacts drop constraint refuse")

    assert sorted(wall(catalog)) == ["after", "before"]
    (dead,) = dead_events(catalog)
    assert "refused" in str(dead["reason"])


def test_a_bad_record_that_comes_again_is_kept_once(ingestion: Ingestion, catalog: Connection) -> None:
    for _ in range(2):
        ingestion.step(Tape(catalog, [b"junk"]), 1.0, 500)

    assert len(dead_events(catalog)) == 1


def test_the_same_record_from_both_targets_is_one_card(ingestion: Ingestion, catalog: Connection) -> None:
    tape = Tape(catalog, [minio_message()], [minio_message()])

    ingestion.step(tape, 1.0, 500)
    ingestion.step(tape, 1.0, 500)

    assert len(open_work(catalog)) == 1
    assert (ingestion.tally.queued, ingestion.tally.known) == (1, 1)


def test_buckets_that_are_no_sources_are_ignored(ingestion: Ingestion, catalog: Connection) -> None:
    ingestion.step(Tape(catalog, [minio_message(minio_record(bucket="models-renderings"))]), 1.0, 500)

    assert wall(catalog) == {}
    assert ingestion.tally.ignored == 1


def test_the_writers_access_key_id_reaches_no_table(ingestion: Ingestion, catalog: Connection) -> None:
    half_bad = minio_record("good")
    broken = minio_record("x" * 2000)
    ingestion.step(Tape(catalog, [minio_message(half_bad, broken), minio_message(minio_record("fine"))]), 1.0, 500)

    (dead,) = dead_events(catalog)
    assert b"principalId" in bytes(dead["raw"])  # type: ignore[arg-type]
    dump = [
        str([bytes(value) if isinstance(value, memoryview) else value for value in row.values()])
        for table in ("artifacts", "inbox", "dead_events")
        for row in catalog.execute(f"select * from {table}").fetchall()
    ]
    assert len(dump) == 5
    assert not [row for row in dump if WRITER_KEY_ID in row]


def test_a_removal_is_believed_only_when_the_bucket_confirms_it(
    catalog: Connection, object_store: ObjectStore, s3: Minio, bucket: str
) -> None:
    ingestion = Ingestion(catalog, object_store, {bucket: "team"}.get)
    etag = s3.put_object(bucket, "here", io.BytesIO(b"x"), 1).etag
    for key in ("here", "gone"):
        ingestion.step(Tape(catalog, [minio_message(minio_record(key, bucket=bucket, etag=etag or ""))]), 1.0, 500)
    removals = [
        minio_record(key, bucket=bucket, name="s3:ObjectRemoved:Delete", etag="", sequencer="2" * 16)
        for key in ("here", "gone")
    ]

    ingestion.step(Tape(catalog, [minio_message(*removals)]), 1.0, 500)

    assert sorted(wall(catalog)) == ["here"]
    assert (ingestion.tally.removed, ingestion.tally.ignored) == (1, 1)


@pytest.mark.parametrize("key", ["a/../b", "./a", "k" * 400])
def test_a_removal_of_a_key_that_cannot_be_looked_at_stops_nothing(
    catalog: Connection, object_store: ObjectStore, bucket: str, key: str
) -> None:
    ingestion = Ingestion(catalog, object_store, {bucket: "team"}.get)
    removal = minio_record(key, bucket=bucket, name="s3:ObjectRemoved:Delete", etag="")

    assert ingestion.step(Tape(catalog, [minio_message(removal, minio_record("fine", bucket=bucket))]), 1.0, 500) == 1

    assert sorted(wall(catalog)) == ["fine"]


def test_errors_of_the_catalog_tell_the_two_branches_apart(catalog: Connection, catalog_dsn: str) -> None:
    with pytest.raises(CatalogRejected):
        catalog.execute("select 1 / 0")
    with connect(catalog_dsn) as lost:
        catalog.execute("select pg_terminate_backend(%s)", [lost.info.backend_pid])
        with pytest.raises(ServiceUnavailable):
            lost.execute("select 1")
