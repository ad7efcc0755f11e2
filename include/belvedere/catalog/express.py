"""The express lane's part of the inbox: small updates that one warm process renders one after another.

A lane that lives beats twice a second. While one does, ordinary runs leave fresh small updates to it; what it does
not manage within ``PATIENCE_SECONDS``, and everything when no lane is there, is theirs as it always was.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from belvedere.catalog.serial import wake_dispatcher, writing_artifacts

if TYPE_CHECKING:
    from datetime import datetime

    from belvedere.catalog.claims import ClaimedItem
    from belvedere.clients.postgres import Connection

ALIVE_SECONDS = 3.0
PATIENCE_SECONDS = 2.0
# What is seen already, for its numbers are told, may wait longer for its picture.
PATIENCE_WITH_PICTURES_SECONDS = 10.0
FORGET_HOURS = 24


@dataclass(frozen=True, slots=True)
class Lane:
    """One lane that is, or lately was, at work."""

    name: str
    run_id: str
    started_at: datetime
    beat_at: datetime
    alive: bool
    rendered: int
    declined: int


def beat(connection: Connection, name: str, run_id: str, *, rendered: int = 0, declined: int = 0) -> None:
    """Say that a lane is there, and what it has done so far."""
    facts = {"name": name, "run_id": run_id, "rendered": rendered, "declined": declined}
    connection.execute(BEAT, facts)


def leave(connection: Connection, name: str) -> None:
    """Say that a lane is there no more: ordinary runs take over at once."""
    connection.execute("delete from lanes where name = %(name)s", {"name": name})
    connection.execute(FORGET, {"hours": FORGET_HOURS})
    wake_dispatcher(connection)


def lanes(connection: Connection) -> list[Lane]:
    """Return the lanes that are known, those that live first."""
    rows = connection.execute(LANES, {"alive": ALIVE_SECONDS}).fetchall()
    return [Lane(**{name: row[name] for name in Lane.__slots__}) for row in rows]


def decline(connection: Connection, claim_id: str, item: ClaimedItem) -> None:
    """Give one item to the ordinary runs, for good: it is nothing for the lane. No attempt is counted."""
    facts = {"id": item.inbox_id, "artifact_id": item.artifact_id, "claim_id": claim_id}
    with writing_artifacts(connection, wakes_dispatcher=True):
        if connection.execute(DECLINE, facts).fetchone() is not None:
            connection.execute(MARK_DECLINED, facts)


# What ordinary runs may claim of the queue.
FOR_RUNS = f"""(not express or received_at < clock_timestamp()
        - make_interval(secs => case when told then {PATIENCE_WITH_PICTURES_SECONDS} else {PATIENCE_SECONDS} end)
    or not exists (select from lanes where beat_at > clock_timestamp() - make_interval(secs => {ALIVE_SECONDS})))"""

BEAT = """
insert into lanes as l (name, run_id, rendered, declined) values (%(name)s, %(run_id)s, %(rendered)s, %(declined)s)
on conflict (name) do update set run_id = excluded.run_id, beat_at = clock_timestamp(),
    rendered = excluded.rendered, declined = excluded.declined
"""

FORGET = "delete from lanes where beat_at < clock_timestamp() - make_interval(hours => %(hours)s)"

LANES = """
select name, run_id, started_at, beat_at, rendered, declined,
    beat_at > clock_timestamp() - make_interval(secs => %(alive)s) as alive
from lanes order by alive desc, started_at desc
"""

DECLINE = """
update inbox set state = 'queued', express = false, claim_id = null, lease_until = null, started_at = null,
    attempts = greatest(attempts - 1, 0), available_at = clock_timestamp()
where id = %(id)s and claim_id = %(claim_id)s and state = 'claimed'
returning id
"""

MARK_DECLINED = """
update artifacts set state = 'queued', attempts = greatest(attempts - 1, 0), seq = nextval('artifact_seq'),
    updated_at = clock_timestamp()
where id = %(artifact_id)s and state = 'rendering'
"""
