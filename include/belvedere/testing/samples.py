"""Samples to hold a renderer against: bytes, the name they have in a bucket, and what they refer to."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from belvedere.model.rendering import Related, Source

if TYPE_CHECKING:
    from collections.abc import Mapping

BUCKET = "samples"


@dataclass(frozen=True, slots=True)
class Sample:
    """One artifact. ``key`` is its name in the bucket ``samples``; ``related`` are other objects' bytes by address.

    ``kind`` is what detection must say of it; None: one of the renderer's kinds.
    """

    content: bytes
    key: str
    content_type: str = ""
    kind: str | None = None
    related: Mapping[str, bytes] = field(default_factory=dict)

    @classmethod
    def file(cls, path: str | Path, *, key: str = "", kind: str | None = None, content_type: str = "") -> Sample:
        """Read a sample from a file; its key is the file's name, unless another one is given."""
        place = Path(path)
        return cls(place.read_bytes(), key or f"runs/1/{place.name}", content_type, kind)

    def __str__(self) -> str:
        """Return the last part of the key."""
        return self.key.rpartition("/")[2]

    def source(self, folder: Path, *, content: bytes | None = None, key: str | None = None) -> Source:
        """Write the sample (or other ``content``, under another ``key``) into ``folder``, as a renderer gets it."""
        data = self.content if content is None else content
        path = _written(folder, data)
        related = {uri: Related(uri, _written(folder, other), len(other), "") for uri, other in self.related.items()}
        return Source(BUCKET, key or self.key, "0" * 32, "", self.content_type, len(data), path, related)


def _written(folder: Path, content: bytes) -> Path:
    path = folder / f"object-{len(list(folder.iterdir()))}"
    path.write_bytes(content)
    return path
