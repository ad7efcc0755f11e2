"""What operators read from the catalog: what waits, how fast renderers are, sweeps, tenants, freshness over time."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from belvedere.catalog.browse import IN_SCOPE, listed
from belvedere.catalog.claims import UNKNOWN_COST_SECONDS

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from belvedere.clients.postgres import Connection
    from belvedere.model.access import Scope

AGES = (10, 60, 600)
"""Bounds in seconds between the ages by which waiting work is counted."""
RENDERINGS_LOOKED_AT = 5_000


@dataclass(frozen=True, slots=True)
class Waiting:
    """Open work of one tenant and one kind (or suffix, where the kind is not known yet).

    ``ages`` counts what waits by how long it has waited (see ``AGES``); ``later`` waits for its next attempt.
    """

    tenant: str
    kind: str
    waiting: int
    later: int
    working: int
    ages: tuple[int, ...]
    oldest_at: datetime | None
    expected_seconds: float


@dataclass(frozen=True, slots=True)
class RendererSpeed:
    """What one version of a renderer has lately taken for one kind; percentiles leave out reused renderings."""

    renderer: str
    version: str
    kind: str
    count: int
    reused: int
    failed: int
    wall_ms: tuple[float | None, float | None]
    cpu_ms: tuple[float | None, float | None]
    cpu_ms_in_all: float
    peak_memory_bytes: int | None
    last_at: datetime


@dataclass(frozen=True, slots=True)
class SweepState:
    """How far the comparison of one source bucket with the catalog has come; no ``started_at``: never swept."""

    bucket: str
    tenant: str
    started_at: datetime | None
    finished_at: datetime | None
    resume_key: str
    listed: int
    enqueued: int
    removed: int


@dataclass(frozen=True, slots=True)
class TenantState:
    """One tenant: its buckets, the roles of its members by their names, its artifacts by state."""

    tenant: str
    buckets: tuple[str, ...]
    members: Mapping[str, str]
    states: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class FreshnessPoint:
    """Milliseconds from event to picture of what was rendered in the step that begins ``at``."""

    at: datetime
    p50_ms: float
    p95_ms: float
    samples: int


def backlog(connection: Connection, scope: Scope) -> list[Waiting]:
    """Return the open work by tenant and kind, most of it first."""
    rows = connection.execute(BACKLOG, {"unknown": UNKNOWN_COST_SECONDS, "ages": list(AGES), **_in(scope)})
    return [
        Waiting(
            tenant=row["tenant"],
            kind=row["kind"],
            waiting=row["waiting"],
            later=row["later"],
            working=row["working"],
            ages=tuple(row[f"age_{place}"] for place in range(len(AGES) + 1)),
            oldest_at=row["oldest_at"],
            expected_seconds=row["expected_seconds"],
        )
        for row in rows
    ]


def renderer_speeds(connection: Connection, scope: Scope) -> list[RendererSpeed]:
    """Return the speed of each renderer by version and kind, the dearest first, over the latest renderings."""
    rows = connection.execute(SPEEDS, {"most": RENDERINGS_LOOKED_AT, **_in(scope)})
    return [
        RendererSpeed(
            renderer=row["renderer_name"],
            version=row["renderer_version"],
            kind=row["kind"],
            count=row["n"],
            reused=row["reused"],
            failed=row["failed"],
            wall_ms=_pair(row["wall"]),
            cpu_ms=_pair(row["cpu"]),
            cpu_ms_in_all=row["cpu_in_all"],
            peak_memory_bytes=row["memory"],
            last_at=row["last_at"],
        )
        for row in rows
    ]


def sweep_states(connection: Connection, scope: Scope) -> list[SweepState]:
    """Return the sweep of every source bucket, by name."""
    return [
        SweepState(**{name: row[name] for name in SweepState.__slots__})
        for row in connection.execute(SWEEPS, _in(scope))
    ]


def tenant_states(connection: Connection, scope: Scope) -> list[TenantState]:
    """Return every tenant that has a bucket or a member, by name."""
    return [
        TenantState(row["tenant"], tuple(row["buckets"]), row["members"], row["states"])
        for row in connection.execute(TENANTS, _in(scope))
    ]


def freshness_over_time(
    connection: Connection, window_seconds: float, step_seconds: float, scope: Scope
) -> list[FreshnessPoint]:
    """Return the times from event to picture, step by step; steps in which nothing was rendered are left out."""
    facts = {"window": window_seconds, "step": step_seconds, **_in(scope)}
    return [
        FreshnessPoint(row["at"], row["spread"][0], row["spread"][1], row["samples"])
        for row in connection.execute(FRESHNESS, facts)
    ]


def _in(scope: Scope) -> dict[str, Any]:
    return {"scope": listed(scope)}


def _pair(spread: list[float | None] | None) -> tuple[float | None, float | None]:
    return (spread[0], spread[1]) if spread else (None, None)


# The class of the cost begins with the kind where one is known, else with the suffix: no artifact has to be read.
BACKLOG = f"""
with open as (
    select tenant, split_part(i.cost_class, '/', 1) as kind, received_at, coalesce(c.seconds, %(unknown)s) as seconds,
        state = 'claimed' as working, state = 'queued' and available_at > clock_timestamp() as later,
        state = 'queued' and available_at <= clock_timestamp() as waits,
        width_bucket(extract(epoch from clock_timestamp() - received_at)::float8, %(ages)s::float8[]) as age
    from inbox i left join render_costs c on c.cost_class = i.cost_class
    where state in ('queued', 'claimed') and {IN_SCOPE}
)
select tenant, kind, count(*) filter (where waits) as waiting, count(*) filter (where later) as later,
    count(*) filter (where working) as working, min(received_at) filter (where not working) as oldest_at,
    coalesce(sum(seconds) filter (where not working), 0) as expected_seconds,
    {", ".join(f"count(*) filter (where not working and age = {n}) as age_{n}" for n in range(len(AGES) + 1))}
