"""Buried records taken once more: after an update that can read them, or once their bucket has become a source."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING

from belvedere.catalog.dead_events import dead_events, exhumed, forget, name_reason
from belvedere.catalog.sources import tenants_of_buckets
from belvedere.clients.kafka import RawRecord
from belvedere.events.ingest import Ingestion, Tally

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from belvedere.clients.object_store import ObjectStore
    from belvedere.clients.postgres import Connection

FOREIGN = "its bucket is no source: run the DAG provision_storage for it, then drive this record again"
BATCH_ROWS = 200


class Fate(StrEnum):
    """What became of a buried record: ``gone`` was not (or no longer) there."""

    TAKEN = "taken"
    BURIED = "buried"
    GONE = "gone"


def revive(connection: Connection, store: ObjectStore, event_id: int) -> Fate:
    """Take one buried record as if it had just come; what still cannot be taken stays, with its present reason.

    Raises:
        TransientError: the catalog does not answer; nothing is lost.
    """
    found = exhumed(connection, event_id)
    if found is None:
        return Fate.GONE
    event, raw = found
    ingestion = Ingestion(connection, store, tenants_of_buckets(connection).get)
    ingestion.take([RawRecord(event.topic, event.partition, event.offset, raw)])
    if ingestion.tally.buried:
        return Fate.BURIED
    if _all_foreign(ingestion.tally):
        name_reason(connection, event_id, FOREIGN)
        return Fate.BURIED
    forget(connection, event_id)
    return Fate.TAKEN


def revive_all(connection: Connection, store: ObjectStore, event_ids: Iterable[int]) -> dict[Fate, int]:
    """Take buried records once more and return how many had which fate."""
    fates = dict.fromkeys(Fate, 0)
    for event_id in event_ids:
        fates[revive(connection, store, event_id)] += 1
    return fates


def buried_for(connection: Connection, reason: str, most: int) -> Iterator[int]:
    """Yield the records that are buried for a reason, newest first: those that were there at the start, ``most``."""
    before, given = None, 0
    while given < most:
        found = dead_events(connection, reason=reason, before=before, limit=min(BATCH_ROWS, most - given))
        if not found:
            return
        yield from (event.id for event in found)
        before, given = found[-1].id, given + len(found)


def _all_foreign(tally: Tally) -> bool:
    return tally.ignored > 0 and tally.queued + tally.removed + tally.known == 0
