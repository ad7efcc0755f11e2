from __future__ import annotations

import io
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.harness.databases import empty
from tests.harness.events import open_work, wall
from tests.harness.storage import FAST, WEEK_MS
from tests.harness.waiting import eventually

from belvedere.catalog.intake import Arrival, occasion_of, record
from belvedere.catalog.sources import SourceBucket
from belvedere.catalog.sweeps import known_artifacts
from belvedere.clients.bucket_admin import BucketAdmin
from belvedere.clients.kafka_admin import KafkaAdmin
from belvedere.clients.kafka_tail import TopicTail
from belvedere.errors import BucketMissing
from belvedere.events.decode import decode
from belvedere.events.sweep import Sweep, SweepReport
from belvedere.model.events import ArtifactEvent, EventKind, artifact_id, sequencer_at
from belvedere.model.storage import NotificationRule, TopicSpec

if TYPE_CHECKING:
    from collections.abc import Callable

    from minio import Minio
    from tests.harness.servers import Servers

    from belvedere.clients.object_store import ObjectStore
    from belvedere.clients.postgres import Connection

    Announced = Callable[[Callable[[], None]], ArtifactEvent]

NO_GRACE = timedelta(0)
TOPIC = "artifacts"


@pytest.fixture(autouse=True)
def _empty_catalog(catalog: Connection) -> None:
    empty(catalog)


@pytest.fixture(params=[False, True], ids=["unversioned", "versioned"])
def source(request: pytest.FixtureRequest, make_bucket: Callable[..., str]) -> SourceBucket:
    bucket = make_bucket(versioned=request.param)
    return SourceBucket(bucket, "team", f"{bucket}-renderings")


@pytest.fixture
def sweep(catalog: Connection, object_store: ObjectStore, source: SourceBucket) -> Callable[..., SweepReport]:
    def run(*, grace: timedelta = NO_GRACE, occasion: str = "sweep1", prefix: str = "") -> SweepReport:
        work = Sweep(catalog, object_store, source, occasion, grace)
        return work.below(prefix) if prefix else work.whole()

    return run


@pytest.fixture
def announcement_of(servers: Servers, kafka_bootstrap: str, source: SourceBucket) -> Announced:
    """A function that does something to the source bucket and returns the event by which MinIO announces it."""
    instance = servers.minio()
    config = {"bootstrap.servers": kafka_bootstrap}
    KafkaAdmin(config).create(TopicSpec(TOPIC, 4, WEEK_MS), brokers=1)
    rule = NotificationRule("belvedere/test", FAST, ("s3:ObjectCreated:*",))
    secrets = instance.secrets
    buckets = BucketAdmin(instance.minio_endpoint, secrets.minio_root_user, secrets.minio_root_password)
    buckets.set_notifications(source.bucket, "belvedere/", [rule])

    def announced(happening: Callable[[], None]) -> ArtifactEvent:
        with TopicTail(config, TOPIC) as tail:
            happening()
            (raw,) = eventually(lambda: tail.read(0.5), what="the announcement")
            (event,) = decode(raw.value).events
            return event

    return announced


def put(s3: Minio, source: SourceBucket, key: str, content: bytes = b"x") -> None:
    s3.put_object(source.bucket, key, io.BytesIO(content), len(content), content_type="text/csv")


def counts(report: SweepReport) -> tuple[int, int, int]:
    return report.compared, report.enqueued, report.removed


def set_state(catalog: Connection, key: str, state: str, *, close_work: bool = True) -> None:
    catalog.execute("update artifacts set state = %s where key = %s", [state, key])
    if close_work:
        catalog.execute("update inbox set state = 'done', finished_at = now() where key = %s", [key])


KEYS = ["a.csv", "b c+d%2F.csv", "run/1/ü😀.csv", "/".join(["k" * 200] * 4)]


def test_what_no_event_announced_is_enqueued_once(
    sweep: Callable[..., SweepReport], s3: Minio, source: SourceBucket, catalog: Connection
) -> None:
    for key in KEYS:
        put(s3, source, key)

    assert counts(sweep()) == (4, 4, 0)
    assert counts(sweep()) == (4, 0, 0)

    assert sorted(wall(catalog)) == sorted(KEYS)
    versions = {row["key"]: row for row in catalog.execute("select * from artifacts").fetchall()}
    for key in KEYS:
        found = s3.stat_object(source.bucket, key)
        version = found.version_id or ""
        assert versions[key]["id"] == artifact_id(source.bucket, key, version, (found.etag or "").strip('"'))
        assert versions[key]["content_type"] == "text/csv"


def test_what_an_event_announced_is_settled(
    sweep: Callable[..., SweepReport], s3: Minio, source: SourceBucket, catalog: Connection, announcement_of: Announced
) -> None:
    """The sweep and MinIO's own event must agree on a version's identity and time."""
    event = announcement_of(lambda: put(s3, source, "a.csv"))
    record(catalog, [Arrival(event, occasion_of(event), "team")])

    assert counts(sweep()) == (1, 0, 0)
    assert len(open_work(catalog)) == 1


