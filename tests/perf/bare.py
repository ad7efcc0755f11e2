"""The limit: a consumer and two warm processes with the product's own renderers, and nothing around them.

No catalog, no Airflow, no claims, no leases: fetch, render in the same shut-in child, PUT the same outputs.
"""

from __future__ import annotations

import multiprocessing
import tempfile
import threading
import time
import uuid
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from confluent_kafka import Consumer
from minio.notificationconfig import NotificationConfig, QueueConfig

from belvedere.catalog.claims import ClaimedItem
from belvedere.clients.object_store import ObjectStore
from belvedere.events.decode import decode
from belvedere.model.artifact import ArtifactState
from belvedere.model.rendering import Limits
from belvedere.orchestration.fetching import Fetcher, Wanted
from belvedere.orchestration.storing import RunIdentity, record_of, store_record, store_rendering
from belvedere.rendering.isolation.guard import render_isolated
from belvedere.rendering.registry import warm

if TYPE_CHECKING:
    from collections.abc import Iterator

    from belvedere.model.events import ArtifactEvent
    from tests.harness.whole import RunningStack

WORKERS = 2
ARN = "arn:minio:sqs::FAST:kafka"
RUN = RunIdentity("bare", "bare")


class BareLoop:
    """Renders what lands in one bucket into ``<bucket>-renderings``; notes when each was done."""

    def __init__(self, stack: RunningStack, bucket: str) -> None:
        self.bucket = bucket
        self.done: dict[str, float] = {}
        self._env = stack.env
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._consume, name="bare", daemon=True)
        self._assigned = threading.Event()

    def start(self) -> None:
        """Fork the warm workers, join the topic, return when events would be seen."""
        warm()
        store = (self._env["MINIO_ENDPOINT"], self._env["MINIO_ACCESS_KEY"], self._env["MINIO_SECRET_KEY"])
        context = multiprocessing.get_context("fork")
        self._pool = context.Pool(WORKERS, initializer=_connect, initargs=store)
        self._pool.map(_greet, range(WORKERS))
        self._thread.start()
        assert self._assigned.wait(30), "the bare consumer got no partition"

    def stop(self) -> None:
        """End the consumer and the workers."""
        self._stop.set()
        self._thread.join()
        self._pool.terminate()
        self._pool.join()

    def await_all(self, wanted: dict[str, str], seconds: float) -> dict[str, float]:
        """Wait until every key was done; return those that were, with the moments."""
        deadline = time.monotonic() + seconds
        while len(self.done) < len(wanted) and time.monotonic() < deadline:
            time.sleep(0.01)
        return dict(self.done)

    def _consume(self) -> None:
        consumer = Consumer(
            {
                "bootstrap.servers": self._env["KAFKA_BOOTSTRAP"],
                "group.id": f"bare-{uuid.uuid4().hex}",
                "auto.offset.reset": "latest",
                "enable.auto.commit": False,
                "fetch.wait.max.ms": 10,
            }
        )
        consumer.subscribe(["artifacts"], on_assign=lambda *_: self._assigned.set())
        seen: set[str] = set()
        while not self._stop.is_set():
            message = consumer.poll(0.1)
            if message is None or message.error():
                continue
            for event in decode(message.value()).events:
                if event.bucket == self.bucket and event.artifact_id not in seen:
                    seen.add(event.artifact_id)
                    self._pool.apply_async(_render, (event,), callback=self._note)
        consumer.close()

    def _note(self, done: tuple[str, float]) -> None:
        self.done[done[0]] = done[1]


@contextmanager
def bare_loop(stack: RunningStack) -> Iterator[BareLoop]:
    """Make a bucket that announces its objects and a loop that renders them, outside the product."""
    bucket = f"bare-{uuid.uuid4().hex[:12]}"
    for name in (bucket, f"{bucket}-renderings"):
        stack.s3.make_bucket(name)
    rule = QueueConfig(events=["s3:ObjectCreated:*"], config_id="bare", queue=ARN)
    stack.s3.set_bucket_notification(bucket, NotificationConfig(queue_config_list=[rule]))
    loop = BareLoop(stack, bucket)
    loop.start()
    try:
        yield loop
    finally:
        loop.stop()


_store: ObjectStore


def _connect(endpoint: str, access_key: str, secret_key: str) -> None:
    global _store
    _store = ObjectStore(endpoint, access_key, secret_key)


def _greet(_number: int) -> None:
    time.sleep(0.05)


def _render(event: ArtifactEvent) -> tuple[str, float]:
    with tempfile.TemporaryDirectory() as folder:
        fetcher = Fetcher(_store, Path(folder), {}, (), Limits())
        source = fetcher.source(Wanted(event.bucket, event.key, "", event.etag))
        result = render_isolated(replace(source, related={}), Limits(), strictness="lenient")
    item = _item(event)
    bucket = f"{event.bucket}-renderings"
    outputs = store_rendering(_store, bucket, item, result.rendering)
    record = record_of(
        item, RUN, source, result.rendering, result.usage, outputs, state=ArtifactState.RENDERED, error=None
    )
    store_record(_store, bucket, record)
    return event.key, time.time()


def _item(event: ArtifactEvent) -> ClaimedItem:
    return ClaimedItem(
        inbox_id=0,
        artifact_id=event.artifact_id,
        tenant="bare",
        bucket=event.bucket,
        key=event.key,
        version_id=event.version_id,
        etag=event.etag,
        sequencer=event.sequencer,
        event_at=event.event_at,
        queued_at=datetime.now(UTC),
        size=event.size,
        content_type=event.content_type,
        attempts=1,
        cost_class="",
        refreshes=False,
    )
