"""Buckets themselves, not their objects: existence, versioning, tags, lifecycle, notification rules.

Tags, lifecycle and notifications are each one document that a PUT replaces whole, so every change here is
read, merge, write: what others have put there stays.
"""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING

from minio.commonconfig import ENABLED, Filter, Tags
from minio.error import S3Error
from minio.lifecycleconfig import Expiration, LifecycleConfig, NoncurrentVersionExpiration, Rule
from minio.notificationconfig import NotificationConfig, PrefixFilterRule, QueueConfig, SuffixFilterRule
from minio.versioningconfig import VersioningConfig

from belvedere.clients.s3 import s3_client, translated
from belvedere.errors import ForeignResource, PermanentError
from belvedere.model.storage import BucketState, ExpiryRule, NotificationRule

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from belvedere.settings import Settings

UNKNOWN_TARGET_CODE = "InvalidArgument"


class UnknownTarget(PermanentError):
    """The object store does not know a notification target that a rule names."""

    code = "unknown_target"


class BucketAdmin:
    """The administration of buckets over S3. Safe to share between threads."""

    def __init__(self, endpoint: str, access_key: str, secret_key: str, region: str = "us-east-1") -> None:
        self._client = s3_client(endpoint, access_key, secret_key, region)

    @classmethod
    def from_settings(cls, settings: Settings) -> BucketAdmin:
        """Connect as the settings say."""
        return cls(
            settings.minio_endpoint,
            settings.minio_access_key.get_secret_value(),
            settings.minio_secret_key.get_secret_value(),
            settings.minio_region,
        )

    def names(self) -> list[str]:
        """Return the names of all buckets that our key may see."""
        with translated("listing the buckets"):
            return sorted(bucket.name for bucket in self._client.list_buckets())

    def state(self, bucket: str) -> BucketState:
        """Return what a bucket is now.

        Raises:
            AccessDenied, ServiceUnavailable, PermanentError (a name that no bucket can have).
        """
        with translated(f"looking at bucket {bucket}"):
            if not self._client.bucket_exists(bucket):
                return BucketState(bucket)
            return BucketState(
                name=bucket,
                exists=True,
                empty=not list(islice(self._client.list_objects(bucket, recursive=True), 1)),
                versioning=self._client.get_bucket_versioning(bucket).status == ENABLED,
                tags=dict(self._client.get_bucket_tags(bucket) or {}),
                expiry=_our_kind(self._lifecycle_rules(bucket)),
                notifications=tuple(
                    _rule(config) for config in self._client.get_bucket_notification(bucket).queue_config_list
                ),
            )

    def tags(self, bucket: str) -> dict[str, str]:
        """Return a bucket's tags."""
        with translated(f"reading the tags of bucket {bucket}"):
            return dict(self._client.get_bucket_tags(bucket) or {})

    def create(self, bucket: str) -> None:
        """Create a bucket; harmless when we own it already.

        Raises:
            ForeignResource: the name belongs to somebody else.
        """
        with translated(f"creating bucket {bucket}"):
            try:
                self._client.make_bucket(bucket)
            except S3Error as error:
                if error.code == "BucketAlreadyExists":
                    raise ForeignResource(f"bucket {bucket} belongs to somebody else: choose another name") from error
                if error.code != "BucketAlreadyOwnedByYou":
                    raise

    def enable_versioning(self, bucket: str) -> None:
        """Keep every version of every object from now on."""
        with translated(f"enabling versioning of bucket {bucket}"):
            self._client.set_bucket_versioning(bucket, VersioningConfig(ENABLED))

    def add_tags(self, bucket: str, tags: Mapping[str, str]) -> None:
        """Set some tags and keep the others."""
        with translated(f"tagging bucket {bucket}"):
            merged = Tags.new_bucket_tags()
            merged.update(self._client.get_bucket_tags(bucket) or {})
            merged.update(tags)
            self._client.set_bucket_tags(bucket, merged)

    def set_expiry(self, bucket: str, rule: ExpiryRule) -> None:
        """Set one lifecycle rule by its id and keep the others."""
        with translated(f"setting lifecycle rule {rule.rule_id} of bucket {bucket}"):
            others = [other for other in self._lifecycle_rules(bucket) if other.rule_id != rule.rule_id]
            self._client.set_bucket_lifecycle(bucket, LifecycleConfig([*others, _lifecycle_rule(rule)]))

    def set_notifications(self, bucket: str, own_prefix: str, rules: Sequence[NotificationRule]) -> None:
        """Let ``rules`` be the only notification rules whose id starts with ``own_prefix``; the others stay.

        Raises:
            UnknownTarget: the server has no target of a rule's ARN.
        """
        with translated(f"setting the notification rules of bucket {bucket}"):
            there = self._client.get_bucket_notification(bucket)
            others = [
                config for config in there.queue_config_list if not (config.config_id or "").startswith(own_prefix)
            ]
            merged = NotificationConfig(
                cloud_func_config_list=there.cloud_func_config_list,
                queue_config_list=[*others, *(_queue_config(rule) for rule in rules)],
                topic_config_list=there.topic_config_list,
            )
            try:
                self._client.set_bucket_notification(bucket, merged)
            except S3Error as error:
                if error.code != UNKNOWN_TARGET_CODE:
                    raise
                raise _unknown_target(bucket, rules, error) from error

    def _lifecycle_rules(self, bucket: str) -> list[Rule]:
        config = self._client.get_bucket_lifecycle(bucket)
        return list(config.rules) if config else []


