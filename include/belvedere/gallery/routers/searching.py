"""What helps to search: completions, and views kept under a name."""

from __future__ import annotations

from typing import Annotated, Any
from urllib.parse import parse_qsl, urlencode

from fastapi import APIRouter, Depends, Path, Query

from belvedere.catalog.saved_views import SavedView, forget_view, save_view, views_for
from belvedere.errors import ObjectMissing
from belvedere.gallery.auth import require_own_page
from belvedere.gallery.completing import complete
from belvedere.gallery.query import BadQuery
from belvedere.gallery.resources import PresenterDep, ResourcesDep
from belvedere.gallery.responses import ErrorResponse
from belvedere.gallery.viewers import ViewerDep, require_change
from belvedere.gallery.wall_responses import CompletionsResponse, ViewRequest, ViewResponse, ViewsResponse

router = APIRouter(tags=["search"])

KEPT = ("tenant", "kind", "state", "q", "prefix", "bucket", "parts", "run", "day", "group", "order", "view")
REFUSED: dict[int | str, dict[str, Any]] = {400: {"model": ErrorResponse}, 403: {"model": ErrorResponse}}


@router.get("/complete", responses={400: {"model": ErrorResponse}})
def completions(
    resources: ResourcesDep,
    who: ViewerDep,
    term: Annotated[str, Query(max_length=200, description="The term as far as it is typed.")] = "",
) -> CompletionsResponse:
    """Return how one term of a search may go on."""
    if "\0" in term:
        raise BadQuery("term: holds a NUL character, which no key can hold")
    with resources.catalog.connection() as connection:
        return CompletionsResponse(completions=complete(connection, term, who.tenants))


@router.get("/views")
def views(resources: ResourcesDep, presenter: PresenterDep, who: ViewerDep) -> ViewsResponse:
    """List one's own views and those shared within one's tenants."""
    with resources.catalog.connection() as connection:
        found = views_for(connection, who.name, who.tenants)
    return ViewsResponse(views=[view_response(view, presenter.root, who.name) for view in found])


@router.post("/views", status_code=201, responses=REFUSED, dependencies=[Depends(require_own_page)])
def keep_view(wanted: ViewRequest, resources: ResourcesDep, presenter: PresenterDep, who: ViewerDep) -> ViewResponse:
    """Keep a query under a name, for oneself or shared within a tenant; one's own of that name is replaced."""
    name = wanted.name.strip()
    if not name or "\0" in wanted.name:
        raise BadQuery("name: is empty, or holds a NUL character")
    if wanted.tenant is not None:
        if not who.may_see(wanted.tenant):
            raise ObjectMissing("tenant: there is no such tenant to share the view with")
        require_change(who, wanted.tenant)
    with resources.catalog.connection() as connection:
        view = save_view(connection, who.name, name, _query(wanted.query), wanted.tenant)
    return view_response(view, presenter.root, who.name)


@router.delete(
    "/views/{view_id}",
    status_code=204,
    responses={404: {"model": ErrorResponse}},
    dependencies=[Depends(require_own_page)],
)
def drop_view(view_id: Annotated[int, Path(ge=1, le=2**62)], resources: ResourcesDep, who: ViewerDep) -> None:
    """Forget one of one's own views."""
    with resources.catalog.connection() as connection:
        if not forget_view(connection, view_id, who.name):
            raise ObjectMissing("you keep no view of that number")


def _query(text: str) -> str:
    """Return a query with nothing but the wall's own parameters in it."""
    try:
        pairs = parse_qsl(text.removeprefix("?"), keep_blank_values=False, max_num_fields=40)
    except ValueError as error:
        raise BadQuery("query: has too many parts") from error
    unknown = sorted({name for name, _ in pairs} - set(KEPT))
    if unknown:
        raise BadQuery(f"query: {unknown[0][:40]!r} is not one of {', '.join(KEPT)}")
    if any("\0" in value for _, value in pairs):
        raise BadQuery("query: holds a NUL character")
    return urlencode(pairs)


def view_response(view: SavedView, root: str, user: str) -> ViewResponse:
    """Return a kept view as JSON."""
    page = f"{root}/?{view.query}" if view.query else f"{root}/"
    return ViewResponse(
        id=view.id,
        name=view.name,
        owner=view.owner,
        tenant=view.tenant,
        query=view.query,
        page=page,
        mine=view.owner == user,
    )
