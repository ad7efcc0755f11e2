"""Everything of a bucket that is gone for good: its artifacts are marked as deleted, and nobody watches it any more."""

from __future__ import annotations

from typing import TYPE_CHECKING

from belvedere.catalog.serial import writing_artifacts

if TYPE_CHECKING:
    from belvedere.clients.postgres import Connection

BATCH = 2000


def forget_artifacts(connection: Connection, bucket: str) -> int:
    """Mark all artifacts of a bucket as deleted, a batch at a time; return how many were not.

    Work that waits for them is closed; work at hand ends by itself when it finds nothing to render.
    """
    total = 0
    while forgotten := _forget_batch(connection, bucket):
        total += forgotten
    connection.execute(UNWATCH, {"bucket": bucket})
    return total


def _forget_batch(connection: Connection, bucket: str) -> int:
    with writing_artifacts(connection):
        return connection.execute(FORGET, {"bucket": bucket, "most": BATCH}).rowcount


FORGET = """
with target as (
    select id from artifacts where bucket = %(bucket)s and state <> 'deleted' limit %(most)s
), closed as (
    update inbox set state = 'superseded', finished_at = clock_timestamp()
    where artifact_id in (select id from target) and state = 'queued'
)
update artifacts set state = 'deleted', seq = nextval('artifact_seq'), updated_at = clock_timestamp()
where id in (select id from target)
"""

UNWATCH = """
with blind as (delete from watches where leader_bucket = %(bucket)s or bucket = %(bucket)s)
delete from members where bucket = %(bucket)s
"""
