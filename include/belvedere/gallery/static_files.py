"""The gallery's own scripts, styles and icons: public, the same for everyone, never anything from a bucket.

Pages address them under a version that is the hash of them all, so that a browser may keep them for ever and
still never mixes two releases.
"""

from __future__ import annotations

import hashlib
import re
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

from starlette.responses import Response
from starlette.staticfiles import StaticFiles

if TYPE_CHECKING:
    from starlette.types import Scope

FOLDER = Path(__file__).parent / "static"
FOR_EVER = "public, max-age=31536000, immutable"
ASK_AGAIN = "no-cache"
INERT = "sandbox; default-src 'none'; style-src 'unsafe-inline'"
# A worker has no page whose policy could hold for it: what it may do stands with its script.
WORKERS = {"js/live_worker.js": "default-src 'none'; script-src 'self'; connect-src 'self'"}
# Nothing is drawn before all of a page's style sheets are there, and each costs a request: a page asks for one.
IN_EVERY_SHEET = ("gallery.css", "css/parts.css")
SHEETS = {
    "artifact": ("artifact", "compare_tray", "live"),
    "compare": ("compare",),
    "dag_run": ("live", "dag_run"),
    "failure": ("failure",),
    "help": ("help",),
    "notifications": ("notifications",),
    "operations": ("operations", "conditions"),
    "tenants": ("conditions", "tenants"),
    "upload": ("upload",),
    "wall": ("live", "wall", "compare_tray"),
}
IMPORTED = re.compile(r'\bfrom "\./(\w+)\.js"')


def _version() -> str:
    seen = hashlib.sha256(repr(SHEETS).encode())
    for file in sorted(path for path in FOLDER.rglob("*") if path.is_file()):
        seen.update(str(file.relative_to(FOLDER)).encode() + b"\0" + file.read_bytes())
    return seen.hexdigest()[:12]


VERSION = _version()


@lru_cache
def sheet(page: str) -> str:
    """Return everything that styles one kind of page.

    Raises:
        KeyError: there are no such pages.
    """
    files = (*IN_EVERY_SHEET, *(f"css/{name}.css" for name in SHEETS[page]))
    return "".join((FOLDER / file).read_text("utf-8") for file in files)


@lru_cache
def modules(*begin: str) -> tuple[str, ...]:
    """Return the names of these modules and of all that they import, themselves first."""
    found = list(begin)
    for name in found:
        text = (FOLDER / "js" / f"{name}.js").read_text("utf-8")
        found += [other for other in dict.fromkeys(IMPORTED.findall(text)) if other not in found]
    return tuple(found)


class GalleryFiles(StaticFiles):
    """Static files that frames with an opaque origin may load too."""

    def __init__(self) -> None:
        super().__init__(directory=FOLDER)

    async def get_response(self, path: str, scope: Scope) -> Response:
        """Serve one file."""
        plain = path.removeprefix(f"{VERSION}/")
        name = plain.removeprefix("sheets/").removesuffix(".css")
        if plain == f"sheets/{name}.css" and name in SHEETS:
            response = Response(sheet(name), media_type="text/css")
        else:
            response = await super().get_response(plain, scope)
        response.headers["Cache-Control"] = ASK_AGAIN if plain == path else FOR_EVER
        response.headers["Access-Control-Allow-Origin"] = "*"
        response.headers["Content-Security-Policy"] = WORKERS.get(plain, INERT)
        return response
