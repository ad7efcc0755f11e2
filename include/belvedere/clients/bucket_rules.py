"""The rules of buckets as the object store writes them, and as ours: notifications, lifecycle, retention."""

from __future__ import annotations

from typing import TYPE_CHECKING

from minio.commonconfig import ENABLED, Filter
from minio.lifecycleconfig import Expiration, NoncurrentVersionExpiration, Rule
from minio.notificationconfig import PrefixFilterRule, QueueConfig, SuffixFilterRule
from minio.objectlockconfig import DAYS, YEARS, ObjectLockConfig

from belvedere.model.storage import ExpiryRule, NotificationRule
from belvedere.model.tenant_state import LifecycleRule, ObjectLock

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

DAYS_OF_A_YEAR = 365


def read_expiry(rules: Sequence[Rule]) -> tuple[ExpiryRule, ...]:
    """Return those rules that remove old versions."""
    return tuple(
        ExpiryRule(rule.rule_id, rule.noncurrent_version_expiration.noncurrent_days)
        for rule in rules
        if rule.rule_id and rule.status == ENABLED and rule.noncurrent_version_expiration
        if rule.noncurrent_version_expiration.noncurrent_days
    )


def write_expiry(rule: ExpiryRule) -> Rule:
    """Write a rule that removes old versions, and delete markers that nothing is left behind."""
    return Rule(
        ENABLED,
        rule_filter=Filter(prefix=""),
        rule_id=rule.rule_id,
        expiration=Expiration(expired_object_delete_marker=True),
        noncurrent_version_expiration=NoncurrentVersionExpiration(noncurrent_days=rule.days),
    )


def read_lifecycle(rules: Sequence[Rule], own_prefix: str) -> Iterator[LifecycleRule]:
    """Return those rules of ours that stand as we wrote them; one that was changed in any way does not count."""
    for rule in rules:
        if not (rule.rule_id or "").startswith(own_prefix):
            continue
        read = LifecycleRule(
            rule_id=rule.rule_id or "",
            prefix=(rule.rule_filter.prefix if rule.rule_filter else None) or "",
            expire_days=rule.expiration.days if rule.expiration else None,
            noncurrent_days=_noncurrent_days(rule),
        )
        if (read.expire_days or read.noncurrent_days) and write_lifecycle(read) == rule:
            yield read


def write_lifecycle(rule: LifecycleRule) -> Rule:
    """Write a rule that a tenant declared."""
    return Rule(
        ENABLED,
        rule_filter=Filter(prefix=rule.prefix),
        rule_id=rule.rule_id,
        expiration=Expiration(days=rule.expire_days) if rule.expire_days else None,
        noncurrent_version_expiration=(
            NoncurrentVersionExpiration(noncurrent_days=rule.noncurrent_days) if rule.noncurrent_days else None
        ),
    )


def read_notification(config: QueueConfig) -> NotificationRule:
    """Read one rule of a bucket's notifications."""
    return NotificationRule(
        rule_id=config.config_id or "",
        arn=config.queue or "",
        events=tuple(config.events),
        prefix=config.prefix_filter_rule.value if config.prefix_filter_rule else "",
        suffix=config.suffix_filter_rule.value if config.suffix_filter_rule else "",
    )


def write_notification(rule: NotificationRule) -> QueueConfig:
    """Write one rule of a bucket's notifications."""
    return QueueConfig(
        queue=rule.arn,
        events=list(rule.events),
        config_id=rule.rule_id,
        prefix_filter_rule=PrefixFilterRule(rule.prefix) if rule.prefix else None,
        suffix_filter_rule=SuffixFilterRule(rule.suffix) if rule.suffix else None,
    )


def read_lock(config: ObjectLockConfig) -> ObjectLock | None:
    """Read the default retention of new versions."""
    if not config.mode or not config.duration:
        return None
    return ObjectLock(config.mode, config.duration * (DAYS_OF_A_YEAR if config.duration_unit == YEARS else 1))


def write_lock(lock: ObjectLock | None) -> ObjectLockConfig:
    """Write the default retention of new versions; None: none."""
    return ObjectLockConfig(lock.mode, lock.days, DAYS) if lock else ObjectLockConfig(None, None, None)


def _noncurrent_days(rule: Rule) -> int | None:
    return rule.noncurrent_version_expiration.noncurrent_days if rule.noncurrent_version_expiration else None
