"""The last word: a bucket's listing compared with the catalog, and what differs brought in order.

Events are hints, the bucket is the truth. One listing and one ordered query are all that a sweep costs while
nothing is missing. The listing itself is believed only after a second look at each difference: MinIO leaves
objects out whose name continues another object's (``a`` hides ``a/b``), and things change while it lists.
"""

from __future__ import annotations

import logging
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import islice
from typing import TYPE_CHECKING

from belvedere.catalog.intake import Arrival, occasion_of, record, request_render
from belvedere.catalog.sweeps import KnownArtifact, begin_sweep, end_sweep, known_artifacts, save_progress
from belvedere.errors import AccessDenied, BucketMissing, ObjectMissing, PermanentError
from belvedere.events.comparison import Verdict, judge, side_by_side
from belvedere.model.events import ArtifactEvent, EventKind, sequencer_after, sequencer_at
from belvedere.model.storage import is_reserved

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from belvedere.catalog.sources import SourceBucket
    from belvedere.clients.object_store import ObjectInfo, ObjectStore
    from belvedere.clients.postgres import Connection

log = logging.getLogger(__name__)

BATCH_KEYS = 1000
LOOKERS = 8


@dataclass(frozen=True, slots=True)
class SweepReport:
    """What one sweep of one bucket found: keys compared, work queued, artifacts declared deleted."""

    bucket: str
    compared: int
    enqueued: int
    removed: int

    def __str__(self) -> str:
        return (
            f"bucket {self.bucket}: {self.compared} keys compared, {self.enqueued} enqueued, "
            f"{self.removed} found deleted"
        )


@dataclass(frozen=True, slots=True)
class Difference:
    """A key on which bucket and catalog do not agree."""

    verdict: Verdict
    listed: ObjectInfo | None
    known: KnownArtifact | None

    @property
    def key(self) -> str:
        """The key."""
        return self.listed.key if self.listed else self.known.key if self.known else ""


@dataclass(frozen=True, slots=True)
class Sweep:
    """The comparison of one source bucket. ``occasion`` names it; ``grace`` spares what changed just now."""

    connection: Connection
    store: ObjectStore
    source: SourceBucket
    occasion: str
    grace: timedelta = timedelta(seconds=30)

    def whole(self, *, afresh: bool = False) -> SweepReport:
        """Compare the whole bucket, going on where an interrupted sweep stopped (unless ``afresh``).

        Raises:
            BucketMissing, ServiceUnavailable: as their names say; the next sweep goes on from here.
        """
        after = begin_sweep(self.connection, self.source.bucket, afresh=afresh)
        if after:
            log.info("bucket %s: going on after key %r", self.source.bucket, after)
        total = Counter[str]()
        for last_key, counts in self._batches("", after):
            total += counts
            save_progress(
                self.connection,
                self.source.bucket,
                resume_key=last_key,
                listed=counts["compared"],
                enqueued=counts["enqueued"],
                removed=counts["removed"],
            )
        end_sweep(self.connection, self.source.bucket)
        return self._report(total)

    def below(self, prefix: str) -> SweepReport:
        """Compare the keys that start with ``prefix`` only; raises as ``whole`` does."""
        total = Counter[str]()
        for _, counts in self._batches(prefix, ""):
            total += counts
        return self._report(total)

    def _report(self, total: Counter[str]) -> SweepReport:
        return SweepReport(self.source.bucket, total["compared"], total["enqueued"], total["removed"])

    def _batches(self, prefix: str, after: str) -> Iterator[tuple[str, Counter[str]]]:
        listed = (info for info in self.store.list(self.source.bucket, prefix, after) if self._concerns_us(info.key))
        known = known_artifacts(
            self.connection,
            self.source.bucket,
            prefix=prefix,
            after=after,
            grace_seconds=self.grace.total_seconds(),
        )
        pairs = side_by_side(listed, known)
        with ThreadPoolExecutor(LOOKERS) as lookers:
            while batch := list(islice(pairs, BATCH_KEYS)):
                yield _last_key(batch), self._settle(batch, lookers)

    def _concerns_us(self, key: str) -> bool:
        return self.source.takes(key) and not is_reserved(key)

    def _settle(
        self, batch: Sequence[tuple[ObjectInfo | None, KnownArtifact | None]], lookers: ThreadPoolExecutor
    ) -> Counter[str]:
        differences = list(self._differences(batch))
        arrivals = [arrival for arrival in lookers.map(self._arrival, differences) if arrival is not None]
        recorded = record(self.connection, arrivals) if arrivals else None
        unstranded = sum(self._set_afloat(difference) for difference in differences)
        return Counter(
            compared=len(batch),
            enqueued=unstranded + (recorded.queued if recorded else 0),
            removed=recorded.removed if recorded else 0,
        )

    def _differences(self, batch: Sequence[tuple[ObjectInfo | None, KnownArtifact | None]]) -> Iterator[Difference]:
        now = datetime.now(UTC)
        for listed, known in batch:
            verdict = judge(listed, known, now=now, grace=self.grace)
            if verdict is not Verdict.SETTLED:
                yield Difference(verdict, listed, known)

    def _set_afloat(self, difference: Difference) -> bool:
        if difference.verdict is Verdict.MISSING or difference.known is None or not difference.known.stranded:
            return False
        return request_render(self.connection, difference.known.id, occasion=self.occasion)

    def _arrival(self, difference: Difference) -> Arrival | None:
        """Look at the object itself, and return what the catalog must hear of it."""
        if difference.verdict is Verdict.STRANDED:
            return None
        try:
            found = self.store.stat(self.source.bucket, difference.key)
        except ObjectMissing:
            return self._removal(difference.known) if difference.verdict is Verdict.VANISHED else None
        except (BucketMissing, AccessDenied):
            raise
        except PermanentError as error:
            log.warning("bucket %s: key %r is left as it is: %s", self.source.bucket, difference.key, error)
            return None
        return self._creation(found, difference)

    def _creation(self, found: ObjectInfo, difference: Difference) -> Arrival | None:
        """Return an arrival of what is there, timed by the listing (a HEAD tells times in whole seconds only)."""
        listed, known = difference.listed, difference.known
        if listed is None and known is not None and (known.etag, known.version_id) == (found.etag, found.version_id):
            return None
        if listed is not None and listed.etag != found.etag:
            return None
        seen = listed or found
        sequencer = sequencer_at(seen.modified_at)
        if known is not None:
            sequencer = max(sequencer, sequencer_after(known.sequencer))
        event = ArtifactEvent(
            kind=EventKind.CREATED,
            bucket=self.source.bucket,
            key=found.key,
            version_id=found.version_id,
            etag=found.etag,
            size=found.size,
            content_type=found.content_type,
            sequencer=sequencer,
            event_at=seen.modified_at,
        )
        return Arrival(event, f"swept:{sequencer}", self.source.tenant, seen_in_bucket=True)

    def _removal(self, known: KnownArtifact | None) -> Arrival | None:
        """Return a removal from right after the version that vanished: nothing newer is ever hit by it."""
        if known is None:
            return None
        event = ArtifactEvent(
            kind=EventKind.REMOVED,
            bucket=self.source.bucket,
            key=known.key,
            version_id="",
            etag="",
            size=0,
            content_type="",
            sequencer=sequencer_after(known.sequencer),
            event_at=datetime.now(UTC),
        )
        return Arrival(event, occasion_of(event), self.source.tenant)


def _last_key(batch: Sequence[tuple[ObjectInfo | None, KnownArtifact | None]]) -> str:
    listed, known = batch[-1]
    return listed.key if listed else known.key if known else ""
