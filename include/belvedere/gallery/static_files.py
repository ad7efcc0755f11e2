"""The gallery's own scripts, styles and icons: public, the same for everyone, never anything from a bucket.

Pages address them under a version that is the hash of them all, so that a browser may keep them for ever and
still never mixes two releases.
"""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import TYPE_CHECKING

from starlette.staticfiles import StaticFiles

if TYPE_CHECKING:
    from fastapi import Response
    from starlette.types import Scope

FOLDER = Path(__file__).parent / "static"
FOR_EVER = "public, max-age=31536000, immutable"
ASK_AGAIN = "no-cache"
INERT = "sandbox; default-src 'none'; style-src 'unsafe-inline'"
# A worker has no page whose policy could hold for it: what it may do stands with its script.
WORKERS = {"js/live_worker.js": "default-src 'none'; script-src 'self'; connect-src 'self'"}


def _version() -> str:
    seen = hashlib.sha256()
    for file in sorted(path for path in FOLDER.rglob("*") if path.is_file()):
        seen.update(str(file.relative_to(FOLDER)).encode() + b"\0" + file.read_bytes())
    return seen.hexdigest()[:12]


VERSION = _version()


class GalleryFiles(StaticFiles):
    """Static files that frames with an opaque origin may load too."""

    def __init__(self) -> None:
        super().__init__(directory=FOLDER)

    async def get_response(self, path: str, scope: Scope) -> Response:
        """Serve one file."""
        plain = path.removeprefix(f"{VERSION}/")
        response = await super().get_response(plain, scope)
        response.headers["Cache-Control"] = ASK_AGAIN if plain == path else FOR_EVER
        response.headers["Access-Control-Allow-Origin"] = "*"
        response.headers["Content-Security-Policy"] = WORKERS.get(plain, INERT)
        return response
