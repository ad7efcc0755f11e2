"""Replacing access keys before they grow old, in two phases. Pure.

A new key is made and tried; only then the old one retires, and works for the grace period yet; only then it is revoked.
A rotation that died between any two steps is finished by the next one: a key that was begun is made, and of too many
keys the oldest retire. MLflow knows one password a user, so a new one breaks whoever uses the old one: that is done on
request only.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from belvedere.model.tenant_state import CredentialKind, CredentialPhase
from belvedere.tenants.changes import PlannedChange, TenantPlan
from belvedere.tenants.changes_accounts import IssueKey, ReissueKey, RetireKey, RevokeKey
from belvedere.tenants.changes_mlflow import RenewMlflowPassword
from belvedere.tenants.policies import key_policy

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from belvedere.model.tenant import TenantSpec
    from belvedere.model.tenant_state import CredentialRecord, TenantState

SYSTEM = "object store"
NO_ACCOUNT = "the tenant has no account at the object store: apply its plan first"
NO_SUCCESSOR = "no key works that could take over, so none is revoked: apply the tenant's plan first"


def plan_rotation(
    spec: TenantSpec,
    state: TenantState,
    renderings_suffix: str,
    now: datetime,
    *,
    replace_before: datetime | None = None,
    mlflow_passwords: bool = False,
) -> TenantPlan:
    """Return what is to be done about a tenant's keys now: nothing, when none is due and none has retired long enough.

    ``replace_before`` replaces all keys made before that time, however young (one has leaked); planned again after a
    crash with the same time it replaces none twice. ``mlflow_passwords`` renews these too.
    """
    changes: list[PlannedChange] = []
    warnings: list[str] = []
    if state.account is None:
        warnings.append(NO_ACCOUNT)
    else:
        keys = _Keys.sorted_out(spec, state, now, replace_before)
        changes += _replacements(spec, keys, renderings_suffix)
        changes += _revocations(keys)
        if keys.expired and not keys.successors:
            warnings.append(NO_SUCCESSOR)
    if mlflow_passwords:
        changes += [_renewal(user.name) for user in spec.mlflow_users() if user.name in state.users]
    return TenantPlan(spec.name, tuple(changes), tuple(warnings))


@dataclass(frozen=True, slots=True)
class _Keys:
    """A tenant's recorded keys by what becomes of them, the oldest first."""

    begun: tuple[CredentialRecord, ...]
    """On record, but perhaps not made."""
    due: tuple[CredentialRecord, ...]
    """Old, or more than were declared."""
    missing: int
    """How many new ones must be made before those that are due retire."""
    successors: int
    """How many keys work once the new ones are made, without those that are due."""
    expired: tuple[CredentialRecord, ...]
    """Retired long enough."""

    @classmethod
    def sorted_out(cls, spec: TenantSpec, state: TenantState, now: datetime, replace_before: datetime | None) -> _Keys:
        """Say of each key what becomes of it."""
        working = {key.fingerprint for key in state.account.keys if key.enabled} if state.account else set()
        begun, active = (_in_phase(state, phase) for phase in (CredentialPhase.CREATING, CredentialPhase.ACTIVE))
        born = max(replace_before or now - spec.keys.rotate_every, now - spec.keys.rotate_every)
        old = [record for record in active if record.created_at <= born]
        kept = [record for record in active if record not in old and record.fingerprint in working]
        surplus = kept[: max(0, len(begun) + len(kept) - spec.keys.count)]
        due = (*old, *surplus)
        remaining = len(begun) + len(kept) - len(surplus)
        missing = max(0, spec.keys.count - remaining) if due else 0
        expired = [
            record
            for record in _in_phase(state, CredentialPhase.RETIRING)
            if record.retire_at is None or record.retire_at <= now
        ]
        return cls(begun, due, missing, remaining + missing, tuple(expired))


def _in_phase(state: TenantState, phase: CredentialPhase) -> tuple[CredentialRecord, ...]:
    found = [one for one in state.records if one.kind is CredentialKind.S3_KEY and one.phase is phase]
    return tuple(sorted(found, key=lambda record: (record.created_at, record.id)))


def _replacements(spec: TenantSpec, keys: _Keys, renderings_suffix: str) -> Iterator[PlannedChange]:
    document = key_policy(spec, renderings_suffix)
    for record in keys.begun:
        again = ReissueKey(record.id, record.fingerprint, document)
        yield PlannedChange(again, "making it was interrupted", SYSTEM, f"key {record.fingerprint}", None, "exists")
    for _ in range(keys.missing):
        yield PlannedChange(IssueKey(spec.name, document), "a key is due", SYSTEM, "keys", None, "one more")
    reason = "it is to be replaced, or there are too many"
    for record in keys.due:
        yield PlannedChange(_end(spec, record), reason, SYSTEM, f"key {record.fingerprint}", "active", None)


def _end(spec: TenantSpec, record: CredentialRecord) -> RetireKey | RevokeKey:
    grace = spec.keys.grace.total_seconds()
    return RetireKey(record.id, record.fingerprint, grace) if grace else RevokeKey(record.fingerprint, record.id)


def _revocations(keys: _Keys) -> Iterator[PlannedChange]:
    for record in keys.expired if keys.successors else ():
        revoke = RevokeKey(record.fingerprint, record.id)
        yield PlannedChange(revoke, "its grace is over", SYSTEM, f"key {record.fingerprint}", "retiring", None)


def _renewal(user: str) -> PlannedChange:
    return PlannedChange(RenewMlflowPassword(user), "it was asked for", "mlflow", f"user {user}: password")
