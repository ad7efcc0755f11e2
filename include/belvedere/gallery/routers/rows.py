"""Rows of tables: paged, sorted and filtered on the server, so that nobody downloads gigabytes to see fifty rows."""

from __future__ import annotations

import json
from typing import Annotated, Any
from urllib.parse import quote

from fastapi import APIRouter, Depends, Query
from fastapi.responses import JSONResponse, Response

from belvedere.errors import MalformedArtifact
from belvedere.gallery import policies
from belvedere.gallery.presenting import file_name
from belvedere.gallery.query import BadQuery
from belvedere.gallery.resources import Resources, ResourcesDep
from belvedere.gallery.responses import (
    ErrorResponse,
    RowColumnResponse,
    RowsPreparingResponse,
    RowsResponse,
)
from belvedere.gallery.routers.artifacts import ArtifactId, known
from belvedere.gallery.row_copies import Preparing, RowCopy
from belvedere.gallery.viewers import ViewerDep
from belvedere.model.access import Scope
from belvedere.model.artifact import Artifact
from belvedere.model.rows import Operator, RowFilter, RowQuery
from belvedere.rendering.rows.conditions import BadRowQuery, field_at, where

router = APIRouter(tags=["rows"])

MOST_ROWS, MOST_EXPORTED, MOST_FILTERS = 500, 100_000, 20
LONGEST_VALUE, DEEPEST = 1000, 1 << 40
WAITING: dict[int | str, dict[str, Any]] = {
    202: {"model": RowsPreparingResponse, "description": "The table is being prepared: ask again in a second."},
    400: {"model": ErrorResponse},
    404: {"model": ErrorResponse},
    409: {"model": ErrorResponse, "description": "The artifact is no table."},
    413: {"model": ErrorResponse},
}
Filters = Annotated[
    list[str] | None,
    Query(
        alias="filter",
        max_length=MOST_FILTERS,
        description="Conditions, all of which hold: `column:operator:value`, the column by its number from 0, the "
        "operator one of contains, equals, less, greater, missing, present: `3:contains:paris`, `0:greater:10`.",
    ),
]


def row_conditions(
    filters: Filters = None,
    search: Annotated[str, Query(max_length=LONGEST_VALUE, description="Words that stand in some column.")] = "",
    sort: Annotated[int | None, Query(ge=0, description="Number of the column to sort by.")] = None,
    order: Annotated[str, Query(pattern="^(asc|desc)$")] = "asc",
) -> RowQuery:
    """Read what is asked, but for the page.

    Raises:
        BadQuery: a filter cannot be read.
    """
    if "\0" in search:
        raise BadQuery("search: holds a NUL character")
    asked = tuple(map(_filter, filters or ()))
    return RowQuery(sort=sort, descending=order == "desc", filters=asked, search=search.strip())


def _filter(text: str) -> RowFilter:
    column, _, rest = text.partition(":")
    operator, _, value = rest.partition(":")
    if not column.isdecimal() or len(column) > 6 or operator not in set(Operator):
        raise BadQuery(f"filter: {text[:60]!r} is not column:operator:value, as in 3:contains:paris")
    if "\0" in value or len(value) > LONGEST_VALUE:
        raise BadQuery(f"filter: the value is longer than {LONGEST_VALUE} characters, or holds a NUL")
    return RowFilter(int(column), Operator(operator), value)


Conditions = Annotated[RowQuery, Depends(row_conditions)]


@router.get("/artifacts/{artifact_id}/rows", responses=WAITING, response_model=RowsResponse)
def rows(
    artifact_id: ArtifactId,
    resources: ResourcesDep,
    who: ViewerDep,
    asked: Conditions,
    offset: Annotated[int, Query(ge=0, le=DEEPEST)] = 0,
    limit: Annotated[int, Query(ge=1, le=MOST_ROWS)] = 50,
) -> Response | RowsResponse:
    """Return one page of a table's rows."""
    _, found = _found(resources, artifact_id, who.tenants)
    if isinstance(found, Preparing):
        return _preparing(found)
    query = RowQuery(offset, limit, asked.sort, asked.descending, asked.filters, asked.search)
    checked = _checked(found, query, resources.rows.known_total(found, query))
    answer = json.loads(_asked(resources.rows.page, found, checked))
    if checked.is_narrowed and answer["total"] is not None:
        resources.rows.remember_total(found, checked, answer["total"])
    columns = (
        RowColumnResponse(number=at, name=field.name, type=field.type) for at, field in enumerate(found.table.fields)
    )
    return RowsResponse(
        columns=list(columns),
        rows=answer["rows"],
        numbers=answer["numbers"],
        offset=offset,
        limit=limit,
        total=answer["total"],
        rows_in_all=found.table.rows,
        part=found.table.part,
        warnings=list(found.table.warnings),
    )


@router.get("/artifacts/{artifact_id}/rows.csv", responses=WAITING, response_class=Response)
def rows_as_csv(artifact_id: ArtifactId, resources: ResourcesDep, who: ViewerDep, asked: Conditions) -> Response:
    """Return up to 100,000 rows as CSV; cells that spreadsheets would take for formulas get an apostrophe."""
    artifact, found = _found(resources, artifact_id, who.tenants)
    if isinstance(found, Preparing):
        return _preparing(found)
    query = RowQuery(0, MOST_EXPORTED, asked.sort, asked.descending, asked.filters, asked.search)
    content = _asked(resources.rows.csv, found, _checked(found, query, None))
    name = quote(f"{file_name(artifact.key)}.rows.csv".encode("utf-8", "replace"), safe="")
    headers = policies.inert().headers() | {
        "Content-Disposition": f"attachment; filename=\"rows.csv\"; filename*=UTF-8''{name}",
        "Cache-Control": "private, no-store",
    }
    return Response(content, media_type="text/csv; charset=utf-8", headers=headers)


def _found(resources: Resources, artifact_id: str, scope: Scope) -> tuple[Artifact, RowCopy | Preparing]:
    with resources.catalog.connection() as connection:
        artifact = known(connection, artifact_id, scope)
    return artifact, resources.rows.find(artifact)


def _preparing(found: Preparing) -> JSONResponse:
    content = RowsPreparingResponse(done_bytes=found.done_bytes, size=found.size).model_dump()
    return JSONResponse(content, status_code=202, headers={"Retry-After": "1"})


def _checked(copy: RowCopy, query: RowQuery, known_total: int | None) -> RowQuery:
    """Refuse what makes no sense for this table before a process is troubled with it."""
    try:
        where(copy.table.fields, query)
        if query.sort is not None:
            field_at(copy.table.fields, query.sort)
    except BadRowQuery as error:
        raise BadQuery(error.message) from error
    return RowQuery(query.offset, query.limit, query.sort, query.descending, query.filters, query.search, known_total)


def _asked(ask: Any, copy: RowCopy, query: RowQuery) -> bytes:
    try:
        content: bytes = ask(copy, query)
    except MalformedArtifact as error:
        if error.code == BadRowQuery.code:
            raise BadQuery(error.message) from error
        raise
    return content
