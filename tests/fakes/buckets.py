"""Buckets, topics and sources in memory. The contract tests hold them against the real servers."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from belvedere.clients.bucket_admin import UnknownTarget
from belvedere.model.storage import BucketState, TopicState

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from belvedere.model.storage import ExpiryRule, NotificationRule, Registration, TopicSpec


class FakeBuckets:
    """Buckets that know the notification targets ``arns``."""

    def __init__(self, arns: Sequence[str]) -> None:
        self._arns = set(arns)
        self._buckets: dict[str, BucketState] = {}

    def names(self) -> list[str]:
        return sorted(self._buckets)

    def state(self, bucket: str) -> BucketState:
        return self._buckets.get(bucket, BucketState(bucket))

    def tags(self, bucket: str) -> Mapping[str, str]:
        return self._buckets[bucket].tags

    def create(self, bucket: str) -> None:
        self._buckets.setdefault(bucket, BucketState(bucket, exists=True))

    def enable_versioning(self, bucket: str) -> None:
        self._change(bucket, versioning=True)

    def add_tags(self, bucket: str, tags: Mapping[str, str]) -> None:
        self._change(bucket, tags={**self._buckets[bucket].tags, **tags})

    def set_expiry(self, bucket: str, rule: ExpiryRule) -> None:
        others = [other for other in self._buckets[bucket].expiry if other.rule_id != rule.rule_id]
        self._change(bucket, expiry=(*others, rule))

    def set_notifications(self, bucket: str, own_prefix: str, rules: Sequence[NotificationRule]) -> None:
        others = [rule for rule in self._buckets[bucket].notifications if not rule.rule_id.startswith(own_prefix)]
        unknown = {rule.arn for rule in [*others, *rules]} - self._arns
        if unknown:
            raise UnknownTarget(f"no target {', '.join(sorted(unknown))}")
        self._change(bucket, notifications=(*others, *rules))

    def fill(self, bucket: str) -> None:
        """Put something into a bucket."""
        self._change(bucket, empty=False)

    def _change(self, bucket: str, **changes: object) -> None:
        self._buckets[bucket] = replace(self._buckets[bucket], **changes)  # type: ignore[arg-type]


class FakeTopics:
    """Topics of one broker."""

    def __init__(self) -> None:
        self._topics: dict[str, TopicState] = {}

    def state(self, topic: str) -> TopicState:
        return self._topics.get(topic, TopicState(topic))

    def create(self, topic: TopicSpec, brokers: int) -> None:
        state = TopicState(
            topic.name, exists=True, partitions=topic.partitions, retention_ms=topic.retention_ms, brokers=brokers
        )
        self._topics.setdefault(topic.name, state)

    def grow(self, topic: str, partitions: int) -> None:
        self._topics[topic] = replace(self._topics[topic], partitions=partitions)

    def set_retention(self, topic: str, retention_ms: int) -> None:
        self._topics[topic] = replace(self._topics[topic], retention_ms=retention_ms)


class FakeSources:
    """The sources that a catalog knows."""

    def __init__(self) -> None:
        self._sources: dict[str, Registration] = {}

    def registration(self, bucket: str) -> Registration | None:
        return self._sources.get(bucket)

    def register(self, bucket: str, registration: Registration) -> bool:
        changed = self._sources.get(bucket) != registration
        self._sources[bucket] = registration
        return changed
