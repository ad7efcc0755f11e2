"""Showing a tenant's credentials to one of its members. Whoever is shown them stands in the tenant's changes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from belvedere.catalog.tenant_changes import NewChange
from belvedere.errors import AccessDenied, PermanentError
from belvedere.gallery.tenant_responses import CredentialsResponse, MlflowCredentialsResponse, S3CredentialsResponse
from belvedere.model.access import EVERYONE, Role
from belvedere.model.tenant_state import CredentialKind, CredentialPhase, fingerprint

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from belvedere.model.access import Viewer
    from belvedere.model.tenant_state import CredentialRecord
    from belvedere.settings import Settings
    from belvedere.tenants.ports import Credentials

ACTION = "reveal_credentials"


class Named(Protocol):
    """A user with a role in a tenant."""

    @property
    def user(self) -> str:
        """As they log in."""

    @property
    def role(self) -> Role:
        """What they are there."""


class NoActiveKey(PermanentError):
    """The tenant has no access key that works."""

    code = "no_active_key"


class NotMemberByName(AccessDenied):
    """The asker sees the tenant, but is not named among its members."""

    code = "not_a_member"


@dataclass(frozen=True, slots=True)
class Places:
    """Where tenants reach the systems that their credentials open; no address of MLflow: there is none."""

    s3: str
    mlflow: str

    @classmethod
    def of(cls, settings: Settings) -> Places:
        """Return the addresses that the settings name for tenants, or else those that Belvedere itself uses."""
        return cls(
            settings.public_minio_endpoint or settings.minio_endpoint,
            settings.public_mlflow_url or settings.mlflow_url,
        )


def is_member_by_name(members: Iterable[Named], who: Viewer) -> bool:
    """Tell whether a user is named as a member; being everybody, operator or auditor does not count."""
    named = who.name != EVERYONE
    return named and any(member.user == who.name and member.role is Role.MEMBER for member in members)


def require_member_by_name(members: Iterable[Named], tenant: str, who: Viewer) -> None:
    """Refuse everybody who is not named as a member.

    Raises:
        NotMemberByName: saying what is missing.
    """
    if not is_member_by_name(members, who):
        raise NotMemberByName(
            f"the credentials of the tenant {tenant} are shown to its members by name only, and {who.name!r} is not "
            "one of them: being an operator, an auditor, a viewer or a member as everybody is, is not enough; ask an "
            f"operator for the role member in {tenant}"
        )


def reveal(tenant: str, store: Credentials, places: Places) -> CredentialsResponse:
    """Return the tenant's newest access key, and its own account at MLflow if it has one.

    Raises:
        NoActiveKey: nothing was provisioned yet, or all of it is gone.
        CredentialMissing: the key went away this very moment.
        CredentialSealed: it was encrypted with a key that the settings do not have.
    """
    active = [record for record in store.records(tenant) if record.phase is CredentialPhase.ACTIVE]
    keys = [record for record in active if record.kind is CredentialKind.S3_KEY]
    if not keys:
        raise NoActiveKey(
            f"the tenant {tenant} has no active access key yet: it gets one when provision_tenant has applied its "
            "declaration"
        )
    key = store.reveal(keys[-1].id)
    return CredentialsResponse(
        s3=S3CredentialsResponse(endpoint=places.s3, bucket=tenant, access_key=key.identifier, secret_key=key.password),
        mlflow=_mlflow(tenant, active, store, places),
    )


def look_of(tenant: str, shown: CredentialsResponse, who: Viewer) -> NewChange:
    """Return what is recorded of somebody who was shown credentials: a fingerprint, nothing else."""
    seen = f"access key {fingerprint(shown.s3.access_key)}" + (" and the password at MLflow" if shown.mlflow else "")
    return NewChange(tenant=tenant, actor=who.name, action=ACTION, summary=f"looked at {seen}", reason="a member asked")


def _mlflow(
    tenant: str, active: Sequence[CredentialRecord], store: Credentials, places: Places
) -> MlflowCredentialsResponse | None:
    own = fingerprint(tenant)
    users = [each for each in active if each.kind is CredentialKind.MLFLOW_USER and each.fingerprint == own]
    if not users or not places.mlflow:
        return None
    user = store.reveal(users[-1].id)
    return MlflowCredentialsResponse(
        url=places.mlflow, workspace=tenant, username=user.identifier, password=user.password
    )
