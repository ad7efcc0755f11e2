"""What provisioning needs of the systems around it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from belvedere.model.storage import BucketState, ExpiryRule, NotificationRule, Registration, TopicSpec, TopicState


class Buckets(Protocol):
    """The administration of buckets (see ``clients.bucket_admin``)."""

    def state(self, bucket: str) -> BucketState:
        """Return what a bucket is now."""

    def create(self, bucket: str) -> None:
        """Create a bucket; harmless when it is ours already."""

    def enable_versioning(self, bucket: str) -> None:
        """Keep every version from now on."""

    def add_tags(self, bucket: str, tags: Mapping[str, str]) -> None:
        """Set some tags and keep the others."""

    def set_expiry(self, bucket: str, rule: ExpiryRule) -> None:
        """Set one lifecycle rule and keep the others."""

    def set_notifications(self, bucket: str, own_prefix: str, rules: Sequence[NotificationRule]) -> None:
        """Replace our notification rules and keep the others."""


class Topics(Protocol):
    """The administration of topics (see ``clients.kafka_admin``)."""

    def state(self, topic: str) -> TopicState:
        """Return what a topic is now."""

    def create(self, topic: TopicSpec, brokers: int) -> None:
        """Create a topic; harmless when it is there."""

    def grow(self, topic: str, partitions: int) -> None:
        """Give a topic more partitions."""

    def set_retention(self, topic: str, retention_ms: int) -> None:
        """Let a topic keep its records for so long."""


class Sources(Protocol):
    """Which buckets are sources (see ``catalog.sources``)."""

    def registration(self, bucket: str) -> Registration | None:
        """Return what is known of one source, or None for a bucket that is none."""

    def register(self, bucket: str, registration: Registration) -> bool:
        """Make a bucket a source; return whether anything changed."""
