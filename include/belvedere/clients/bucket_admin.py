"""Buckets themselves: existence, versioning, tags, lifecycle, notification rules, object lock, removal.

Tags, lifecycle and notifications are each one document that a PUT replaces whole, so every change here is
read, merge, write: what others have put there stays.
"""

from __future__ import annotations

from collections import Counter
from itertools import islice
from typing import TYPE_CHECKING

from minio.commonconfig import ENABLED, Tags
from minio.deleteobjects import DeleteObject
from minio.error import S3Error
from minio.lifecycleconfig import LifecycleConfig
from minio.notificationconfig import NotificationConfig
from minio.versioningconfig import VersioningConfig

from belvedere.clients.bucket_rules import (
    read_expiry,
    read_lifecycle,
    read_lock,
    read_notification,
    write_expiry,
    write_lifecycle,
    write_lock,
    write_notification,
)
from belvedere.clients.s3 import s3_client, translated
from belvedere.errors import BucketNotEmpty, ForeignResource, PermanentError
from belvedere.model.storage import BucketState, ExpiryRule, NotificationRule

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from minio.lifecycleconfig import Rule

    from belvedere.model.tenant_state import LifecycleRule, ObjectLock
    from belvedere.settings import Settings

UNKNOWN_TARGET_CODE = "InvalidArgument"
MISSING_CODE = "NoSuchBucket"
NO_LOCK_CODE = "ObjectLockConfigurationNotFoundError"
NOT_LOCKABLE_CODE = "InvalidBucketState"
NOT_EMPTY_CODE = "BucketNotEmpty"


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
        """Return what a bucket is now: four calls, and a fifth for whether it is empty if it has no tags.

        A bucket with tags is somebody's, empty or not, so nobody looks into it: it counts as not empty.

        Raises:
            AccessDenied, ServiceUnavailable, PermanentError (a name that no bucket can have).
        """
        with translated(f"looking at bucket {bucket}"):
            try:
                return self._state(bucket)
            except S3Error as error:
                if error.code != MISSING_CODE:
                    raise
                return BucketState(bucket)

    def tags(self, bucket: str) -> dict[str, str]:
        """Return a bucket's tags."""
        with translated(f"reading the tags of bucket {bucket}"):
            return dict(self._client.get_bucket_tags(bucket) or {})

    def create(self, bucket: str) -> None:
        """Create a bucket; harmless when we own it already.

        Raises:
            ForeignResource: the name belongs to somebody else.
        """
        self._create(bucket, locked=False)

    def create_locked(self, bucket: str) -> None:
        """Create a bucket with object lock, and so with versioning; harmless when we own it already.

        One that is there without object lock stays so: ``lock`` tells.

        Raises:
            ForeignResource: the name belongs to somebody else.
        """
        self._create(bucket, locked=True)

    def _create(self, bucket: str, *, locked: bool) -> None:
        with translated(f"creating bucket {bucket}"):
            try:
                self._client.make_bucket(bucket, object_lock=locked)
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

    def remove_tags(self, bucket: str, names: Sequence[str]) -> None:
        """Take some tags away and keep the others."""
        with translated(f"taking tags from bucket {bucket}"):
            there = dict(self._client.get_bucket_tags(bucket) or {})
            kept = Tags.new_bucket_tags()
            kept.update({name: value for name, value in there.items() if name not in names})
            if kept:
                self._client.set_bucket_tags(bucket, kept)
            elif there:
                self._client.delete_bucket_tags(bucket)

    def set_expiry(self, bucket: str, rule: ExpiryRule) -> None:
        """Set one lifecycle rule by its id and keep the others."""
        with translated(f"setting lifecycle rule {rule.rule_id} of bucket {bucket}"):
            others = [other for other in self._lifecycle_rules(bucket) if other.rule_id != rule.rule_id]
            self._client.set_bucket_lifecycle(bucket, LifecycleConfig([*others, write_expiry(rule)]))

    def lifecycle(self, bucket: str, own_prefix: str) -> tuple[LifecycleRule, ...]:
        """Return the lifecycle rules whose id starts with ``own_prefix``, by id; one that was changed does not count.

        Raises:
            BucketMissing: there is no such bucket.
        """
        with translated(f"reading the lifecycle rules of bucket {bucket}"):
            found = read_lifecycle(self._lifecycle_rules(bucket), own_prefix)
            return tuple(sorted(found, key=lambda rule: rule.rule_id))

    def set_lifecycle(self, bucket: str, own_prefix: str, rules: Sequence[LifecycleRule]) -> None:
        """Let ``rules`` be the only lifecycle rules whose id starts with ``own_prefix``; the others stay."""
        with translated(f"setting the lifecycle rules of bucket {bucket}"):
            there = self._lifecycle_rules(bucket)
            others = [rule for rule in there if not (rule.rule_id or "").startswith(own_prefix)]
            merged = [*others, *(write_lifecycle(rule) for rule in rules)]
            if merged:
                self._client.set_bucket_lifecycle(bucket, LifecycleConfig(merged))
            elif there:
                self._client.delete_bucket_lifecycle(bucket)

    def lock(self, bucket: str) -> tuple[bool, ObjectLock | None]:
        """Return whether the bucket was made with object lock, and the default retention of new versions.

        One that is missing was not.
        """
        with translated(f"reading the object lock of bucket {bucket}"):
            try:
                return True, read_lock(self._client.get_object_lock_config(bucket))
            except S3Error as error:
                if error.code != NO_LOCK_CODE:
                    raise
                return False, None

    def set_lock(self, bucket: str, lock: ObjectLock | None) -> None:
        """Set (or clear) the default retention of new versions; versions that are there keep theirs.

        Raises:
            PermanentError: the bucket was made without object lock.
        """
        with translated(f"setting the object lock of bucket {bucket}"):
            try:
                self._client.set_object_lock_config(bucket, write_lock(lock))
            except S3Error as error:
                if error.code != NOT_LOCKABLE_CODE:
                    raise
                raise PermanentError(
                    f"bucket {bucket} was made without object lock, which cannot be switched on later: declare another "
                    "bucket with object_lock, or leave it out",
                    code="not_lockable",
                ) from error

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
                queue_config_list=[*others, *(write_notification(rule) for rule in rules)],
                topic_config_list=there.topic_config_list,
            )
            try:
                self._client.set_bucket_notification(bucket, merged)
            except S3Error as error:
                if error.code != UNKNOWN_TARGET_CODE:
                    raise
                raise _unknown_target(bucket, rules, error) from error

    def holds_anything(self, bucket: str) -> bool:
        """Whether there is any version of any object, or a delete marker.

        Raises:
            BucketMissing: there is no such bucket.
        """
        with translated(f"looking into bucket {bucket}"):
            return self._first(bucket, versions=True)

    def remove(self, bucket: str, *, with_objects: bool) -> None:
        """Remove a bucket, with all versions of its objects if so asked; harmless when it is gone.

        Versions under GOVERNANCE retention go too; those under COMPLIANCE retention or a legal hold cannot.

        Raises:
            BucketNotEmpty: it holds something, and its objects were not to be removed, or new ones came meanwhile.
            PermanentError: versions are locked; what could be removed is gone.
        """
        with translated(f"removing bucket {bucket}"):
            try:
                if with_objects:
                    self._remove_versions(bucket)
                self._client.remove_bucket(bucket)
            except S3Error as error:
                if error.code == NOT_EMPTY_CODE:
                    raise BucketNotEmpty(f"bucket {bucket} holds objects, or old versions of some") from error
                if error.code != MISSING_CODE:
                    raise

    def _remove_versions(self, bucket: str) -> None:
        there = self._client.list_objects(bucket, recursive=True, include_version=True)
        every = (DeleteObject(found.object_name or "", found.version_id) for found in there)
        refused = Counter(error.code for error in self._client.remove_objects(bucket, every, True))
        if refused:
            raise PermanentError(
                f"{refused.total()} versions in bucket {bucket} could not be removed ({', '.join(sorted(refused))}): "
                "they are under COMPLIANCE retention or a legal hold. Remove the bucket again when that has ended",
                code="versions_locked",
            )

    def _state(self, bucket: str) -> BucketState:
        # MinIO says of a bucket that is missing that it has no tags: only the look into it tells.
        tags = dict(self._client.get_bucket_tags(bucket) or {})
        return BucketState(
            name=bucket,
            exists=True,
            empty=not tags and not self._first(bucket),
            versioning=self._client.get_bucket_versioning(bucket).status == ENABLED,
            tags=tags,
            expiry=read_expiry(self._lifecycle_rules(bucket)),
            notifications=tuple(
                read_notification(config) for config in self._client.get_bucket_notification(bucket).queue_config_list
            ),
        )

    def _first(self, bucket: str, *, versions: bool = False) -> bool:
        found = self._client.list_objects(bucket, recursive=True, include_version=versions)
        return bool(list(islice(found, 1)))

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
