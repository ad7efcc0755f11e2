"""What a lane takes out of the inbox: the next small update, claimed and begun at once, in three round trips.

That an update is begun is told to nobody: a moment later its numbers are. Its picture may have to wait, if one of the
same key was drawn a moment ago; then the update lies in the inbox again, told, and newer ones supersede it.
"""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from typing import TYPE_CHECKING

from belvedere.catalog.claims import DROP, ClaimedItem
from belvedere.catalog.serial import writing_artifacts, writing_untold
from belvedere.clients.postgres import Jsonb

if TYPE_CHECKING:
    from collections.abc import Mapping

    from belvedere.clients.postgres import Connection


@dataclass(frozen=True, slots=True)
class Begun:
    """An update that is a lane's now; its attempt is counted.

    ``told``: its numbers are known already. ``since_picture``: the seconds since its key was drawn last, if ever.
    """

    claim_id: str
    item: ClaimedItem
    told: bool
    since_picture: float | None


def begin_express(
    connection: Connection,
    dag_id: str,
    run_id: str,
    lease_seconds: float,
    *,
    after_tenant: str = "",
    draws_told: bool = True,
) -> Begun | None:
    """Claim and begin the oldest small update of the next tenant in turn; None where nothing waits.

    ``after_tenant`` had its turn last. ``draws_told`` says whether pictures of what is told already are wanted now; of
    a tenant's updates they come last. What was superseded or deleted meanwhile is dropped.
    """
    if connection.execute(WAITS, {"draws": draws_told}).fetchone() is None:
        return None
    claim_id = uuid.uuid4().hex
    facts = {
        "claim_id": claim_id,
        "lease": lease_seconds,
        "dag_id": dag_id,
        "run_id": run_id,
        "after": after_tenant,
        "draws": draws_told,
    }
    with connection.pipeline(), writing_untold(connection):
        row = connection.execute(BEGIN, facts).fetchone()
        if row is not None and not row["begun"]:
            connection.execute(DROP, {"id": row["inbox_id"], "claim_id": claim_id})
    if row is None or not row["begun"]:
        return None
    item = ClaimedItem(**{name: row[name] for name in ClaimedItem.__slots__})
    return Begun(claim_id, item, row["told"], row["since_picture"])


def foretell(connection: Connection, claim_id: str, item: ClaimedItem, kind: str, facts: Mapping[str, object]) -> None:
    """Tell what was read of an update before its picture is stored, unless its claim was lost."""
    with connection.pipeline(), writing_artifacts(connection):
        connection.execute(FORETELL, _told(claim_id, item, kind, facts))


def set_aside(
    connection: Connection,
    claim_id: str,
    item: ClaimedItem,
    kind: str,
    facts: Mapping[str, object],
    *,
    pause_seconds: float,
) -> None:
    """Tell what was read of an update, and leave its picture for later; one that was overtaken gets none.

    No attempt is counted. Nothing happens where the claim was lost.
    """
    with connection.pipeline(), writing_artifacts(connection):
        connection.execute(SET_ASIDE, _told(claim_id, item, kind, facts) | {"pause": pause_seconds})


def _told(claim_id: str, item: ClaimedItem, kind: str, facts: Mapping[str, object]) -> dict[str, object]:
    numbers = Jsonb(dict(facts))
    return {"inbox_id": item.inbox_id, "claim_id": claim_id, "id": item.artifact_id, "kind": kind, "facts": numbers}


WAITING = """
    from inbox where state = 'queued' and express and available_at <= clock_timestamp() and (%(draws)s or not told)
"""

WAITS = f"select {WAITING} limit 1"

BEGIN = f"""
with chosen as (
    select id {WAITING}
    order by tenant <= %(after)s, tenant, told, id limit 1 for update skip locked
), taken as (
    update inbox i set state = 'claimed', claim_id = %(claim_id)s, claimed_at = clock_timestamp(),
        started_at = clock_timestamp(), started_seq = (select last_value from artifact_seq), attempts = attempts + 1,
        lease_until = clock_timestamp() + make_interval(secs => %(lease)s)
    from chosen c where i.id = c.id
    returning i.*
), marked as (
    update artifacts a set state = 'rendering', attempts = a.attempts + 1, run_dag_id = %(dag_id)s,
        run_id = %(run_id)s, updated_at = clock_timestamp()
    from taken t where a.id = t.artifact_id and a.state not in ('superseded', 'deleted')
    returning a.id, a.size, a.content_type, a.queued_at
)
select t.id as inbox_id, t.artifact_id, t.tenant, t.bucket, t.key, t.version_id, t.etag, t.sequencer, t.event_at,
    m.queued_at, false as refreshes, m.size, m.content_type, t.attempts - 1 as attempts, t.cost_class,
    exists (select from artifacts twin where twin.tenant = t.tenant and twin.etag = t.etag and twin.size = m.size
                and twin.state = 'rendered' and twin.id <> t.artifact_id) as has_twin,
    m.id is not null as begun, t.told,
    (select extract(epoch from clock_timestamp() - drawn.rendered_at)::float from artifacts drawn
     where drawn.bucket = t.bucket and drawn.key = t.key and drawn.state = 'rendered'
     order by drawn.sequencer desc limit 1) as since_picture
from taken t left join marked m on m.id = t.artifact_id
"""  # noqa: S608

FORETELL = """
update artifacts a set kind = %(kind)s, facts = %(facts)s, seq = nextval('artifact_seq'), updated_at = clock_timestamp()
from inbox i
where i.id = %(inbox_id)s and i.claim_id = %(claim_id)s and i.state = 'claimed' and a.id = %(id)s
    and a.state = 'rendering'
"""

SET_ASIDE = """
with told as (
    update artifacts a set kind = %(kind)s, facts = %(facts)s, attempts = greatest(a.attempts - 1, 0),
        state = case when a.is_latest then 'queued' else 'superseded' end,
        seq = nextval('artifact_seq'), updated_at = clock_timestamp()
    from inbox i
    where i.id = %(inbox_id)s and i.claim_id = %(claim_id)s and i.state = 'claimed' and a.id = %(id)s
        and a.state = 'rendering'
    returning a.is_latest, a.state
)
update inbox i set state = told.state, told = true, claim_id = null, lease_until = null,
    attempts = greatest(i.attempts - 1, 0), available_at = clock_timestamp() + make_interval(secs => %(pause)s),
    finished_at = case when told.is_latest then null else clock_timestamp() end
from told where i.id = %(inbox_id)s
"""
