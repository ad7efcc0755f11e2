"""Changes of a tenant's account and access keys at the object store.

Every credential is on record before the store knows it: after a crash it is made as recorded, or tried again. So none
is ever at work that nobody knows of.
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, assert_never

from belvedere.errors import CredentialMissing, CredentialSealed
from belvedere.model.tenant_state import CredentialKind, CredentialPhase, Secret
from belvedere.tenants.changes_accounts import (
    AccountChange,
    AttachPolicy,
    CreateAccount,
    DetachPolicy,
    DropRecord,
    EnableAccount,
    EnableKey,
    IssueKey,
    KeyChange,
    PutPolicy,
    ReissueKey,
    RemoveAccount,
    RemovePolicy,
    ResetAccount,
    RetireKey,
    RevokeKey,
    SetKeyPolicy,
)
from belvedere.tenants.drawing import draw_key, draw_key_secret
from belvedere.tenants.names import key_description

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import datetime

    from belvedere.model.tenant import TenantSpec
    from belvedere.model.tenant_state import CredentialRecord
    from belvedere.tenants.systems import Systems


class _Gone(CredentialMissing):
    """The object store has no account or key of a fingerprint."""


LIVE = frozenset({CredentialPhase.CREATING, CredentialPhase.ACTIVE, CredentialPhase.RETIRING})


@dataclass(frozen=True, slots=True)
class AccountHand:
    """Makes changes of one tenant's account and keys."""

    spec: TenantSpec
    systems: Systems
    clock: Callable[[], datetime]

    def make(self, change: AccountChange | KeyChange) -> None:
        """Make one change; harmless when it is made already."""
        if isinstance(change, AccountChange):
            self._change_account(change)
        else:
            self._change_key(change)

    def _change_account(self, change: AccountChange) -> None:
        accounts = self.systems.accounts
        match change:
            case PutPolicy(policy, document):
                accounts.put_policy(policy, document)
            case CreateAccount(policy):
                self._create_account(policy)
            case ResetAccount(fingerprint):
                self._reset_account(fingerprint)
            case EnableAccount(fingerprint):
                accounts.set_account_enabled(self._account_id(fingerprint), enabled=True)
            case AttachPolicy(policy, fingerprint):
                accounts.attach(policy, self._account_id(fingerprint))
            case DetachPolicy(policy, fingerprint):
                accounts.detach(policy, self._account_id(fingerprint))
            case RemoveAccount(fingerprint, record_id):
                self._remove_account(fingerprint)
                self._revoked(record_id)
            case RemovePolicy(policy):
                accounts.remove_policy(policy)
            case _:
                assert_never(change)

    def _change_key(self, change: KeyChange) -> None:
        accounts, credentials = self.systems.accounts, self.systems.credentials
        match change:
            case IssueKey(_, document):
                self._issue_key(document)
            case ReissueKey(record_id, _, document):
                self._make_key(record_id, document)
            case SetKeyPolicy(fingerprint, document):
                accounts.set_key_policy(self._key_id(fingerprint), document)
            case EnableKey(fingerprint):
                accounts.set_key_enabled(self._key_id(fingerprint), enabled=True)
            case RetireKey(record_id, _, grace_seconds):
                retire_at = self.clock() + timedelta(seconds=grace_seconds)
                credentials.move(record_id, CredentialPhase.RETIRING, retire_at)
            case RevokeKey(fingerprint, record_id):
                self._revoke_key(fingerprint)
                self._revoked(record_id)
            case DropRecord(record_id):
                self._revoked(record_id)
            case _:
                assert_never(change)

    def _create_account(self, policy: str) -> None:
        record = self._live(CredentialKind.S3_ACCOUNT) or self._keep(CredentialKind.S3_ACCOUNT, draw_key())
        account = self.systems.credentials.reveal(record.id)
        self.systems.accounts.put_account(account)
        self.systems.accounts.attach(policy, account.identifier)
        self.systems.credentials.move(record.id, CredentialPhase.ACTIVE)

    def _reset_account(self, fingerprint: str) -> None:
        account = Secret(self._account_id(fingerprint), draw_key_secret())
        record = self._keep(CredentialKind.S3_ACCOUNT, account)
        self.systems.accounts.put_account(account)
        self.systems.credentials.move(record.id, CredentialPhase.ACTIVE)

    def _issue_key(self, document: Mapping[str, object]) -> None:
        begun = self._live(CredentialKind.S3_KEY, CredentialPhase.CREATING)
        record = begun or self._keep(CredentialKind.S3_KEY, draw_key())
        self._make_key(record.id, document)

    def _make_key(self, record_id: str, document: Mapping[str, object]) -> None:
        """Make a recorded key; one that was retiring goes on doing so."""
        record = next((each for each in self._records(CredentialKind.S3_KEY) if each.id == record_id), None)
        key = self.systems.credentials.reveal(record_id)
        self.systems.accounts.issue_key(self._account(), key, document, key_description(self.spec.name))
        self.systems.as_tenant.store(key).check_listing(self.spec.name)
        if record and record.phase is CredentialPhase.CREATING:
            self.systems.credentials.move(record_id, CredentialPhase.ACTIVE)

    def _account(self) -> Secret:
        record = self._live(CredentialKind.S3_ACCOUNT)
        if record is None:
            raise CredentialMissing(
                f"no account of tenant {self.spec.name} at the object store is on record: apply the tenant's plan first"
            )
        return self.systems.credentials.reveal(record.id)

    def _keep(self, kind: CredentialKind, secret: Secret) -> CredentialRecord:
        return self.systems.credentials.keep(self.spec.name, kind, secret, CredentialPhase.CREATING)

    def _revoked(self, record_id: str | None) -> None:
        if record_id is not None:
            self.systems.credentials.move(record_id, CredentialPhase.REVOKED)

    def _records(self, kind: CredentialKind) -> list[CredentialRecord]:
        return [record for record in self.systems.credentials.records(self.spec.name) if record.kind is kind]

    def _live(self, kind: CredentialKind, *phases: CredentialPhase) -> CredentialRecord | None:
        """Return the newest record of a kind in one of these phases (none said: any but revoked)."""
        wanted = set(phases) or LIVE
        return next((record for record in reversed(self._records(kind)) if record.phase in wanted), None)

    def _remove_account(self, fingerprint: str) -> None:
        with suppress(_Gone):
            self.systems.accounts.remove_account(self._account_id(fingerprint))

    def _revoke_key(self, fingerprint: str) -> None:
        with suppress(_Gone):
            self.systems.accounts.revoke_key(self._key_id(fingerprint))

    def _account_id(self, fingerprint: str) -> str:
        return self._recorded_id(CredentialKind.S3_ACCOUNT, fingerprint) or self._found_account(fingerprint)

    def _key_id(self, fingerprint: str) -> str:
        return self._recorded_id(CredentialKind.S3_KEY, fingerprint) or self._found_key(fingerprint)

    def _recorded_id(self, kind: CredentialKind, fingerprint: str) -> str | None:
        """Return the identifier of a record; None when there is none, or nobody can open it any more."""
        for record in self._records(kind):
            if record.fingerprint == fingerprint and record.phase in LIVE:
                with suppress(CredentialSealed):
                    return self.systems.credentials.reveal(record.id).identifier
        return None

    def _found_account(self, fingerprint: str) -> str:
        account = self.systems.accounts.state().of_fingerprint(fingerprint)
        if account is None:
            raise _Gone(f"the object store has no account {fingerprint} (any more): plan again")
        return account.access_key

    def _found_key(self, fingerprint: str) -> str:
        accounts = self.systems.accounts.state().accounts
        for key in (key for account in accounts for key in account.keys):
            if key.fingerprint == fingerprint:
                return key.access_key
        raise _Gone(f"the object store has no access key {fingerprint} (any more): plan again")
