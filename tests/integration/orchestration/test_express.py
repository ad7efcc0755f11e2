"""The express lane against a real catalog and a real object store; only Airflow is not there."""

from __future__ import annotations

import io
import json
import threading
import time
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest
from tests.harness.databases import empty
from tests.harness.gallery_rows import add_source
from tests.harness.waiting import eventually

from belvedere.catalog.express import lanes
from belvedere.catalog.intake import Arrival, occasion_of, record
from belvedere.errors import ServiceUnavailable
from belvedere.model.events import sequencer_at
from belvedere.orchestration import express, loops
from belvedere.orchestration.express import ExpressLane
from belvedere.orchestration.rendering import arrival_of
from belvedere.orchestration.storing import RunIdentity
from belvedere.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from minio import Minio
    from tests.harness.servers import Servers

    from belvedere.clients.object_store import ObjectStore
    from belvedere.clients.postgres import Connection


def lines(count: int, total: int = 100) -> bytes:
    return b"".join(
        json.dumps({"step": n, "total": total, "loss": 1 / n}).encode() + b"\n" for n in range(1, count + 1)
    )


@pytest.fixture
def settings(servers: Servers, catalog_dsn: str) -> Settings:
    instance = servers.minio()
    return Settings(
        catalog_dsn=catalog_dsn,
        minio_endpoint=instance.minio_endpoint,
        minio_access_key=instance.secrets.minio_root_user,
        minio_secret_key=instance.secrets.minio_root_password,
    )


@pytest.fixture
def put(catalog: Connection, s3: Minio, bucket: str, object_store: ObjectStore) -> Callable[[str, bytes], str]:
    """A function that puts an object, records its event and returns the artifact's id."""
    empty(catalog)
    catalog.execute("delete from lanes")
    s3.make_bucket(f"{bucket}-renderings")
    add_source(catalog, bucket)

    def land(key: str, content: bytes) -> str:
        s3.put_object(bucket, key, io.BytesIO(content), len(content))
        event = replace(
            arrival_of(object_store.stat(bucket, key), "team", "").event, sequencer=sequencer_at(datetime.now(UTC))
        )
        record(catalog, [Arrival(event, occasion_of(event), "team")])
        return event.artifact_id

    return land


@pytest.fixture
def lane(settings: Settings) -> Iterator[ExpressLane]:
    """A lane at work. In Airflow it has a process of its own; a thread is enough to see what it does."""
    driven = ExpressLane(settings, RunIdentity("express_lane", "session-1"), 1, 60.0)
    driven.start()
    yield driven
    driven.stop()
    assert driven.join(10.0)


def state(catalog: Connection, artifact_id: str) -> str:
    row = catalog.execute("select state from artifacts where id = %s", [artifact_id]).fetchone()
    assert row
    return str(row["state"])


def test_an_update_is_rendered_without_a_run(
    lane: ExpressLane, put: Callable[[str, bytes], str], catalog: Connection
) -> None:
    artifact_id = put("run/progress.jsonl", lines(62))

    eventually(lambda: state(catalog, artifact_id) == "rendered", what="a picture")
    row = catalog.execute("select kind, facts, run_dag_id, provenance from artifacts where id = %s", [artifact_id])
    found = row.fetchone()
    assert found
    assert (found["kind"], found["run_dag_id"]) == ("progress_lines", "express_lane")
    assert found["facts"]["percent"] == 62
    assert found["provenance"]["usage"]["isolation"], "the child must be shut in as any other"


