"""Related objects as one artifact: which keys are parts of which leader, and when a leader is rendered again.

A leader's rendering says who its members are, and what its renderer looked at (``watches``). What lands where a
leader listed a folder counts as its part at once; the leader's next rendering, which follows soon, decides.
All of it happens inside the transaction of the one who writes artifacts.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING

from belvedere.model.watch import Watch

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import datetime

    from belvedere.clients.postgres import Connection, Row

# A leader is rendered once its objects have been calm for so long, or the first change has waited for so long; that
# patience doubles with every such rendering of the last minutes, so that a thousand arrivals cost a handful.
CALM_SECONDS = 0.6
PATIENCE_SECONDS = 4.0
MOST_DOUBLINGS = 4
BURST_SECONDS = 120
MOST_ANCESTORS = 1000
MOST_MISSED = 5000


@dataclass(frozen=True, slots=True)
class Change:
    """An object that was created, replaced or (``gone``) removed."""

    tenant: str
    bucket: str
    key: str
    gone: bool = False


@dataclass(frozen=True, slots=True)
class Leader:
    """The artifact whose rendering found members, or none: its place and what its renderer looked at."""

    tenant: str
    bucket: str
    key: str
    members: tuple[str, ...]
    watches: tuple[Watch, ...]


@dataclass(frozen=True, slots=True)
class Begun:
    """When a rendering began: by the clock, and by the number of the last change to any artifact before it."""

    seq: int
    at: datetime


@dataclass(frozen=True, slots=True)
class _Watcher:
    """A leader that looks at some place where something changed."""

    artifact_id: str
    tenant: str
    bucket: str
    key: str
    rendered: bool
    watch: Watch

    def sees(self, change: Change) -> bool:
        """Tell whether the change concerns this leader: another tenant's objects never do."""
        itself = (change.bucket, change.key) == (self.bucket, self.key)
        return change.tenant == self.tenant and not itself and self.watch.sees(change.bucket, change.key)

    def adopts(self, change: Change) -> bool:
        """Tell whether the changed object counts as a part until the leader is rendered."""
        return self.rendered and bool(self.watch.names) and change.bucket == self.bucket and not change.gone


def notice(connection: Connection, changes: Sequence[Change]) -> None:
    """Let leaders that look at what changed be rendered again soon, and adopt what landed in their folders."""
    watchers = _watchers(connection, changes)
    if not watchers:
        return
    concerned = [(watcher, change) for change in changes for watcher in watchers if watcher.sees(change)]
    adopted = [(watcher, change) for watcher, change in concerned if watcher.adopts(change)]
    if adopted:
        connection.execute(
            ADOPT,
            {
                "buckets": [watcher.bucket for watcher, _ in adopted],
                "leaders": [watcher.key for watcher, _ in adopted],
                "members": [change.key for _, change in adopted],
            },
        )
    _mark_parts(connection, {(change.bucket, change.key) for change in changes if not change.gone})
    refresh(connection, {watcher.artifact_id for watcher, _ in concerned})


def refresh(connection: Connection, artifact_ids: Iterable[str]) -> None:
    """Let leaders be rendered again once things are calm; what waits already, or is being rendered, stays so."""
    ids = sorted(set(artifact_ids))
    if not ids:
        return
    facts = {
        "ids": ids,
        "calm": CALM_SECONDS,
        "patience": PATIENCE_SECONDS,
        "doublings": MOST_DOUBLINGS,
        "burst": BURST_SECONDS,
    }
    connection.execute(POSTPONE, facts)
    connection.execute(REFRESH, facts)


def settle_members(connection: Connection, leader: Leader) -> None:
    """Let a leader have exactly these members and watches from now on; members it had before are free again."""
    place = {"bucket": leader.bucket, "key": leader.key}
    connection.execute(FORGET_WATCHES, place)
    watches = _merged(leader.watches)
    if watches:
        connection.execute(
            WATCH,
            place
            | {
                "buckets": [watch.bucket for watch in watches],
                "prefixes": [watch.prefix for watch in watches],
                "names": [json.dumps(watch.names) for watch in watches],
            },
        )
    members = _without_cycles(connection, leader)
    changed = connection.execute(REPLACE, place | {"members": members}).fetchall()
    _settle_parts(connection, leader.bucket, [row["member_key"] for row in changed] + [leader.key])
    freed = [row["member_key"] for row in changed if row["freed"]]
    _refresh_freed(connection, leader.bucket, freed)


