"""Specs and states of tenants, for tests to bend."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from belvedere.model.policies import canonical_policy
from belvedere.model.storage import BucketState, Registration, TopicSpec, TopicState
from belvedere.model.tenant import TenantSpec
from belvedere.model.tenant_state import (
    AccountsState,
    AccountState,
    CredentialKind,
    CredentialPhase,
    CredentialRecord,
    KeyState,
    MlflowState,
    MlflowUserState,
    TenantBucketState,
    TenantState,
    WorkspaceState,
    fingerprint,
)
from belvedere.storage.ownership import ROLE_TAG, SOURCE_TAG, TENANT_TAG
from belvedere.storage.plan import own_rules
from belvedere.tenants.names import key_description, policy_name, workspace_mark
from belvedere.tenants.plan_buckets import Deployment, storage_spec
from belvedere.tenants.policies import account_policy, key_policy
from tests.harness.storage import DURABLE, FAST, WEEK_MS

SUFFIX = "-renderings"
TOPIC = TopicSpec("artifacts", partitions=4, retention_ms=WEEK_MS)
DEPLOYMENT = Deployment(SUFFIX, 90, {"fast": FAST, "durable": DURABLE}, TOPIC)
NOW = datetime(2026, 11, 28, 12, tzinfo=UTC)


def tenant_spec(name: str = "team-a", **parts: Any) -> TenantSpec:
    """Return what a tenant should be."""
    return TenantSpec.model_validate({"name": name, **parts})


def record(
    identifier: str,
    kind: CredentialKind = CredentialKind.S3_KEY,
    phase: CredentialPhase = CredentialPhase.ACTIVE,
    *,
    tenant: str = "team-a",
    age: timedelta = timedelta(days=1),
    retire_at: datetime | None = None,
) -> CredentialRecord:
    """Return the record of a credential whose id is ``r-`` and its identifier."""
    return CredentialRecord(f"r-{identifier}", tenant, kind, fingerprint(identifier), phase, NOW - age, retire_at)


def key(identifier: str, spec: TenantSpec | None = None, *, enabled: bool = True) -> KeyState:
    """Return a key as the object store knows it, with the policy and description that a tenant's key has."""
    owner = spec or tenant_spec()
    policy = canonical_policy(key_policy(owner, SUFFIX))
    return KeyState(identifier, enabled=enabled, policy=policy, description=key_description(owner.name))


def account(*keys: KeyState, identifier: str = "ACCOUNT", tenant: str = "team-a") -> AccountState:
    """Return a tenant's account with these keys."""
    return AccountState(identifier, policies=(policy_name(tenant),), keys=keys)


def whole(spec: TenantSpec | None = None) -> TenantState:
    """Return the state of a tenant that is all that it should be."""
    wanted = spec or tenant_spec()
    name = wanted.name
    return TenantState(
        buckets={bucket: bucket_state(wanted, bucket) for bucket in wanted.bucket_specs()},
        topic=TopicState(TOPIC.name, exists=True, partitions=TOPIC.partitions, retention_ms=TOPIC.retention_ms),
        policy=canonical_policy(account_policy(wanted, SUFFIX)),
        account=account(key("KEY1", wanted), tenant=name),
        workspace=WorkspaceState(
            name, workspace_mark(name), wanted.artifact_root(), roles=frozenset({"user", "admin"})
        ),
        users={
            user.name: MlflowUserState(user.name, roles=frozenset({(name, user.role)}))
            for user in wanted.mlflow_users()
        },
        members={member.user: member.role for member in wanted.members},
        records=(
            record("ACCOUNT", CredentialKind.S3_ACCOUNT, tenant=name),
            record("KEY1", tenant=name),
            *(record(user.name, CredentialKind.MLFLOW_USER, tenant=name) for user in wanted.mlflow_users()),
        ),
    )


def bucket_state(spec: TenantSpec, bucket: str) -> TenantBucketState:
    """Return one of a tenant's buckets as it should be."""
    wanted = storage_spec(spec, bucket, spec.bucket_specs()[bucket], DEPLOYMENT)
    tags = {TENANT_TAG: spec.name, SOURCE_TAG: bucket}
    return TenantBucketState(
        source=BucketState(
            bucket,
            exists=True,
            versioning=True,
            tags=tags | {ROLE_TAG: "source"},
            notifications=own_rules(wanted),
        ),
        renderings=BucketState(bucket + SUFFIX, exists=True, versioning=True, tags=tags | {ROLE_TAG: "renderings"}),
        registered=Registration(spec.name, bucket + SUFFIX, wanted.filters),
    )


def accounts_of(*accounts: AccountState, policies: dict[str, str] | None = None) -> AccountsState:
    """Return the object store's accounts, with each attached policy there."""
    attached = {policy: "{}" for each in accounts for policy in each.policies}
    return AccountsState(attached if policies is None else policies, accounts)


def mlflow_of(*workspaces: WorkspaceState, users: tuple[MlflowUserState, ...] = ()) -> MlflowState:
    """Return MLflow's workspaces and users."""
    return MlflowState({each.name: each for each in workspaces}, {user.name: user for user in users})
