"""Buckets, topics and sources in memory. The contract tests hold them against the real servers."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from belvedere.clients.bucket_admin import UnknownTarget
from belvedere.errors import BucketMissing, BucketNotEmpty, PermanentError
from belvedere.model.storage import BucketState, TopicState

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from belvedere.model.storage import ExpiryRule, NotificationRule, Registration, TopicSpec
    from belvedere.model.tenant_state import LifecycleRule, ObjectLock


class FakeBuckets:
    """Buckets that know the notification targets ``arns``."""

    def __init__(self, arns: Sequence[str]) -> None:
        self._arns = set(arns)
        self._buckets: dict[str, BucketState] = {}
        self._lifecycle: dict[str, dict[str, LifecycleRule]] = {}
        self._locks: dict[str, ObjectLock | None] = {}

    def names(self) -> list[str]:
        return sorted(self._buckets)

    def state(self, bucket: str) -> BucketState:
        """Return what a bucket is now; what has tags is not looked into, and counts as not empty."""
        state = self._buckets.get(bucket, BucketState(bucket))
        return replace(state, empty=state.empty and not state.tags)

    def tags(self, bucket: str) -> Mapping[str, str]:
        return self._buckets[bucket].tags

    def create(self, bucket: str) -> None:
        self._buckets.setdefault(bucket, BucketState(bucket, exists=True))

    def create_locked(self, bucket: str) -> None:
        if bucket not in self._buckets:
            self._buckets[bucket] = BucketState(bucket, exists=True, versioning=True)
            self._locks[bucket] = None

    def enable_versioning(self, bucket: str) -> None:
        self._change(bucket, versioning=True)

    def add_tags(self, bucket: str, tags: Mapping[str, str]) -> None:
        self._change(bucket, tags={**self._buckets[bucket].tags, **tags})

    def remove_tags(self, bucket: str, names: Sequence[str]) -> None:
        there = self._buckets[bucket].tags
        self._change(bucket, tags={name: value for name, value in there.items() if name not in names})

    def set_expiry(self, bucket: str, rule: ExpiryRule) -> None:
        others = [other for other in self._buckets[bucket].expiry if other.rule_id != rule.rule_id]
        self._change(bucket, expiry=(*others, rule))

    def set_notifications(self, bucket: str, own_prefix: str, rules: Sequence[NotificationRule]) -> None:
        others = [rule for rule in self._buckets[bucket].notifications if not rule.rule_id.startswith(own_prefix)]
        unknown = {rule.arn for rule in [*others, *rules]} - self._arns
        if unknown:
            raise UnknownTarget(f"no target {', '.join(sorted(unknown))}")
        self._change(bucket, notifications=(*others, *rules))

    def lifecycle(self, bucket: str, own_prefix: str) -> tuple[LifecycleRule, ...]:
        self._known(bucket)
        rules = self._lifecycle.get(bucket, {})
        return tuple(rule for rule_id, rule in sorted(rules.items()) if rule_id.startswith(own_prefix))

    def set_lifecycle(self, bucket: str, own_prefix: str, rules: Sequence[LifecycleRule]) -> None:
        there = self._lifecycle.get(bucket, {})
        others = {rule_id: rule for rule_id, rule in there.items() if not rule_id.startswith(own_prefix)}
        self._lifecycle[bucket] = others | {rule.rule_id: rule for rule in rules}

    def lock(self, bucket: str) -> tuple[bool, ObjectLock | None]:
        return bucket in self._locks, self._locks.get(bucket)

    def set_lock(self, bucket: str, lock: ObjectLock | None) -> None:
        if bucket not in self._locks:
            raise PermanentError(f"bucket {bucket} was made without object lock", code="not_lockable")
        self._locks[bucket] = lock

    def holds_anything(self, bucket: str) -> bool:
        return not self._known(bucket).empty

    def remove(self, bucket: str, *, with_objects: bool) -> None:
        if bucket in self._buckets and not with_objects and self.holds_anything(bucket):
            raise BucketNotEmpty(f"bucket {bucket} holds objects")
        self._buckets.pop(bucket, None)
        self._lifecycle.pop(bucket, None)
        self._locks.pop(bucket, None)

    def fill(self, bucket: str) -> None:
        """Put something into a bucket."""
        self._change(bucket, empty=False)

    def _known(self, bucket: str) -> BucketState:
        if bucket not in self._buckets:
            raise BucketMissing(f"no bucket {bucket}")
        return self._buckets[bucket]

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
