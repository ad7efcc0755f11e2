"""Records of the topic that could not become events: kept as they came, with the reason, and never in the way."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from belvedere.clients.postgres import Connection

MAX_RAW_BYTES = 64 * 1024


def bury(connection: Connection, *, topic: str, partition: int, offset: int, reason: str, raw: bytes) -> None:
    """Keep one record (its first 64 KiB) with the reason; the same record again changes nothing."""
    facts = (topic, partition, offset, reason.replace("\0", ""), raw[:MAX_RAW_BYTES])
    connection.execute(INSERT, facts)


INSERT = """
insert into dead_events (topic, partition, "offset", reason, raw) values (%s, %s, %s, %s, %s)
on conflict (topic, partition, "offset") do nothing
"""
