"""A catalog that lost everything must be rebuilt before anything is judged by it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from belvedere.catalog.pruning import knows_bucket
from belvedere.errors import PermanentError

if TYPE_CHECKING:
    from belvedere.catalog.sources import SourceBucket
    from belvedere.clients.object_store import ObjectStore
    from belvedere.clients.postgres import Connection


class CatalogEmpty(PermanentError):
    """Renderings and objects cannot be judged against a catalog that knows nothing."""

    code = "catalog_empty"


def require_filled(connection: Connection, store: ObjectStore, source: SourceBucket) -> None:
    """Refuse a catalog without any artifact of a source that has renderings.

    Raises:
        CatalogEmpty: saying what to run.
        BucketMissing, ServiceUnavailable: as their names say.
    """
    if knows_bucket(connection, source.bucket) or next(store.list(source.renderings_bucket), None) is None:
        return
    raise CatalogEmpty(
        f"the catalog knows no artifact of bucket {source.bucket}, yet there are renderings: "
        "run the DAG rebuild_catalog first"
    )
