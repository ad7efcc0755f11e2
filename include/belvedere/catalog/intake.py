"""What lands in the catalog: events become artifacts and open work, each exactly once.

The order of events is the order of their sequencers, never of their arrival: both notification targets
deliver every event, the second seconds late, and a broker or a crash may repeat any of them.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

from belvedere.catalog.membership import Change, forget_leaders, notice
from belvedere.catalog.serial import writing_artifacts
from belvedere.model.events import ArtifactEvent, EventKind
from belvedere.model.express import may_go_express

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from belvedere.clients.postgres import Connection

LONGEST_SUFFIX = 12


@dataclass(frozen=True, slots=True)
class Arrival:
    """An event on its way into the catalog.

    ``occasion`` names why there is work to do; the same occasion never causes work twice for one artifact.
    ``seen_in_bucket`` says that the bucket itself showed this version (a sweep, a person), which overrules
    whatever earlier events said.
    """

    event: ArtifactEvent
    occasion: str
    tenant: str
    seen_in_bucket: bool = False


@dataclass(frozen=True, slots=True)
class Recorded:
    """How many arrivals caused work, how many removed an artifact, how many were known already."""

    queued: int
    removed: int
    known: int


def occasion_of(event: ArtifactEvent) -> str:
    """Return the occasion under which an event from the topic is recorded."""
    return f"{event.kind.value}:{event.sequencer}"


def cost_class(key: str, size: int) -> str:
    """Return the class under which rendering costs are learnt before the kind is known: suffix and magnitude."""
    suffix = PurePosixPath(key).suffix.lower().lstrip(".")
    known = suffix if suffix.isascii() and suffix.isalnum() and len(suffix) <= LONGEST_SUFFIX else ""
    return f"{known}/{len(str(max(size, 0)))}"


def record(connection: Connection, arrivals: Sequence[Arrival]) -> Recorded:
    """Write arrivals into artifacts and inbox in one transaction; what is known already changes nothing."""
    created = _newest_of_each(arrival for arrival in arrivals if arrival.event.kind is EventKind.CREATED)
    removed = [arrival for arrival in arrivals if arrival.event.kind is EventKind.REMOVED]
    with writing_artifacts(connection, wakes_dispatcher=bool(created)):
        queued = _record_created(connection, created) if created else 0
        gone = sum(_record_removed(connection, arrival) for arrival in removed)
    return Recorded(queued=queued, removed=gone, known=len(arrivals) - queued - gone)


def request_render(connection: Connection, artifact_id: str, *, occasion: str) -> bool:
    """Queue a known artifact for another rendering; its present picture stays until the new one is there.

    Returns whether work was queued: not for an unknown or deleted artifact, nor twice for one occasion,
    nor while a rendering of it is open.
    """
    with writing_artifacts(connection, wakes_dispatcher=True):
        found = connection.execute(REQUEST, {"artifact_id": artifact_id, "occasion": occasion}).fetchone()
        if found is None:
            return False
        connection.execute(MARK_REQUESTED, {"artifact_id": artifact_id})
    return True


def _newest_of_each(arrivals: Iterable[Arrival]) -> list[Arrival]:
    """Keep one arrival an artifact: PostgreSQL refuses to upsert one row twice in a statement."""
    newest: dict[str, Arrival] = {}
    for arrival in arrivals:
        other = newest.get(arrival.event.artifact_id)
        if other is None or arrival.event.sequencer > other.event.sequencer:
            newest[arrival.event.artifact_id] = arrival
    return list(newest.values())


def _record_created(connection: Connection, arrivals: Sequence[Arrival]) -> int:
    columns = _columns(arrivals)
    changed = connection.execute(UPSERT, columns).fetchall()
    if not changed:
        return 0
    settle_latest(connection, [row["bucket"] for row in changed], [row["key"] for row in changed])
    connection.execute(APPLY_REMOVALS, {"changed": [row["id"] for row in changed if not row["seen"]]})
    wanted = [row["id"] for row in changed if row["needs_work"]]
    connection.execute(ENQUEUE, {**columns, "wanted": wanted})
    notice(connection, [Change(row["tenant"], row["bucket"], row["key"]) for row in changed])
    return len(wanted)


def _columns(arrivals: Sequence[Arrival]) -> dict[str, list[object]]:
    events = [arrival.event for arrival in arrivals]
    return {
        "id": [event.artifact_id for event in events],
        "occasion": [arrival.occasion for arrival in arrivals],
        "tenant": [arrival.tenant for arrival in arrivals],
        "seen": [arrival.seen_in_bucket for arrival in arrivals],
        "bucket": [event.bucket for event in events],
        "key": [event.key for event in events],
        "version_id": [event.version_id for event in events],
        "etag": [event.etag for event in events],
        "size": [event.size for event in events],
        "content_type": [event.content_type for event in events],
        "sequencer": [event.sequencer for event in events],
        "event_at": [event.event_at for event in events],
        "cost_class": [cost_class(event.key, event.size) for event in events],
        "express": [_goes_express(arrival) for arrival in arrivals],
    }


def _goes_express(arrival: Arrival) -> bool:
    """Tell whether the express lane may take it; what sweeps and people bring is no update to be seen at once."""
    event = arrival.event
    return not arrival.seen_in_bucket and may_go_express(event.key, event.size, event.content_type)


def settle_latest(connection: Connection, buckets: Sequence[str], keys: Sequence[str]) -> None:
    """Let the newest version of each key be its latest one, and supersede older ones that still wait."""
    touched = {"bucket": list(buckets), "key": list(keys)}
    connection.execute(UNSET_LATEST, touched)
    connection.execute(SET_LATEST, touched)
    connection.execute(SUPERSEDE, touched)


def _record_removed(connection: Connection, arrival: Arrival) -> int:
    event = arrival.event
    facts = {
        "bucket": event.bucket,
        "key": event.key,
        "version_id": event.version_id,
        "sequencer": event.sequencer,
        "artifact_id": event.artifact_id,
        "occasion": arrival.occasion,
        "tenant": arrival.tenant,
        "event_at": event.event_at,
    }
    connection.execute(REMEMBER_REMOVAL, facts)
    deleted = connection.execute(DELETE_ARTIFACT, facts).fetchall()
    if any(row["is_latest"] for row in deleted):
        forget_leaders(connection, event.bucket, [event.key])
        notice(connection, [Change(arrival.tenant, event.bucket, event.key, gone=True)])
    return len(deleted)


ARRIVALS = """
    select * from unnest(%(id)s::text[], %(tenant)s::text[], %(seen)s::boolean[], %(bucket)s::text[], %(key)s::text[],
        %(version_id)s::text[], %(etag)s::text[], %(size)s::bigint[], %(content_type)s::text[], %(sequencer)s::text[],
        %(event_at)s::timestamptz[], %(cost_class)s::text[], %(occasion)s::text[], %(express)s::boolean[])
    as a(id, tenant, seen, bucket, key, version_id, etag, size, content_type, sequencer, event_at, cost_class, occasion,
        express)
