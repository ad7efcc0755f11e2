"""From what is to what should be: the ordered changes with their reasons. Pure, so that a plan can be read first."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from belvedere.errors import ForeignResource
from belvedere.model.storage import CREATED_EVENTS, REMOVED_EVENTS, ExpiryRule, NotificationRule, Registration
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
from belvedere.storage.ownership import Role, objection, ownership_tags

if TYPE_CHECKING:
    from collections.abc import Iterator

    from belvedere.model.storage import BucketState, StorageSpec, StorageState, TopicSpec, TopicState

EXPIRY_RULE_ID = "belvedere-old-renderings"
OWN_RULES_PREFIX = "belvedere/"
EVENTS = (CREATED_EVENTS, REMOVED_EVENTS)


@dataclass(frozen=True, slots=True)
class PlannedChange:
    """A change and why it is needed."""

    change: Change
    reason: str

    def __str__(self) -> str:
        return f"{self.change}  ({self.reason})"


@dataclass(frozen=True, slots=True)
class Plan:
    """Everything to be done for one source bucket, in the order of doing it."""

    bucket: str
    changes: tuple[PlannedChange, ...]

    def __str__(self) -> str:
        if not self.changes:
            return f"Storage of bucket {self.bucket}: nothing to do."
        lines = [f"Storage of bucket {self.bucket}: {len(self.changes)} changes."]
        return "\n".join([*lines, *(f"  {number}. {change}" for number, change in enumerate(self.changes, start=1))])


def plan(spec: StorageSpec, state: StorageState) -> Plan:
    """Return the changes that lead from ``state`` to ``spec``.

    The topic comes first and the notification rules last: nothing may be announced before it can be received.

    Raises:
        ForeignResource: something that is in the way is not ours to change; the message says all of it.
    """
    _refuse_foreign(spec, state)
    return Plan(
        spec.bucket,
        (
            *_topic_changes(spec.topic, state.topic),
            *_bucket_changes(spec, state.source, Role.SOURCE, versioning=spec.versioning),
            *_bucket_changes(spec, state.renderings, Role.RENDERINGS, versioning=True),
            *_expiry_changes(spec, state.renderings),
            *_registration_changes(spec, state),
            *_notification_changes(spec, state.source),
        ),
    )


def own_rules(spec: StorageSpec) -> tuple[NotificationRule, ...]:
    """Return the notification rules that a source bucket should have: one a target and filter."""
    return tuple(
        NotificationRule(_rule_id(spec.bucket, name, number), arn, EVENTS, one.prefix, one.suffix)
        for name, arn in sorted(spec.arns.items())
        for number, one in enumerate(spec.filters)
    )


def _rule_id(bucket: str, target: str, number: int) -> str:
    return f"{OWN_RULES_PREFIX}{bucket}/{target}" + (f"/{number}" if number else "")


def _refuse_foreign(spec: StorageSpec, state: StorageState) -> None:
    objections = [
        objection(spec, state.source, Role.SOURCE),
        objection(spec, state.renderings, Role.RENDERINGS),
        *_overlaps(spec, state.source),
    ]
    said = [text for text in objections if text]
    if said:
        raise ForeignResource("; ".join(said))


def _overlaps(spec: StorageSpec, source: BucketState) -> Iterator[str]:
    """MinIO itself takes overlapping rules; other servers and AWS S3 refuse the whole document for one."""
    if spec.adopt:
        return
    for rule in source.notifications:
        if not rule.rule_id.startswith(OWN_RULES_PREFIX) and any(rule.overlaps(own) for own in own_rules(spec)):
            yield (
                f"bucket {spec.bucket} already sends events to {rule.arn} by the rule "
                f"{rule.rule_id or '(without id)'}, which overlaps ours. Remove that rule, or start with "
                "adopt = true to keep both"
            )


def _topic_changes(wanted: TopicSpec, topic: TopicState) -> Iterator[PlannedChange]:
    if not topic.exists:
        yield PlannedChange(CreateTopic(wanted, topic.brokers), "there is no such topic")
        return
    if topic.partitions < wanted.partitions:
        yield PlannedChange(AddPartitions(wanted.name, wanted.partitions), f"it has {topic.partitions}")
    if topic.retention_ms != wanted.retention_ms:
        now = f"{topic.retention_ms / 86_400_000:g} days" if topic.retention_ms >= 0 else "for ever"
        yield PlannedChange(SetRetention(wanted.name, wanted.retention_ms), f"it keeps them {now}")


def _bucket_changes(spec: StorageSpec, bucket: BucketState, role: Role, *, versioning: bool) -> Iterator[PlannedChange]:
    tags = ownership_tags(spec, role)
    if not bucket.exists:
        yield PlannedChange(CreateBucket(bucket.name), "there is no such bucket")
    if not tags.items() <= bucket.tags.items():
        yield PlannedChange(TagBucket(bucket.name, tags), _why_tag(spec, bucket))
    if versioning and not bucket.versioning:
        yield PlannedChange(EnableVersioning(bucket.name), "it keeps no versions")


def _why_tag(spec: StorageSpec, bucket: BucketState) -> str:
    if not bucket.exists:
        return "to mark it as ours"
    return "it is adopted" if spec.adopt and not bucket.empty else "it exists, is empty and nobody's"


def _expiry_changes(spec: StorageSpec, renderings: BucketState) -> Iterator[PlannedChange]:
    wanted = ExpiryRule(EXPIRY_RULE_ID, spec.renderings_expire_days)
    there = next((rule for rule in renderings.expiry if rule.rule_id == EXPIRY_RULE_ID), None)
    if there != wanted:
        reason = "there is no such rule" if there is None else f"it says {there.days} days"
        yield PlannedChange(SetExpiry(spec.renderings_bucket, wanted), reason)


def _registration_changes(spec: StorageSpec, state: StorageState) -> Iterator[PlannedChange]:
    wanted = Registration(spec.tenant, spec.renderings_bucket, spec.filters)
    if state.registered != wanted:
        reason = "the catalog does not know it" if state.registered is None else "the catalog says otherwise"
        yield PlannedChange(RegisterSource(spec.bucket, wanted), reason)


def _notification_changes(spec: StorageSpec, source: BucketState) -> Iterator[PlannedChange]:
    wanted = own_rules(spec)
    there = {rule for rule in source.notifications if rule.rule_id.startswith(OWN_RULES_PREFIX)}
    if not _same_rules(there, set(wanted)):
        missing = [rule.rule_id for rule in wanted if rule not in there]
        reason = f"missing or changed: {', '.join(missing)}" if missing else "there are outdated rules of ours"
        yield PlannedChange(SetNotifications(spec.bucket, OWN_RULES_PREFIX, wanted), reason)


def _same_rules(there: set[NotificationRule], wanted: set[NotificationRule]) -> bool:
    """Servers may return a rule's events in another order."""
    return {_unordered(rule) for rule in there} == {_unordered(rule) for rule in wanted}


def _unordered(rule: NotificationRule) -> tuple[object, ...]:
    return (rule.rule_id, rule.arn, frozenset(rule.events), rule.prefix, rule.suffix)
