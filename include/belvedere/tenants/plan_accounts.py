"""The part of a tenant's plan that is about the object store's accounts: policy, account, access keys."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from belvedere.model.policies import canonical_policy
from belvedere.model.tenant_state import CredentialKind, CredentialPhase
from belvedere.tenants.changes import PlannedChange
from belvedere.tenants.changes_accounts import (
    AttachPolicy,
    CreateAccount,
    DetachPolicy,
    EnableAccount,
    EnableKey,
    IssueKey,
    PutPolicy,
    ReissueKey,
    ResetAccount,
    RetireKey,
    RevokeKey,
    SetKeyPolicy,
)
from belvedere.tenants.names import policy_name
from belvedere.tenants.policies import account_policy, key_policy

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from belvedere.model.tenant import TenantSpec
    from belvedere.model.tenant_state import AccountState, CredentialRecord, KeyState, TenantState

SYSTEM = "object store"


def account_changes(spec: TenantSpec, state: TenantState, renderings_suffix: str) -> Iterator[PlannedChange]:
    """Return the changes of policy, account and keys, in this order."""
    name, document = policy_name(spec.name), account_policy(spec, renderings_suffix)
    if state.policy != canonical_policy(document):
        reason = "there is no such policy" if state.policy is None else "it says something else"
        yield PlannedChange(
            PutPolicy(name, document), reason, SYSTEM, "policy", state.policy, canonical_policy(document)
        )
    yield from _of_account(state, name)
    for stranger in state.strangers:
        detach = DetachPolicy(name, stranger.fingerprint)
        yield PlannedChange(detach, "it is not the tenant's account", SYSTEM, "policy's holders", stranger.fingerprint)
    yield from _of_keys(spec, state, key_policy(spec, renderings_suffix))


def _of_account(state: TenantState, policy: str) -> Iterator[PlannedChange]:
    account = state.account
    if account is None:
        known = any(record.kind is CredentialKind.S3_ACCOUNT for record in _live(state))
        reason = "it is gone" if known else "there is none yet"
        yield PlannedChange(CreateAccount(policy), reason, SYSTEM, "account", None, "exists")
        return
    record = _record_of(state, CredentialKind.S3_ACCOUNT, account.fingerprint)
    if record is None or record.phase is CredentialPhase.CREATING:
        reason = "its password is not on record" if record is None else "making it was interrupted"
        yield PlannedChange(ResetAccount(account.fingerprint), reason, SYSTEM, "account: password")
    if not account.enabled:
        enable = EnableAccount(account.fingerprint)
        yield PlannedChange(enable, "it is disabled", SYSTEM, "account: enabled", False, True)
    if policy not in account.policies:
        attach = AttachPolicy(policy, account.fingerprint)
        yield PlannedChange(attach, "it is not attached", SYSTEM, "account: policies", list(account.policies), [policy])
    for other in sorted(set(account.policies) - {policy}):
        detach = DetachPolicy(other, account.fingerprint)
        yield PlannedChange(detach, "it is not the tenant's", SYSTEM, "account: policies", other, None)


def _of_keys(spec: TenantSpec, state: TenantState, document: Mapping[str, Any]) -> Iterator[PlannedChange]:
    there = {key.fingerprint: key for key in state.account.keys} if state.account else {}
    records = [record for record in _live(state) if record.kind is CredentialKind.S3_KEY]
    wanted = [record for record in records if record.phase is not CredentialPhase.RETIRING]
    # A retiring key that is gone was revoked, by us or by somebody: only one that fell with the account comes back.
    for record in records if state.account is None else wanted:
        key = there.get(record.fingerprint)
        if key is None or record.phase is CredentialPhase.CREATING:
            reason = "making it was interrupted" if record.phase is CredentialPhase.CREATING else "it is gone"
            again = ReissueKey(record.id, record.fingerprint, document)
            yield PlannedChange(again, reason, SYSTEM, f"key {record.fingerprint}", None, "exists")
    for record in records:
        if key := there.get(record.fingerprint):
            yield from _of_key(key, document)
    for _ in range(spec.keys.count - len(wanted)):
        yield PlannedChange(
            IssueKey(spec.name, document), "there are too few", SYSTEM, "keys", len(wanted), spec.keys.count
        )
    for record in wanted[: max(0, len(wanted) - spec.keys.count)]:
        retire = RetireKey(record.id, record.fingerprint, spec.keys.grace.total_seconds())
        yield PlannedChange(retire, "there are too many", SYSTEM, "keys", len(wanted), spec.keys.count)
    yield from _unrecorded(state.account, records)


def _of_key(key: KeyState, document: Mapping[str, Any]) -> Iterator[PlannedChange]:
    prop = f"key {key.fingerprint}"
    if key.policy != canonical_policy(document):
        reason = "it has no policy of its own" if key.policy is None else "it says something else"
        again = SetKeyPolicy(key.fingerprint, document)
        yield PlannedChange(again, reason, SYSTEM, f"{prop}: policy", key.policy, canonical_policy(document))
    if not key.enabled:
        yield PlannedChange(EnableKey(key.fingerprint), "it is disabled", SYSTEM, f"{prop}: enabled", False, True)


def _unrecorded(account: AccountState | None, records: list[CredentialRecord]) -> Iterator[PlannedChange]:
    """Revoke keys that nobody has on record: somebody else made them. Without any record ours may be among them."""
    known = {record.fingerprint for record in records}
    if account is None or not known:
        return
    for key in account.keys:
        if key.fingerprint not in known:
            revoke = RevokeKey(key.fingerprint)
            yield PlannedChange(revoke, "it is not on record", SYSTEM, f"key {key.fingerprint}", "exists", None)


def _live(state: TenantState) -> list[CredentialRecord]:
    return [record for record in state.records if record.phase is not CredentialPhase.REVOKED]


def _record_of(state: TenantState, kind: CredentialKind, wanted: str) -> CredentialRecord | None:
    return next((one for one in _live(state) if one.kind is kind and one.fingerprint == wanted), None)
