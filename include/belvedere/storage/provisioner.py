"""Looking at what is there, and carrying out a plan.

Every step may run twice, so an apply that died half-way is simply run again.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass
from typing import TYPE_CHECKING, assert_never

from belvedere.model.storage import StorageState
from belvedere.storage.changes import (
    AddPartitions,
    Change,
    CreateBucket,
    CreateTopic,
    EnableVersioning,
    RegisterSource,
    SetExpiry,
    SetNotifications,
    SetRetention,
    TagBucket,
)

if TYPE_CHECKING:
    from belvedere.model.storage import StorageSpec
    from belvedere.storage.plan import Plan
    from belvedere.storage.ports import Buckets, Sources, Topics

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Provisioner:
    """The systems that provisioning looks at and changes."""

    buckets: Buckets
    topics: Topics
    sources: Sources

    def observe(self, spec: StorageSpec) -> StorageState:
        """Return what is there of a spec.

        Raises:
            ServiceUnavailable, AccessDenied: one of the systems does not answer, or refuses us.
        """
        return StorageState(
            source=self.buckets.state(spec.bucket),
            renderings=self.buckets.state(spec.renderings_bucket),
            topic=self.topics.state(spec.topic.name),
            registered=self.sources.registration(spec.bucket),
        )

    def apply(self, plan: Plan) -> int:
        """Carry out a plan in its order and return the number of changes made.

        Raises:
            UnknownTarget: the object store has no such notification target.
            ForeignResource, AccessDenied, ServiceUnavailable: as their names say; what was done stays done.
        """
        for number, planned in enumerate(plan.changes, start=1):
            log.info("%d/%d %s", number, len(plan.changes), planned.change)
            self.make(planned.change)
        return len(plan.changes)

    def make(self, change: Change) -> None:
        """Make one change; harmless when it is made already. Raises as ``apply`` does."""
        match change:
            case CreateTopic(topic, brokers):
                self.topics.create(topic, brokers)
            case AddPartitions(topic, partitions):
                self.topics.grow(topic, partitions)
            case SetRetention(topic, retention_ms):
                self.topics.set_retention(topic, retention_ms)
            case CreateBucket(bucket):
                self.buckets.create(bucket)
            case TagBucket(bucket, tags):
                self.buckets.add_tags(bucket, tags)
            case EnableVersioning(bucket):
                self.buckets.enable_versioning(bucket)
            case SetExpiry(bucket, rule):
                self.buckets.set_expiry(bucket, rule)
            case SetNotifications(bucket, own_prefix, rules):
                self.buckets.set_notifications(bucket, own_prefix, rules)
            case RegisterSource(bucket, registration):
                self.sources.register(bucket, registration)
            case _:
                assert_never(change)
