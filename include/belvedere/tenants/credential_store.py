"""Tenants' credentials, sealed with Fernet in the catalog: the database alone opens nothing.

The first key of ``BELVEDERE_CREDENTIALS_KEY`` seals and all of them open. To change it, put a new key before the old
one everywhere, call ``reseal_all``, and then take the old one away.
"""

from __future__ import annotations

import json
import uuid
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from cryptography.fernet import Fernet, InvalidToken, MultiFernet

from belvedere.catalog.credentials import (
    NewCredential,
    find_sealed,
    insert_credential,
    list_credentials,
    lock_sealed,
    replace_sealed,
    update_phase,
)
from belvedere.errors import ConfigurationError, CredentialMissing, CredentialSealed
from belvedere.model.tenant_state import CredentialRecord, Secret

if TYPE_CHECKING:
    from datetime import datetime

    from belvedere.clients.postgres import Connection
    from belvedere.model.tenant_state import CredentialKind, CredentialPhase
    from belvedere.settings import Settings

SETTING = "BELVEDERE_CREDENTIALS_KEY"
MAKE_ONE = "python -c 'from cryptography.fernet import Fernet; print(Fernet.generate_key().decode())'"


@dataclass(frozen=True, slots=True)
class Seals:
    """The keys that credentials are encrypted with."""

    first: Fernet = field(repr=False)
    all: MultiFernet = field(repr=False)

    @classmethod
    def of(cls, keys: str) -> Seals:
        """Read Fernet keys, comma-separated.

        Raises:
            ConfigurationError: there is none, or one is malformed; no key is repeated.
        """
        words = [word.strip() for word in keys.split(",") if word.strip()]
        if not words:
            raise ConfigurationError(
                f"{SETTING} is empty, and tenants' credentials are kept encrypted only: set it to the output of "
                f"{MAKE_ONE}"
            )
        fernets = [_fernet(number, word) for number, word in enumerate(words, start=1)]
        return cls(fernets[0], MultiFernet(fernets))

    def seal(self, secret: Secret) -> bytes:
        """Encrypt a credential with the first key."""
        payload = {"identifier": secret.identifier, "password": secret.password}
        return self.all.encrypt(json.dumps(payload).encode())

    def open(self, record_id: str, sealed: bytes) -> Secret:
        """Decrypt a credential.

        Raises:
            CredentialSealed: none of the keys opens it.
        """
        return Secret(**json.loads(self._opened(record_id, sealed)))

    def needs_reseal(self, sealed: bytes) -> bool:
        """Whether another key than the first one is needed."""
        try:
            self.first.decrypt(sealed)
        except InvalidToken:
            return True
        return False

    def reseal(self, record_id: str, sealed: bytes) -> bytes:
        """Encrypt the same credential with the first key.

        Raises:
            CredentialSealed: none of the keys opens it.
        """
        return self.first.encrypt(self._opened(record_id, sealed))

    def _opened(self, record_id: str, sealed: bytes) -> bytes:
        try:
            return self.all.decrypt(sealed)
        except InvalidToken:
            raise CredentialSealed(
                f"the credential {record_id} was encrypted with a key that {SETTING} does not have: "
                "add the former key behind the first one"
            ) from None


@dataclass(frozen=True, slots=True)
class CatalogCredentials:
    """The credentials of one catalog (see ``tenants.ports.Credentials``)."""

    connection: Connection = field(repr=False)
    seals: Seals

    @classmethod
    def from_settings(cls, connection: Connection, settings: Settings) -> CatalogCredentials:
        """Return the store whose keys the settings have.

        Raises:
            ConfigurationError: there is no key, or one is malformed.
        """
        return cls(connection, Seals.of(settings.credentials_key.get_secret_value()))

    def records(self, tenant: str) -> tuple[CredentialRecord, ...]:
        """Return what is kept for a tenant, the oldest first, without revealing it; revoked ones too."""
        return tuple(list_credentials(self.connection, tenant))

    def all_records(self) -> tuple[CredentialRecord, ...]:
        """Return what is kept for all tenants, by one statement."""
        return tuple(list_credentials(self.connection, None))

    def keep(self, tenant: str, kind: CredentialKind, secret: Secret, phase: CredentialPhase) -> CredentialRecord:
        """Keep a credential; the same identifier again replaces its password and phase, and begins to age anew."""
        new = NewCredential(uuid.uuid4().hex, tenant, kind, secret.fingerprint, phase, self.seals.seal(secret))
        return insert_credential(self.connection, new)

    def reveal(self, record_id: str) -> Secret:
        """Return a credential.

        Raises:
            CredentialMissing: nothing is kept under this id (any more).
            CredentialSealed: it was encrypted with a key that the settings do not have.
        """
        sealed = find_sealed(self.connection, record_id)
        if sealed is None:
            raise _missing(record_id)
        return self.seals.open(record_id, sealed)

    def move(self, record_id: str, phase: CredentialPhase, retire_at: datetime | None = None) -> None:
        """Note a credential's phase; ``REVOKED`` forgets the secret and keeps the fingerprint.

        Raises:
            CredentialMissing: nothing is kept under this id (any more).
        """
        if not update_phase(self.connection, record_id, phase, retire_at):
            raise _missing(record_id)

    def reseal_all(self) -> int:
        """Encrypt everything with the first key, all of it or nothing; return how many were under another one.

        Raises:
            CredentialSealed: one of them was encrypted with a key that the settings do not have.
        """
        with self.connection.transaction():
            kept = lock_sealed(self.connection)
            due = {record_id: sealed for record_id, sealed in kept.items() if self.seals.needs_reseal(sealed)}
            for record_id, sealed in due.items():
                replace_sealed(self.connection, record_id, self.seals.reseal(record_id, sealed))
        return len(due)


def _fernet(number: int, key: str) -> Fernet:
    try:
        return Fernet(key)
    except ValueError:
        raise ConfigurationError(
            f"{SETTING}: key {number} is malformed; a Fernet key is 32 random bytes in URL-safe base64: {MAKE_ONE}"
        ) from None


def _missing(record_id: str) -> CredentialMissing:
    return CredentialMissing(f"no credential is kept under the id {record_id} (any more): look at the tenant's keys")
