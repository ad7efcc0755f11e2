"""What subscriptions are still to be told: one message at a time for each, in order for each object.

A sender leases a subscription, not a message: so a target never hears two messages at once, and one that is down
or slow keeps one sender busy at most. While a target fails, all that it was to be told waits.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from belvedere.catalog.subscriptions import COLUMNS, subscription_of
from belvedere.clients.postgres import Jsonb

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from datetime import datetime

    from belvedere.clients.postgres import Connection, Row
    from belvedere.model.subscription import Subscription

DELIVERIES_CHANNEL = "belvedere_deliveries"
# How long a message waits after each failure; after the last it is dead: about a day in all.
RETRY_SECONDS = (5, 30, 120, 600, 3600, 3 * 3600, 6 * 3600, 12 * 3600)
# How long a target rests after failures in a row.
FIRST_REST_SECONDS, LONGEST_REST_SECONDS = 5, 600
# After so many failures a message gives way to a newer one of the same object.
PATIENCE = 3
MOST_WAITING = 10_000
BATCH_ROWS = 5000


@dataclass(frozen=True, slots=True)
class Message:
    """One message on its way to a subscription."""

    subscription_id: str
    event: Mapping[str, Any]
    bucket: str = ""
    key: str = ""


@dataclass(frozen=True, slots=True)
class Delivery:
    """A message and how its delivery stands."""

    id: int
    event_id: str
    type: str
    bucket: str
    key: str
    event: Mapping[str, Any]
    state: str
    attempts: int
    created_at: datetime
    next_at: datetime
    finished_at: datetime | None
    status: int | None
    problem: str | None


@dataclass(frozen=True, slots=True)
class Failing:
    """Why a message did not arrive. ``for_good``: the target must be changed before trying again can help."""

    problem: str
    status: int | None = None
    retry_after: float | None = None
    for_good: bool = False
    disables: bool = False


def enqueue(connection: Connection, messages: Iterable[Message]) -> int:
    """Add messages (known ones stay as they are), wake the senders, and return how many were new."""
    added = 0
    for message in messages:
        facts = {
            "subscription": message.subscription_id,
            "event_id": message.event["id"],
            "type": message.event["type"],
            "bucket": message.bucket,
            "key": message.key,
            "event": Jsonb(dict(message.event)),
        }
        added += connection.execute(ENQUEUE, facts).rowcount
    if added:
        wake_senders(connection)
    return added


def drop_overflow(connection: Connection, subscription_id: str) -> int:
    """Give up the oldest of more than ``MOST_WAITING`` messages: a target that is away for long is not drowned."""
    return connection.execute(OVERFLOW, {"id": subscription_id, "most": MOST_WAITING}).rowcount


def lease_subscription(connection: Connection, lease_seconds: float) -> Subscription | None:
    """Take the subscription that waits longest and has something to be told now; None when there is none."""
    row = connection.execute(LEASE, {"lease": lease_seconds}).fetchone()
    return subscription_of(row) if row else None


def release(connection: Connection, subscription_id: str) -> None:
    """Let others take the subscription."""
    connection.execute("update subscriptions set lease_until = null where id = %(id)s", {"id": subscription_id})


def next_delivery(connection: Connection, subscription_id: str) -> Delivery | None:
    """Return the oldest message that may be sent now: not before an older one of the same object."""
    row = connection.execute(NEXT, {"id": subscription_id}).fetchone()
    return _delivery(row) if row else None


def delivered(connection: Connection, subscription_id: str, delivery: Delivery, status: int) -> None:
    """Record that a message arrived."""
    with connection.transaction():
        connection.execute(DELIVERED, {"id": delivery.id, "status": status})
        connection.execute(THRIVING, {"id": subscription_id})


def failed(
    connection: Connection, subscription: Subscription, delivery: Delivery, failing: Failing, *, most_attempts: int
) -> str:
    """Record a failure: the message waits longer or is given up, its target rests. Returns the message's state."""
    attempts = delivery.attempts + 1
    dead = failing.for_good or attempts >= most_attempts or _overtaken(connection, subscription.id, delivery, attempts)
    delay = failing.retry_after or RETRY_SECONDS[min(attempts, len(RETRY_SECONDS)) - 1]
    rest = failing.retry_after or min(FIRST_REST_SECONDS * 2**subscription.failures, LONGEST_REST_SECONDS)
    facts = {
        "id": delivery.id,
        "subscription": subscription.id,
        "state": "dead" if dead else "waiting",
        "delay": delay,
        "rest": rest,
        "status": failing.status,
        "problem": failing.problem,
        "disables": failing.disables,
    }
    with connection.transaction():
        connection.execute(FAILED, facts)
        connection.execute(SUFFERING, facts)
    return str(facts["state"])


def deliveries(
    connection: Connection,
    subscription_id: str,
    *,
    state: str | None = None,
    before: int | None = None,
    limit: int = 50,
) -> list[Delivery]:
    """Return a subscription's messages, newest first."""
    rows = connection.execute(LIST, {"id": subscription_id, "state": state, "before": before, "limit": limit})
    return [_delivery(row) for row in rows]


def counts(connection: Connection, subscription_ids: Sequence[str]) -> dict[str, dict[str, int]]:
    """Return how many messages of each subscription wait, arrived, or were given up."""
    found: dict[str, dict[str, int]] = {each: {} for each in subscription_ids}
    for row in connection.execute(COUNTS, {"ids": list(subscription_ids)}).fetchall():
        found[row["subscription_id"]][row["state"]] = row["n"]
    return found


