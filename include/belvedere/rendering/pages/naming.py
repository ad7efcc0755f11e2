"""What a rendering is called: the object's file name, made safe to read."""

from __future__ import annotations

from typing import TYPE_CHECKING

from belvedere.rendering.texts.plaintext import clean

if TYPE_CHECKING:
    from belvedere.model.rendering import Source

LONGEST_NAME = 200


def file_name(source: Source) -> str:
    """Return the last part of the object's key, for titles."""
    last = source.key.rstrip("/").rpartition("/")[2] or source.key
    return clean(" ".join(last.split()))[:LONGEST_NAME] or "unnamed"
