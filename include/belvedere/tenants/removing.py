"""Taking a tenant away, as far as its deletion policy goes. Pure: a dry run is the plan itself.

Only what is marked as the tenant's is ever removed. Its rules go first, so that nothing is announced while it vanishes;
then its people and its credentials, so that nobody writes any more; then, if so asked, what it holds. A removal that
died is planned again. What is retained keeps its marks: declared again, the tenant is as it was.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

from belvedere.errors import BucketNotEmpty
from belvedere.model.tenant import DeletionPolicy
from belvedere.model.tenant_state import CredentialKind, CredentialPhase, fingerprint
from belvedere.storage.changes import SetNotifications
from belvedere.storage.ownership import TENANT_TAG
from belvedere.storage.plan import OWN_RULES_PREFIX
from belvedere.tenants.changes import PlannedChange, RevokeMembership, TenantPlan
from belvedere.tenants.changes_accounts import DetachPolicy, DropRecord, RemoveAccount, RemovePolicy, RevokeKey
from belvedere.tenants.changes_buckets import ForgetArtifacts, RemoveBucket, UnregisterSource
from belvedere.tenants.changes_mlflow import RemoveMlflowUser, RemoveWorkspace
from belvedere.tenants.names import is_workspace_of, policy_name

if TYPE_CHECKING:
    from collections.abc import Iterator

    from belvedere.model.storage import BucketState
    from belvedere.model.tenant import TenantSpec
    from belvedere.model.tenant_state import CredentialRecord, TenantBucketState, TenantState
    from belvedere.tenants.systems import Systems

STORE, MLFLOW, CATALOG, GALLERY = "object store", "mlflow", "catalog", "gallery"
REASON = "the tenant is removed"


@dataclass(frozen=True, slots=True)
class Holdings:
    """Which of a tenant's source buckets hold any version of any object."""

    full_buckets: frozenset[str] = field(default_factory=frozenset)

    @classmethod
    def take(cls, state: TenantState, systems: Systems) -> Holdings:
        """Look into every source bucket: one call each.

        Raises:
            ServiceUnavailable, AccessDenied: as their names say.
        """
        there = [bucket for bucket, found in state.buckets.items() if found.source.exists]
        return cls(frozenset(bucket for bucket in there if systems.buckets.holds_anything(bucket)))


def plan_removal(spec: TenantSpec, state: TenantState, policy: DeletionPolicy, holdings: Holdings) -> TenantPlan:
    """Return the changes that take a tenant away; ``policy`` says what becomes of its data.

    With DeleteIfEmpty MLflow itself tells whether the workspace is empty, so that is the first thing asked for:
    WorkspaceNotEmpty then stops the removal before anything has changed.

    Raises:
        BucketNotEmpty: policy is DeleteIfEmpty, and a bucket of the tenant holds something.
    """
    own = {name: found for name, found in state.buckets.items() if _is_of(spec, found.source)}
    if policy is DeletionPolicy.DELETE_IF_EMPTY:
        _refuse_full(spec, holdings.full_buckets & own.keys())
    changes = [
        *(_workspace(spec, state, "RESTRICT") if policy is DeletionPolicy.DELETE_IF_EMPTY else ()),
        *_silence(own),
        *_people(spec, state),
        *_keys(state),
        *_mlflow_users(state),
        *_account(spec, state),
        *(_workspace(spec, state, "CASCADE") if policy is DeletionPolicy.DELETE_ALL else ()),
        *(_data(spec, state, policy) if policy is not DeletionPolicy.RETAIN else ()),
    ]
    return TenantPlan(spec.name, tuple(changes), tuple(_warnings(spec, state, policy)))


def _refuse_full(spec: TenantSpec, full: frozenset[str]) -> None:
    if full:
        raise BucketNotEmpty(
            f"tenant {spec.name} is to be removed if it is empty, but there are objects (or older versions of them) in "
            f"{', '.join(sorted(full))}: remove them, or choose Retain or DeleteAll"
        )


def _silence(own: dict[str, TenantBucketState]) -> Iterator[PlannedChange]:
    for bucket, found in own.items():
        rules = [rule.rule_id for rule in found.source.notifications if rule.rule_id.startswith(OWN_RULES_PREFIX)]
        if rules:
            silence = SetNotifications(bucket, OWN_RULES_PREFIX, ())
            yield PlannedChange(silence, REASON, STORE, f"{bucket}: notifications", sorted(rules), [])


