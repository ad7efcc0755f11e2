"""Pictures for the documentation: ``BELVEDERE_SCREENSHOTS=1`` keeps them in ``docs/screenshots``."""

from __future__ import annotations

import io
import os
from typing import TYPE_CHECKING

from PIL import Image
from stack.paths import ROOT

if TYPE_CHECKING:
    from playwright.sync_api import Page

KEEPING = os.environ.get("BELVEDERE_SCREENSHOTS") == "1"
FOLDER = ROOT / "docs" / "screenshots"
MOST_BYTES = 200_000


def keep(page: Page, name: str) -> None:
    """Keep a picture if asked for; otherwise it was enough that the page came so far."""
    if not KEEPING:
        return
    FOLDER.mkdir(parents=True, exist_ok=True)
    picture = Image.open(io.BytesIO(page.screenshot()))
    for quality in (88, 75, 60, 45):
        packed = io.BytesIO()
        picture.convert("RGB").save(packed, "WEBP", quality=quality, method=6)
        if packed.tell() < MOST_BYTES:
            break
    (FOLDER / f"{name}.webp").write_bytes(packed.getvalue())
