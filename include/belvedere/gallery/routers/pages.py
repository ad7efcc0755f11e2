"""The wall as a page."""

from __future__ import annotations

from typing import Annotated, Literal

from fastapi import APIRouter, Depends, Query, Request
from fastapi.responses import HTMLResponse

from belvedere.catalog import browse
from belvedere.catalog.browse import Order
from belvedere.gallery.query import ListQuery, list_query
from belvedere.gallery.resources import PresenterDep, ResourcesDep, root_of
from belvedere.gallery.routers.artifacts import list_artifacts
from belvedere.gallery.routers.stats import read_stats
from belvedere.gallery.templating import embedded, templates
from belvedere.gallery.viewers import ViewerDep

router = APIRouter(include_in_schema=False, default_response_class=HTMLResponse)


@router.get("/")
def wall(
    request: Request,
    query: Annotated[ListQuery, Depends(list_query)],
    resources: ResourcesDep,
    presenter: PresenterDep,
    who: ViewerDep,
    view: Annotated[Literal["grid", "list"], Query()] = "grid",
) -> HTMLResponse:
    """Show the wall; its first cards come with the page."""
    with resources.catalog.connection() as connection:
        seq = browse.last_change(connection)
        tenants = browse.tenants(connection, who.tenants)
    stats = read_stats(resources, who.tenants)
    listed = list_artifacts(query, resources, presenter, who.tenants)
    first = {"list": listed.model_dump(mode="json"), "stats": stats.model_dump(mode="json"), "seq": seq}
    shown = {
        "root": root_of(request),
        "query": query,
        "view": view,
        "orders": list(Order),
        "stats": stats,
        "tenants": {name: stats.tenants.get(name, 0) for name in tenants},
        "endpoint": resources.settings.minio_endpoint,
        "bucket": query.filter.bucket or resources.settings.default_bucket,
        "first": embedded(first),
    }
    return templates.TemplateResponse(request, "wall.html", shown)
