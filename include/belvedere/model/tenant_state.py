"""What is there of a tenant, as its systems say. Read-only pictures, taken before a plan is made.

Ids of access keys count as secrets: they stand in fields that no repr shows, and are told by their fingerprints.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from belvedere.model.access import Role
    from belvedere.model.storage import BucketState, Registration, TopicState

FINGERPRINT_LENGTH = 12


def fingerprint(identifier: str) -> str:
    """Return what tells one key or account from another without giving it away: 12 hexadecimal digits."""
    return hashlib.sha256(identifier.encode()).hexdigest()[:FINGERPRINT_LENGTH]


class CredentialKind(StrEnum):
    """Which system a credential opens."""

    S3_ACCOUNT = "s3_account"
    """The tenant's MinIO user: the parent of its keys, whose password stays with Belvedere."""
    S3_KEY = "s3_key"
    """An access key below that user, for the tenant's people and programs."""
    MLFLOW_USER = "mlflow_user"


class CredentialPhase(StrEnum):
    """Where a credential is on its way. It is recorded before its system knows it, so that none is ever orphaned."""

    CREATING = "creating"
    ACTIVE = "active"
    RETIRING = "retiring"
    """Replaced; works until ``retire_at``."""
    REVOKED = "revoked"


@dataclass(frozen=True, slots=True)
class Secret:
    """An identifier and its password; neither is ever shown by a repr."""

    identifier: str = field(repr=False)
    password: str = field(repr=False)

    @property
    def fingerprint(self) -> str:
        """What may be shown of it."""
        return fingerprint(self.identifier)


@dataclass(frozen=True, slots=True)
class CredentialRecord:
    """What the credential store tells of a credential without revealing it."""

    id: str
    tenant: str
    kind: CredentialKind
    fingerprint: str
    phase: CredentialPhase
    created_at: datetime
    retire_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class LifecycleRule:
    """A lifecycle rule of a source bucket that a tenant declared."""

    rule_id: str
    prefix: str = ""
    expire_days: int | None = None
    noncurrent_days: int | None = None


@dataclass(frozen=True, slots=True)
class ObjectLock:
    """How long new versions cannot be removed."""

    mode: str
    days: int


@dataclass(frozen=True, slots=True)
class TenantBucketState:
    """A source bucket and its renderings bucket, with what tenants declare beyond the main loop's needs.

    ``lockable``: the bucket was made with object lock.
    """

    source: BucketState
    renderings: BucketState
    quota_bytes: int | None = None
    lifecycle: tuple[LifecycleRule, ...] = ()
    lockable: bool = False
    lock: ObjectLock | None = None
    registered: Registration | None = None


@dataclass(frozen=True, slots=True)
class KeyState:
    """An access key (service account) of an account; ``policy`` is canonical JSON, or None for its parent's."""

    access_key: str = field(repr=False)
    enabled: bool = True
    policy: str | None = None
    description: str = ""

    @property
    def fingerprint(self) -> str:
        """What may be shown of it."""
        return fingerprint(self.access_key)


@dataclass(frozen=True, slots=True)
class AccountState:
    """A MinIO user with the names of the policies attached to it, and its keys."""

    access_key: str = field(repr=False)
    enabled: bool = True
    policies: tuple[str, ...] = ()
    keys: tuple[KeyState, ...] = ()

    @property
    def fingerprint(self) -> str:
        """What may be shown of it."""
        return fingerprint(self.access_key)


@dataclass(frozen=True, slots=True)
class AccountsState:
    """All of MinIO's users and named policies (as canonical JSON): one picture for all tenants."""

    policies: Mapping[str, str] = field(default_factory=dict)
    accounts: tuple[AccountState, ...] = ()

    def with_policy(self, name: str) -> tuple[AccountState, ...]:
        """Return the accounts that a policy is attached to."""
        return tuple(account for account in self.accounts if name in account.policies)

    def of_fingerprint(self, wanted: str) -> AccountState | None:
        """Return the account of a recorded fingerprint, or None."""
        return next((account for account in self.accounts if account.fingerprint == wanted), None)


@dataclass(frozen=True, slots=True)
class WorkspaceState:
    """An MLflow workspace. ``description`` carries our mark; ``roles`` are the names of its roles."""

    name: str
    description: str = ""
    artifact_root: str = ""
    roles: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class MlflowUserState:
    """An MLflow user and the (workspace, role) pairs assigned to it; roles that MLflow itself made are left out."""

    name: str
    is_admin: bool = False
    roles: frozenset[tuple[str, str]] = frozenset()


@dataclass(frozen=True, slots=True)
class MlflowState:
    """All of MLflow's workspaces and users: one picture for all tenants."""

    workspaces: Mapping[str, WorkspaceState] = field(default_factory=dict)
    users: Mapping[str, MlflowUserState] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class TenantState:
    """Everything that is there of one tenant.

    ``undeclared`` are sources of the tenant that it does not declare (any more).
    ``account`` is the tenant's own MinIO user, if it is there; ``strangers`` are further users that hold its policy.
    ``problems`` maps a system that did not answer (``mlflow``) to what it said.
    """

    buckets: Mapping[str, TenantBucketState] = field(default_factory=dict)
    undeclared: tuple[str, ...] = ()
    topic: TopicState | None = None
    policy: str | None = None
    account: AccountState | None = None
    strangers: tuple[AccountState, ...] = ()
    workspace: WorkspaceState | None = None
    users: Mapping[str, MlflowUserState] = field(default_factory=dict)
    members: Mapping[str, Role] = field(default_factory=dict)
    records: tuple[CredentialRecord, ...] = ()
