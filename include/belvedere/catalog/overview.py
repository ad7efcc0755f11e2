"""How much of what there is, and how the loop does: the figures above and beside the gallery's lists.

Each question takes the asker's ``scope`` (``catalog.browse``).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from belvedere.catalog.browse import IN_SCOPE, listed

if TYPE_CHECKING:
    from belvedere.clients.postgres import Connection
    from belvedere.model.access import Scope


@dataclass(frozen=True, slots=True)
class Facet:
    """How many artifacts of one tenant, bucket, kind and state hang in the gallery; parts are counted apart."""

    tenant: str
    bucket: str
    kind: str
    state: str
    part: bool
    count: int


@dataclass(frozen=True, slots=True)
class Freshness:
    """Milliseconds from event to picture over a window: median, 95th percentile, and of how many."""

    p50_ms: int | None
    p95_ms: int | None
    samples: int


def facets(connection: Connection, scope: Scope) -> list[Facet]:
    """Return how many artifacts there are of each tenant, bucket, kind and state."""
    rows = connection.execute(FACETS, {"scope": listed(scope)})
    return [Facet(row["tenant"], row["bucket"], row["kind"], row["state"], row["part"], row["n"]) for row in rows]


def open_work(connection: Connection, scope: Scope) -> tuple[int, int]:
    """Return how many renderings wait or run, and how many undecodable events are on record.

    Events that nobody could read belong to no tenant: who may not see all is told of none.
    """
    found = connection.execute(OPEN_WORK, {"scope": listed(scope)}).fetchone()
    return (int(found["queued"]), int(found["dead_events"])) if found else (0, 0)


def freshness(connection: Connection, minutes: float, scope: Scope) -> Freshness:
    """Return the times from event to picture of what was rendered in the last ``minutes``."""
    found = connection.execute(FRESHNESS, {"minutes": minutes, "scope": listed(scope)}).fetchone()
    if not found or not found["samples"]:
        return Freshness(None, None, 0)
    return Freshness(round(found["p50"]), round(found["p95"]), found["samples"])


def tenants(connection: Connection, scope: Scope) -> list[str]:
    """Return the tenants that have a source bucket."""
    return [row["tenant"] for row in connection.execute(TENANTS, {"scope": listed(scope)})]


FACETS = f"select tenant, bucket, kind, state, part, n from artifact_counts where n > 0 and {IN_SCOPE}"  # noqa: S608

TENANTS = f"select distinct tenant from sources where {IN_SCOPE} order by tenant"  # noqa: S608

OPEN_WORK = f"""
select (select count(*) from inbox where state in ('queued', 'claimed') and {IN_SCOPE}) as queued,
    (select count(*) from dead_events where %(scope)s::text[] is null) as dead_events
"""  # noqa: S608

FRESHNESS = f"""
select percentile_cont(0.5) within group (order by latency_ms) as p50,
    percentile_cont(0.95) within group (order by latency_ms) as p95, count(latency_ms) as samples
from artifacts where rendered_at > now() - make_interval(secs => %(minutes)s * 60)
    and {IN_SCOPE}
"""  # noqa: S608
