"""The places of renderings: folders in the renderings buckets, one for each object version."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from belvedere.clients.object_store import ObjectStore


def objects_at(store: ObjectStore, bucket: str, place: str) -> list[str]:
    """Return the keys of the objects right at a place.

    Not those deeper down: an artifact whose own key looks like another one's place has its rendering there.
    """
    start = f"{place}/"
    return [info.key for info in store.list(bucket, start) if "/" not in info.key[len(start) :]]
