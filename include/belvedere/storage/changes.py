"""The changes that provisioning can make. Each says in a sentence what it does; each may be applied twice."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from belvedere.model.storage import ExpiryRule, NotificationRule, Registration, TopicSpec


@dataclass(frozen=True, slots=True)
class CreateTopic:
    """Create the topic of bucket events."""

    topic: TopicSpec
    brokers: int

    def __str__(self) -> str:
        return f"create topic {self.topic.name} with {self.topic.partitions} partitions"


@dataclass(frozen=True, slots=True)
class AddPartitions:
    """Give the topic more partitions."""

    topic: str
    partitions: int

    def __str__(self) -> str:
        return f"grow topic {self.topic} to {self.partitions} partitions"


@dataclass(frozen=True, slots=True)
class SetRetention:
    """Let the topic keep its records for another time."""

    topic: str
    retention_ms: int

    def __str__(self) -> str:
        return f"let topic {self.topic} keep its records for {self.retention_ms / 86_400_000:g} days"


@dataclass(frozen=True, slots=True)
class CreateBucket:
    """Create a bucket."""

    bucket: str

    def __str__(self) -> str:
        return f"create bucket {self.bucket}"


@dataclass(frozen=True, slots=True)
class TagBucket:
    """Mark a bucket as ours."""

    bucket: str
    tags: Mapping[str, str]

    def __str__(self) -> str:
        tags = ", ".join(f"{name}={value}" for name, value in sorted(self.tags.items()))
        return f"tag bucket {self.bucket} with {tags}"


@dataclass(frozen=True, slots=True)
class EnableVersioning:
    """Keep every version of a bucket's objects."""

    bucket: str

    def __str__(self) -> str:
        return f"enable versioning of bucket {self.bucket}"


@dataclass(frozen=True, slots=True)
class SetExpiry:
    """Set the lifecycle rule of a renderings bucket."""

    bucket: str
    rule: ExpiryRule

    def __str__(self) -> str:
        return f"let bucket {self.bucket} drop overwritten and removed renderings after {self.rule.days} days"


@dataclass(frozen=True, slots=True)
class SetNotifications:
    """Set our notification rules of a source bucket."""

    bucket: str
    own_prefix: str
    rules: tuple[NotificationRule, ...]

    def __str__(self) -> str:
        targets = " and ".join(rule.arn for rule in self.rules)
        return f"send created and removed events of bucket {self.bucket} to {targets}"


@dataclass(frozen=True, slots=True)
class RegisterSource:
    """Tell the catalog that a bucket is a source."""

    bucket: str
    registration: Registration

    def __str__(self) -> str:
        return f"register bucket {self.bucket} as a source of tenant {self.registration.tenant}"


Change = (
    CreateTopic
    | AddPartitions
    | SetRetention
    | CreateBucket
    | TagBucket
    | EnableVersioning
    | SetExpiry
    | SetNotifications
    | RegisterSource
)
