"""One run's work: take the items of a claim one after another, and leave each in a final or waiting state.

What an item fails of is the item's own: it is written on its card, and the next one begins. Only a service that
is away stops the run early; what it had not begun waits in the queue for the service's return.
"""

from __future__ import annotations

import logging
import tempfile
import time
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from structlog.contextvars import bound_contextvars

from belvedere.catalog.claims import ClaimedItem, claimed_items, extend_lease, hand_back, somebody_starves, start_item
from belvedere.catalog.intake import Arrival, record
from belvedere.catalog.results import finish, give_up, put_back, retry_later, was_removed
from belvedere.errors import (
    BelvedereError,
    ObjectMissing,
    PermanentError,
    ServiceUnavailable,
    TransientError,
    UnsupportedArtifact,
)
from belvedere.model.artifact import ArtifactState
from belvedere.model.events import ArtifactEvent, EventKind, sequencer_at
from belvedere.orchestration.fetching import ChangedObject
from belvedere.orchestration.making import Making
from belvedere.orchestration.reuse import reuse
from belvedere.orchestration.storing import record_of, store_record, store_rendering
from belvedere.rendering.fallback import unsupported_card

if TYPE_CHECKING:
    from belvedere.clients.object_store import ObjectInfo
    from belvedere.model.record import RenderingRecord
    from belvedere.model.rendering import Rendering, Source, Usage
    from belvedere.model.watch import Watch
    from belvedere.orchestration.workplace import Workplace

log = logging.getLogger(__name__)

Bytes = tuple[str, str, int]
FIRST_RETRY_SECONDS = 2.0
AWAY_SECONDS = 3.0


@dataclass(slots=True)
class ClaimReport:
    """How many of a claim's items ended how."""

    rendered: int = 0
    unsupported: int = 0
    dead: int = 0
    waiting: int = 0
    dropped: int = 0


def render_claim(place: Workplace, claim_id: str) -> ClaimReport:
    """Render what a claim holds and report; items of a lost claim are left to whoever has them now."""
    report = ClaimReport()
    drawn: set[Bytes] = set()
    for number, item in enumerate(claimed_items(place.connection, claim_id)):
        if number and somebody_starves(place.connection):
            report.waiting += hand_back(place.connection, claim_id)
            break
        try:
            ItemRendering(place, claim_id, item, report, drawn).work()
        except ServiceUnavailable as error:
            log.warning("%s/%s waits: %s", item.bucket, item.key, error)
            put_back(place.connection, claim_id, item, delay_seconds=AWAY_SECONDS)
            report.waiting += 1 + hand_back(place.connection, claim_id, delay_seconds=AWAY_SECONDS)
            break
    return report


