"""Carrying out a plan, change by change. An apply that died is simply planned and run again."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, assert_never

from belvedere.errors import BelvedereError
from belvedere.storage.changes import Change as StorageChange
from belvedere.storage.provisioner import Provisioner
from belvedere.tenants.applying_accounts import AccountHand
from belvedere.tenants.applying_mlflow import MlflowHand
from belvedere.tenants.changes import GrantMembership, MembershipChange, RevokeMembership
from belvedere.tenants.changes_accounts import AccountChange, KeyChange
from belvedere.tenants.changes_buckets import (
    BucketChange,
    CreateLockedBucket,
    ForgetArtifacts,
    RemoveBucket,
    SetLifecycle,
    SetObjectLock,
    SetQuota,
    SourceChange,
    UnregisterSource,
)
from belvedere.tenants.changes_mlflow import MlflowChange

if TYPE_CHECKING:
    from collections.abc import Callable

    from belvedere.model.tenant import TenantSpec
    from belvedere.tenants.changes import PlannedChange, TenantChange, TenantPlan
    from belvedere.tenants.systems import Systems

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Recorded:
    """A change and how it ended; ``problem`` is None when it was made."""

    planned: PlannedChange
    problem_code: str | None = None
    problem: str | None = None

    @property
    def done(self) -> bool:
        """Whether the change was made."""
        return self.problem is None


def apply(
    plan: TenantPlan,
    spec: TenantSpec,
    systems: Systems,
    record: Callable[[Recorded], None],
    *,
    clock: Callable[[], datetime] = lambda: datetime.now(UTC),
) -> int:
    """Carry out a plan in its order, tell ``record`` of each change, and return the number of changes made.

    Raises:
        UnknownTarget, ForeignResource, BucketNotEmpty, WorkspaceNotEmpty, CredentialMissing, CredentialSealed,
        ConfigurationError, AccessDenied, ServiceUnavailable: as their names say; what was done stays done.
    """
    hands = _Hands(spec, systems, clock)
    for number, planned in enumerate(plan.changes, start=1):
        log.info("tenant %s: %d/%d %s", plan.tenant, number, len(plan.changes), planned.change)
        try:
            hands.make(planned.change)
        except BelvedereError as error:
            record(Recorded(planned, error.code, error.message))
            raise
        except Exception as error:
            record(Recorded(planned, "unexpected", f"{type(error).__name__} while making this change"))
            raise
        record(Recorded(planned))
    return len(plan.changes)


@dataclass(frozen=True, slots=True)
class _Hands:
    """What makes changes of each kind."""

    spec: TenantSpec
    systems: Systems
    clock: Callable[[], datetime]

    def make(self, change: TenantChange) -> None:
        """Make one change; harmless when it is made already."""
        if isinstance(change, StorageChange):
            Provisioner(self.systems.buckets, self.systems.topics, self.systems.sources).make(change)
        elif isinstance(change, BucketChange):
            self._change_bucket(change)
        elif isinstance(change, AccountChange | KeyChange):
            AccountHand(self.spec, self.systems, self.clock).make(change)
        elif isinstance(change, MlflowChange):
            MlflowHand(self.spec.name, self.systems).make(change)
        elif isinstance(change, SourceChange):
            self._change_source(change)
        elif isinstance(change, MembershipChange):
            self._change_membership(change)
        else:
            assert_never(change)

    def _change_bucket(self, change: BucketChange) -> None:
        buckets = self.systems.buckets
        match change:
            case CreateLockedBucket(bucket):
                buckets.create_locked(bucket)
            case SetQuota(bucket, quota_bytes):
                self.systems.accounts.set_quota(bucket, quota_bytes)
            case SetLifecycle(bucket, own_prefix, rules):
                buckets.set_lifecycle(bucket, own_prefix, rules)
            case SetObjectLock(bucket, lock):
                buckets.set_lock(bucket, lock)
            case RemoveBucket(bucket, with_objects):
                buckets.remove(bucket, with_objects=with_objects)
            case _:
                assert_never(change)

    def _change_source(self, change: SourceChange) -> None:
        match change:
            case UnregisterSource(bucket):
                self.systems.sources.unregister(bucket)
            case ForgetArtifacts(bucket):
                self.systems.sources.forget_artifacts(bucket)
            case _:
                assert_never(change)

    def _change_membership(self, change: MembershipChange) -> None:
        match change:
            case GrantMembership(tenant, user, role):
                self.systems.members.grant(tenant, user, role)
            case RevokeMembership(tenant, user):
                self.systems.members.revoke(tenant, user)
            case _:
                assert_never(change)