"""

# A version that was deleted, given up or superseded comes back to life by a newer event; a rendered one does
# not: the same bytes have the same picture.
UPSERT = f"""
with arrivals as ({ARRIVALS}), seen as (select id from arrivals where seen)
insert into artifacts as t
    (id, tenant, bucket, key, version_id, etag, size, content_type, state, sequencer, event_at, seq)
select id, tenant, bucket, key, version_id, etag, size, content_type, 'queued', sequencer, event_at,
    nextval('artifact_seq')
from arrivals
on conflict (id) do update set
    sequencer = excluded.sequencer, event_at = excluded.event_at, seq = excluded.seq, updated_at = clock_timestamp(),
    queued_at = case when t.state in ('rendered', 'unsupported', 'queued', 'rendering') then t.queued_at
                     else clock_timestamp() end,
    attempts = case when t.state in ('deleted', 'superseded', 'dead') then 0 else t.attempts end,
    error_code = null, error_message = null,
    state = case when t.state in ('deleted', 'superseded', 'dead', 'failed') then 'queued' else t.state end
where excluded.sequencer > t.sequencer or t.id in (select id from seen)
returning t.id, t.tenant, t.bucket, t.key, t.id in (select id from seen) as seen,
    old.id is null or old.state in ('deleted', 'superseded', 'dead', 'failed')
        or not exists (select from inbox i where i.artifact_id = t.id and i.state in ('queued', 'claimed'))
           and old.state in ('queued', 'rendering') as needs_work
"""  # noqa: S608

ENQUEUE = f"""
with arrivals as ({ARRIVALS})
insert into inbox (artifact_id, occasion, tenant, bucket, key, version_id, etag, sequencer, event_at, cost_class,
    express)
