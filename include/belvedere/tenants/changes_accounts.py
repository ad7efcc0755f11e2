"""Changes of a tenant's account, policy and access keys at the object store.

None holds a secret: accounts and keys are named by fingerprints, and new ones are drawn when the change is made.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping


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
