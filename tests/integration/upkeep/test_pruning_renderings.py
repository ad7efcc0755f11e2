from __future__ import annotations

import io
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest
from tests.harness.databases import empty
from tests.harness.events import arrive, created, wall
from tests.harness.records import rendering_record

from belvedere.catalog.sources import SourceBucket, register_source
from belvedere.model.record import rendering_place
from belvedere.upkeep.filled import CatalogEmpty, require_filled
from belvedere.upkeep.old_renderings import OldRenderings, prune_old_renderings
from belvedere.upkeep.orphans import prune_orphans

if TYPE_CHECKING:
    from collections.abc import Callable

    from minio import Minio

    from belvedere.clients.object_store import ObjectStore
    from belvedere.clients.postgres import Connection

LATER = timedelta(minutes=1)


@pytest.fixture
def source(make_bucket: Callable[..., str], catalog: Connection) -> SourceBucket:
    empty(catalog)
    found = SourceBucket(make_bucket(versioned=True), "team", make_bucket())
    register_source(catalog, found)
    return found


def lay_rendering(store: ObjectStore, source: SourceBucket, key: str, etag: str) -> None:
    for name in ("page.html", "rendering.json"):
        store.put(source.renderings_bucket, f"{rendering_place(key, etag)}/{name}", b"x", "text/plain")


def lying(store: ObjectStore, source: SourceBucket) -> list[str]:
    return [info.key for info in store.list(source.renderings_bucket)]


def two_versions(catalog: Connection, source: SourceBucket, key: str, first: str, second: str) -> None:
    """Have two versions of a key, the second one since a hundred days."""
    arrive(catalog, created(key, at=1, etag=first, version="v1", bucket=source.bucket))
    arrive(catalog, created(key, at=2, etag=second, version="v2", bucket=source.bucket))
    catalog.execute("update inbox set state = 'done', finished_at = now()")
    catalog.execute("update artifacts set event_at = now() - interval '100 days'")


def test_an_old_version_goes_with_its_rendering_and_the_latest_stays(
    catalog: Connection, object_store: ObjectStore, source: SourceBucket
) -> None:
    two_versions(catalog, source, "a.csv", "e1", "e2")
    for etag in ("e1", "e2"):
        lay_rendering(object_store, source, "a.csv", etag)
    lay_rendering(object_store, source, "a.csv/e1/deeper.csv", "e3")

    dry = prune_old_renderings(catalog, object_store, keep_days=30, dry_run=True)
    assert dry == OldRenderings(versions=1, objects=2)
    assert len(lying(object_store, source)) == 6

    assert prune_old_renderings(catalog, object_store, keep_days=30, dry_run=False) == dry
    assert prune_old_renderings(catalog, object_store, keep_days=30, dry_run=False) == OldRenderings(0, 0)

    assert lying(object_store, source) == [
        "a.csv/e1/deeper.csv/e3/page.html",
        "a.csv/e1/deeper.csv/e3/rendering.json",
        "a.csv/e2/page.html",
        "a.csv/e2/rendering.json",
    ]
    assert wall(catalog)["a.csv"].etag == "e2"
    assert catalog.execute("select count(*) as n from artifacts").fetchone() == {"n": 1}


def test_a_picture_that_the_latest_version_shares_stays(
    catalog: Connection, object_store: ObjectStore, source: SourceBucket
) -> None:
    two_versions(catalog, source, "a.csv", "e1", "e1")
    lay_rendering(object_store, source, "a.csv", "e1")

    pruned = prune_old_renderings(catalog, object_store, keep_days=30, dry_run=False)

    assert pruned == OldRenderings(versions=1, objects=0)
    assert len(lying(object_store, source)) == 2


def test_the_last_of_several_old_versions_of_the_same_bytes_takes_the_picture_along(
    catalog: Connection, object_store: ObjectStore, source: SourceBucket
) -> None:
    for at, etag in enumerate(("e1", "e1", "e2"), start=1):
        arrive(catalog, created("a.csv", at=at, etag=etag, version=f"v{at}", bucket=source.bucket))
    catalog.execute("update inbox set state = 'done', finished_at = now()")
    catalog.execute("update artifacts set event_at = now() - interval '100 days'")
    lay_rendering(object_store, source, "a.csv", "e1")

    pruned = prune_old_renderings(catalog, object_store, keep_days=30, dry_run=False)

    assert pruned == OldRenderings(versions=2, objects=2)
    assert lying(object_store, source) == []


def test_renderings_of_nothing_go_and_all_others_stay(
    catalog: Connection, object_store: ObjectStore, source: SourceBucket, s3: Minio
) -> None:
    arrive(catalog, created("known.csv", at=1, etag="e1", bucket=source.bucket))
    current = (s3.put_object(source.bucket, "there.csv", io.BytesIO(b"1"), 1).etag or "").strip('"')
    s3.put_object(source.bucket, "there.csv", io.BytesIO(b"2"), 1)
    for key, etag in [("known.csv", "e1"), ("there.csv", current), ("known.csv", "gone"), ("nowhere.csv", "e9")]:
        lay_rendering(object_store, source, key, etag)
    long_key = "k" * 200 + "/" + "/".join(["k" * 200] * 4)
    record = rendering_record(long_key, bucket=source.bucket, etag="e5")
    object_store.put(source.renderings_bucket, record.object_key, record.to_json(), "application/json")
    object_store.put(source.renderings_bucket, "stray.txt", b"x", "text/plain")
    later = datetime.now(UTC) + LATER

    young = prune_orphans(catalog, object_store, source, before=later - 2 * LATER, dry_run=False)
    assert young.orphaned == 0
    dry = prune_orphans(catalog, object_store, source, before=later, dry_run=True)
    assert (dry.orphaned, dry.objects) == (3, 5)
    pruned = prune_orphans(catalog, object_store, source, before=later, dry_run=False)

    assert pruned == dry
    assert lying(object_store, source) == [
        "known.csv/e1/page.html",
        "known.csv/e1/rendering.json",
        "stray.txt",
        f"there.csv/{current}/page.html",
        f"there.csv/{current}/rendering.json",
    ]


def test_a_catalog_that_knows_nothing_condemns_nothing(
    catalog: Connection, object_store: ObjectStore, source: SourceBucket
) -> None:
    lay_rendering(object_store, source, "a.csv", "e1")

    with pytest.raises(CatalogEmpty, match="rebuild_catalog"):
        prune_orphans(catalog, object_store, source, before=datetime.now(UTC) + LATER, dry_run=False)

    assert len(lying(object_store, source)) == 2


def test_a_catalog_that_lost_a_source_is_to_be_rebuilt_before_a_sweep(
    catalog: Connection, object_store: ObjectStore, source: SourceBucket
) -> None:
    require_filled(catalog, object_store, source)
    lay_rendering(object_store, source, "a.csv", "e1")

    with pytest.raises(CatalogEmpty, match="rebuild_catalog"):
        require_filled(catalog, object_store, source)