select a.id, a.occasion, a.tenant, a.bucket, a.key, a.version_id, a.etag, a.sequencer, a.event_at, a.cost_class,
    a.express
from arrivals a join artifacts t using (id)
where a.id = any(%(wanted)s) and t.state = 'queued'
on conflict (artifact_id, occasion) do nothing
"""  # noqa: S608

TOUCHED = "select distinct * from unnest(%(bucket)s::text[], %(key)s::text[]) as t(bucket, key)"

NEWEST = f"""
    select n.id, t.bucket, t.key
    from ({TOUCHED}) t cross join lateral (
        select a.id from artifacts a where a.bucket = t.bucket and a.key = t.key and a.state <> 'superseded'
        order by a.sequencer desc, a.id limit 1) n
"""  # noqa: S608

# Two statements, because the partial unique index is checked row by row.
UNSET_LATEST = f"""
update artifacts a set is_latest = false, seq = nextval('artifact_seq')
from ({NEWEST}) n
where a.bucket = n.bucket and a.key = n.key and a.is_latest and a.id <> n.id
"""  # noqa: S608

SET_LATEST = f"""
update artifacts a set is_latest = true, seq = nextval('artifact_seq')
from ({NEWEST}) n
where a.id = n.id and not a.is_latest
"""  # noqa: S608

SUPERSEDE = f"""
with superseded as (
    update artifacts a set state = 'superseded', seq = nextval('artifact_seq'), updated_at = clock_timestamp()
    from ({TOUCHED}) t
    where a.bucket = t.bucket and a.key = t.key and not a.is_latest and a.state in ('queued', 'failed')
    returning a.id
)
update inbox i set state = 'superseded', finished_at = clock_timestamp()
from superseded s
where i.artifact_id = s.id and i.state = 'queued'
"""  # noqa: S608

REMEMBER_REMOVAL = """
insert into inbox (artifact_id, occasion, tenant, bucket, key, version_id, etag, sequencer, event_at, cost_class,
    state, finished_at)
values (%(artifact_id)s, %(occasion)s, %(tenant)s, %(bucket)s, %(key)s, %(version_id)s, '', %(sequencer)s,
    %(event_at)s, '', 'done', clock_timestamp())
on conflict (artifact_id, occasion) do nothing
"""

# A removal names one version, or (with an empty version id) whatever is the key's latest.
DELETE_ARTIFACT = """
with target as (
    select id from artifacts
    where bucket = %(bucket)s and key = %(key)s and state <> 'deleted' and sequencer <= %(sequencer)s
        and case when %(version_id)s = '' then is_latest else version_id = %(version_id)s end
), closed as (
    update inbox set state = 'superseded', finished_at = clock_timestamp()
    where artifact_id in (select id from target) and state = 'queued'
)
update artifacts set state = 'deleted', sequencer = %(sequencer)s, seq = nextval('artifact_seq'),
    updated_at = clock_timestamp()
where id in (select id from target)
returning id, is_latest
"""

# A removal that came before the creation it follows: the object is gone already.
APPLY_REMOVALS = """
update artifacts a set state = 'deleted', seq = nextval('artifact_seq'), updated_at = clock_timestamp()
where a.id = any(%(changed)s) and a.is_latest and a.state = 'queued'
    and exists (select from inbox r
                where r.bucket = a.bucket and r.key = a.key and r.occasion like 'removed:%%'
                    and r.sequencer >= a.sequencer and r.version_id in ('', a.version_id))
"""

REQUEST = """
insert into inbox (artifact_id, occasion, tenant, bucket, key, version_id, etag, sequencer, event_at, cost_class)
select a.id, %(occasion)s, a.tenant, a.bucket, a.key, a.version_id, a.etag, a.sequencer, a.event_at,
    coalesce(a.kind, '') || '/' || length(a.size::text)
from artifacts a
where a.id = %(artifact_id)s and a.state <> 'deleted'
    and not exists (select from inbox i where i.artifact_id = a.id and i.state in ('queued', 'claimed'))
on conflict (artifact_id, occasion) do nothing
returning artifact_id
"""

MARK_REQUESTED = """
update artifacts set state = 'queued', attempts = 0, error_code = null, error_message = null,
    queued_at = clock_timestamp(), seq = nextval('artifact_seq'), updated_at = clock_timestamp()
where id = %(artifact_id)s
"""
