"""What tenants' provisioning needs of the systems around it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, Protocol

from belvedere.storage.discovery import TaggedBuckets
from belvedere.storage.ports import Buckets, Sources, Topics

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from belvedere.model.access import Role
    from belvedere.model.tenant_state import (
        AccountsState,
        CredentialKind,
        CredentialPhase,
        CredentialRecord,
        LifecycleRule,
        MlflowState,
        ObjectLock,
        Secret,
    )

__all__ = [
    "Accounts",
    "AsTenant",
    "Credentials",
    "Members",
    "Mlflow",
    "MlflowTenant",
    "TenantBuckets",
    "TenantSources",
    "TenantStore",
    "Topics",
]


class TenantBuckets(Buckets, TaggedBuckets, Protocol):
    """What tenants declare of buckets beyond the main loop's needs (see ``clients.bucket_admin``)."""

    def names(self) -> list[str]:
        """Return the names of all buckets."""

    def tags(self, bucket: str) -> Mapping[str, str]:
        """Return a bucket's tags."""

    def create_locked(self, bucket: str) -> None:
        """Create a bucket with object lock; harmless when it is ours already."""

    def lifecycle(self, bucket: str, own_prefix: str) -> tuple[LifecycleRule, ...]:
        """Return the enabled lifecycle rules whose id starts with ``own_prefix``, by id."""

    def set_lifecycle(self, bucket: str, own_prefix: str, rules: Sequence[LifecycleRule]) -> None:
        """Let ``rules`` be the only lifecycle rules whose id starts with ``own_prefix``; the others stay."""

    def lock(self, bucket: str) -> tuple[bool, ObjectLock | None]:
        """Return whether the bucket was made with object lock, and the default retention of new versions."""

    def set_lock(self, bucket: str, lock: ObjectLock | None) -> None:
        """Set (or clear) the default retention of new versions."""

    def remove(self, bucket: str, *, with_objects: bool) -> None:
        """Remove a bucket, with all versions of its objects if so asked; harmless when it is gone.

        Raises:
            BucketNotEmpty: it holds something, and its objects were not to be removed.
        """

    def holds_anything(self, bucket: str) -> bool:
        """Whether there is any version of any object."""

    def remove_tags(self, bucket: str, names: Sequence[str]) -> None:
        """Take some tags away and keep the others."""


class Accounts(Protocol):
    """MinIO's users, policies and access keys, and quotas (see ``clients.minio_accounts``)."""

    def state(self) -> AccountsState:
        """Return all users with their policies and keys, and all named policies: a fixed number of calls."""

    def knows_policy(self, name: str) -> bool:
        """Whether there is a named policy: one cheap call."""

    def put_policy(self, name: str, document: Mapping[str, object]) -> None:
        """Make or replace a named policy."""

    def remove_policy(self, name: str) -> None:
        """Remove a named policy; harmless when it is gone."""

    def put_account(self, account: Secret) -> None:
        """Make a user, or give it this password; it is enabled then."""

    def set_account_enabled(self, access_key: str, *, enabled: bool) -> None:
        """Enable or disable a user, and with it all of its keys."""

    def remove_account(self, access_key: str) -> None:
        """Remove a user with all of its keys; harmless when it is gone."""

    def attach(self, policy: str, access_key: str) -> None:
        """Attach a named policy to a user; harmless when it is attached."""

    def detach(self, policy: str, access_key: str) -> None:
        """Detach a named policy from a user; harmless when it is not attached."""

    def issue_key(self, account: Secret, key: Secret, policy: Mapping[str, object], description: str) -> None:
        """Make an access key below a user, acting as that user; harmless when this very key is there already."""

    def set_key_policy(self, access_key: str, policy: Mapping[str, object]) -> None:
        """Give an access key another policy of its own."""

    def set_key_enabled(self, access_key: str, *, enabled: bool) -> None:
        """Enable or disable an access key."""

    def revoke_key(self, access_key: str) -> None:
        """Remove an access key; harmless when it is gone."""

    def quota(self, bucket: str) -> int | None:
        """Return a bucket's quota in bytes, or None."""

    def set_quota(self, bucket: str, quota_bytes: int | None) -> None:
        """Set or clear a bucket's quota."""


