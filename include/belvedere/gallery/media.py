"""Sounds and videos for players: the original's bytes under a media type of ours, whole or in ranges."""

from __future__ import annotations

from itertools import chain
from typing import TYPE_CHECKING

from fastapi.responses import Response, StreamingResponse

from belvedere.errors import ObjectChanged, ObjectMissing
from belvedere.gallery import policies
from belvedere.gallery.ranges import ByteRange, UnsatisfiableRange, asked_range
from belvedere.model.artifact import ArtifactState

if TYPE_CHECKING:
    from fastapi import Request

    from belvedere.gallery.resources import Resources
    from belvedere.model.artifact import Artifact

MEDIA = "media"
PLAYED_KINDS = ("audio", "video")


def played_as(artifact: Artifact) -> str | None:
    """Return the media type under which a player gets an artifact; None: it is nothing to play.

    The renderer told it from the bytes; it is believed where it is in the closed list, and never what the uploader
    declared.
    """
    if artifact.kind not in PLAYED_KINDS or artifact.state is ArtifactState.DELETED:
        return None
    facts = artifact.facts.get(artifact.kind)
    told = facts.get("media_type") if isinstance(facts, dict) else None
    return told if told in policies.PLAYED else None


def media(request: Request, resources: Resources, artifact: Artifact) -> Response:
    """Serve what a player asks for.

    Raises:
        ObjectMissing: there is nothing to play, or the object is gone.
        ObjectChanged: other bytes stand there by now.
    """
    media_type = played_as(artifact)
    if media_type is None:
        raise ObjectMissing("this artifact is no sound or video that a player could play")
    info = resources.store.stat(artifact.bucket, artifact.key, artifact.version_id)
    if info.etag != artifact.etag:
        raise ObjectChanged("the object has other bytes by now than those this artifact was rendered from")
    headers = policies.inert_media().headers() | {"Accept-Ranges": "bytes", "ETag": f'"{info.etag}"'}
    headers["Cache-Control"] = f"private, max-age={resources.settings.capability_seconds}"
    try:
        part = _part(request, info.size, info.etag)
    except UnsatisfiableRange:
        return Response(status_code=416, headers=headers | {"Content-Range": f"bytes */{info.size}"})
    length = part.length if part else info.size
    headers["Content-Length"] = str(length)
    if part is not None:
        headers["Content-Range"] = f"bytes {part.first}-{part.last}/{info.size}"
    pieces = resources.store.stream(
        artifact.bucket,
        artifact.key,
        version_id=artifact.version_id,
        offset=part.first if part else 0,
        length=part.length if part else None,
    )
    content = chain([next(pieces, b"")], pieces)
    return StreamingResponse(content, status_code=206 if part else 200, media_type=media_type, headers=headers)


def _part(request: Request, size: int, etag: str) -> ByteRange | None:
    """Return the range asked for, unless it was asked of other bytes than these (If-Range)."""
    same = request.headers.get("if-range")
    if same is not None and same.strip('"') != etag:
        return None
    return asked_range(request.headers.get("range"), size)
