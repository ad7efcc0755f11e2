"""What a rendering depends on, in one word: two artifacts with the same fingerprint have the same picture.

The bytes, the name they are shown under, the renderer and its version, the limits, and what the artifact refers to.
Bytes are compared by a hash of their own: an etag may be an MD5, which can be made to collide.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict
from typing import TYPE_CHECKING

from belvedere import __version__
from belvedere.model.rendering import Listing
from belvedere.rendering.registry import find_renderer, has_renderer, may_have_programs

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from belvedere.model.rendering import Limits, Reference, Source

MOST_BYTES = 1024**3


def fingerprint_of(
    source: Source, kind: str, limits: Limits, strictness: str, references: Iterable[Reference | Listing]
) -> str | None:
    """Return the fingerprint of an artifact; None where its rendering may depend on more than can be told.

    What an artifact's folder holds is told by the whole key: such a rendering is the same at the same place only.
    """
    if not has_renderer(kind) or may_have_programs(kind, source):
        return None
    if source.size + sum(one.size for one in source.related.values()) > MOST_BYTES:
        return None
    renderer = find_renderer(kind)
    in_its_folder = any(isinstance(one, Listing) for one in references)
    depends_on = {
        "belvedere": __version__,
        "bytes": _hash_of(source.path),
        "name": [source.bucket, source.key] if in_its_folder else source.key.rpartition("/")[2],
        "content_type": source.content_type,
        "kind": kind,
        "renderer": [renderer.name, renderer.version],
        "limits": asdict(limits),
        "strictness": strictness,
        "related": [
            [uri, one.content_type, one.problem, _hash_of(one.path) if one.path is not None else None]
            for uri, one in sorted(source.related.items())
        ],
    }
    written = json.dumps(depends_on, sort_keys=True, ensure_ascii=True).encode()
    return hashlib.blake2b(written, digest_size=20).hexdigest()


def _hash_of(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, hashlib.blake2b).hexdigest()
