"""The changes that tenants' provisioning can make beyond storage's. Each says in a sentence what it does.

Each may be applied twice. None holds a secret: accounts and keys are named by fingerprints, and new ones are drawn
when the change is made.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

from belvedere.model.quantities import write_size
from belvedere.storage.changes import Change as StorageChange

if TYPE_CHECKING:
    from collections.abc import Mapping

    from belvedere.model.access import Role
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
class PutPolicy:
    """Say what the tenant's account may do at the object store."""

    policy: str
    document: Mapping[str, Any] = field(hash=False)

    def __str__(self) -> str:
        return f"put policy {self.policy}"


@dataclass(frozen=True, slots=True)
class CreateAccount:
    """Make the tenant's user of the object store, with a random name and password, and attach its policy."""

    policy: str

    def __str__(self) -> str:
        return f"create the tenant's account at the object store, with policy {self.policy}"


@dataclass(frozen=True, slots=True)
class ResetAccount:
    """Give the tenant's account a new password that we know."""

    fingerprint: str

    def __str__(self) -> str:
        return f"give account {self.fingerprint} a new password"


@dataclass(frozen=True, slots=True)
class EnableAccount:
    """Let the tenant's account, and with it its keys, work again."""

    fingerprint: str

    def __str__(self) -> str:
        return f"enable account {self.fingerprint}"


@dataclass(frozen=True, slots=True)
class AttachPolicy:
    """Attach the tenant's policy to its account."""

    policy: str
    fingerprint: str

    def __str__(self) -> str:
        return f"attach policy {self.policy} to account {self.fingerprint}"


@dataclass(frozen=True, slots=True)
class DetachPolicy:
    """Take a policy from an account that must not have it."""

    policy: str
    fingerprint: str

    def __str__(self) -> str:
        return f"detach policy {self.policy} from account {self.fingerprint}"


@dataclass(frozen=True, slots=True)
class IssueKey:
    """Make an access key for the tenant: recorded first, then made, then tried."""

    tenant: str
    document: Mapping[str, Any] = field(hash=False)

    def __str__(self) -> str:
        return f"issue an access key for tenant {self.tenant}"


@dataclass(frozen=True, slots=True)
class ReissueKey:
    """Make the access key of a record (again), as it is on record, and try it: those who use it go on working."""

    record_id: str
    fingerprint: str
    document: Mapping[str, Any] = field(hash=False)

    def __str__(self) -> str:
        return f"make key {self.fingerprint} as it is on record"


@dataclass(frozen=True, slots=True)
class SetKeyPolicy:
    """Say again what an access key may do."""

    fingerprint: str
    document: Mapping[str, Any] = field(hash=False)

    def __str__(self) -> str:
        return f"set the policy of key {self.fingerprint}"


@dataclass(frozen=True, slots=True)
class EnableKey:
    """Let an access key work again."""

    fingerprint: str

    def __str__(self) -> str:
        return f"enable key {self.fingerprint}"


@dataclass(frozen=True, slots=True)
class RetireKey:
    """Let a replaced key work for some time yet."""

    record_id: str
    fingerprint: str
    grace_seconds: float

    def __str__(self) -> str:
        return f"retire key {self.fingerprint}, which works for {self.grace_seconds / 3600:g} hours yet"


@dataclass(frozen=True, slots=True)
class RevokeKey:
    """Remove an access key from the object store, and its secret from the records (if there is one)."""

    fingerprint: str
    record_id: str | None = None

    def __str__(self) -> str:
        return f"revoke key {self.fingerprint}"


@dataclass(frozen=True, slots=True)
class DropRecord:
    """Forget a credential that its system does not know (any more)."""

    record_id: str
    fingerprint: str

    def __str__(self) -> str:
        return f"forget credential {self.fingerprint}"


@dataclass(frozen=True, slots=True)
class CreateWorkspace:
    """Make the tenant's workspace at MLflow."""

    workspace: str
    description: str
    artifact_root: str

    def __str__(self) -> str:
        return f"create MLflow workspace {self.workspace} with artifacts in {self.artifact_root}"


@dataclass(frozen=True, slots=True)
class UpdateWorkspace:
    """Correct a workspace's mark and its place of new experiments' artifacts."""

    workspace: str
    description: str
    artifact_root: str

    def __str__(self) -> str:
        return f"mark MLflow workspace {self.workspace} as ours, artifacts of new experiments in {self.artifact_root}"


@dataclass(frozen=True, slots=True)
class EnsureRole:
    """Make a role of the workspace again."""

    workspace: str
    role: str

    def __str__(self) -> str:
        return f"make the role {self.role} of MLflow workspace {self.workspace}"


@dataclass(frozen=True, slots=True)
class CreateMlflowUser:
    """Make a user at MLflow with a random password: recorded first, then made."""

    user: str

    def __str__(self) -> str:
        return f"create MLflow user {self.user}"


@dataclass(frozen=True, slots=True)
class ResetMlflowPassword:
    """Give a user at MLflow the password on record, or a new one."""

    user: str

    def __str__(self) -> str:
        return f"reset the password of MLflow user {self.user}"