def test_the_numbers_of_an_update_are_told_before_its_files_are_stored(
    lane: ExpressLane, put: Callable[[str, bytes], str], catalog: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    may_store, real = threading.Event(), express.ObjectStore.put

    def held(*arguments: object, **options: object) -> object:
        assert may_store.wait(30.0)
        return real(*arguments, **options)  # type: ignore[arg-type]

    monkeypatch.setattr(express.ObjectStore, "put", held)
    artifact_id = put("run/progress.jsonl", lines(62))

    def told() -> object:
        row = catalog.execute("select state, facts from artifacts where id = %s", [artifact_id]).fetchone()
        return row if row and row["facts"] else None

    row = eventually(told, what="the numbers")
    assert isinstance(row, dict)
    assert (row["state"], row["facts"]["percent"]) == ("rendering", 62)
    may_store.set()
    eventually(lambda: state(catalog, artifact_id) == "rendered", what="a picture")


def test_numbers_are_told_of_every_version_and_pictures_are_drawn_of_few(
    lane: ExpressLane, put: Callable[[str, bytes], str], catalog: Connection
) -> None:
    for step in range(1, 13):
        told = put("run/progress.jsonl", lines(step))
        eventually(lambda told=told: numbers(catalog, told) == step, what="the numbers", poll=0.01)  # noqa: B023

    eventually(lambda: state(catalog, told) == "rendered", what="the last picture")
    pictures = catalog.execute("select count(*) as n from artifacts where rendered_at is not null").fetchone()
    assert pictures
    assert 1 < pictures["n"] < 12
    attempts = catalog.execute("select max(attempts) as most from inbox").fetchone()
    assert attempts == {"most": 1}


def numbers(catalog: Connection, artifact_id: str) -> object:
    row = catalog.execute("select facts -> 'percent' as percent from artifacts where id = %s", [artifact_id]).fetchone()
    return row and row["percent"]


def test_of_many_versions_that_wait_only_the_newest_is_rendered(
    settings: Settings, put: Callable[[str, bytes], str], catalog: Connection
) -> None:
    ids = [put("run/progress.jsonl", lines(count)) for count in range(1, 31)]
    lane = ExpressLane(settings, RunIdentity("express_lane", "session-1"), 1, 60.0)
    lane.start()

    eventually(lambda: state(catalog, ids[-1]) == "rendered", what="the newest version's picture")
    lane.stop()
    assert lane.join(10.0)
    assert {state(catalog, each) for each in ids[:-1]} == {"superseded"}
    assert lane.report.rendered == 1


def test_lanes_render_side_by_side(
    settings: Settings, put: Callable[[str, bytes], str], catalog: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    slow, real = threading.Event(), express.ObjectStore.fetch

    def fetch(store: express.ObjectStore, bucket: str, key: str, *rest: object, **options: object) -> object:
        if key == "run/slow.jsonl":
            assert slow.wait(30.0)
        return real(store, bucket, key, *rest, **options)  # type: ignore[arg-type]

    monkeypatch.setattr(express.ObjectStore, "fetch", fetch)
    pair = [ExpressLane(settings, RunIdentity("express_lane", "session-1"), number, 60.0) for number in (1, 2)]
    for lane in pair:
        lane.start()
    slow_one = put("run/slow.jsonl", lines(3))
    eventually(lambda: state(catalog, slow_one) == "rendering", what="a lane that is held up")
    quick_one = put("run/quick.jsonl", lines(4))

    eventually(lambda: state(catalog, quick_one) == "rendered", what="a picture by the other lane")
    assert state(catalog, slow_one) == "rendering"
    assert {lane.name for lane in lanes(catalog)} == {"session-1 1", "session-1 2"}
    slow.set()
    eventually(lambda: state(catalog, slow_one) == "rendered", what="the picture that was held up")
    for lane in pair:
        lane.stop()
        assert lane.join(10.0)


def test_what_only_has_the_name_of_a_text_is_left_to_the_runs(
    lane: ExpressLane, put: Callable[[str, bytes], str], catalog: Connection
) -> None:
    artifact_id = put("run/picture.txt", b"\x89PNG\r\n\x1a\n" + b"\0" * 100)

    eventually(lambda: lane.declined == 1, what="an item that is declined")
    work = catalog.execute(
        "select state, express, attempts from inbox where artifact_id = %s", [artifact_id]
    ).fetchone()
    assert work == {"state": "queued", "express": False, "attempts": 0}
    assert state(catalog, artifact_id) == "queued"


def test_a_slow_update_is_left_to_the_runs(
    lane: ExpressLane, put: Callable[[str, bytes], str], catalog: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(express, "ITEM_SECONDS", 0.0)
    monkeypatch.setattr("belvedere.rendering.isolation.guard.WAIT_INTERVAL_SECONDS", 0.0)

    put("run/progress.jsonl", lines(3))

    eventually(lambda: lane.declined == 1, what="an item that is declined")


def test_the_lane_goes_on_after_an_outage_and_loses_nothing(
    settings: Settings, put: Callable[[str, bytes], str], catalog: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    away = threading.Event()
    away.set()
    real = express.ObjectStore.fetch

    def fetch(*arguments: object, **options: object) -> object:
        if away.is_set():
            away.clear()
            raise ServiceUnavailable("the object store does not answer")
        return real(*arguments, **options)  # type: ignore[arg-type]

    monkeypatch.setattr(express.ObjectStore, "fetch", fetch)
    monkeypatch.setattr(express, "AWAY_SECONDS", 0.1)
    monkeypatch.setattr(loops, "FIRST_PAUSE_SECONDS", 0.05)
    lane = ExpressLane(settings, RunIdentity("express_lane", "session-1"), 1, 60.0)
    lane.start()
    artifact_id = put("run/progress.jsonl", lines(3))

    eventually(lambda: state(catalog, artifact_id) == "rendered", what="a picture after the outage")
    lane.stop()
    assert lane.join(10.0)
    row = catalog.execute("select attempts from inbox where artifact_id = %s", [artifact_id]).fetchone()
    assert row == {"attempts": 1}, "an outage is nobody's failure"


def test_a_session_ends_in_time_and_says_that_no_lane_is_there(
    settings: Settings, put: Callable[[str, bytes], str], catalog: Connection
) -> None:
    lane = ExpressLane(settings, RunIdentity("express_lane", "session-1"), 1, 1.2)
    seen = []
    began = time.monotonic()
    thread = threading.Thread(target=lane.run)
    thread.start()
    eventually(lambda: seen.extend(lanes(catalog)) or seen, what="a lane that beats")
    thread.join(10.0)

    assert 1.0 < time.monotonic() - began < 4.0
    assert seen[0].alive
    assert lanes(catalog) == []