class Mlflow(Protocol):
    """MLflow's workspaces, users and roles (see ``clients.mlflow_admin``)."""

    def state(self) -> MlflowState:
        """Return all workspaces and users with their roles: a fixed number of calls (stated there)."""

    def knows(self, workspace: str, users: Sequence[str]) -> bool:
        """Whether there is a workspace, or one of some users: a cheap call for each of them."""

    def create_workspace(self, name: str, description: str, artifact_root: str) -> None:
        """Make a workspace with MLflow's own roles ``admin`` and ``user``; harmless when it is there."""

    def update_workspace(self, name: str, description: str, artifact_root: str) -> None:
        """Correct a workspace; experiments that are there keep their place of artifacts."""

    def remove_workspace(self, name: str, mode: Literal["RESTRICT", "CASCADE"]) -> None:
        """Remove a workspace; harmless when it is gone.

        Raises:
            WorkspaceNotEmpty: mode is RESTRICT and it holds something.
        """

    def put_user(self, user: Secret, *, new: bool = False) -> None:
        """Make a user with this password, or give it this password; ``new`` says that a look just found none."""

    def remove_user(self, name: str) -> None:
        """Remove a user; harmless when it is gone."""

    def set_admin(self, name: str, *, admin: bool) -> None:
        """Make a user an administrator of all of MLflow, or none."""

    def ensure_role(self, workspace: str, role: str) -> None:
        """Make one of MLflow's own two roles of a workspace anew (``user``: USE, ``admin``: MANAGE)."""

    def assign(self, user: str, workspace: str, role: str) -> None:
        """Assign a role of a workspace to a user; harmless when it is."""

    def unassign(self, user: str, workspace: str, role: str) -> None:
        """Take a role of a workspace from a user; harmless when it was not assigned."""


class Credentials(Protocol):
    """Where credentials are kept: an encrypted table here, a Kubernetes Secret on a cluster later."""

    def records(self, tenant: str) -> tuple[CredentialRecord, ...]:
        """Return what is kept for a tenant, the oldest first, without revealing it."""

    def all_records(self) -> tuple[CredentialRecord, ...]:
        """Return what is kept for all tenants."""

    def keep(self, tenant: str, kind: CredentialKind, secret: Secret, phase: CredentialPhase) -> CredentialRecord:
        """Keep a credential; the same identifier again replaces its password and phase."""

    def reveal(self, record_id: str) -> Secret:
        """Return a credential.

        Raises:
            CredentialMissing: nothing is kept under this id (any more).
            CredentialSealed: it was encrypted with a key that the settings do not have.
        """

    def move(self, record_id: str, phase: CredentialPhase, retire_at: datetime | None = None) -> None:
        """Note a credential's phase; ``REVOKED`` forgets the secret and keeps the fingerprint."""


class Members(Protocol):
    """Who belongs to a tenant in the gallery (see ``catalog.memberships``)."""

    def roles(self, tenant: str) -> Mapping[str, Role]:
        """Return the users of a tenant and what they are."""

    def grant(self, tenant: str, user: str, role: Role) -> None:
        """Make a user something in a tenant."""

    def revoke(self, tenant: str, user: str) -> None:
        """Take a user out of a tenant."""


class TenantSources(Sources, Protocol):
    """Which buckets are sources, and no longer (see ``catalog.sources``)."""

    def tenants(self) -> Mapping[str, str]:
        """Return the tenant of every source, by the bucket's name."""

    def unregister(self, bucket: str) -> bool:
        """Let a bucket be no source any more; return whether it was one."""

    def forget_artifacts(self, bucket: str) -> int:
        """Mark all artifacts of a bucket as deleted; return how many were not."""


class TenantStore(Protocol):
    """The object store as one of a tenant's keys opens it (see ``clients.tenant_store``)."""

    def check_listing(self, bucket: str) -> None:
        """Begin to list a bucket: that proves the key without leaving anything behind.

        Raises:
            AccessDenied: the key does not open it.
        """

    def check_round_trip(self, bucket: str) -> None:
        """Put a small object, read it back and remove it for good; raises as ``check_listing`` does."""

    def may_read(self, bucket: str) -> bool:
        """Whether the key lists a bucket or reads an object of it."""

    def may_write(self, bucket: str) -> bool:
        """Whether the key puts an object into a bucket; it is removed again."""


class MlflowTenant(Protocol):
    """MLflow as one of a tenant's users sees it in its workspace (see ``clients.mlflow_tenant``)."""

    def check_round_trip(self) -> None:
        """Make a run in an experiment of ours, log a metric, read it back, and remove the experiment.

        Raises:
            AccessDenied: the user may not, or its password is another one.
        """

    def may_read_workspace(self, other: str) -> bool:
        """Whether the user sees a workspace, or anything in it when it forges the header that names it."""

    def may_write_workspace(self, other: str) -> bool:
        """Whether the user can make an experiment in a workspace; it is removed again."""


class AsTenant(Protocol):
    """Opens the systems with a tenant's own credentials (see ``tenants.tenant_clients``)."""

    def store(self, key: Secret) -> TenantStore:
        """Return the object store as an access key opens it."""

    def mlflow(self, user: Secret, workspace: str) -> MlflowTenant:
        """Return MLflow as a user sees it in a workspace."""
