"""What the storage around the main loop is and should be: buckets, their rules, and the topic of their events."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

CREATED_EVENTS = "s3:ObjectCreated:*"
REMOVED_EVENTS = "s3:ObjectRemoved:*"
RESERVED_PREFIX = ".belvedere/"
RENDERERS_PREFIX = f"{RESERVED_PREFIX}renderers/"


def is_reserved(key: str) -> bool:
    """Whether a key is ours and no artifact; a tenant's own renderers are artifacts that people look at."""
    return key.startswith(RESERVED_PREFIX) and not (key.startswith(RENDERERS_PREFIX) and key != RENDERERS_PREFIX)


@dataclass(frozen=True, slots=True)
class KeyFilter:
    """Which keys of a source bucket become artifacts."""

    prefix: str = ""
    suffix: str = ""

    def takes(self, key: str) -> bool:
        """Whether an object of this key becomes an artifact."""
        return key.startswith(self.prefix) and key.endswith(self.suffix)


@dataclass(frozen=True, slots=True)
class Registration:
    """What the catalog knows of a source bucket: whose it is, where its renderings go, which keys become artifacts."""

    tenant: str
    renderings_bucket: str
    filters: tuple[KeyFilter, ...] = (KeyFilter(),)


@dataclass(frozen=True, slots=True)
class NotificationRule:
    """One rule of a bucket: events of objects whose key has this prefix and suffix go to the target ``arn``."""

    rule_id: str
    arn: str
    events: tuple[str, ...]
    prefix: str = ""
    suffix: str = ""

    def overlaps(self, other: NotificationRule) -> bool:
        """Tell whether some event of some object would match both rules on the same target."""
        return (
            self.arn == other.arn
            and any(_events_meet(one, two) for one in self.events for two in other.events)
            and _one_continues_the_other(self.prefix, other.prefix)
            and _one_continues_the_other(self.suffix[::-1], other.suffix[::-1])
        )


def _events_meet(one: str, two: str) -> bool:
    """Event names are exact, or a family that ends in ``*``."""
    return _one_continues_the_other(one.rstrip("*"), two.rstrip("*")) and (one == two or "*" in one + two)


def _one_continues_the_other(one: str, two: str) -> bool:
    return one.startswith(two) or two.startswith(one)


@dataclass(frozen=True, slots=True)
class ExpiryRule:
    """A lifecycle rule of ours: overwritten and removed versions go for good after ``days`` days."""

    rule_id: str
    days: int


@dataclass(frozen=True, slots=True)
class BucketState:
    """What a bucket is now; one that does not exist has ``exists`` False and nothing else set.

    ``expiry`` holds those lifecycle rules only that are of our kind; others are never touched.
    """

    name: str
    exists: bool = False
    empty: bool = True
    versioning: bool = False
    tags: Mapping[str, str] = field(default_factory=dict)
    expiry: tuple[ExpiryRule, ...] = ()
    notifications: tuple[NotificationRule, ...] = ()


@dataclass(frozen=True, slots=True)
class TopicState:
    """What a topic is now. ``retention_ms`` is -1 when it keeps its records for ever."""

    name: str
    exists: bool = False
    partitions: int = 0
    retention_ms: int = 0
    brokers: int = 1


@dataclass(frozen=True, slots=True)
class TopicSpec:
    """What the topic should be."""

    name: str
    partitions: int
    retention_ms: int


@dataclass(frozen=True, slots=True)
class StorageSpec:
    """What one source bucket, with everything around it, should be.

    ``arns`` maps the name of each notification target (``fast``, ``durable``) to its ARN. ``filters`` are the prefixes
    and suffixes of the keys that are announced. ``adopt`` allows taking over buckets that exist, hold something and are
    not marked as ours.
    """

    bucket: str
    tenant: str
    renderings_bucket: str
    versioning: bool
    renderings_expire_days: int
    arns: Mapping[str, str]
    topic: TopicSpec
    adopt: bool = False
    filters: tuple[KeyFilter, ...] = (KeyFilter(),)


@dataclass(frozen=True, slots=True)
class StorageState:
    """What is there of one source bucket and everything around it."""

    source: BucketState
    renderings: BucketState
    topic: TopicState
    registered: Registration | None = None