def test_an_event_that_comes_after_the_sweep_adds_nothing(
    sweep: Callable[..., SweepReport], s3: Minio, source: SourceBucket, catalog: Connection, announcement_of: Announced
) -> None:
    event = announcement_of(lambda: put(s3, source, "a.csv"))
    sweep()

    recorded = record(catalog, [Arrival(event, occasion_of(event), "team")])

    assert (recorded.queued, recorded.known) == (0, 1)
    assert len(open_work(catalog)) == 1


def test_a_new_version_supersedes_the_old_one(
    sweep: Callable[..., SweepReport], s3: Minio, source: SourceBucket, catalog: Connection
) -> None:
    put(s3, source, "a.csv", b"old")
    sweep()
    put(s3, source, "a.csv", b"new")

    assert counts(sweep()) == (1, 1, 0)

    (card,) = wall(catalog).values()
    assert card.etag == (s3.stat_object(source.bucket, "a.csv").etag or "").strip('"')
    assert open_work(catalog) == [card.id]


def test_what_is_gone_from_the_bucket_is_deleted_in_the_catalog(
    sweep: Callable[..., SweepReport], s3: Minio, source: SourceBucket, catalog: Connection
) -> None:
    for key in ("a.csv", "b.csv", "c.csv"):
        put(s3, source, key)
    sweep()
    s3.remove_object(source.bucket, "b.csv")

    assert counts(sweep()) == (3, 0, 1)
    assert counts(sweep()) == (3, 0, 0)
    assert sorted(wall(catalog)) == ["a.csv", "c.csv"]


def test_what_comes_back_after_its_deletion_is_enqueued_again(
    sweep: Callable[..., SweepReport], s3: Minio, source: SourceBucket, catalog: Connection
) -> None:
    put(s3, source, "a.csv")
    sweep()
    set_state(catalog, "a.csv", "rendered")
    s3.remove_object(source.bucket, "a.csv")
    sweep()
    put(s3, source, "a.csv")

    assert counts(sweep()) == (1, 1, 0)
    assert wall(catalog)["a.csv"].state == "queued"
    assert counts(sweep()) == (1, 0, 0)


def test_a_deletion_that_the_catalog_believes_wrongly_is_undone(
    sweep: Callable[..., SweepReport], s3: Minio, source: SourceBucket, catalog: Connection
) -> None:
    put(s3, source, "a.csv")
    sweep()
    known = next(known_artifacts(catalog, source.bucket, grace_seconds=0))
    removal = ArtifactEvent(
        EventKind.REMOVED, source.bucket, "a.csv", "", "", 0, "", "F" + known.sequencer[1:], _now(catalog)
    )
    record(catalog, [Arrival(removal, occasion_of(removal), "team")])
    assert wall(catalog) == {}

    assert counts(sweep()) == (1, 1, 0)

    assert wall(catalog)["a.csv"].state == "queued"
    assert counts(sweep()) == (1, 0, 0)


def test_an_older_version_that_became_current_again_is_shown_again(
    catalog: Connection, object_store: ObjectStore, make_bucket: Callable[..., str], s3: Minio
) -> None:
    bucket = make_bucket(versioned=True)
    work = Sweep(catalog, object_store, SourceBucket(bucket, "team", "r"), "s", NO_GRACE)
    first = s3.put_object(bucket, "a.csv", io.BytesIO(b"first"), 5)
    work.whole()
    second = s3.put_object(bucket, "a.csv", io.BytesIO(b"second"), 6)
    work.whole()
    s3.remove_object(bucket, "a.csv", version_id=second.version_id)

    work.whole()

    assert wall(catalog)["a.csv"].etag == (first.etag or "").strip('"')
    assert work.whole().enqueued == 0


@pytest.mark.parametrize("state", ["rendered", "dead", "unsupported"])
def test_what_came_to_its_end_is_left_alone(
    sweep: Callable[..., SweepReport], s3: Minio, source: SourceBucket, catalog: Connection, state: str
) -> None:
    put(s3, source, "a.csv")
    sweep()
    set_state(catalog, "a.csv", state)

    assert counts(sweep()) == (1, 0, 0)
    assert open_work(catalog) == []


@pytest.mark.parametrize("state", ["queued", "rendering", "failed"])
def test_work_that_is_on_its_way_is_left_alone_and_lost_work_is_set_afloat(
    sweep: Callable[..., SweepReport], s3: Minio, source: SourceBucket, catalog: Connection, state: str
) -> None:
    put(s3, source, "a.csv")
    sweep()
    set_state(catalog, "a.csv", state, close_work=False)
    assert counts(sweep(occasion="sweep2")) == (1, 0, 0)

    set_state(catalog, "a.csv", state, close_work=True)

    assert counts(sweep(occasion="sweep3")) == (1, 1, 0)
    assert len(open_work(catalog)) == 1
    assert wall(catalog)["a.csv"].state == "queued"


