"""What frames and pictures load: one file of one artifact, by a signed address and nothing else."""

from __future__ import annotations

import re
from itertools import chain
from typing import TYPE_CHECKING, Annotated
from urllib.parse import quote

from fastapi import APIRouter, Query, Request
from fastapi.responses import HTMLResponse, Response, StreamingResponse

from belvedere.errors import ObjectChanged, ObjectMissing
from belvedere.gallery import policies
from belvedere.gallery.framing import HELPER_HASH, Theme, in_theme, with_helper
from belvedere.gallery.media import MEDIA, media
from belvedere.gallery.presenting import (
    DATA_TEXT,
    INTERACTIVE,
    OWN_PAPER,
    PLOTLY,
    SOURCE,
    SOURCE_TEXT,
    VEGA,
    chart_output,
    data_output,
    file_name,
)
from belvedere.gallery.resources import Rendition, Resources, ResourcesDep, root_of
from belvedere.gallery.responses import ErrorResponse
from belvedere.gallery.source_text import SHOWN_BYTES, SourceText, json_text, source_text
from belvedere.gallery.templating import templates

if TYPE_CHECKING:
    from collections.abc import Iterator

    from belvedere.gallery.capability import Grant
    from belvedere.model.artifact import Artifact, StoredOutput

router = APIRouter(tags=["previews"])

UNSAFE = re.compile(r"[^A-Za-z0-9._-]")
CHART_BYTES = 32 * 1024**2
ThemeQuery = Annotated[Theme | None, Query(description="The colours of the page around the frame.")]


@router.get(
    "/preview/{token}/{name:path}",
    response_class=Response,
    responses={403: {"model": ErrorResponse}, 404: {"model": ErrorResponse}},
)
def preview(request: Request, token: str, name: str, resources: ResourcesDep, theme: ThemeQuery = None) -> Response:
    """Serve one file of an artifact; the address is the permission, and it expires."""
    grant = resources.signer.check(token, name)
    rendition = resources.rendition(grant.artifact_id, grant.revision)
    if name == SOURCE:
        return _download(resources, rendition.artifact)
    if name == MEDIA:
        return media(request, resources, rendition.artifact)
    if name == SOURCE_TEXT:
        return _source_text(resources, rendition.artifact, theme)
    if name == DATA_TEXT:
        return _data_text(resources, rendition, theme)
    if name == INTERACTIVE:
        return _interactive(request, resources, rendition, theme)
    output = _output(rendition, grant)
    if policies.serving(output.media_type).media_type.startswith("text/html"):
        return _page(resources, rendition, output, theme)
    return _file(resources, rendition, output)


def _output(rendition: Rendition, grant: Grant) -> StoredOutput:
    found = next((output for output in rendition.artifact.outputs if output.name == grant.name), None)
    if found is None:
        raise ObjectMissing(f"this artifact's rendering has no file {grant.name[:80]!r} any more: reload its page")
    return found


def _file(resources: Resources, rendition: Rendition, output: StoredOutput) -> Response:
    served = policies.serving(output.media_type)
    headers = policies.inert().headers() | _cached(resources)
    if served.download:
        headers |= attachment(output.name)
    content = _opened(resources.store.stream(rendition.renderings_bucket, output.object_key))
    return StreamingResponse(content, media_type=served.media_type, headers=headers)


def _page(resources: Resources, rendition: Rendition, output: StoredOutput, theme: Theme | None) -> Response:
    media_type = policies.serving(output.media_type).media_type
    content = _opened(resources.store.stream(rendition.renderings_bucket, output.object_key))
    headers = (policies.active() if output.active else policies.page(HELPER_HASH)).headers() | _cached(resources)
    if rendition.artifact.kind in OWN_PAPER:
        return StreamingResponse(with_helper(content), media_type=media_type, headers=headers)
    whole = b"".join(content)
    themed = in_theme(whole, theme) if theme else whole
    return Response(b"".join(with_helper(iter([themed]))), media_type=media_type, headers=headers)


def _interactive(request: Request, resources: Resources, rendition: Rendition, theme: Theme | None) -> Response:
    chart = chart_output(rendition.artifact)
    if chart is None:
        raise ObjectMissing("this artifact has no interactive chart")
    content = resources.store.read(rendition.renderings_bucket, chart.object_key, max_bytes=CHART_BYTES)
    shown = {
        "chart": content.decode("utf-8", "replace").replace("<", "\\u003c"),
        "alt_text": rendition.artifact.alt_text or "",
        "root": root_of(request),
        "theme": theme or Theme.LIGHT,
        "mode": "vega" if chart.media_type == VEGA else "vega-lite",
    }
    shell = "plotly.html" if chart.media_type == PLOTLY else "interactive.html"
    text = templates.get_template(shell).render(shown)
    return HTMLResponse(text, headers=policies.interactive().headers() | _cached(resources))


def _data_text(resources: Resources, rendition: Rendition, theme: Theme | None) -> Response:
    data = data_output(rendition.artifact)
    if data is None:
        raise ObjectMissing("this artifact's rendering has no data file")
    content = resources.store.read(rendition.renderings_bucket, data.object_key, max_bytes=CHART_BYTES)
    return _text_page(resources, json_text(content), theme)


def _source_text(resources: Resources, artifact: Artifact, theme: Theme | None) -> Response:
    pieces = resources.store.stream(artifact.bucket, artifact.key, version_id=artifact.version_id)
    head = b""
    for piece in pieces:
        head += piece
        if len(head) >= SHOWN_BYTES:
            break
    pieces.close()  # type: ignore[attr-defined]
    return _text_page(resources, source_text(head, max(artifact.size, len(head))), theme)


def _text_page(resources: Resources, source: SourceText, theme: Theme | None) -> Response:
    text = templates.get_template("source.html").render({"source": source, "theme": theme or Theme.LIGHT})
    content = b"".join(with_helper(iter([text.encode("utf-8", "replace")])))
    return HTMLResponse(content, headers=policies.page(HELPER_HASH).headers() | _cached(resources))


def _download(resources: Resources, artifact: Artifact) -> Response:
    info = resources.store.stat(artifact.bucket, artifact.key, artifact.version_id)
    if info.etag != artifact.etag:
        raise ObjectChanged("the object has other bytes by now than those this artifact was rendered from")
    content = _opened(resources.store.stream(artifact.bucket, artifact.key, version_id=artifact.version_id))
    headers = policies.inert().headers() | attachment(file_name(artifact.key)) | {"Content-Length": str(info.size)}
    headers["Cache-Control"] = "private, no-store"
    return StreamingResponse(content, media_type="application/octet-stream", headers=headers)


def _opened(pieces: Iterator[bytes]) -> Iterator[bytes]:
    """Read the first piece now, while an error can still become an answer of its own."""
    first = next(pieces, b"")
    return chain([first], pieces)


def _cached(resources: Resources) -> dict[str, str]:
    return {"Cache-Control": f"private, max-age={resources.settings.capability_seconds}"}


def attachment(name: str) -> dict[str, str]:
    """Return the header that makes a browser save under ``name`` (RFC 6266, RFC 8187)."""
    plain = UNSAFE.sub("_", name)[-80:]
    encoded = quote(name.encode("utf-8", "replace"), safe="")
    return {"Content-Disposition": f"attachment; filename=\"{plain}\"; filename*=UTF-8''{encoded}"}
