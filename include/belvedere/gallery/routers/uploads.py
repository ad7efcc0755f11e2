"""Uploads: the quickest first try. Members put files into their tenants' buckets; the loop does the rest."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from typing import Annotated, Any

import anyio.to_thread
from fastapi import APIRouter, Depends, Header, Query, Request
from fastapi.responses import HTMLResponse, Response
from pydantic import BaseModel, Field
from starlette.requests import ClientDisconnect

from belvedere.catalog.sources import SourceBucket, sources_in
from belvedere.clients.object_store import ObjectInfo
from belvedere.errors import ObjectMissing, ServiceUnavailable
from belvedere.gallery.auth import require_own_page
from belvedere.gallery.resources import Resources, ResourcesDep, root_of
from belvedere.gallery.responses import ErrorResponse
from belvedere.gallery.templating import templates
from belvedere.gallery.uploading import BodyReader, content_type_of, folder_of, too_large, upload_key
from belvedere.gallery.viewers import ViewerDep, require_change
from belvedere.model.access import Viewer
from belvedere.model.events import artifact_id

log = logging.getLogger(__name__)
router = APIRouter(tags=["uploads"])
pages = APIRouter(include_in_schema=False, default_response_class=HTMLResponse)

AT_ONCE = 8
FAILURES: dict[int | str, dict[str, Any]] = {status: {"model": ErrorResponse} for status in (400, 403, 404, 413, 503)}
# What the log would say of an uploader who went away; nobody hears the answer.
CLIENT_CLOSED = 499


class UploadTargetResponse(BaseModel):
    """A bucket that the user may upload to."""

    tenant: str
    bucket: str


class UploadTargetsResponse(BaseModel):
    """Where the user may upload to, and how much at a time."""

    targets: list[UploadTargetResponse]
    folder: str = Field(description="What the keys of the user's uploads begin with.")
    max_bytes: int


class UploadResponse(BaseModel):
    """An uploaded file. Its artifact appears once the object's event has arrived, a moment later."""

    tenant: str
    bucket: str
    key: str
    version_id: str
    etag: str
    size: int
    artifact_id: str
    page: str


@dataclass(frozen=True, slots=True)
class Upload:
    """Where one file goes."""

    source: SourceBucket
    key: str
    content_type: str


def targets_of(resources: Resources, who: Viewer) -> UploadTargetsResponse:
    """Return where somebody may upload to."""
    with resources.catalog.connection() as connection:
        sources = sources_in(connection, who.tenants)
    allowed = [source for source in sources if who.may_change(source.tenant)]
    return UploadTargetsResponse(
        targets=[UploadTargetResponse(tenant=source.tenant, bucket=source.bucket) for source in allowed],
        folder=f"uploads/{folder_of(who.name)}/",
        max_bytes=resources.settings.upload_bytes,
    )


def upload_of(
    who: ViewerDep,
    resources: ResourcesDep,
    tenant: Annotated[str, Query(max_length=255)],
    name: Annotated[str, Query(max_length=2048, description="The file's name, with its folders if it has any.")],
    bucket: Annotated[str, Query(max_length=255, description="One of the tenant's; empty: its first.")] = "",
    content_type: Annotated[str | None, Header()] = None,
    content_length: Annotated[int | None, Header(ge=0)] = None,
) -> Upload:
    """Return where the file goes; refused before a byte of it is read.

    Raises:
        ObjectMissing: there is no such tenant, or it is somebody else's.
        AccessDenied: the user only looks at it.
        LimitExceeded: the file is too large.
        BadQuery: its name cannot be used.
    """
    with resources.catalog.connection() as connection:
        sources = sources_in(connection, who.tenants)
    found = next((one for one in sources if one.tenant == tenant and bucket in ("", one.bucket)), None)
    if found is None:
        raise ObjectMissing(f"you see no tenant {tenant!r}" + (f" with a bucket {bucket!r}" if bucket else ""))
    require_change(who, found.tenant)
    if content_length is not None and content_length > resources.settings.upload_bytes:
        raise too_large(resources.settings.upload_bytes)
    key = upload_key(who.name, name)
    return Upload(found, key, content_type_of(content_type, key))


def uploads_at_once(request: Request) -> anyio.CapacityLimiter:
    """Return the places for uploads: each holds a thread for as long as its bytes take."""
    state = request.app.state
    if not hasattr(state, "uploads"):
        state.uploads = anyio.CapacityLimiter(AT_ONCE)
    places: anyio.CapacityLimiter = state.uploads
    return places


@router.get("/uploads")
def upload_targets(who: ViewerDep, resources: ResourcesDep) -> UploadTargetsResponse:
    """Return the buckets that the user may upload to; none for those who only look."""
    return targets_of(resources, who)


@router.post(
    "/uploads",
    status_code=201,
    response_model=UploadResponse,
    responses=FAILURES,
    dependencies=[Depends(require_own_page)],
    openapi_extra={"requestBody": {"required": True, "content": {"application/octet-stream": {}}}},
)
async def upload(
    request: Request, who: ViewerDep, resources: ResourcesDep, to: Annotated[Upload, Depends(upload_of)]
) -> Any:
    """Put the request's body, as it is, into a tenant's bucket below `uploads/<user>/`."""
    places = uploads_at_once(request)
    if places.available_tokens < 1:
        raise ServiceUnavailable("other uploads are under way: try again in a moment")
    length = request.headers.get("content-length")
    body = BodyReader(request.stream(), resources.settings.upload_bytes)

    def put() -> ObjectInfo:
        known = int(length) if length is not None else None
        return resources.store.put_stream(to.source.bucket, to.key, body, known, to.content_type, put_by=who.name)

    try:
        info = await anyio.to_thread.run_sync(put, limiter=places)
    except ClientDisconnect:
        log.info("%s went away while uploading %s/%s", who.name, to.source.bucket, to.key)
        return Response(status_code=CLIENT_CLOSED)
    log.info("%s uploaded %s/%s (%d bytes)", who.name, info.bucket, info.key, body.count)
    found = artifact_id(info.bucket, info.key, info.version_id, info.etag)
    return UploadResponse(
        tenant=to.source.tenant,
        bucket=info.bucket,
        key=info.key,
        version_id=info.version_id,
        etag=info.etag,
        size=body.count,
        artifact_id=found,
        page=f"{root_of(request)}/artifacts/{found}",
    )


@pages.get("/upload")
def upload_page(request: Request, who: ViewerDep, resources: ResourcesDep) -> HTMLResponse:
    """Show the box that files are dropped into."""
    shown = {"root": root_of(request), "uploads": targets_of(resources, who)}
    return templates.TemplateResponse(request, "upload.html", shown)
