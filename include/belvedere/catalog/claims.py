"""Claims: which open work goes into the next run, and what becomes of work whose run died.

Fair across tenants (round-robin by tenant, oldest first within one), sized by expected work, bounded by
running claims. A claim is a lease: whoever loses it loses the work to the next one.
"""

from __future__ import annotations

import math
import uuid
from dataclasses import dataclass
from typing import TYPE_CHECKING

from belvedere.catalog.express import FOR_RUNS
from belvedere.catalog.serial import dispatching, wake_dispatcher, writing_artifacts

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import datetime

    from belvedere.clients.postgres import Connection, Row

UNKNOWN_COST_SECONDS = 0.15
LOST_LEASE_MESSAGE = (
    "rendering was interrupted {attempts} times: its task or its machine died each time. "
    "Look at the run's log, then render it again."
)


@dataclass(frozen=True, slots=True)
class ClaimLimits:
    """How much may run at once and how much goes into one run.

    ``usual_runs`` claims may run beside each other; a claim that works on one item for longer than
    ``slow_after_seconds`` no longer counts, up to ``most_runs`` in all and half of these for one tenant.
    """

    usual_runs: int
    most_runs: int
    slow_after_seconds: float
    chunk_seconds: float
    chunk_items: int
    lease_seconds: float


@dataclass(frozen=True, slots=True)
class ActiveClaim:
    """A claim that has unfinished items; ``slow`` when it has worked on one of them for long."""

    claim_id: str
    tenants: frozenset[str]
    slow: bool


@dataclass(frozen=True, slots=True)
class Candidate:
    """Open work that could be claimed, in the order in which it should be."""

    inbox_id: int
    tenant: str
    cost_seconds: float
    alone: bool


@dataclass(frozen=True, slots=True)
class ClaimedItem:
    """One piece of claimed work; one that ``refreshes`` was queued because parts of a rendered artifact changed."""

    inbox_id: int
    artifact_id: str
    tenant: str
    bucket: str
    key: str
    version_id: str
    etag: str
    sequencer: str
    event_at: datetime
    queued_at: datetime
    size: int
    content_type: str
    attempts: int
    cost_class: str
    refreshes: bool
    has_twin: bool = False


def claim_next(connection: Connection, limits: ClaimLimits) -> str | None:
    """Claim the next chunk of work and return the claim's id; None when nothing waits or no place is free."""
    with dispatching(connection):
        active = _active_claims(connection, limits.slow_after_seconds)
        places = free_places(active, limits)
        if places == 0:
            return None
        candidates = _candidates(connection, crowding_tenants(active, limits), limits.chunk_items)
        waiting = connection.execute(COUNT_QUEUED).fetchone()
        share = math.ceil((waiting["queued"] if waiting else 0) / places)
        chosen = choose_chunk(candidates, share, limits)
        if not chosen:
            return None
        claim_id = uuid.uuid4().hex
        connection.execute(
            CLAIM, {"ids": [item.inbox_id for item in chosen], "claim_id": claim_id, "lease": limits.lease_seconds}
        )
    return claim_id


def free_places(active: Sequence[ActiveClaim], limits: ClaimLimits) -> int:
    """Return how many further claims may run now."""
    usual = limits.usual_runs - sum(not claim.slow for claim in active)
    return max(0, min(usual, limits.most_runs - len(active)))