@dataclass(frozen=True, slots=True)
class RemoveMlflowUser:
    """Remove a user from MLflow, and its password from the records."""

    user: str
    record_id: str | None = None

    def __str__(self) -> str:
        return f"remove MLflow user {self.user}"


@dataclass(frozen=True, slots=True)
class DemoteMlflowUser:
    """Take the administration of all of MLflow from a tenant's user."""

    user: str

    def __str__(self) -> str:
        return f"take MLflow's administration from user {self.user}"


@dataclass(frozen=True, slots=True)
class AssignRole:
    """Assign a role of the workspace to a user."""

    user: str
    workspace: str
    role: str

    def __str__(self) -> str:
        return f"assign the role {self.role} of MLflow workspace {self.workspace} to user {self.user}"


@dataclass(frozen=True, slots=True)
class UnassignRole:
    """Take a role that was not declared from a user."""

    user: str
    workspace: str
    role: str

    def __str__(self) -> str:
        return f"take the role {self.role} of MLflow workspace {self.workspace} from user {self.user}"


@dataclass(frozen=True, slots=True)
class GrantMembership:
    """Let a person into the tenant."""

    tenant: str
    user: str
    role: Role

    def __str__(self) -> str:
        return f"make {self.user} {self.role.value} of tenant {self.tenant}"


@dataclass(frozen=True, slots=True)
class RevokeMembership:
    """Take a person out of the tenant."""

    tenant: str
    user: str

    def __str__(self) -> str:
        return f"take {self.user} out of tenant {self.tenant}"


@dataclass(frozen=True, slots=True)
class RemoveBucket:
    """Remove a bucket: an empty one, or with all versions of all of its objects."""

    bucket: str
    with_objects: bool

    def __str__(self) -> str:
        return f"remove bucket {self.bucket}" + (" with all versions of its objects" if self.with_objects else "")


@dataclass(frozen=True, slots=True)
class RemoveAccount:
    """Remove an account of the object store with all of its keys, and its password from the records."""

    fingerprint: str
    record_id: str | None = None

    def __str__(self) -> str:
        return f"remove account {self.fingerprint} with all of its keys"


@dataclass(frozen=True, slots=True)
class RemovePolicy:
    """Remove the tenant's policy from the object store."""

    policy: str

    def __str__(self) -> str:
        return f"remove policy {self.policy}"


@dataclass(frozen=True, slots=True)
class RemoveWorkspace:
    """Remove a workspace from MLflow: an empty one (RESTRICT), or with everything in it (CASCADE)."""

    workspace: str
    mode: Literal["RESTRICT", "CASCADE"]

    def __str__(self) -> str:
        return f"remove MLflow workspace {self.workspace}" + (
            " with all of its experiments and models" if self.mode == "CASCADE" else ""
        )


@dataclass(frozen=True, slots=True)
class RenewMlflowPassword:
    """Give a user at MLflow a new password; the old one fails at once, for MLflow knows one a user."""

    user: str

    def __str__(self) -> str:
        return f"give MLflow user {self.user} a new password"


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
AccountChange = (
    PutPolicy
    | CreateAccount
    | ResetAccount
    | EnableAccount
    | AttachPolicy
    | DetachPolicy
    | RemoveAccount
    | RemovePolicy
)
KeyChange = IssueKey | ReissueKey | SetKeyPolicy | EnableKey | RetireKey | RevokeKey | DropRecord
WorkspaceChange = CreateWorkspace | UpdateWorkspace | RemoveWorkspace | EnsureRole | AssignRole | UnassignRole
MlflowUserChange = CreateMlflowUser | ResetMlflowPassword | RenewMlflowPassword | RemoveMlflowUser | DemoteMlflowUser
MlflowChange = WorkspaceChange | MlflowUserChange
SourceChange = UnregisterSource | ForgetArtifacts
MembershipChange = GrantMembership | RevokeMembership
TenantChange = StorageChange | BucketChange | AccountChange | KeyChange | MlflowChange | SourceChange | MembershipChange


@dataclass(frozen=True, slots=True)
class PlannedChange:
    """A change, why it is needed, and what it turns into what: as JSON knows it, without secrets.

    ``system`` and ``prop`` name what has drifted when the tenant had been applied before (see docs/reference/drift.md).
    """

    change: TenantChange = field(hash=False)
    reason: str
    system: str
    prop: str
    before: Any = None
    after: Any = None

    def __str__(self) -> str:
        return f"{self.change}  ({self.reason})"


@dataclass(frozen=True, slots=True)
class TenantPlan:
    """Everything to be done for one tenant, in the order of doing it. ``warnings``: what nobody can repair."""

    tenant: str
    changes: tuple[PlannedChange, ...] = ()
    warnings: tuple[str, ...] = ()

    def __str__(self) -> str:
        heading = f"{len(self.changes)} changes" if self.changes else "nothing to do"
        lines = [f"Tenant {self.tenant}: {heading}."]
        lines += [f"  {number}. {change}" for number, change in enumerate(self.changes, start=1)]
        return "\n".join(lines + [f"  Warning: {warning}" for warning in self.warnings])
