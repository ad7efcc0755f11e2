"""Models that are zip archives (PyTorch, skops, Keras): one entry of them at a time, by the rules for archives."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from belvedere.errors import MalformedArtifact
from belvedere.rendering.archives.zips import list_zip, spill_zip

if TYPE_CHECKING:
    from belvedere.model.rendering import Limits, Source
    from belvedere.rendering.archives.listing import Contents

MOST_ENTRY_BYTES = 256 * 1024**2


def contents_of(source: Source, limits: Limits) -> Contents:
    """Return what the archive holds; raises as ``list_zip``."""
    return list_zip(source.path, limits)


def entry_of(source: Source, contents: Contents, name: str, limits: Limits, *, most: int = MOST_ENTRY_BYTES) -> Path:
    """Write the entry ``name`` (in any top folder) to a file of the workspace and return that.

    Raises:
        MalformedArtifact: there is no such entry, or it cannot be read whole.
    """
    found = next(
        (member for member in contents.files if member.name.rpartition("/")[2] == name and member.name.count("/") < 2),
        None,
    )
    if found is None:
        raise MalformedArtifact(f"The archive holds no {name} (invalid or truncated).", code="missing_entry")
    problem = found.problem
    target = Path(tempfile.mkdtemp(prefix="entry-")) / "content"
    if problem is None:
        problem = spill_zip(source.path, limits, {found.position: target}, most).get(found.position)
    if problem is not None:
        raise MalformedArtifact(f"{name} in the archive cannot be read: {problem}.", code="damaged_entry")
    return target
