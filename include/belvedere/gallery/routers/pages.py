"""The wall as a page, and a run's page: the same wall with the run above it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Annotated, Any, Literal
from urllib.parse import quote

from fastapi import APIRouter, Depends, Query, Request
from fastapi.responses import HTMLResponse

from belvedere.catalog import browse, overview
from belvedere.catalog.filters import Filter
from belvedere.catalog.groups import GroupBy, summary
from belvedere.catalog.listings import Order
from belvedere.catalog.saved_views import views_for
from belvedere.errors import ObjectMissing
from belvedere.gallery.cards import Card, CardGroup, brought_along, card_groups, card_of
from belvedere.gallery.presenting import Presenter
from belvedere.gallery.query import BadQuery, ListQuery, list_query
from belvedere.gallery.resources import PresenterDep, Resources, ResourcesDep, root_of
from belvedere.gallery.routers.artifacts import list_artifacts
from belvedere.gallery.routers.groups import EACH, list_groups
from belvedere.gallery.routers.searching import view_response
from belvedere.gallery.routers.stats import read_stats
from belvedere.gallery.templating import embedded, templates
from belvedere.gallery.viewers import ViewerDep
from belvedere.model.access import Role, Scope, Viewer
from belvedere.model.artifact import ArtifactState
from belvedere.model.runs import System, run_of

router = APIRouter(include_in_schema=False, default_response_class=HTMLResponse)

View = Annotated[Literal["grid", "list"], Query()]
FLAT = "none"
GROUPINGS = (*(by.value for by in GroupBy), FLAT)
Grouping = Annotated[
    GroupBy | Literal["none", ""], Query(description="What to group by; left out, the wall is grouped by run.")
]
# What fills a first screen: each card costs the server a third of a millisecond. The scripts ask for more at once.
FIRST_GROUPS = 4
FIRST_CARDS = 24


@router.get("/")
def wall(
    request: Request,
    query: Annotated[ListQuery, Depends(list_query)],
    resources: ResourcesDep,
    presenter: PresenterDep,
    who: ViewerDep,
    view: View = "grid",
    group: Grouping = "",
) -> HTMLResponse:
    """Show the wall, grouped by run unless the address says otherwise; its first cards come with the page."""
    shown = _wall(query, _grouping(group, query, GroupBy.RUN), resources, presenter, who) | {"usual_group": GroupBy.RUN}
    return templates.TemplateResponse(request, "wall.html", shown | {"view": view, "run": None})


@router.get("/runs")
def run(
    request: Request,
    query: Annotated[ListQuery, Depends(list_query)],
    resources: ResourcesDep,
    presenter: PresenterDep,
    who: ViewerDep,
    view: View = "grid",
    group: Grouping = "",
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
    shown = _wall(query, _grouping(group, query, None), resources, presenter, who) | {"usual_group": FLAT}
    airflow = _dag_run(server_root, told.prefix) if told.system is System.AIRFLOW else ""
    return templates.TemplateResponse(request, "wall.html", shown | {"view": view, "run": about | {"airflow": airflow}})


def _grouping(asked: GroupBy | str, query: ListQuery, usual: GroupBy | None) -> GroupBy | None:
    """Return what to group by; groups are always newest first, so that another order is of single cards."""
    if isinstance(asked, GroupBy):
        return asked
    return usual if not asked and query.order is Order.NEWEST else None


def _wall(
    query: ListQuery, group: GroupBy | None, resources: Resources, presenter: Presenter, who: Viewer
) -> dict[str, Any]:
    """Return what the wall's template needs."""
    with resources.catalog.connection() as connection:
        seq = browse.last_change(connection)
        tenants = overview.tenants(connection, who.tenants)
        views = views_for(connection, who.name, who.tenants)
    stats = read_stats(resources, who.tenants)
    first = _first(query, group, resources, presenter, who.tenants)
    brought = {"list": first.told, "stats": stats.model_dump(mode="json"), "seq": seq}
    return {
        "root": presenter.root,
        "query": query,
        "group": group or "",
        "groupings": GROUPINGS,
        "groups": first.groups,
        "cards": first.cards,
        "counted": first.counted,
        "blank": _blank(first, query),
        "orders": list(Order),
        "stats": stats,
        "failed": sum(stats.states.get(state.value, 0) for state in (ArtifactState.FAILED, ArtifactState.DEAD)),
        "tenants": {name: stats.tenants.get(name, 0) for name in tenants},
        "shareable": [name for name in tenants if who.may_change(name)],
        "may_upload": who.operates or Role.MEMBER in who.roles.values(),
        "saved": embedded([view_response(kept, presenter.root, who.name).model_dump() for kept in views]),
        "endpoint": resources.settings.minio_endpoint,
        "bucket": query.filter.bucket or resources.settings.default_bucket,
        "first": embedded(brought),
    }


@dataclass(frozen=True, slots=True)
class _First:
    """The first cards, as the page shows them and as its scripts read them (``told``)."""

    told: dict[str, Any]
    total: int
    exact: bool
    cards: tuple[Card, ...] = ()
    groups: tuple[CardGroup, ...] = ()

    @property
    def counted(self) -> str:
        """How many artifacts there are, in words."""
        return f"{self.total:,}{'' if self.exact else '+'} {'artifact' if self.total == 1 else 'artifacts'}"


def _first(query: ListQuery, group: GroupBy | None, resources: Resources, presenter: Presenter, scope: Scope) -> _First:
    if group is None:
        few = replace(query, limit=min(query.limit, FIRST_CARDS))
        listed = list_artifacts(few, resources, presenter, scope, brief=True)
        told = listed.model_dump(mode="json", exclude={"artifacts"})
        told["artifacts"] = [brought_along(artifact) for artifact in listed.artifacts]
        cards = tuple(card_of(artifact) for artifact in listed.artifacts)
        return _First(told, listed.total, listed.total_is_exact, cards=cards)
    few = replace(query, limit=min(query.limit, FIRST_GROUPS))
    found = list_groups(few, group, EACH, resources, presenter, scope, brief=True)
    told = found.model_dump(mode="json", exclude={"groups": {"__all__": {"artifacts"}}})
    for one, each in zip(told["groups"], found.groups, strict=True):
        one["artifacts"] = [brought_along(artifact) for artifact in each.artifacts]
    groups = card_groups(group, found.groups, last=found.next_cursor is None)
    return _First(told, found.total, found.total_is_exact, groups=groups)


def _blank(first: _First, query: ListQuery) -> str:
    """Return which words stand there instead of cards, if there are none."""
    if first.cards or first.groups or first.told["next_cursor"] is not None:
        return ""
    narrowed = query.text or query.day or replace(query.filter, search=Filter().search) != Filter()
    return "none" if narrowed else "empty"


def _dag_run(server_root: str, prefix: str) -> str:
    """Return the address of Airflow's page of a DAG run that wrote under a prefix."""
    *_, dag, run_id = prefix.rstrip("/").split("/")
    dag_id, run_id = dag.removeprefix("dag_id="), run_id.removeprefix("run_id=")
    return f"{server_root}/dags/{quote(dag_id, safe='')}/runs/{quote(run_id, safe='')}"
