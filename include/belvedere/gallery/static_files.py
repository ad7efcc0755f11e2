"""The gallery's own scripts, styles and icons: public, the same for everyone, never anything from a bucket."""

from __future__ import annotations

from typing import TYPE_CHECKING

from starlette.staticfiles import StaticFiles

if TYPE_CHECKING:
    from fastapi import Response
    from starlette.types import Scope

VENDORED = "vendor/"
A_DAY = "public, max-age=86400"
ASK_AGAIN = "no-cache"


class GalleryFiles(StaticFiles):
    """Static files that frames with an opaque origin may load too."""

    async def get_response(self, path: str, scope: Scope) -> Response:
        """Serve one file."""
        response = await super().get_response(path, scope)
        response.headers["Cache-Control"] = A_DAY if path.startswith(VENDORED) else ASK_AGAIN
        response.headers["Access-Control-Allow-Origin"] = "*"
        response.headers["Content-Security-Policy"] = "sandbox; default-src 'none'; style-src 'unsafe-inline'"
        return response