def _unknown_target(bucket: str, rules: Sequence[NotificationRule], error: S3Error) -> UnknownTarget:
    arns = ", ".join(sorted({rule.arn for rule in rules}))
    names = ", ".join(f"MINIO_NOTIFY_KAFKA_ENABLE_{_target_id(arn)}" for arn in sorted({rule.arn for rule in rules}))
    return UnknownTarget(
        f"the object store refused the notification rules of bucket {bucket} ({error.message}). They name the targets "
        f"{arns}. Either set {names} (with its _BROKERS_ and _TOPIC_) in MinIO's environment and restart it, or "
        "correct BELVEDERE_NOTIFICATION_ARN_FAST and BELVEDERE_NOTIFICATION_ARN_DURABLE"
    )


def _target_id(arn: str) -> str:
    """``arn:minio:sqs:<region>:<id>:kafka`` names the id that MinIO's environment variables end with."""
    parts = arn.split(":")
    return parts[4] if len(parts) == 6 else "<ID>"


def _our_kind(rules: Sequence[Rule]) -> tuple[ExpiryRule, ...]:
    return tuple(
        ExpiryRule(rule.rule_id, rule.noncurrent_version_expiration.noncurrent_days)
        for rule in rules
        if rule.rule_id and rule.status == ENABLED and rule.noncurrent_version_expiration
        if rule.noncurrent_version_expiration.noncurrent_days
    )


def _lifecycle_rule(rule: ExpiryRule) -> Rule:
    return Rule(
        ENABLED,
        rule_filter=Filter(prefix=""),
        rule_id=rule.rule_id,
        expiration=Expiration(expired_object_delete_marker=True),
        noncurrent_version_expiration=NoncurrentVersionExpiration(noncurrent_days=rule.days),
    )


def _rule(config: QueueConfig) -> NotificationRule:
    return NotificationRule(
        rule_id=config.config_id or "",
        arn=config.queue or "",
        events=tuple(config.events),
        prefix=config.prefix_filter_rule.value if config.prefix_filter_rule else "",
        suffix=config.suffix_filter_rule.value if config.suffix_filter_rule else "",
    )


def _queue_config(rule: NotificationRule) -> QueueConfig:
    return QueueConfig(
        queue=rule.arn,
        events=list(rule.events),
        config_id=rule.rule_id,
        prefix_filter_rule=PrefixFilterRule(rule.prefix) if rule.prefix else None,
        suffix_filter_rule=SuffixFilterRule(rule.suffix) if rule.suffix else None,
    )
