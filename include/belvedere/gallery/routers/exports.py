"""Signed exports: one artifact as a zip to keep, and the key that its signature is verified with."""

from __future__ import annotations

import logging
from datetime import UTC, datetime
from itertools import chain
from typing import Annotated

from fastapi import APIRouter, Query
from fastapi.responses import StreamingResponse

from belvedere.catalog import browse
from belvedere.export.signing import ALGORITHM
from belvedere.export.writing import write_export
from belvedere.gallery.exporting import export_key, parts_of, safe_path
from belvedere.gallery.presenting import file_name
from belvedere.gallery.resources import PresenterDep, Rendition, ResourcesDep
from belvedere.gallery.responses import ErrorResponse, ExportKeyResponse
from belvedere.gallery.routers.artifacts import MISSING, ArtifactId, known
from belvedere.gallery.routers.previews import attachment
from belvedere.gallery.viewers import ViewerDep

log = logging.getLogger(__name__)

router = APIRouter(tags=["exports"])

# Addresses that expire within minutes have no place in something to keep.
NOT_KEPT = {"outputs", "thumbnail"}


@router.get("/export/key")
def key(who: ViewerDep, resources: ResourcesDep) -> ExportKeyResponse:
    """Return the public key of this gallery's exports; it changes with the secret alone."""
    public = export_key(resources).public
    return ExportKeyResponse(algorithm=ALGORITHM, public_key=public.text, fingerprint=public.fingerprint)


@router.get(
    "/artifacts/{artifact_id}/export",
    response_class=StreamingResponse,
    responses={
        200: {"content": {"application/zip": {}}},
        **MISSING,
        409: {"model": ErrorResponse},
    },
)
def export(
    artifact_id: ArtifactId,
    resources: ResourcesDep,
    presenter: PresenterDep,
    who: ViewerDep,
    source: Annotated[bool, Query(description="Put the object itself in too.")] = False,
) -> StreamingResponse:
    """Return a signed zip of the artifact's rendering, with a manifest of everything that is known of it."""
    with resources.catalog.connection() as connection:
        artifact = known(connection, artifact_id, who.tenants)
        bucket = browse.renderings_bucket(connection, artifact.bucket)
    rendition = Rendition(artifact, bucket or artifact.bucket + resources.settings.renderings_suffix)
    parts = parts_of(resources, rendition, source=source)
    about = presenter.artifact(artifact).model_dump(mode="json", exclude=NOT_KEPT)
    now = datetime.now(UTC)
    pieces = write_export(parts, about, export_key(resources), at=now, by=who.name)
    log.info("%s exports %s/%s (%s)", who.name, artifact.bucket, artifact.key, artifact.id)
    first = next(pieces, b"")
    name = safe_path(f"export/{file_name(artifact.key)}").removeprefix("export/")
    headers = attachment(f"{name}-{artifact.id[:8]}.zip") | {"Cache-Control": "private, no-store"}
    return StreamingResponse(chain([first], pieces), media_type="application/zip", headers=headers)
