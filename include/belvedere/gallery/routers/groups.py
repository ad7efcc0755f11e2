"""Artifacts in groups as JSON: by run, kind, tenant or day."""

from __future__ import annotations

from datetime import UTC
from typing import Annotated
from urllib.parse import urlencode

from fastapi import APIRouter, Depends, Query

from belvedere.catalog import listings
from belvedere.catalog.groups import Group, GroupBy, groups_listing
from belvedere.catalog.listings import Order
from belvedere.gallery.presenting import Presenter
from belvedere.gallery.query import BadQuery, ListQuery, list_query
from belvedere.gallery.resources import PresenterDep, Resources, ResourcesDep
from belvedere.gallery.responses import ErrorResponse
from belvedere.gallery.viewers import ViewerDep
from belvedere.gallery.wall_responses import GroupResponse, GroupsResponse
from belvedere.model.access import Scope

router = APIRouter(tags=["artifacts"])

MOST_GROUPS = 50
GROUPS = 12
EACH = 8


def list_groups(
    query: ListQuery,
    by: GroupBy,
    each: int,
    resources: Resources,
    presenter: Presenter,
    scope: Scope,
    *,
    brief: bool = False,
) -> GroupsResponse:
    """Return one page of groups in three statements (a search may take a fourth): which, their artifacts, the total.

    Raises:
        BadQuery: another order than newest first is asked for.
    """
    if query.order is not Order.NEWEST:
        raise BadQuery("order: groups are always newest first; leave it out, or leave out the grouping")
    after = resources.cursors.read_group(query.cursor, by) if query.cursor else None
    limit = min(query.limit, MOST_GROUPS)
    with resources.catalog.connection() as connection:
        page, total = groups_listing(connection, by, query.filter, limit, each, after, scope=scope)
    return GroupsResponse(
        by=by.value,
        groups=[_group(group, resources, presenter, brief=brief) for group in page.groups],
        next_cursor=resources.cursors.write_group(by, page.next) if page.next else None,
        total=total.count,
        total_is_exact=total.exact,
    )


@router.get("/groups", responses={400: {"model": ErrorResponse}})
def groups(
    query: Annotated[ListQuery, Depends(list_query)],
    resources: ResourcesDep,
    presenter: PresenterDep,
    who: ViewerDep,
    by: GroupBy = GroupBy.RUN,
    each: Annotated[int, Query(ge=1, le=50, description="How many artifacts of each group.")] = EACH,
) -> GroupsResponse:
    """List groups of artifacts, each with its newest ones; `limit` counts groups, at most 50."""
    return list_groups(query, by, each, resources, presenter, who.tenants)


def _group(group: Group, resources: Resources, presenter: Presenter, *, brief: bool) -> GroupResponse:
    newest, last = group.artifacts[0], group.artifacts[-1]
    origin = presenter.origin(newest.bucket, newest.key)
    label, name = (origin.label, origin.name) if group.by is GroupBy.RUN else (group.by.value, group.value)
    query = {"bucket": group.bucket, "run": group.value} if group.by is GroupBy.RUN else {group.by.value: group.value}
    more = group.count > len(group.artifacts)
    position = listings.position_of(last, Order.NEWEST)
    return GroupResponse(
        id=f"{group.bucket}/{group.value}" if group.by is GroupBy.RUN else group.value,
        label=label,
        name=name or "not known yet",
        tenant=newest.tenant if group.by in (GroupBy.RUN, GroupBy.TENANT) else None,
        query=query,
        page=origin.page if group.by is GroupBy.RUN else f"{presenter.root}/?{urlencode(query)}",
        count=group.count,
        count_is_exact=group.exact,
        newest_at=newest.event_at.astimezone(UTC),
        artifacts=[presenter.artifact(artifact, brief=brief) for artifact in group.artifacts],
        next_cursor=resources.cursors.write(Order.NEWEST, position) if more else None,
    )
