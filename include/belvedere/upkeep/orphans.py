"""Renderings whose artifact is neither in the catalog nor in its source bucket."""

from __future__ import annotations

import json
import logging
from dataclasses import dataclass
from itertools import groupby, islice, takewhile
from typing import TYPE_CHECKING

from belvedere.catalog.pruning import Place, known_places
from belvedere.errors import LimitExceeded, ObjectMissing
from belvedere.model.record import HASHED_PREFIX, RECORD_NAME
from belvedere.upkeep.filled import require_filled

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from datetime import datetime

    from belvedere.catalog.sources import SourceBucket
    from belvedere.clients.object_store import ObjectInfo, ObjectStore
    from belvedere.clients.postgres import Connection

log = logging.getLogger(__name__)

BATCH = 500
MOST_RECORD_BYTES = 16 * 1024**2


@dataclass(frozen=True, slots=True)
class Folder:
    """What lies right at one place of a renderings bucket: its objects' keys, and when the newest was written."""

    path: str
    keys: tuple[str, ...]
    newest: datetime


@dataclass(frozen=True, slots=True)
class Orphans:
    """How many places of renderings were looked at, how many are nobody's, and how many objects these hold."""

    bucket: str
    places: int
    orphaned: int
    objects: int


def prune_orphans(
    connection: Connection, store: ObjectStore, source: SourceBucket, *, before: datetime, dry_run: bool
) -> Orphans:
    """Remove renderings that belong to no artifact and were last written before a moment; a dry run only counts.

    Raises:
        CatalogEmpty: the catalog has no artifact of this source at all.
        BucketMissing, ServiceUnavailable: as their names say.
    """
    places = orphaned = objects = 0
    in_order = folders(store.list(source.renderings_bucket))
    while batch := list(islice(in_order, BATCH)):
        require_filled(connection, store, source)
        nobodys = _orphaned(connection, store, source, [folder for folder in batch if folder.newest < before])
        keys = [key for folder in nobodys for key in folder.keys]
        if keys and not dry_run:
            store.remove(source.renderings_bucket, keys)
        places, orphaned, objects = places + len(batch), orphaned + len(nobodys), objects + len(keys)
    return Orphans(source.bucket, places, orphaned, objects)


def folders(listing: Iterator[ObjectInfo]) -> Iterator[Folder]:
    """Group a listing in key order by place.

    A place may come in several pieces where another one's key order cuts through it; each piece is judged alike.
    """
    for path, members in groupby(listing, key=lambda info: info.key.rpartition("/")[0]):
        infos = list(members)
        yield Folder(path, tuple(info.key for info in infos), max(info.modified_at for info in infos))


def _orphaned(
    connection: Connection, store: ObjectStore, source: SourceBucket, candidates: Sequence[Folder]
) -> list[Folder]:
    placed = {folder.path: place_of(store, source.renderings_bucket, folder) for folder in candidates}
    known = known_places(connection, source.bucket, [place for place in placed.values() if place])
    return [
        folder
        for folder in candidates
        if (place := placed[folder.path]) and place not in known and not _in_bucket(store, source.bucket, place)
    ]


def place_of(store: ObjectStore, bucket: str, folder: Folder) -> Place | None:
    """Return the artifact's key and etag: from the path, or for a hashed one from the record in it.

    None for what is no place of ours; such objects are left alone.
    """
    key, _, etag = folder.path.rpartition("/")
    if not key or not etag:
        return None
    if not key.startswith(f"{HASHED_PREFIX}/"):
        return Place(key, etag)
    try:
        document = json.loads(store.read(bucket, f"{folder.path}/{RECORD_NAME}", max_bytes=MOST_RECORD_BYTES))
        return Place(str(document["key"]), etag)
    except (ObjectMissing, LimitExceeded, ValueError, KeyError, TypeError):
        log.warning("%s/%s has no readable record: left alone", bucket, folder.path)
        return None


def _in_bucket(store: ObjectStore, bucket: str, place: Place) -> bool:
    of_key = takewhile(lambda info: info.key == place.key, store.versions(bucket, place.key))
    return any(info.etag == place.etag for info in of_key)
