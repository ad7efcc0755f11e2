"""What is added to a page when it is served into a frame: a helper that reports its height, and the theme.

The frame's opaque origin hides its size from the page around it, and Chromium does not pass the embedding
element's ``color-scheme`` into a sandboxed frame (measured), so both have to be said from the inside.
"""

from __future__ import annotations

import base64
import hashlib
import re
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

HELPER = (Path(__file__).parent / "static" / "frame.js").read_bytes()
HELPER_HASH = "sha256-" + base64.b64encode(hashlib.sha256(HELPER).digest()).decode()
HELPER_TAG = b"<script>" + HELPER + b"</script>"
WIDE_ENCODINGS = (b"\xff\xfe", b"\xfe\xff")

STYLE_ELEMENT = re.compile(rb"<style[^>]*>.*?</style>", re.DOTALL | re.IGNORECASE)
PREFERENCE = re.compile(rb"\(\s*prefers-color-scheme\s*:\s*(dark|light)\s*\)", re.IGNORECASE)
ALWAYS, NEVER = b"(min-width: 0px)", b"(max-width: 0px)"


class Theme(StrEnum):
    """The colours that the page around a frame shows."""

    LIGHT = "light"
    DARK = "dark"


def with_helper(chunks: Iterator[bytes]) -> Iterator[bytes]:
    """Yield a page and after it the helper; a page in UTF-16 stays as it is."""
    wide = False
    for number, chunk in enumerate(chunks):
        wide = wide or (number == 0 and chunk.startswith(WIDE_ENCODINGS))
        yield chunk
    if not wide:
        yield HELPER_TAG


def in_theme(page: bytes, theme: Theme) -> bytes:
    """Return a renderer's page with its style sheets' preference for dark or light decided."""

    def decide(preference: re.Match[bytes]) -> bytes:
        return ALWAYS if preference[1].lower() == theme.value.encode() else NEVER

    def decide_all(style: re.Match[bytes]) -> bytes:
        return PREFERENCE.sub(decide, style[0])

    said = f"<style>:root{{color-scheme:{theme.value}}}</style>".encode()
    return STYLE_ELEMENT.sub(decide_all, page) + said