from open group by tenant, kind order by count(*) desc, tenant, kind
"""  # noqa: S608

NUMBER = "case when jsonb_typeof(usage -> '{0}') = 'number' and not reused then (usage ->> '{0}')::float8 end"
WALL, CPU, MEMORY = (NUMBER.format(name) for name in ("wall_ms", "cpu_ms", "peak_memory_bytes"))

SPEEDS = f"""
with lately as (
    select renderer_name, coalesce(renderer_version, '') as renderer_version, coalesce(kind, '') as kind, state,
        rendered_at, provenance -> 'usage' as usage,
        coalesce(provenance -> 'reused_from', 'null') <> 'null' as reused
    from artifacts where rendered_at is not null and renderer_name is not null and {IN_SCOPE}
    order by rendered_at desc limit %(most)s
)
select renderer_name, renderer_version, kind, count(*) as n, count(*) filter (where reused) as reused,
    count(*) filter (where state in ('dead', 'failed')) as failed, max(rendered_at) as last_at,
    percentile_cont(array[0.5, 0.95]) within group (order by {WALL}) as wall,
    percentile_cont(array[0.5, 0.95]) within group (order by {CPU}) as cpu,
    coalesce(sum({CPU}), 0) as cpu_in_all, max({MEMORY})::bigint as memory
from lately group by renderer_name, renderer_version, kind
order by cpu_in_all desc, renderer_name, renderer_version, kind
"""  # noqa: S608

SWEEPS = f"""
select s.bucket, s.tenant, w.started_at, w.finished_at, coalesce(w.resume_key, '') as resume_key,
    coalesce(w.listed, 0) as listed, coalesce(w.enqueued, 0) as enqueued, coalesce(w.removed, 0) as removed
from sources s left join sweeps w on w.bucket = s.bucket
where {IN_SCOPE} order by s.bucket
"""  # noqa: S608

TENANTS = f"""
with buckets as (
    select tenant, array_agg(bucket order by bucket) as buckets from sources group by tenant
), people as (
    select tenant, jsonb_object_agg(user_name, role) as members from tenant_members where tenant <> '*' group by tenant
), counted as (
    select tenant, jsonb_object_agg(state, n) as states
    from (select tenant, state, sum(n) as n from artifact_counts where n > 0 group by tenant, state) as by_state
    group by tenant
)
select tenant, coalesce(b.buckets, '{{}}') as buckets, coalesce(p.members, '{{}}') as members,
    coalesce(c.states, '{{}}') as states
from buckets b full join people p using (tenant) left join counted c using (tenant)
where {IN_SCOPE} order by tenant
"""  # noqa: S608

FRESHNESS = f"""
select date_bin(make_interval(secs => %(step)s), rendered_at, timestamptz '2000-01-01') as at,
    percentile_cont(array[0.5, 0.95]) within group (order by latency_ms) as spread, count(*) as samples
from artifacts
where rendered_at > clock_timestamp() - make_interval(secs => %(window)s) and latency_ms is not null and {IN_SCOPE}
group by 1 order by 1
"""  # noqa: S608