def test_what_changed_just_now_is_left_to_its_event(
    sweep: Callable[..., SweepReport], s3: Minio, source: SourceBucket, catalog: Connection
) -> None:
    put(s3, source, "new.csv")
    assert counts(sweep(grace=timedelta(minutes=1))) == (1, 0, 0)

    sweep()
    s3.remove_object(source.bucket, "new.csv")
    assert counts(sweep(grace=timedelta(minutes=1))) == (1, 0, 0)
    assert sorted(wall(catalog)) == ["new.csv"]


def test_reserved_keys_are_none_of_its_business(
    sweep: Callable[..., SweepReport], s3: Minio, source: SourceBucket, catalog: Connection
) -> None:
    put(s3, source, ".belvedere/probe/1")
    put(s3, source, ".belvedere.csv")

    assert counts(sweep()) == (1, 1, 0)
    assert sorted(wall(catalog)) == [".belvedere.csv"]


def test_an_object_that_the_listing_hides_is_not_declared_deleted(
    sweep: Callable[..., SweepReport], s3: Minio, source: SourceBucket, catalog: Connection
) -> None:
    """MinIO lists ``a`` but not ``a/b``, although both can be read."""
    put(s3, source, "a/b")
    sweep()
    put(s3, source, "a")
    assert [found.object_name for found in s3.list_objects(source.bucket, recursive=True)] == ["a"]

    assert counts(sweep()) == (2, 1, 0)

    assert sorted(wall(catalog)) == ["a", "a/b"]


def test_a_key_that_cannot_be_looked_at_stops_nothing(
    sweep: Callable[..., SweepReport], s3: Minio, source: SourceBucket, catalog: Connection
) -> None:
    """Anybody who can write to the topic can announce what no bucket can hold."""
    now = _now(catalog)
    for key in ("a/../b", "k" * 400):
        event = ArtifactEvent(EventKind.CREATED, source.bucket, key, "", "e", 1, "", sequencer_at(now), now)
        record(catalog, [Arrival(event, occasion_of(event), "team")])
    put(s3, source, "z.csv")

    assert counts(sweep()) == (3, 1, 0)
    assert wall(catalog)["z.csv"].state == "queued"


def test_a_prefix_is_swept_alone(
    sweep: Callable[..., SweepReport], s3: Minio, source: SourceBucket, catalog: Connection
) -> None:
    for key in ("a", "run/1", "run/2", "rung", "z"):
        put(s3, source, key)

    assert counts(sweep(prefix="run/")) == (2, 2, 0)
    assert sorted(wall(catalog)) == ["run/1", "run/2"]
    s3.remove_object(source.bucket, "run/1")
    assert counts(sweep(prefix="run/")) == (2, 0, 1)


def test_an_interrupted_sweep_goes_on_where_it_stopped(
    catalog: Connection,
    object_store: ObjectStore,
    s3: Minio,
    source: SourceBucket,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("belvedere.events.sweep.BATCH_KEYS", 2)
    for key in ("a", "b", "c", "d", "e"):
        put(s3, source, key)
    work = Sweep(catalog, object_store, source, "s", NO_GRACE)
    monkeypatch.setattr("belvedere.events.sweep.end_sweep", _dies)

    with pytest.raises(InterruptedError):
        work.whole()
    monkeypatch.undo()
    put(s3, source, "a2")
    put(s3, source, "f")

    assert work.whole().compared == 1
    assert sorted(wall(catalog)) == ["a", "b", "c", "d", "e", "f"]
    row = catalog.execute("select * from sweeps where bucket = %s", [source.bucket]).fetchone()
    assert row is not None
    assert (row["listed"], row["enqueued"], row["resume_key"]) == (6, 6, "")
    assert row["finished_at"] is not None
    assert counts(work.whole()) == (7, 1, 0)


def _dies(*_arguments: object) -> None:
    raise InterruptedError


def test_a_missing_bucket_deletes_nothing(catalog: Connection, object_store: ObjectStore) -> None:
    gone = SourceBucket("test-never-made", "team", "r")

    with pytest.raises(BucketMissing):
        Sweep(catalog, object_store, gone, "s", NO_GRACE).whole()


texts = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), min_size=1, max_size=6)


@settings(max_examples=25)
@given(keys=st.sets(texts, max_size=12), prefix=st.sampled_from(["", "a", "a/", "é"]), after=st.none() | texts)
def test_the_catalog_tells_keys_in_the_order_of_listings(
    catalog: Connection, keys: set[str], prefix: str, after: str | None
) -> None:
    empty(catalog)
    events = [
        ArtifactEvent(EventKind.CREATED, "b", prefix + key, "", "e", 1, "", sequencer_at(_now(catalog)), _now(catalog))
        for key in keys
    ]
    record(catalog, [Arrival(event, "o", "team") for event in events])

    told = [known.key for known in known_artifacts(catalog, "b", prefix=prefix, after=after or "", grace_seconds=0)]

    expected = sorted((prefix + key for key in keys), key=lambda key: key.encode())
    assert told == [key for key in expected if after is None or key > after]


def _now(catalog: Connection):  # type: ignore[no-untyped-def]
    row = catalog.execute("select now() as now").fetchone()
    assert row is not None
    return row["now"]
