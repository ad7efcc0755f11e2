"""What the catalog may forget: finished work, buried events, and versions that nobody looks at any more."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from belvedere.catalog.serial import writing_artifacts

if TYPE_CHECKING:
    from collections.abc import Sequence

    from belvedere.clients.postgres import Connection, Row

BATCH_ROWS = 5000


@dataclass(frozen=True, slots=True)
class OldVersion:
    """A version that was superseded or deleted long ago."""

    id: str
    bucket: str
    renderings_bucket: str
    key: str
    etag: str


@dataclass(frozen=True, slots=True)
class Place:
    """Where the rendering of one object version lies: its key and etag."""

    key: str
    etag: str


def count_finished_work(connection: Connection, keep_days: float) -> int:
    """Return how many inbox rows ``forget_finished_work`` would remove."""
    return _number(connection.execute(COUNT_WORK, {"days": keep_days}).fetchone())


def forget_finished_work(connection: Connection, keep_days: float) -> int:
    """Remove inbox rows that were finished more than so many days ago, in batches; return how many."""
    return _in_batches(connection, FORGET_WORK, keep_days)


def count_dead_events(connection: Connection, keep_days: float) -> int:
    """Return how many buried events ``forget_dead_events`` would remove."""
    return _number(connection.execute(COUNT_DEAD_EVENTS, {"days": keep_days}).fetchone())


def forget_dead_events(connection: Connection, keep_days: float) -> int:
    """Remove buried events that are older than so many days, in batches; return how many."""
    return _in_batches(connection, FORGET_DEAD_EVENTS, keep_days)


def old_versions(connection: Connection, keep_days: float, *, after_id: str, most: int) -> list[OldVersion]:
    """Return versions that were superseded or deleted more than so many days ago, by id, a page at a time."""
    rows = connection.execute(OLD_VERSIONS, {"days": keep_days, "after": after_id, "most": most}).fetchall()
    return [OldVersion(**{name: row[name] for name in OldVersion.__slots__}) for row in rows]


def shares_place(connection: Connection, version: OldVersion) -> bool:
    """Tell whether the catalog knows another version of the same key and bytes, which has the same picture."""
    facts = {"id": version.id, "bucket": version.bucket, "key": version.key, "etag": version.etag}
    return connection.execute(TWIN, facts).fetchone() is not None


def forget_version(connection: Connection, version: OldVersion) -> None:
    """Remove a version from the catalog."""
    with writing_artifacts(connection):
        connection.execute("delete from artifacts where id = %(id)s", {"id": version.id})


def knows_bucket(connection: Connection, bucket: str) -> bool:
    """Tell whether the catalog has any artifact of a bucket."""
    return connection.execute(ANY_OF_BUCKET, {"bucket": bucket}).fetchone() is not None


def known_places(connection: Connection, bucket: str, places: Sequence[Place]) -> set[Place]:
    """Return those places whose artifact the catalog knows."""
    facts = {
        "bucket": bucket,
        "keys": [place.key for place in places],
        "etags": [place.etag for place in places],
    }
    return {Place(row["key"], row["etag"]) for row in connection.execute(KNOWN_PLACES, facts).fetchall()}


def _in_batches(connection: Connection, statement: str, keep_days: float) -> int:
    removed = 0
    while batch := connection.execute(statement, {"days": keep_days, "rows": BATCH_ROWS}).rowcount:
        removed += batch
    return removed


def _number(row: Row | None) -> int:
    return int(row["n"]) if row else 0


FINISHED = "finished_at < clock_timestamp() - make_interval(secs => %(days)s * 86400)"

COUNT_WORK = f"select count(*) as n from inbox where {FINISHED}"  # noqa: S608

FORGET_WORK = f"""
delete from inbox where id in (select id from inbox where {FINISHED} order by finished_at limit %(rows)s)
"""  # noqa: S608

BURIED = "received_at < clock_timestamp() - make_interval(secs => %(days)s * 86400)"

COUNT_DEAD_EVENTS = f"select count(*) as n from dead_events where {BURIED}"  # noqa: S608

FORGET_DEAD_EVENTS = f"""
delete from dead_events where id in (select id from dead_events where {BURIED} order by id limit %(rows)s)
"""  # noqa: S608

# A version counts as superseded from the moment of the version that took its place.
OLD_VERSIONS = """
select a.id, a.bucket, s.renderings_bucket, a.key, a.etag
from artifacts a join sources s using (bucket), (
    select clock_timestamp() - make_interval(secs => %(days)s * 86400) as since) cutoff
where a.id > %(after)s
    and (a.state = 'deleted' and a.updated_at < cutoff.since
        or not a.is_latest and exists (
            select from artifacts n where n.bucket = a.bucket and n.key = a.key and n.is_latest
                and n.sequencer > a.sequencer and n.event_at < cutoff.since))
    and not exists (select from inbox i where i.artifact_id = a.id and i.state in ('queued', 'claimed'))
order by a.id limit %(most)s
"""

TWIN = """
select from artifacts where bucket = %(bucket)s and key = %(key)s and etag = %(etag)s and id <> %(id)s limit 1
"""

ANY_OF_BUCKET = "select from artifacts where bucket = %(bucket)s limit 1"

KNOWN_PLACES = """
select distinct a.key, a.etag
from artifacts a join unnest(%(keys)s::text[], %(etags)s::text[]) as p(key, etag) using (key, etag)
where a.bucket = %(bucket)s
"""
