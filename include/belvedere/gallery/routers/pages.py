"""The wall as a page, and a run's page: the same wall with the run above it."""

from __future__ import annotations

from typing import Annotated, Any, Literal
from urllib.parse import quote

from fastapi import APIRouter, Depends, Query, Request
from fastapi.responses import HTMLResponse

from belvedere.catalog import browse
from belvedere.catalog.browse import Order
from belvedere.catalog.groups import GroupBy, summary
from belvedere.catalog.saved_views import views_for
from belvedere.errors import ObjectMissing
from belvedere.gallery.presenting import Presenter
from belvedere.gallery.query import BadQuery, ListQuery, list_query
from belvedere.gallery.resources import PresenterDep, Resources, ResourcesDep, root_of
from belvedere.gallery.routers.artifacts import list_artifacts
from belvedere.gallery.routers.groups import EACH, GROUPS, list_groups
from belvedere.gallery.routers.searching import view_response
from belvedere.gallery.routers.stats import read_stats
from belvedere.gallery.templating import embedded, templates
from belvedere.gallery.viewers import ViewerDep
from belvedere.model.access import Role, Scope, Viewer
from belvedere.model.runs import System, run_of

router = APIRouter(include_in_schema=False, default_response_class=HTMLResponse)

View = Annotated[Literal["grid", "list"], Query()]
GROUPINGS = {"": "none", **{by.value: by.value for by in GroupBy}}


@router.get("/")
def wall(
    request: Request,
    query: Annotated[ListQuery, Depends(list_query)],
    resources: ResourcesDep,
    presenter: PresenterDep,
    who: ViewerDep,
    view: View = "grid",
    group: Annotated[GroupBy | Literal[""], Query(description="What to group by.")] = "",
) -> HTMLResponse:
    """Show the wall; its first cards come with the page."""
    shown = _wall(query, group, resources, presenter, who)
    return templates.TemplateResponse(request, "wall.html", shown | {"view": view, "run": None})


@router.get("/runs")
def run(
    request: Request,
    query: Annotated[ListQuery, Depends(list_query)],
    resources: ResourcesDep,
    presenter: PresenterDep,
    who: ViewerDep,
    view: View = "grid",
    group: Annotated[GroupBy | Literal[""], Query(description="What to group by.")] = "",
) -> HTMLResponse:
    """Show everything that one run has left in a bucket."""
    if query.filter.run is None:
        raise BadQuery("run: says which run to show (its prefix in the bucket), and is missing")
    with resources.catalog.connection() as connection:
        found = summary(connection, query.filter.bucket, query.filter.run, who.tenants)
    if found is None:
        raise ObjectMissing("no artifact of that bucket and run has been seen")
    told = run_of(found["key"])
    about = found | {"name": told.name, "label": told.label, "bucket": query.filter.bucket, "prefix": told.prefix}
    server_root = root_of(request).removesuffix(resources.settings.gallery_path)
    shown = _wall(query, group, resources, presenter, who)
    airflow = _dag_run(server_root, told.prefix) if told.system is System.AIRFLOW else ""
    return templates.TemplateResponse(request, "wall.html", shown | {"view": view, "run": about | {"airflow": airflow}})


def _wall(
    query: ListQuery, group: GroupBy | Literal[""], resources: Resources, presenter: Presenter, who: Viewer
) -> dict[str, Any]:
    """Return what the wall's template needs."""
    with resources.catalog.connection() as connection:
        seq = browse.last_change(connection)
        tenants = browse.tenants(connection, who.tenants)
        views = views_for(connection, who.name, who.tenants)
    stats = read_stats(resources, who.tenants)
    first = {
        "list": _first(query, group, resources, presenter, who.tenants),
        "stats": stats.model_dump(mode="json"),
        "seq": seq,
    }
    return {
        "root": presenter.root,
        "query": query,
        "group": group,
        "groupings": GROUPINGS,
        "orders": list(Order),
        "stats": stats,
        "tenants": {name: stats.tenants.get(name, 0) for name in tenants},
        "shareable": [name for name in tenants if who.may_change(name)],
        "may_upload": who.operates or Role.MEMBER in who.roles.values(),
        "saved": embedded([view_response(kept, presenter.root, who.name).model_dump() for kept in views]),
        "endpoint": resources.settings.minio_endpoint,
        "bucket": query.filter.bucket or resources.settings.default_bucket,
        "first": embedded(first),
    }


def _first(
    query: ListQuery, group: GroupBy | Literal[""], resources: Resources, presenter: Presenter, scope: Scope
) -> dict[str, Any]:
    if isinstance(group, GroupBy):
        groups = ListQuery(query.filter, query.order, min(query.limit, GROUPS), query.cursor, query.text, query.day)
        return list_groups(groups, group, EACH, resources, presenter, scope).model_dump(mode="json")
    return list_artifacts(query, resources, presenter, scope).model_dump(mode="json")


def _dag_run(server_root: str, prefix: str) -> str:
    """Return the address of Airflow's page of a DAG run that wrote under a prefix."""
    *_, dag, run_id = prefix.rstrip("/").split("/")
    dag_id, run_id = dag.removeprefix("dag_id="), run_id.removeprefix("run_id=")
    return f"{server_root}/dags/{quote(dag_id, safe='')}/runs/{quote(run_id, safe='')}"
