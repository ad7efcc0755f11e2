"""A gallery by itself: the real app under uvicorn, over a real catalog and store, with the login taken for granted."""

from __future__ import annotations

import io
import threading
import uuid
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import httpx
import uvicorn
from fastapi import FastAPI
from stack.ports import HOST, free_ports

from belvedere.gallery.app import create_app
from belvedere.gallery.auth import Identity, identity, may_render, require_login
from tests.harness.gallery_rows import artifact_row, write_artifacts
from tests.harness.waiting import eventually

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from minio import Minio

    from belvedere.clients.postgres import Connection
    from belvedere.model.rendering import Rendering
    from belvedere.settings import Settings

BUCKET = "gallery-sources"
# Not the address of the settings: there the user's own stack may answer.
NO_AIRFLOW = f"http://{HOST}:1"
RENDERINGS = f"{BUCKET}-renderings"
MEDIA_TYPES = {
    "page.html": ("page", "text/html"),
    "thumbnail.svg": ("thumbnail", "image/svg+xml"),
    "figure.svg": ("figure", "image/svg+xml"),
    "data.json": ("data", "application/json"),
    "chart.vl.json": ("data", "application/vnd.vegalite.v6+json"),
    "strange.xyz": ("data", "application/x-strange"),
}


@dataclass(frozen=True, slots=True)
class OwnGallery:
    """Where it is, and what to hang in it."""

    url: str
    app: FastAPI
    client: httpx.Client
    catalog: Connection
    s3: Minio

    def hang(
        self,
        key: str,
        files: Mapping[str, bytes],
        source: bytes = b"a,b\n1,2\n",
        *,
        active: bool | None = None,
        **columns: Any,
    ) -> str:
        """Put a source and its rendering into the store, its row into the catalog, and return its id.

        ``active`` None leaves it unsaid, as renderings of the first release do.
        """
        etag = self._put(BUCKET, key, source)
        place = uuid.uuid4().hex
        outputs = []
        for name, content in files.items():
            role, media_type = MEDIA_TYPES[name]
            self._put(RENDERINGS, f"{place}/{name}", content)
            outputs.append(
                {
                    "role": role,
                    "name": name,
                    "media_type": media_type,
                    "size": len(content),
                    "object_key": f"{place}/{name}",
                }
                | ({} if active is None else {"active": active and role == "page"})
            )
        told = {"bucket": BUCKET, "etag": etag, "size": len(source), "outputs": outputs}
        row = artifact_row(key, **(told | columns))
        write_artifacts(self.catalog, row)
        return str(row["id"])

    def hang_rendering(self, key: str, rendering: Rendering, source: bytes, **columns: Any) -> str:
        """Put a source and what a renderer made of it into store and catalog, and return its id."""
        etag = self._put(BUCKET, key, source)
        place = uuid.uuid4().hex
        outputs = []
        for output in rendering.outputs:
            self._put(RENDERINGS, f"{place}/{output.name}", output.content)
            told = {name: getattr(output, name) for name in ("role", "name", "media_type", "active")}
            outputs.append(told | {"size": len(output.content), "object_key": f"{place}/{output.name}"})
        said = {
            "kind": rendering.kind,
            "title": rendering.title,
            "alt_text": rendering.alt_text,
            "facts": dict(rendering.facts),
            "warnings": list(rendering.warnings),
        }
        known = {"bucket": BUCKET, "etag": etag, "size": len(source), "outputs": outputs}
        row = artifact_row(key, **(known | said | columns))
        write_artifacts(self.catalog, row)
        return str(row["id"])

    def address(self, artifact_id: str, name: str) -> str:
        """Return a signed address of one output (or of the source)."""
        outputs = self.client.get(f"/belvedere/api/artifacts/{artifact_id}").json()["outputs"]
        return next(o["href"] for o in outputs if name in (o["role"], o["name"]))

    def _put(self, bucket: str, key: str, content: bytes) -> str:
        return (self.s3.put_object(bucket, key, io.BytesIO(content), len(content)).etag or "").strip('"')


@contextmanager
def own_gallery(settings: Settings, catalog: Connection, s3: Minio) -> Iterator[OwnGallery]:
    """Serve a gallery on a free port."""
    for bucket in (BUCKET, RENDERINGS):
        if not s3.bucket_exists(bucket):
            s3.make_bucket(bucket)
    app, outer = create_app(settings.model_copy(update={"airflow_url": NO_AIRFLOW})), FastAPI()
    app.dependency_overrides[require_login] = lambda: None
    app.dependency_overrides[may_render] = lambda: True
    app.dependency_overrides[identity] = lambda: Identity("somebody", operates=True)
    outer.mount("/belvedere", app)
    port = free_ports(1)[0]
    server = uvicorn.Server(uvicorn.Config(outer, host=HOST, port=port, log_level="warning", lifespan="off"))
    thread = threading.Thread(target=server.run, name="own-gallery", daemon=True)
    thread.start()
    try:
        eventually(lambda: server.started, 30.0, what="the gallery's server")
        url = f"http://{HOST}:{port}"
        with httpx.Client(base_url=url, timeout=30.0, trust_env=False) as client:
            yield OwnGallery(url, app, client, catalog, s3)
    finally:
        server.should_exit = server.force_exit = True
        thread.join(10)
