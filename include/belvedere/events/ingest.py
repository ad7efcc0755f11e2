"""From the topic into the catalog: decode, keep what is ours, write it, and only then commit the offsets.

One bad record never stops the others: what cannot be decoded, or what the catalog refuses, is buried with its
reason. Removals are hints like all events, so the bucket is asked before an artifact is declared deleted.
"""

from __future__ import annotations

import logging
import re
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Protocol

from belvedere.catalog.dead_events import bury
from belvedere.catalog.intake import Arrival, Recorded, occasion_of, record
from belvedere.errors import BelvedereError, BucketMissing, ObjectMissing, PermanentError
from belvedere.events.decode import UndecodableEvent, decode
from belvedere.model.events import ArtifactEvent, EventKind

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from belvedere.clients.kafka import RawRecord
    from belvedere.clients.object_store import ObjectStore
    from belvedere.clients.postgres import Connection

log = logging.getLogger(__name__)

# The two places of a MinIO record that hold its writer's access key id, which counts as a secret.
PRINCIPAL = re.compile(rb'("(?:principalId|accessKey)"\s*:\s*")[^"]*(")')


class Stream(Protocol):
    """Where raw records come from."""

    def batch(self, timeout_seconds: float, most: int) -> list[RawRecord]:
        """Return the records that are there, waiting for the first."""

    def commit(self) -> None:
        """Declare everything returned so far as stored."""


@dataclass(slots=True)
class Tally:
    """What one ingestion has done so far."""

    records: int = 0
    queued: int = 0
    removed: int = 0
    known: int = 0
    ignored: int = 0
    buried: int = 0


@dataclass(slots=True)
class Ingestion:
    """One consumer's work. ``tenant_of`` names the tenant of a source bucket, or None for one that is not ours."""

    connection: Connection
    store: ObjectStore
    tenant_of: Callable[[str], str | None]
    tally: Tally = field(default_factory=Tally)

    def step(self, stream: Stream, timeout_seconds: float, most: int) -> int:
        """Take one batch of records into the catalog and commit it; return its size.

        Raises:
            TransientError: the topic, the catalog or nothing else: call again, nothing is lost.
        """
        batch = stream.batch(timeout_seconds, most)
        if batch:
            self.take(batch)
            stream.commit()
            self.tally.records += len(batch)
        return len(batch)

    def take(self, batch: Sequence[RawRecord]) -> None:
        """Take records into the catalog, or bury them; raises as ``step`` does."""
        arrivals = [arrival for raw in batch for arrival in self._arrivals(raw)]
        try:
            self._record(arrivals)
        except PermanentError:
            log.warning("the catalog refused a batch of %d records: taking them one by one", len(batch))
            self._take_one_by_one(batch)

    def _take_one_by_one(self, batch: Iterable[RawRecord]) -> None:
        for raw in batch:
            try:
                self._record(list(self._arrivals(raw)))
            except PermanentError as error:
                self._bury(raw, f"the catalog refused it: {error}")

    def _record(self, arrivals: Sequence[Arrival]) -> None:
        recorded = record(self.connection, arrivals) if arrivals else Recorded(0, 0, 0)
        self.tally.queued += recorded.queued
        self.tally.removed += recorded.removed
        self.tally.known += recorded.known

    def _arrivals(self, raw: RawRecord) -> Iterable[Arrival]:
        try:
            decoded = decode(raw.value)
        except UndecodableEvent as error:
            self._bury(raw, error.message)
            return
        if decoded.problems:
            self._bury(raw, "; ".join(decoded.problems))
        for event in decoded.events:
            tenant = self.tenant_of(event.bucket)
            believed = event if tenant is None else self._believed(event)
            if tenant is None or believed is None:
                self.tally.ignored += 1
            else:
                yield Arrival(believed, occasion_of(event), tenant)

    def _believed(self, event: ArtifactEvent) -> ArtifactEvent | None:
        """Return what the bucket confirms of an event; when it cannot be asked, the event itself (a sweep will)."""
        if event.kind is EventKind.CREATED:
            return event
        try:
            if not self._exists(event.bucket, event.key, ""):
                return replace(event, version_id="")
            if event.version_id and not self._exists(event.bucket, event.key, event.version_id):
                return event
        except BelvedereError:
            return event
        return None

    def _exists(self, bucket: str, key: str, version_id: str) -> bool:
        try:
            self.store.stat(bucket, key, version_id)
        except (ObjectMissing, BucketMissing):
            return False
        return True

    def _bury(self, raw: RawRecord, reason: str) -> None:
        bury(
            self.connection,
            topic=raw.topic,
            partition=raw.partition,
            offset=raw.offset,
            reason=reason,
            raw=PRINCIPAL.sub(rb"\1\2", raw.value),
        )
        self.tally.buried += 1
