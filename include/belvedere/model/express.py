"""Which updates may go by the express lane, as far as a name, a size and a media type can tell, and what they say."""

from __future__ import annotations

from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Any

from belvedere.model.artifact import ArtifactState

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

EXPRESS_SUFFIXES = frozenset({".jsonl", ".ndjson", ".log", ".txt", ".progress"})
EXPRESS_TYPES = frozenset({"application/x-ndjson", "application/ndjson", "application/jsonl", "application/jsonlines"})
EXPRESS_BYTES = 512 * 1024
# Of these, what says how far something is: its numbers are told ahead of its picture.
PROGRESS_KINDS = frozenset({"progress_lines", "progress"})
# What the bytes may turn out to be; anything else that bears such a name goes the ordinary way.
EXPRESS_KINDS = PROGRESS_KINDS | {"text", "table", "empty"}
# Of a version in one of these, numbers may be all there is (yet).
NOT_DRAWN = frozenset({ArtifactState.QUEUED, ArtifactState.RENDERING, ArtifactState.SUPERSEDED})


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


def is_told(state: ArtifactState, rendered_at: datetime | None, facts: Mapping[str, Any]) -> bool:
    """Tell whether of a version only numbers are known: its picture is not drawn yet, and may be overtaken before."""
    return rendered_at is None and state in NOT_DRAWN and has_progress(facts)
