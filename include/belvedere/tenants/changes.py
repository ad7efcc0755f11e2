"""The changes that tenants' provisioning can make beyond storage's, and plans of them. Each says what it does.

Each may be applied twice. None holds a secret. The rooms beside this one hold those of buckets, accounts and MLflow.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from belvedere.storage.changes import Change as StorageChange
from belvedere.tenants.changes_accounts import AccountChange, KeyChange
from belvedere.tenants.changes_buckets import BucketChange, SourceChange
from belvedere.tenants.changes_mlflow import MlflowChange

if TYPE_CHECKING:
    from belvedere.model.access import Role


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