def redrive(connection: Connection, subscription_id: str, delivery_ids: Sequence[int] | None) -> int:
    """Send messages that were given up again (some, or with None all of them) and return how many."""
    ids = list(delivery_ids) if delivery_ids is not None else None
    with connection.transaction():
        again = connection.execute(REDRIVE, {"id": subscription_id, "ids": ids}).rowcount
        if again:
            connection.execute(RESTED, {"id": subscription_id})
            wake_senders(connection)
    return again


def wake_senders(connection: Connection) -> None:
    """Let senders look at once."""
    connection.execute("select pg_notify(%s, '')", (DELIVERIES_CHANNEL,))


def count_told(connection: Connection, keep_days: float) -> int:
    """Return how many messages ``forget_told`` would remove."""
    row = connection.execute(COUNT_TOLD, {"days": keep_days}).fetchone()
    return int(row["n"]) if row else 0


def forget_told(connection: Connection, keep_days: float) -> int:
    """Remove messages that arrived or were given up so many days ago, and news nobody read since; return how many."""
    removed = 0
    while batch := connection.execute(FORGET_TOLD, {"days": keep_days, "rows": BATCH_ROWS}).rowcount:
        removed += batch
    connection.execute(FORGET_NEWS, {"days": keep_days})
    return removed


def _overtaken(connection: Connection, subscription_id: str, delivery: Delivery, attempts: int) -> bool:
    if attempts < PATIENCE or not delivery.key:
        return False
    facts = {"subscription": subscription_id, "bucket": delivery.bucket, "key": delivery.key, "id": delivery.id}
    return connection.execute(NEWER, facts).fetchone() is not None


def _delivery(row: Row) -> Delivery:
    return Delivery(**{name: row[name] for name in Delivery.__slots__})


DELIVERY_COLUMNS = ", ".join(Delivery.__slots__)

ENQUEUE = """
insert into deliveries (subscription_id, event_id, type, bucket, key, event)
select id, %(event_id)s, %(type)s, %(bucket)s, %(key)s, %(event)s from subscriptions where id = %(subscription)s
on conflict (subscription_id, event_id) do nothing
"""

OVERFLOW = """
update deliveries set state = 'dead', finished_at = clock_timestamp(), problem = 'too many newer messages wait'
where subscription_id = %(id)s and state = 'waiting' and id < (
    select id from deliveries where subscription_id = %(id)s and state = 'waiting'
    order by id desc offset %(most)s - 1 limit 1)
"""

# What may be sent now: due, and not behind an older message of the same object.
READY = """
d.state = 'waiting' and d.next_at <= clock_timestamp() and not exists (
    select from deliveries older where older.subscription_id = d.subscription_id and older.bucket = d.bucket
        and older.key = d.key and older.state = 'waiting' and older.id < d.id)
"""

LEASE = f"""
update subscriptions set lease_until = clock_timestamp() + make_interval(secs => %(lease)s),
    attempted_at = clock_timestamp()
where id = (
    select s.id from subscriptions s
    where s.enabled and coalesce(s.retry_at, '-infinity') <= clock_timestamp()
        and coalesce(s.lease_until, '-infinity') <= clock_timestamp()
        and exists (select from deliveries d where d.subscription_id = s.id and {READY})
    order by s.attempted_at nulls first, s.id limit 1 for update skip locked)
returning {COLUMNS}
"""  # noqa: S608

NEXT = f"""
select {DELIVERY_COLUMNS} from deliveries d where d.subscription_id = %(id)s and {READY} order by d.id limit 1
"""  # noqa: S608

DELIVERED = """
update deliveries set state = 'delivered', attempts = attempts + 1, finished_at = clock_timestamp(),
    status = %(status)s, problem = null
where id = %(id)s
"""

THRIVING = """
update subscriptions set failures = 0, retry_at = null, problem = null, delivered_at = clock_timestamp()
where id = %(id)s
"""

FAILED = """
update deliveries set state = %(state)s, attempts = attempts + 1, status = %(status)s, problem = %(problem)s,
    next_at = clock_timestamp() + make_interval(secs => %(delay)s),
    finished_at = case when %(state)s = 'dead' then clock_timestamp() end
where id = %(id)s
"""

SUFFERING = """
update subscriptions set failures = least(failures + 1, 20), problem = %(problem)s,
    enabled = enabled and not %(disables)s,
    retry_at = clock_timestamp() + make_interval(secs => %(rest)s)
where id = %(subscription)s
"""

NEWER = """
select from deliveries
where subscription_id = %(subscription)s and bucket = %(bucket)s and key = %(key)s and state = 'waiting'
    and id > %(id)s limit 1
"""

LIST = f"""
select {DELIVERY_COLUMNS} from deliveries
where subscription_id = %(id)s and (%(state)s::text is null or state = %(state)s)
    and (%(before)s::bigint is null or id < %(before)s)
order by id desc limit %(limit)s
"""  # noqa: S608

COUNTS = """
select subscription_id, state, count(*) as n from deliveries where subscription_id = any(%(ids)s)
group by subscription_id, state
"""

REDRIVE = """
update deliveries set state = 'waiting', attempts = 0, next_at = clock_timestamp(), finished_at = null
where subscription_id = %(id)s and state = 'dead' and (%(ids)s::bigint[] is null or id = any(%(ids)s))
"""

RESTED = "update subscriptions set failures = 0, retry_at = null where id = %(id)s"

TOLD = "finished_at < clock_timestamp() - make_interval(secs => %(days)s * 86400)"

COUNT_TOLD = f"select count(*) as n from deliveries where {TOLD}"  # noqa: S608

FORGET_TOLD = f"""
delete from deliveries where id in (select id from deliveries where {TOLD} order by finished_at limit %(rows)s)
"""  # noqa: S608

FORGET_NEWS = "delete from report_news where at < clock_timestamp() - make_interval(secs => %(days)s * 86400)"
