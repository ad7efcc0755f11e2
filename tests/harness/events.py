"""Events and work for tests of the catalog, and looks at what became of them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from belvedere.catalog.intake import Arrival, occasion_of, record
from belvedere.model.events import ArtifactEvent, EventKind, sortable_sequencer

if TYPE_CHECKING:
    from collections.abc import Iterable

    from belvedere.clients.postgres import Connection

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)


def created(
    key: str = "a.csv", *, at: int = 1, etag: str = "", version: str = "", bucket: str = "models"
) -> ArtifactEvent:
    """Return the creation of one version at the moment ``at``; its bytes are named by ``etag``."""
    return ArtifactEvent(
        kind=EventKind.CREATED,
        bucket=bucket,
        key=key,
        version_id=version,
        etag=etag or f"e{at}",
        size=100,
        content_type="text/csv",
        sequencer=sortable_sequencer(f"{at:X}"),
        event_at=NOON + timedelta(seconds=at),
    )


def removed(key: str = "a.csv", *, at: int = 1, version: str = "", bucket: str = "models") -> ArtifactEvent:
    """Return the removal of a key's present object, or of one version."""
    return ArtifactEvent(
        kind=EventKind.REMOVED,
        bucket=bucket,
        key=key,
        version_id=version,
        etag="",
        size=0,
        content_type="",
        sequencer=sortable_sequencer(f"{at:X}"),
        event_at=NOON + timedelta(seconds=at),
    )


def arrive(connection: Connection, *events: ArtifactEvent, tenant: str = "team") -> None:
    """Record events in one batch."""
    record(connection, [Arrival(event, occasion_of(event), tenant) for event in events])


@dataclass(frozen=True, slots=True)
class Card:
    """What matters of one artifact on the wall."""

    id: str
    etag: str
    state: str


def wall(connection: Connection) -> dict[str, Card]:
    """Return what hangs on the wall, by key."""
    rows = connection.execute(
        "select key, id, etag, state from artifacts where is_latest and state <> 'deleted'"
    ).fetchall()
    assert len({row["key"] for row in rows}) == len(rows), "two cards of one key"
    return {row["key"]: Card(row["id"], row["etag"], row["state"]) for row in rows}


def open_work(connection: Connection) -> list[str]:
    """Return the ids of artifacts with queued or claimed work, one entry a piece of work."""
    rows = connection.execute("select artifact_id from inbox where state in ('queued', 'claimed')").fetchall()
    return sorted(row["artifact_id"] for row in rows)


def state_of(connection: Connection, event: ArtifactEvent) -> str:
    """Return the state of one version."""
    row = connection.execute("select state from artifacts where id = %s", [event.artifact_id]).fetchone()
    assert row is not None, "no such artifact"
    return str(row["state"])


def queue_up(connection: Connection, keys: Iterable[str], *, tenant: str = "team", bucket: str = "models") -> None:
    """Queue one artifact a key, in this order."""
    for number, key in enumerate(keys, start=1):
        arrive(connection, created(key, at=number, etag=f"e{number}", bucket=bucket), tenant=tenant)
