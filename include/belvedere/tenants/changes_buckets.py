"""Changes of a tenant's buckets beyond storage's own, and of what the catalog knows of them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from belvedere.model.quantities import write_size

if TYPE_CHECKING:
    from belvedere.model.tenant_state import LifecycleRule, ObjectLock


@dataclass(frozen=True, slots=True)
class CreateLockedBucket:
    """Create a bucket whose versions can be locked."""

    bucket: str

    def __str__(self) -> str:
        return f"create bucket {self.bucket} with object lock"


@dataclass(frozen=True, slots=True)
class SetQuota:
    """Set or clear a bucket's quota."""

    bucket: str
    quota_bytes: int | None

    def __str__(self) -> str:
        if self.quota_bytes is None:
            return f"let bucket {self.bucket} grow without a quota"
        return f"let bucket {self.bucket} hold {write_size(self.quota_bytes)} at most"


@dataclass(frozen=True, slots=True)
class SetLifecycle:
    """Set the lifecycle rules that the tenant declared."""

    bucket: str
    own_prefix: str
    rules: tuple[LifecycleRule, ...]

    def __str__(self) -> str:
        names = ", ".join(rule.rule_id.removeprefix(self.own_prefix) for rule in self.rules) or "none"
        return f"set the lifecycle rules of bucket {self.bucket}: {names}"


@dataclass(frozen=True, slots=True)
class SetObjectLock:
    """Set or clear how long a bucket's new versions cannot be removed."""

    bucket: str
    lock: ObjectLock | None

    def __str__(self) -> str:
        if self.lock is None:
            return f"lock no new versions in bucket {self.bucket}"
        return f"lock new versions in bucket {self.bucket} for {self.lock.days} days ({self.lock.mode})"


@dataclass(frozen=True, slots=True)
class RemoveBucket:
    """Remove a bucket: an empty one, or with all versions of all of its objects."""

    bucket: str
    with_objects: bool

    def __str__(self) -> str:
        return f"remove bucket {self.bucket}" + (" with all versions of its objects" if self.with_objects else "")


@dataclass(frozen=True, slots=True)
class UnregisterSource:
    """Let the catalog know a bucket as a source no more."""

    bucket: str

    def __str__(self) -> str:
        return f"unregister bucket {self.bucket} as a source"


@dataclass(frozen=True, slots=True)
class ForgetArtifacts:
    """Mark all artifacts of a bucket as deleted in the catalog."""

    bucket: str

    def __str__(self) -> str:
        return f"mark the artifacts of bucket {self.bucket} as deleted"


BucketChange = CreateLockedBucket | SetQuota | SetLifecycle | SetObjectLock | RemoveBucket
SourceChange = UnregisterSource | ForgetArtifacts