def crowding_tenants(active: Sequence[ActiveClaim], limits: ClaimLimits) -> frozenset[str]:
    """Return the tenants whose slow work already fills half of all places: the rest is for others."""
    slow = [tenant for claim in active if claim.slow for tenant in claim.tenants]
    return frozenset(tenant for tenant in set(slow) if slow.count(tenant) >= max(1, limits.most_runs // 2))


def choose_chunk(candidates: Iterable[Candidate], share: int, limits: ClaimLimits) -> list[Candidate]:
    """Take candidates until their expected work, their number or this run's share of the queue is reached.

    Work that once lost its lease goes alone: if it kills its task again, it harms nobody else.
    """
    chosen: list[Candidate] = []
    seconds = 0.0
    for candidate in candidates:
        if candidate.alone:
            if not chosen:
                return [candidate]
            continue
        full = len(chosen) >= min(share, limits.chunk_items) or seconds + candidate.cost_seconds > limits.chunk_seconds
        if chosen and full:
            break
        chosen.append(candidate)
        seconds += candidate.cost_seconds
    return chosen


def _active_claims(connection: Connection, slow_after: float) -> list[ActiveClaim]:
    rows = connection.execute(ACTIVE, {"slow_after": slow_after}).fetchall()
    return [ActiveClaim(row["claim_id"], frozenset(row["tenants"]), row["slow"]) for row in rows]


def _candidates(connection: Connection, crowding: frozenset[str], most: int) -> list[Candidate]:
    facts = {"crowding": sorted(crowding), "most": most, "unknown": UNKNOWN_COST_SECONDS}
    rows = connection.execute(CANDIDATES, facts).fetchall()
    return [Candidate(row["id"], row["tenant"], row["seconds"], row["alone"]) for row in rows]


def claim_artifact(connection: Connection, artifact_id: str, lease_seconds: float) -> str | None:
    """Claim the open work of one artifact, as a person's run does; None when somebody else has it."""
    claim_id = uuid.uuid4().hex
    facts = {"artifact_id": artifact_id, "claim_id": claim_id, "lease": lease_seconds}
    with dispatching(connection):
        return claim_id if connection.execute(CLAIM_ONE, facts).fetchone() else None


def claimed_items(connection: Connection, claim_id: str) -> list[ClaimedItem]:
    """Return what a claim still holds, in the order of working on it."""
    return [_item(row) for row in connection.execute(CLAIMED, {"claim_id": claim_id}).fetchall()]


def _item(row: Row) -> ClaimedItem:
    return ClaimedItem(**{name: row[name] for name in ClaimedItem.__slots__})


def start_item(
    connection: Connection,
    claim_id: str,
    item: ClaimedItem,
    lease_seconds: float,
    run_id: str,
    dag_id: str = "render_artifacts",
) -> bool:
    """Begin work on one item: count the attempt, take the lease, show the card as rendering.

    Returns False when the claim was lost, or the artifact was superseded or deleted meanwhile.
    """
    facts = {"id": item.inbox_id, "claim_id": claim_id, "lease": lease_seconds, "dag_id": dag_id, "run_id": run_id}
    with writing_artifacts(connection):
        begun = connection.execute(START, facts).fetchone()
        if begun is None:
            return False
        mark = MARK_REFRESHING if begun["refreshes"] else MARK_RENDERING
        started = connection.execute(mark, facts | {"artifact_id": item.artifact_id}).fetchone()
        if started is None:
            connection.execute(DROP, facts)
        return started is not None


def extend_lease(connection: Connection, claim_id: str, lease_seconds: float) -> None:
    """Keep a claim alive while its run works."""
    connection.execute(EXTEND, {"claim_id": claim_id, "lease": lease_seconds})


def hand_back(connection: Connection, claim_id: str, *, delay_seconds: float = 0.0) -> int:
    """Put a claim's unstarted items back into the queue and return how many there were."""
    given = connection.execute(HAND_BACK, {"claim_id": claim_id, "delay": delay_seconds}).rowcount
    if given:
        wake_dispatcher(connection)
    return given


def somebody_starves(connection: Connection) -> bool:
    """Tell whether a tenant waits while none of its work is claimed."""
    return connection.execute(STARVING).fetchone() is not None


def release_expired(connection: Connection, max_attempts: int) -> int:
    """Take back work whose lease ran out and return how much it was.

    Unstarted work just waits again. Started work lost an attempt with its task: it comes again alone, and is
    given up after ``max_attempts``.
    """
    if connection.execute(ANY_EXPIRED).fetchone() is None:
        return 0
    with writing_artifacts(connection, wakes_dispatcher=True):
        rows = connection.execute(RELEASE, {"max_attempts": max_attempts}).fetchall()
        for row in rows:
            message = LOST_LEASE_MESSAGE.format(attempts=row["attempts"])
            connection.execute(MARK_RELEASED, {**row, "message": message})
    return len(rows)


COUNT_QUEUED = f"""
select count(*) as queued from (
    select from inbox where state = 'queued' and available_at <= clock_timestamp() and {FOR_RUNS} limit 1000) as waiting
"""  # noqa: S608

# What a lane holds takes no run's place; an express item that a run holds is express no more.
ACTIVE = """
select claim_id, array_agg(distinct tenant) as tenants,
    coalesce(bool_or(started_at < clock_timestamp() - make_interval(secs => %(slow_after)s)), false) as slow
from inbox where state = 'claimed' and not express group by claim_id
"""

# The tenants that wait: one step through the index for each (a loose index scan).
WAITING = """
with recursive waiting(tenant) as (
    (select tenant from inbox where state = 'queued' order by tenant limit 1)
    union all
    select (select i.tenant from inbox i where i.state = 'queued' and i.tenant > w.tenant order by i.tenant limit 1)
    from waiting w where w.tenant is not null
)
"""

# The oldest work of each tenant that waits. Among equals
# whoever has least in work comes first: by age alone, a long queue of slow work would keep everybody else waiting.
CANDIDATES = f"""
{WAITING}select q.id, q.tenant, q.alone, coalesce(c.seconds, %(unknown)s) as seconds
from waiting w
cross join lateral (
    select id, tenant, alone, cost_class, row_number() over (order by id) as place
    from (select id, tenant, alone, cost_class from inbox
          where state = 'queued' and tenant = w.tenant and available_at <= clock_timestamp() and {FOR_RUNS}
          order by id limit %(most)s) as oldest
) as q
left join render_costs c on c.cost_class = q.cost_class
left join (select tenant, count(*) as items from inbox where state = 'claimed' group by tenant) held
    on held.tenant = w.tenant
where w.tenant is not null and w.tenant <> all(%(crowding)s::text[])
order by q.place, coalesce(held.items, 0), q.id limit %(most)s
"""  # noqa: S608

CLAIM = """
update inbox set state = 'claimed', claim_id = %(claim_id)s, claimed_at = clock_timestamp(), started_at = null,
    lease_until = clock_timestamp() + make_interval(secs => %(lease)s), express = false
where id = any(%(ids)s) and state = 'queued'
"""

CLAIM_ONE = """
update inbox set state = 'claimed', claim_id = %(claim_id)s, claimed_at = clock_timestamp(), started_at = null,
    lease_until = clock_timestamp() + make_interval(secs => %(lease)s), express = false
where artifact_id = %(artifact_id)s and state = 'queued'
returning id
"""

CLAIMED = """
select i.id as inbox_id, i.artifact_id, i.tenant, i.bucket, i.key, i.version_id, i.etag, i.sequencer, i.event_at,
    case when i.occasion like 'members:%%' then i.received_at else a.queued_at end as queued_at,
    i.occasion like 'members:%%' as refreshes, a.size, a.content_type, i.attempts, i.cost_class,
    exists (select from artifacts twin where twin.tenant = a.tenant and twin.etag = a.etag and twin.size = a.size
                and twin.state = 'rendered' and twin.id <> a.id) as has_twin
from inbox i join artifacts a on a.id = i.artifact_id
where i.claim_id = %(claim_id)s and i.state = 'claimed'
order by i.id
"""

START = """
update inbox set attempts = attempts + 1, started_at = clock_timestamp(),
    started_seq = (select last_value from artifact_seq),
    lease_until = clock_timestamp() + make_interval(secs => %(lease)s)
where id = %(id)s and claim_id = %(claim_id)s and state = 'claimed'
returning occasion like 'members:%%' as refreshes
"""

MARK_RENDERING = """
update artifacts set state = 'rendering', attempts = attempts + 1, run_dag_id = %(dag_id)s,
    run_id = %(run_id)s, seq = nextval('artifact_seq'), updated_at = clock_timestamp()
where id = %(artifact_id)s and state not in ('superseded', 'deleted')
returning id
"""

# A picture whose parts changed stays on its card until the new one is there.
MARK_REFRESHING = """
update artifacts set state = case when state in ('rendered', 'unsupported') then state else 'rendering' end,
    attempts = 1, run_dag_id = %(dag_id)s, run_id = %(run_id)s, seq = nextval('artifact_seq'),
    updated_at = clock_timestamp()
where id = %(artifact_id)s and is_latest and state not in ('superseded', 'deleted')
returning id
"""

DROP = """
update inbox set state = 'superseded', finished_at = clock_timestamp()
where id = %(id)s and claim_id = %(claim_id)s and state = 'claimed'
"""

EXTEND = """
update inbox set lease_until = clock_timestamp() + make_interval(secs => %(lease)s)
where claim_id = %(claim_id)s and state = 'claimed'
"""

HAND_BACK = """
update inbox set state = 'queued', claim_id = null, lease_until = null,
    available_at = clock_timestamp() + make_interval(secs => %(delay)s)
where claim_id = %(claim_id)s and state = 'claimed' and started_at is null
"""

STARVING = f"""
{WAITING}select from waiting w
where w.tenant is not null
    and exists (select from inbox q where q.state = 'queued' and q.tenant = w.tenant
                    and q.available_at <= clock_timestamp() and {FOR_RUNS})
    and not exists (select from inbox c where c.state = 'claimed' and c.tenant = w.tenant)
limit 1
"""  # noqa: S608

ANY_EXPIRED = "select from inbox where state = 'claimed' and lease_until < clock_timestamp() limit 1"

RELEASE = """
update inbox set
    state = case when started_at is not null and attempts >= %(max_attempts)s then 'dead' else 'queued' end,
    finished_at = case when started_at is not null and attempts >= %(max_attempts)s then clock_timestamp() end,
    alone = alone or started_at is not null,
    claim_id = null, lease_until = null, started_at = null, express = false
where state = 'claimed' and lease_until < clock_timestamp()
returning artifact_id, attempts, state
"""

MARK_RELEASED = """
update artifacts set state = %(state)s, seq = nextval('artifact_seq'), updated_at = clock_timestamp(),
    error_code = case when %(state)s = 'dead' then 'lost_lease' end,
    error_message = case when %(state)s = 'dead' then %(message)s end
where id = %(artifact_id)s and state in ('queued', 'rendering')
"""
