"""The part of a tenant's plan that is about buckets: what the main loop needs, and what tenants declare beyond it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from belvedere.errors import ForeignResource
from belvedere.model.storage import KeyFilter, StorageSpec, StorageState, TopicState
from belvedere.model.tenant_state import LifecycleRule, ObjectLock
from belvedere.storage import changes as storage
from belvedere.storage.plan import plan as plan_storage
from belvedere.tenants.changes import PlannedChange
from belvedere.tenants.changes_buckets import CreateLockedBucket, SetLifecycle, SetObjectLock, SetQuota
from belvedere.tenants.names import LIFECYCLE_PREFIX

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from belvedere.model.storage import BucketState, TopicSpec
    from belvedere.model.tenant import BucketSpec, TenantSpec
    from belvedere.model.tenant_state import TenantBucketState


@dataclass(frozen=True, slots=True)
class Deployment:
    """What holds for all tenants: how storage is laid out here, and whether there is an MLflow."""

    renderings_suffix: str
    renderings_expire_days: int
    arns: Mapping[str, str]
    topic: TopicSpec
    has_mlflow: bool = True


def storage_spec(
    spec: TenantSpec, bucket: str, wanted: BucketSpec, deployment: Deployment, *, adopt: bool | None = None
) -> StorageSpec:
    """Return what the main loop needs of one of a tenant's buckets."""
    return StorageSpec(
        bucket=bucket,
        tenant=spec.name,
        renderings_bucket=bucket + deployment.renderings_suffix,
        versioning=wanted.versioning,
        renderings_expire_days=deployment.renderings_expire_days,
        arns=deployment.arns,
        topic=deployment.topic,
        adopt=spec.adopt if adopt is None else adopt,
        filters=tuple(KeyFilter(one.prefix, one.suffix) for one in wanted.notifications),
    )


@dataclass(frozen=True, slots=True)
class BucketPlan:
    """What is to be done about one bucket of the tenant."""

    spec: TenantSpec
    name: str
    wanted: BucketSpec
    state: TenantBucketState
    deployment: Deployment
    topic: TopicState | None

    def changes(self) -> Iterator[PlannedChange]:
        """Return the changes of storage, then those that only tenants declare."""
        for one in self._of_storage():
            yield self._described(one.change, one.reason)
        if self.wanted.quota != self.state.quota_bytes:
            now = self.state.quota_bytes
            yield self._change(SetQuota(self.name, self.wanted.quota), "quota", now, self.wanted.quota)
        yield from self._lifecycle()
        yield from self._lock()

    def objection(self) -> str | None:
        """Say why the bucket must not be touched, or None."""
        try:
            self._of_storage()
        except ForeignResource as error:
            return error.message
        return None

    def warnings(self) -> Iterator[str]:
        """Say what nobody can repair."""
        if self.wanted.object_lock and self.state.source.exists and not self.state.lockable:
            yield (
                f"bucket {self.name} was made without object lock, which cannot be added to it: "
                "leave object_lock out, or declare a further bucket with it"
            )

    def _of_storage(self) -> tuple[Any, ...]:
        wanted = storage_spec(self.spec, self.name, self.wanted, self.deployment)
        topic = self.topic or TopicState(self.deployment.topic.name)
        there = StorageState(self.state.source, self.state.renderings, topic, self.state.registered)
        return plan_storage(wanted, there).changes

    def _lifecycle(self) -> Iterator[PlannedChange]:
        wanted = tuple(
            LifecycleRule(LIFECYCLE_PREFIX + rule.id, rule.prefix, rule.expire_days, rule.noncurrent_days)
            for rule in sorted(self.wanted.lifecycle, key=lambda rule: rule.id)
        )
        if wanted != self.state.lifecycle:
            before, after = ([_rule(rule) for rule in rules] for rules in (self.state.lifecycle, wanted))
            yield self._change(SetLifecycle(self.name, LIFECYCLE_PREFIX, wanted), "lifecycle", before, after)

    def _lock(self) -> Iterator[PlannedChange]:
        declared = self.wanted.object_lock
        wanted = ObjectLock(declared.mode, declared.days) if declared else None
        can = self.state.lockable or not self.state.source.exists
        if can and wanted != self.state.lock:
            before, after = (f"{lock.mode} {lock.days} days" if lock else None for lock in (self.state.lock, wanted))
            yield self._change(SetObjectLock(self.name, wanted), "object_lock", before, after)

    def _change(self, change: Any, prop: str, before: Any, after: Any) -> PlannedChange:
        reason = f"it is {before}, declared is {after}" if before is not None else "it is declared and not there"
        return PlannedChange(change, reason, "object store", f"{self.name}: {prop}", before, after)

    def _described(self, change: storage.Change, reason: str) -> PlannedChange:
        """Say of a change of storage's what it turns into what."""
        match change:
            case storage.CreateTopic() | storage.AddPartitions() | storage.SetRetention():
                return PlannedChange(change, reason, "kafka", "topic")
            case storage.CreateBucket(bucket) if bucket == self.name and self.wanted.object_lock:
                made = CreateLockedBucket(bucket)
                return PlannedChange(made, reason, "object store", f"{bucket}: bucket", after="with object lock")
            case storage.CreateBucket(bucket):
                return PlannedChange(change, reason, "object store", f"{bucket}: bucket", after="exists")
            case storage.TagBucket(bucket, tags):
                there = self._bucket(bucket).tags
                marks = {name: there[name] for name in tags if name in there}
                return PlannedChange(change, reason, "object store", f"{bucket}: tags", marks, dict(tags))
            case storage.EnableVersioning(bucket):
                return PlannedChange(change, reason, "object store", f"{bucket}: versioning", False, True)
            case storage.SetExpiry(bucket, rule):
                days = [each.days for each in self._bucket(bucket).expiry if each.rule_id == rule.rule_id]
                return PlannedChange(change, reason, "object store", f"{bucket}: expiry", days, [rule.days])
            case storage.SetNotifications(bucket, own_prefix, rules):
                there_rules = [each.rule_id for each in self.state.source.notifications]
                before = sorted(rule for rule in there_rules if rule.startswith(own_prefix))
                after = sorted(rule.rule_id for rule in rules)
                return PlannedChange(change, reason, "object store", f"{bucket}: notifications", before, after)
            case storage.RegisterSource(bucket):
                now = self.state.registered.tenant if self.state.registered else None
                return PlannedChange(change, reason, "catalog", f"{bucket}: source", now, self.spec.name)

    def _bucket(self, name: str) -> BucketState:
        return self.state.source if name == self.name else self.state.renderings


def _rule(rule: LifecycleRule) -> dict[str, Any]:
    return {
        "id": rule.rule_id.removeprefix(LIFECYCLE_PREFIX),
        "prefix": rule.prefix,
        "expire_days": rule.expire_days,
        "noncurrent_days": rule.noncurrent_days,
    }
