"""Counts, queue and freshness."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from fastapi import APIRouter

from belvedere.catalog import overview
from belvedere.catalog.filters import HIDDEN
from belvedere.gallery.resources import Resources, ResourcesDep
from belvedere.gallery.responses import FreshnessResponse, StatsResponse
from belvedere.gallery.viewers import ViewerDep

if TYPE_CHECKING:
    from belvedere.catalog.overview import Facet
    from belvedere.model.access import Scope

router = APIRouter(tags=["stats"])

WINDOW_MINUTES = 15.0


def read_stats(resources: Resources, scope: Scope) -> StatsResponse:
    """Read counts, queue and freshness: three statements."""
    with resources.catalog.connection() as connection:
        facets = overview.facets(connection, scope)
        queued, dead_events = overview.open_work(connection, scope)
        fresh = overview.freshness(connection, WINDOW_MINUTES, scope)
    hung = [facet for facet in facets if facet.state not in HIDDEN]
    shown = [facet for facet in hung if not facet.part]
    return StatsResponse(
        total=sum(facet.count for facet in shown),
        parts=sum(facet.count for facet in hung if facet.part),
        states=_by([facet for facet in facets if not facet.part], "state"),
        kinds=_by(shown, "kind"),
        tenants=_by(shown, "tenant"),
        buckets=_by(shown, "bucket"),
        queue=queued,
        dead_events=dead_events,
        freshness=FreshnessResponse(
            window_minutes=WINDOW_MINUTES, p50_ms=fresh.p50_ms, p95_ms=fresh.p95_ms, samples=fresh.samples
        ),
    )


@router.get("/stats")
def stats(resources: ResourcesDep, who: ViewerDep) -> StatsResponse:
    """Return what hangs in the gallery and how the loop does."""
    return read_stats(resources, who.tenants)


def _by(facets: list[Facet], name: str) -> dict[str, int]:
    counted: Counter[str] = Counter()
    for facet in facets:
        counted[getattr(facet, name)] += facet.count
    return dict(sorted((value, count) for value, count in counted.items() if value))
