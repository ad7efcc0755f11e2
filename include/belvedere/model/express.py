"""Which updates may go by the express lane, as far as a name, a size and a media type can tell, and what they say."""

from __future__ import annotations

from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

EXPRESS_SUFFIXES = frozenset({".jsonl", ".ndjson", ".log", ".txt", ".progress"})
EXPRESS_TYPES = frozenset({"application/x-ndjson", "application/ndjson", "application/jsonl", "application/jsonlines"})
EXPRESS_BYTES = 512 * 1024
# What the bytes may turn out to be; anything else that bears such a name goes the ordinary way.
EXPRESS_KINDS = frozenset({"progress_lines", "progress", "text", "table", "empty"})


def may_go_express(key: str, size: int, content_type: str) -> bool:
    """Tell whether an object looks like a small text that is written again and again while something runs."""
    if not 0 <= size <= EXPRESS_BYTES:
        return False
    media_type = content_type.partition(";")[0].strip().lower()
    return PurePosixPath(key).suffix.lower() in EXPRESS_SUFFIXES or media_type in EXPRESS_TYPES


def has_progress(facts: Mapping[str, Any]) -> bool:
    """Tell whether an artifact's facts say how far something is."""
    percent = facts.get("percent")
    return bool(facts.get("progress")) or (isinstance(percent, int | float) and not isinstance(percent, bool))
