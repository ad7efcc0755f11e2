"""Renderings that nobody looks at any more: of versions superseded or deleted long ago."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from belvedere.catalog.pruning import OldVersion, forget_version, old_versions, shares_place
from belvedere.model.record import rendering_place
from belvedere.upkeep.places import objects_at

if TYPE_CHECKING:
    from belvedere.clients.object_store import ObjectStore
    from belvedere.clients.postgres import Connection

BATCH = 200


@dataclass(frozen=True, slots=True)
class OldRenderings:
    """How many old versions there were, and how many objects their renderings had."""

    versions: int
    objects: int


def prune_old_renderings(
    connection: Connection, store: ObjectStore, *, keep_days: float, dry_run: bool
) -> OldRenderings:
    """Remove the renderings of old versions, then the versions from the catalog; a dry run only counts.

    The bytes go first: what is interrupted between the two is found and finished the next time.

    Raises:
        ServiceUnavailable, PermanentError: the object store; what was removed until then stays removed.
    """
    versions = objects = 0
    after_id = ""
    while batch := old_versions(connection, keep_days, after_id=after_id, most=BATCH):
        after_id = batch[-1].id
        for version in batch:
            objects += _prune(connection, store, version, dry_run=dry_run)
        versions += len(batch)
    return OldRenderings(versions, objects)


def _prune(connection: Connection, store: ObjectStore, version: OldVersion, *, dry_run: bool) -> int:
    """Versions of the same bytes share one place; the last of them to go takes it along."""
    keys: list[str] = []
    if not shares_place(connection, version):
        keys = objects_at(store, version.renderings_bucket, rendering_place(version.key, version.etag))
    if not dry_run:
        store.remove(version.renderings_bucket, keys)
        forget_version(connection, version)
    return len(keys)
