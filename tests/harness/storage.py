"""Specs and states of storage, for tests to bend."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from belvedere.model.storage import BucketState, StorageSpec, StorageState, TopicSpec, TopicState

FAST = "arn:minio:sqs::FAST:kafka"
DURABLE = "arn:minio:sqs::DURABLE:kafka"
WEEK_MS = 7 * 86_400_000


def storage_spec(bucket: str = "models", **changes: Any) -> StorageSpec:
    """Return what one source bucket should be."""
    spec = StorageSpec(
        bucket=bucket,
        tenant="team",
        renderings_bucket=f"{bucket}-renderings",
        versioning=True,
        renderings_expire_days=90,
        arns={"fast": FAST, "durable": DURABLE},
        topic=TopicSpec("artifacts", partitions=4, retention_ms=WEEK_MS),
    )
    return replace(spec, **changes)


def nothing_there(spec: StorageSpec) -> StorageState:
    """Return the state before anything was made."""
    return StorageState(BucketState(spec.bucket), BucketState(spec.renderings_bucket), TopicState(spec.topic.name))
