from __future__ import annotations

from tests.fakes.buckets import FakeBuckets
from tests.harness.storage import storage_spec

from belvedere.catalog.sources import SourceBucket
from belvedere.storage.discovery import discover_sources
from belvedere.storage.ownership import Role, ownership_tags


def test_the_tags_alone_tell_the_sources() -> None:
    buckets = FakeBuckets([])
    for name in ("models", "models-renderings", "lonely", "other", "other-renderings", "twisted"):
        buckets.create(name)
    spec = storage_spec("models")
    buckets.add_tags("models", {**ownership_tags(spec, Role.SOURCE), "theirs": "too"})
    buckets.add_tags("models-renderings", ownership_tags(spec, Role.RENDERINGS))
    buckets.add_tags("lonely", ownership_tags(storage_spec("lonely"), Role.SOURCE))
    buckets.add_tags("other", {"owner": "somebody"})

    assert discover_sources(buckets, "-renderings") == [SourceBucket("models", "team", "models-renderings")]