def notice_missed(connection: Connection, leader: Leader, begun: Begun) -> None:
    """Notice what changed where a leader looks while it was being rendered, when nobody knew of it yet."""
    if not leader.watches:
        return
    facts = {
        "seq": begun.seq,
        "at": begun.at,
        "tenant": leader.tenant,
        "buckets": sorted({watch.bucket for watch in leader.watches}),
        "most": MOST_MISSED,
    }
    rows = connection.execute(MISSED, facts).fetchall()
    changes = [Change(leader.tenant, row["bucket"], row["key"], row["gone"]) for row in rows]
    seen = [change for change in changes if any(watch.sees(change.bucket, change.key) for watch in leader.watches)]
    if seen:
        notice(connection, seen)


def forget_leaders(connection: Connection, bucket: str, keys: Sequence[str]) -> None:
    """Free the members of artifacts that were deleted."""
    place = {"bucket": bucket, "keys": list(keys)}
    freed = [row["member_key"] for row in connection.execute(FORGET_LEADERS, place).fetchall()]
    if freed:
        _settle_parts(connection, bucket, freed)
        _refresh_freed(connection, bucket, freed)


def settle_parts_of_bucket(connection: Connection, bucket: str) -> None:
    """Mark every artifact of a bucket as a part or not, as the known members say."""
    connection.execute(SETTLE_BUCKET, {"bucket": bucket})


def _watchers(connection: Connection, changes: Sequence[Change]) -> list[_Watcher]:
    places = sorted({place for change in changes for place in _places(change)})
    facts = {"buckets": [bucket for bucket, _ in places], "prefixes": [prefix for _, prefix in places]}
    return [_watcher(row) for row in connection.execute(WATCHERS, facts).fetchall()]


def _watcher(row: Row) -> _Watcher:
    watch = Watch(row["bucket"], row["prefix"], tuple(row["names"]))
    return _Watcher(
        row["artifact_id"], row["tenant"], row["leader_bucket"], row["leader_key"], row["state"] == "rendered", watch
    )


def _places(change: Change) -> list[tuple[str, str]]:
    """Return the object itself and every folder it lies in."""
    folders = change.key.split("/")[:-1]
    prefixes = ["/".join(folders[:depth]) + "/" for depth in range(1, len(folders) + 1)]
    return [(change.bucket, prefix) for prefix in ("", *prefixes, change.key)]


def _merged(watches: Iterable[Watch]) -> list[Watch]:
    """Return one watch for each place."""
    names: dict[tuple[str, str], tuple[str, ...]] = {}
    for watch in watches:
        place = (watch.bucket, watch.prefix)
        names[place] = tuple(dict.fromkeys(names.get(place, ()) + watch.names))
    return [Watch(bucket, prefix, found) for (bucket, prefix), found in names.items()]


def _without_cycles(connection: Connection, leader: Leader) -> list[str]:
    """Leave out members that lead this leader; of two that claim each other, the one with the smaller key leads."""
    place = {"bucket": leader.bucket, "key": leader.key, "most": MOST_ANCESTORS}
    above = {row["leader_key"]: row["near"] for row in connection.execute(ANCESTORS, place).fetchall()}
    overruled = [key for key in leader.members if above.get(key) and leader.key < key]
    if overruled:
        connection.execute(OVERRULE, {"bucket": leader.bucket, "key": leader.key, "leaders": overruled})
    return [key for key in leader.members if key not in above or key in overruled]


def _settle_parts(connection: Connection, bucket: str, keys: Sequence[str]) -> None:
    connection.execute(SETTLE_PARTS, {"bucket": bucket, "keys": list(dict.fromkeys(keys))})


def _mark_parts(connection: Connection, objects: Iterable[tuple[str, str]]) -> None:
    places = sorted(objects)
    facts = {"buckets": [bucket for bucket, _ in places], "keys": [key for _, key in places]}
    connection.execute(MARK_PARTS, facts)


def _refresh_freed(connection: Connection, bucket: str, keys: Sequence[str]) -> None:
    """Let those be rendered again that look at places themselves: one of them may lead the others now."""
    if keys:
        rows = connection.execute(FREED_LEADERS, {"bucket": bucket, "keys": list(keys)}).fetchall()
        refresh(connection, [row["id"] for row in rows])


# Who is a part and has no members of its own (the second log of a run, a picture of it) leaves looking to its leader.
WATCHERS = """
select a.id as artifact_id, a.tenant, a.state, w.leader_bucket, w.leader_key, w.bucket, w.prefix, w.names
from unnest(%(buckets)s::text[], %(prefixes)s::text[]) as p(bucket, prefix)
join watches w on w.bucket = p.bucket and w.prefix = p.prefix
join artifacts a on a.bucket = w.leader_bucket and a.key = w.leader_key and a.is_latest and a.state <> 'deleted'
where not a.part or exists (select from members m where m.bucket = a.bucket and m.leader_key = a.key)
"""

