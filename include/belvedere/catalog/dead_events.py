"""Records of the topic that could not become events: kept as they came, with the reason, and never in the way."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import datetime

    from belvedere.clients.postgres import Connection, Row

MAX_RAW_BYTES = 64 * 1024
MOST_GROUPS = 50


@dataclass(frozen=True, slots=True)
class DeadEvent:
    """One record as it was buried; ``size`` counts the bytes that were kept."""

    id: int
    received_at: datetime
    topic: str
    partition: int
    offset: int
    reason: str
    size: int


@dataclass(frozen=True, slots=True)
class DeadEventGroup:
    """How many records were buried for one reason."""

    reason: str
    count: int
    newest_at: datetime


def bury(connection: Connection, *, topic: str, partition: int, offset: int, reason: str, raw: bytes) -> None:
    """Keep one record (its first 64 KiB) with the reason; the same record again changes nothing but the reason."""
    facts = (topic, partition, offset, reason.replace("\0", ""), raw[:MAX_RAW_BYTES])
    connection.execute(INSERT, facts)


def number_buried(connection: Connection) -> int:
    """Return how many records are buried."""
    row = connection.execute("select count(*) as n from dead_events").fetchone()
    return int(row["n"]) if row else 0


def dead_event_groups(connection: Connection) -> list[DeadEventGroup]:
    """Return the buried records by reason, most of them first."""
    rows = connection.execute(GROUPS, {"most": MOST_GROUPS})
    return [DeadEventGroup(row["reason"], row["n"], row["newest_at"]) for row in rows]


def dead_events(
    connection: Connection, *, limit: int, reason: str | None = None, before: int | None = None
) -> list[DeadEvent]:
    """Return buried records, newest first, from before the record ``before`` on."""
    rows = connection.execute(LIST, {"reason": reason, "before": before, "limit": limit})
    return [_event(row) for row in rows]


def exhumed(connection: Connection, event_id: int) -> tuple[DeadEvent, bytes] | None:
    """Return one buried record and its bytes."""
    row = connection.execute(FIND, {"id": event_id}).fetchone()
    return None if row is None else (_event(row), bytes(row["raw"] or b""))


def name_reason(connection: Connection, event_id: int, reason: str) -> None:
    """Say anew why a record stays buried."""
    connection.execute(NAME_REASON, {"id": event_id, "reason": reason.replace("\0", "")})


def forget(connection: Connection, event_id: int) -> None:
    """Remove one record."""
    connection.execute("delete from dead_events where id = %(id)s", {"id": event_id})


def _event(row: Row) -> DeadEvent:
    return DeadEvent(**{name: row[name] for name in DeadEvent.__slots__})


INSERT = """
insert into dead_events as d (topic, partition, "offset", reason, raw) values (%s, %s, %s, %s, %s)
on conflict (topic, partition, "offset") do update set reason = excluded.reason where d.reason <> excluded.reason
"""

GROUPS = """
select reason, count(*) as n, max(received_at) as newest_at from dead_events
group by reason order by n desc, reason limit %(most)s
"""

COLUMNS = 'id, received_at, topic, partition, "offset", reason, coalesce(octet_length(raw), 0) as size'

LIST = f"""
select {COLUMNS} from dead_events
where (%(reason)s::text is null or reason = %(reason)s) and (%(before)s::bigint is null or id < %(before)s)
order by id desc limit %(limit)s
"""  # noqa: S608

FIND = f"select {COLUMNS}, raw from dead_events where id = %(id)s"  # noqa: S608

NAME_REASON = "update dead_events set reason = %(reason)s where id = %(id)s"