def _people(spec: TenantSpec, state: TenantState) -> Iterator[PlannedChange]:
    for user, role in sorted(state.members.items()):
        yield PlannedChange(RevokeMembership(spec.name, user), REASON, GALLERY, f"member {user}", role.value, None)


def _keys(state: TenantState) -> Iterator[PlannedChange]:
    for record in _live(state, CredentialKind.S3_KEY):
        revoke = RevokeKey(record.fingerprint, record.id)
        yield PlannedChange(revoke, REASON, STORE, f"key {record.fingerprint}", record.phase.value, None)


def _mlflow_users(state: TenantState) -> Iterator[PlannedChange]:
    names = {fingerprint(name): name for name in state.users}
    for record in _live(state, CredentialKind.MLFLOW_USER):
        name = names.get(record.fingerprint)
        change = RemoveMlflowUser(name, record.id) if name else DropRecord(record.id, record.fingerprint)
        yield PlannedChange(change, REASON, MLFLOW, f"user {name or record.fingerprint}", "exists", None)


def _account(spec: TenantSpec, state: TenantState) -> Iterator[PlannedChange]:
    policy, account = policy_name(spec.name), state.account
    for stranger in state.strangers:
        detach = DetachPolicy(policy, stranger.fingerprint)
        yield PlannedChange(detach, REASON, STORE, "policy's holders", stranger.fingerprint, None)
    records = _live(state, CredentialKind.S3_ACCOUNT)
    for record in records:
        remove = RemoveAccount(record.fingerprint, record.id)
        yield PlannedChange(remove, REASON, STORE, "account", record.fingerprint, None)
    if account and account.fingerprint not in {record.fingerprint for record in records}:
        yield PlannedChange(RemoveAccount(account.fingerprint), REASON, STORE, "account", account.fingerprint, None)
    if state.policy is not None:
        yield PlannedChange(RemovePolicy(policy), REASON, STORE, "policy", "exists", None)


def _workspace(spec: TenantSpec, state: TenantState, mode: Literal["RESTRICT", "CASCADE"]) -> Iterator[PlannedChange]:
    if state.workspace and is_workspace_of(state.workspace.description, spec.name):
        yield PlannedChange(RemoveWorkspace(spec.name, mode), REASON, MLFLOW, "workspace", "exists", None)


def _data(spec: TenantSpec, state: TenantState, policy: DeletionPolicy) -> Iterator[PlannedChange]:
    """Let the catalog forget a bucket before it is emptied; what was rendered of it goes whatever it is."""
    for bucket, found in state.buckets.items():
        if found.registered and found.registered.tenant == spec.name:
            yield PlannedChange(UnregisterSource(bucket), REASON, CATALOG, f"{bucket}: source", spec.name, None)
        if _is_of(spec, found.source):
            yield PlannedChange(ForgetArtifacts(bucket), REASON, CATALOG, f"{bucket}: artifacts", "listed", "deleted")
            remove = RemoveBucket(bucket, with_objects=policy is DeletionPolicy.DELETE_ALL)
            yield PlannedChange(remove, REASON, STORE, f"{bucket}: bucket", "exists", None)
        if _is_of(spec, found.renderings):
            name = found.renderings.name
            remove = RemoveBucket(name, with_objects=True)
            yield PlannedChange(remove, REASON, STORE, f"{name}: bucket", "exists", None)


def _warnings(spec: TenantSpec, state: TenantState, policy: DeletionPolicy) -> Iterator[str]:
    for bucket in (each for found in state.buckets.values() for each in (found.source, found.renderings)):
        if bucket.exists and not _is_of(spec, bucket):
            yield f"bucket {bucket.name} is not marked as the tenant's and stays as it is"
        elif bucket.exists and policy is DeletionPolicy.RETAIN:
            yield f"bucket {bucket.name} stays with everything in it"
    for name in state.undeclared:
        yield f"bucket {name} is not declared and stays a source of {spec.name}, with everything in it"
    workspace = state.workspace
    if workspace and not is_workspace_of(workspace.description, spec.name):
        yield f"MLflow workspace {workspace.name} is not marked as the tenant's and stays as it is"
    elif workspace and policy is DeletionPolicy.RETAIN:
        yield f"MLflow workspace {workspace.name} stays with everything in it"


def _is_of(spec: TenantSpec, bucket: BucketState) -> bool:
    return bucket.exists and bucket.tags.get(TENANT_TAG) == spec.name


def _live(state: TenantState, kind: CredentialKind) -> list[CredentialRecord]:
    return [one for one in state.records if one.kind is kind and one.phase is not CredentialPhase.REVOKED]
