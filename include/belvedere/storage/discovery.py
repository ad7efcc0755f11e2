"""Which buckets are sources, as the buckets themselves say by their tags."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from belvedere.catalog.sources import SourceBucket
from belvedere.storage.ownership import ROLE_TAG, TENANT_TAG, Role

if TYPE_CHECKING:
    from collections.abc import Mapping


class TaggedBuckets(Protocol):
    """Buckets that can be listed and carry tags (see ``clients.bucket_admin``)."""

    def names(self) -> list[str]:
        """Return the names of all buckets."""

    def tags(self, bucket: str) -> Mapping[str, str]:
        """Return a bucket's tags."""


def discover_sources(buckets: TaggedBuckets, renderings_suffix: str) -> list[SourceBucket]:
    """Return every source bucket whose renderings bucket exists.

    Raises:
        ServiceUnavailable, AccessDenied: as their names say.
    """
    names = set(buckets.names())
    found = ((name, buckets.tags(name)) for name in sorted(names) if name + renderings_suffix in names)
    return [
        SourceBucket(name, tags[TENANT_TAG], name + renderings_suffix)
        for name, tags in found
        if tags.get(ROLE_TAG) == Role.SOURCE.value and TENANT_TAG in tags
    ]
