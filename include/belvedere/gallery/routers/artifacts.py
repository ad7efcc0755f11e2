"""Artifacts as JSON: list, one, its versions, look-up by bucket and key, render again."""

from __future__ import annotations

import time
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Path, Query

from belvedere.catalog import browse, listings
from belvedere.catalog.intake import request_render
from belvedere.clients.postgres import Connection
from belvedere.errors import ObjectMissing, PermanentError
from belvedere.gallery.auth import require_own_page, require_render
from belvedere.gallery.presenting import Presenter
from belvedere.gallery.query import ListQuery, list_query
from belvedere.gallery.resources import PresenterDep, Resources, ResourcesDep
from belvedere.gallery.responses import (
    ArtifactResponse,
    ArtifactsResponse,
    ErrorResponse,
    FamilyResponse,
    RerenderResponse,
    VersionsResponse,
)
from belvedere.gallery.viewers import ViewerDep, require_change
from belvedere.model.access import Scope
from belvedere.model.artifact import Artifact, ArtifactState

router = APIRouter(tags=["artifacts"])

ArtifactId = Annotated[str, Path(pattern="^[0-9a-f]{24}$", description="24 hexadecimal digits.")]
MISSING: dict[int | str, dict[str, Any]] = {404: {"model": ErrorResponse}}


class ArtifactDeleted(PermanentError):
    """The object is gone; there is nothing to render."""

    code = "deleted"


def list_artifacts(
    query: ListQuery, resources: Resources, presenter: Presenter, scope: Scope, *, brief: bool = False
) -> ArtifactsResponse:
    """Return one page of a list and its total: two statements, for a search four at most."""
    after = resources.cursors.read(query.cursor, query.order) if query.cursor else None
    with resources.catalog.connection() as connection:
        listing = listings.listing(connection, query.filter, query.order, query.limit, after, scope=scope)
    return ArtifactsResponse(
        artifacts=[presenter.artifact(artifact, brief=brief) for artifact in listing.artifacts],
        next_cursor=resources.cursors.write(query.order, listing.next) if listing.next else None,
        total=listing.total.count,
        total_is_exact=listing.total.exact,
    )


def known(connection: Connection, artifact_id: str, scope: Scope) -> Artifact:
    """Return an artifact of the scope.

    Raises:
        ObjectMissing: the catalog does not know it, or it is another tenant's: nobody is told which.
    """
    artifact = browse.find(connection, artifact_id, scope)
    if artifact is None:
        raise ObjectMissing(f"no artifact has the id {artifact_id}")
    return artifact


@router.get("/artifacts", responses={400: {"model": ErrorResponse}})
def artifacts(
    query: Annotated[ListQuery, Depends(list_query)], resources: ResourcesDep, presenter: PresenterDep, who: ViewerDep
) -> ArtifactsResponse:
    """List artifacts; deleted and superseded ones only when `state` asks for them."""
    return list_artifacts(query, resources, presenter, who.tenants)


@router.get("/artifacts/lookup", responses=MISSING)
def lookup(
    bucket: Annotated[str, Query(max_length=255)],
    key: Annotated[str, Query(max_length=2048)],
    resources: ResourcesDep,
    presenter: PresenterDep,
    who: ViewerDep,
) -> ArtifactResponse:
    """Return the latest version of an object, even when it was deleted."""
    with resources.catalog.connection() as connection:
        artifact = browse.look_up(connection, bucket, key, who.tenants) if "\0" not in bucket + key else None
    if artifact is None:
        raise ObjectMissing("no artifact of that bucket and key has been seen")
    return presenter.artifact(artifact)


@router.get("/artifacts/{artifact_id}", responses=MISSING)
def artifact(
    artifact_id: ArtifactId, resources: ResourcesDep, presenter: PresenterDep, who: ViewerDep
) -> ArtifactResponse:
    """Return one artifact."""
    with resources.catalog.connection() as connection:
        return presenter.artifact(known(connection, artifact_id, who.tenants))


@router.get("/artifacts/{artifact_id}/versions", responses=MISSING)
def versions(
    artifact_id: ArtifactId, resources: ResourcesDep, presenter: PresenterDep, who: ViewerDep
) -> VersionsResponse:
    """List the known versions of the artifact's object, newest first."""
    with resources.catalog.connection() as connection:
        found = browse.versions(connection, known(connection, artifact_id, who.tenants), who.tenants)
    return VersionsResponse(versions=[presenter.artifact(version) for version in found])


@router.get("/artifacts/{artifact_id}/family", responses=MISSING)
def family(artifact_id: ArtifactId, resources: ResourcesDep, presenter: PresenterDep, who: ViewerDep) -> FamilyResponse:
    """Return the artifacts that this one is a part of, and its own parts."""
    with resources.catalog.connection() as connection:
        found = known(connection, artifact_id, who.tenants)
        return presenter.family(browse.family(connection, found, who.tenants))


@router.post(
    "/artifacts/{artifact_id}/rerender",
    status_code=202,
    responses={**MISSING, 403: {"model": ErrorResponse}, 409: {"model": ErrorResponse}},
    dependencies=[Depends(require_own_page), Depends(require_render)],
)
def rerender(artifact_id: ArtifactId, resources: ResourcesDep, who: ViewerDep) -> RerenderResponse:
    """Queue another rendering of an artifact; for members of its tenant."""
    with resources.catalog.connection() as connection:
        found = known(connection, artifact_id, who.tenants)
        require_change(who, found.tenant)
        if found.state is ArtifactState.DELETED:
            raise ArtifactDeleted("the object was deleted from its bucket: there is nothing to render")
        queued = request_render(connection, artifact_id, occasion=f"asked:{int(time.time())}")
    return RerenderResponse(queued=queued)