class ItemRendering:
    """The way of one item: fetch, render or reuse, store, record. ``drawn`` are the bytes this claim has drawn."""

    def __init__(
        self, place: Workplace, claim_id: str, item: ClaimedItem, report: ClaimReport, drawn: set[Bytes]
    ) -> None:
        self._place = place
        self._claim_id = claim_id
        self._item = replace(item, attempts=item.attempts + 1)
        self._report = report
        self._lease_taken = time.monotonic()
        self._drawn = drawn
        self._making: Making | None = None

    def work(self) -> None:
        """Bring the item to its next state; each line of the log that is written meanwhile says whose it is.

        Raises:
            ServiceUnavailable: the catalog or the object store is away; the item is as it was.
        """
        with bound_contextvars(artifact=self._item.artifact_id):
            self._work()

    def _work(self) -> None:
        if not self._begin():
            self._report.dropped += 1
            return
        with tempfile.TemporaryDirectory(prefix="belvedere-") as folder:
            try:
                self._render(Path(folder))
            except ChangedObject as error:
                self._superseded_by(error.present)
            except ObjectMissing as error:
                self._gone(error)
            except PermanentError as error:
                self._dead(error)
            except ServiceUnavailable:
                raise
            except TransientError as error:
                self._failed(error)

    def _begin(self) -> bool:
        """Take the item's lease; False if it is lost, or nothing to be rendered any more."""
        lease, run = self._place.settings.render_lease_seconds, self._place.run
        return start_item(self._place.connection, self._claim_id, self._item, lease, run.run_id, run.dag_id)

    def _render(self, folder: Path) -> None:
        making = self._making = Making(self._place, self._item, folder, self._keep_lease)
        item = self._item
        log.info("%s/%s: attempt %d at version %s", item.bucket, item.key, item.attempts, item.version_id or item.etag)
        source = making.fetch()
        log.info("%s/%s: %d bytes fetched, told to be %s", item.bucket, item.key, source.size, making.kind)
        self._admit(making, source)
        try:
            source = making.with_related(source)
            fingerprint = making.fingerprint(source)
            if fingerprint is not None and self._reused(source, fingerprint):
                return
            made = making.render(source)
        except UnsupportedArtifact as error:
            self._finish(source, unsupported_card(source, making.kind), None, ArtifactState.UNSUPPORTED, error)
            self._report.unsupported += 1
        else:
            self._finish(source, made.rendering, made.usage, ArtifactState.RENDERED, None, fingerprint)
            self._drawn.add(bytes_of(self._item))
            self._report.rendered += 1

    def _admit(self, making: Making, source: Source) -> None:
        """Let every kind pass; a lane is choosier, and hastier."""

    def _reused(self, source: Source, fingerprint: str) -> bool:
        """Take over the rendering of the same bytes, if the tenant has one; looks only where there may be one."""
        if not self._item.has_twin and bytes_of(self._item) not in self._drawn:
            return False
        done = reuse(self._place, self._item, source, fingerprint, self._watches)
        if done is None:
            return False
        self._record(done)
        self._report.rendered += 1
        return True

    def _finish(
        self,
        source: Source,
        rendering: Rendering,
        usage: Usage | None,
        state: ArtifactState,
        error: BelvedereError | None,
        fingerprint: str | None = None,
    ) -> None:
        place, item = self._place, self._item
        outputs = store_rendering(place.store, place.renderings_of(item.bucket), item, rendering)
        done = record_of(
            item,
            place.run,
            source,
            rendering,
            usage,
            outputs,
            state=state,
            error=error,
            watches=self._watches,
            fingerprint=fingerprint,
        )
        self._record(done)

    def _record(self, done: RenderingRecord) -> None:
        """Write the record beside the outputs, then into the catalog."""
        store_record(self._place.store, self._place.renderings_of(done.bucket), done)
        finish(self._place.connection, self._claim_id, self._item, done)
        for warning in done.warnings:
            log.info("%s/%s: warning: %s", done.bucket, done.key, warning)
        how = f"reused from {done.reused_from['key']}" if done.reused_from else done.state.value
        log.info("%s/%s: %s as %s, %d ms after its event", done.bucket, done.key, how, done.kind, done.latency_ms)

    @property
    def _watches(self) -> tuple[Watch, ...]:
        return self._making.watches if self._making is not None else ()

    def _keep_lease(self, elapsed_seconds: float) -> None:
        """While one item takes long: keep it, and give the others away."""
        place = self._place
        if elapsed_seconds > place.settings.chunk_seconds:
            self._report.waiting += hand_back(place.connection, self._claim_id)
        if time.monotonic() - self._lease_taken > place.settings.render_lease_seconds / 4:
            extend_lease(place.connection, self._claim_id, place.settings.render_lease_seconds)
            self._lease_taken = time.monotonic()

    def _superseded_by(self, present: ObjectInfo) -> None:
        """Believe the bucket: what it holds now is queued, if that is not known already."""
        item = self._item
        state = ArtifactState.SUPERSEDED.value
        give_up(self._place.connection, self._claim_id, item, state=state, code=None, message=None)
        record(self._place.connection, [arrival_of(present, item.tenant, f"changed:{item.artifact_id}")])
        self._report.dropped += 1

    def _gone(self, error: ObjectMissing) -> None:
        if was_removed(self._place.connection, self._item):
            state, code, message = ArtifactState.DELETED.value, error.code, "deleted before it could be rendered"
        else:
            state, code = ArtifactState.DEAD.value, error.code
            message = "the event names an object that is not in its bucket: put it there and it will be rendered"
        give_up(self._place.connection, self._claim_id, self._item, state=state, code=code, message=message)
        self._report.dropped += 1

    def _dead(self, error: PermanentError) -> None:
        """Keep the reason beside the renderings too, so that a rebuilt catalog shows the same card."""
        place, item = self._place, self._item
        dead, watches = ArtifactState.DEAD, self._watches
        done = record_of(item, place.run, None, None, None, (), state=dead, error=error, watches=watches)
        store_record(place.store, place.renderings_of(item.bucket), done)
        finish(place.connection, self._claim_id, item, done)
        self._report.dead += 1
        log.info("%s/%s: given up: %s", item.bucket, item.key, error)

    def _failed(self, error: TransientError) -> None:
        item, settings = self._item, self._place.settings
        if item.attempts >= settings.max_attempts:
            self._dead(PermanentError(f"{error.message} ({item.attempts} attempts)", code=error.code))
            return
        delay = FIRST_RETRY_SECONDS * 2 ** (item.attempts - 1)
        log.warning("%s/%s: tried again in %g s: %s", item.bucket, item.key, delay, error)
        retry_later(
            self._place.connection,
            self._claim_id,
            item,
            code=error.code,
            message=error.message,
            delay_seconds=delay,
        )
        self._report.waiting += 1


def bytes_of(item: ClaimedItem) -> Bytes:
    """Return what two items of the same bytes have in common."""
    return item.tenant, item.etag, item.size


def arrival_of(present: ObjectInfo, tenant: str, occasion: str) -> Arrival:
    """Return the arrival of a version that the bucket itself shows."""
    event = ArtifactEvent(
        kind=EventKind.CREATED,
        bucket=present.bucket,
        key=present.key,
        version_id=present.version_id,
        etag=present.etag,
        size=present.size,
        content_type=present.content_type,
        sequencer=sequencer_at(present.modified_at),
        event_at=present.modified_at,
    )
    return Arrival(event, occasion, tenant, seen_in_bucket=True)