ADOPT = """
insert into members (bucket, leader_key, member_key)
select * from unnest(%(buckets)s::text[], %(leaders)s::text[], %(members)s::text[]) as n(bucket, leader_key, member_key)
where not exists (select from members m
                  where m.bucket = n.bucket and m.leader_key = n.member_key and m.member_key = n.leader_key)
on conflict do nothing
"""

IS_PART = "exists (select from members m where m.bucket = a.bucket and m.member_key = a.key)"

MARK_PARTS = f"""
update artifacts a set part = true, seq = nextval('artifact_seq'), updated_at = clock_timestamp()
from unnest(%(buckets)s::text[], %(keys)s::text[]) as o(bucket, key)
where a.bucket = o.bucket and a.key = o.key and not a.part and {IS_PART}
"""  # noqa: S608

SETTLE_PARTS = f"""
update artifacts a set part = not part, seq = nextval('artifact_seq'), updated_at = clock_timestamp()
where a.bucket = %(bucket)s and a.key = any(%(keys)s) and a.part <> {IS_PART}
"""  # noqa: S608

SETTLE_BUCKET = f"""
update artifacts a set part = not part, seq = nextval('artifact_seq'), updated_at = clock_timestamp()
where a.bucket = %(bucket)s and a.part <> {IS_PART}
"""  # noqa: S608

WAITS_FOR_CALM = "state = 'queued' and occasion like 'members:%%'"

POSTPONE = f"""
update inbox i set available_at = least(
    clock_timestamp() + make_interval(secs => %(calm)s),
    i.received_at + make_interval(secs => %(patience)s * 2 ^ least(%(doublings)s, (
        select count(*) from inbox r
        where r.artifact_id = i.artifact_id and r.occasion like 'members:%%'
            and r.finished_at > i.received_at - make_interval(secs => %(burst)s)))))
where i.artifact_id = any(%(ids)s) and i.{WAITS_FOR_CALM}
"""  # noqa: S608

REFRESH = """
insert into inbox (artifact_id, occasion, tenant, bucket, key, version_id, etag, sequencer, event_at, cost_class,
    available_at)
select a.id, 'members:' || nextval('artifact_seq'), a.tenant, a.bucket, a.key, a.version_id, a.etag, a.sequencer,
    a.event_at, coalesce(a.kind, '') || '/' || length(a.size::text),
    clock_timestamp() + make_interval(secs => %(calm)s)
from artifacts a
where a.id = any(%(ids)s) and a.is_latest and a.state in ('rendered', 'unsupported', 'dead')
    and not exists (select from inbox i where i.artifact_id = a.id and i.state in ('queued', 'claimed'))
"""

FORGET_WATCHES = "delete from watches where leader_bucket = %(bucket)s and leader_key = %(key)s"

WATCH = """
insert into watches (bucket, prefix, names, leader_bucket, leader_key)
select w.bucket, w.prefix, array(select jsonb_array_elements_text(w.names::jsonb)), %(bucket)s, %(key)s
from unnest(%(buckets)s::text[], %(prefixes)s::text[], %(names)s::text[]) as w(bucket, prefix, names)
"""

REPLACE = """
with wanted as (select unnest(%(members)s::text[]) as member_key), freed as (
    delete from members m
    where m.bucket = %(bucket)s and m.leader_key = %(key)s and m.member_key not in (select member_key from wanted)
    returning m.member_key
), added as (
    insert into members (bucket, leader_key, member_key) select %(bucket)s, %(key)s, member_key from wanted
    on conflict do nothing returning member_key
)
select member_key, true as freed from freed union all select member_key, false from added
"""

ANCESTORS = """
with recursive above(leader_key, near) as (
    select leader_key, true from members where bucket = %(bucket)s and member_key = %(key)s
    union
    select m.leader_key, false from above join members m on m.bucket = %(bucket)s and m.member_key = above.leader_key
)
select leader_key, bool_or(near) as near from (select * from above limit %(most)s) as found group by leader_key
"""

OVERRULE = """
delete from members where bucket = %(bucket)s and leader_key = any(%(leaders)s) and member_key = %(key)s
"""

FORGET_LEADERS = """
with blind as (
    delete from watches where leader_bucket = %(bucket)s and leader_key = any(%(keys)s)
)
delete from members where bucket = %(bucket)s and leader_key = any(%(keys)s) returning member_key
"""

FREED_LEADERS = """
select a.id from artifacts a
where a.bucket = %(bucket)s and a.key = any(%(keys)s) and a.is_latest and not a.part
    and exists (select from watches w where w.leader_bucket = a.bucket and w.leader_key = a.key)
"""

MISSED = """
select distinct bucket, key, state = 'deleted' as gone from artifacts
where seq > %(seq)s and tenant = %(tenant)s and bucket = any(%(buckets)s) and is_latest
    and (queued_at > %(at)s or state = 'deleted' and updated_at > %(at)s)
limit %(most)s
"""
