"""Object store and MLflow, opened with a tenant's own credentials."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from belvedere.clients.mlflow_tenant import MlflowTenant
from belvedere.clients.tenant_store import TenantStore

if TYPE_CHECKING:
    from belvedere.model.tenant_state import Secret
    from belvedere.settings import Settings


@dataclass(frozen=True, slots=True)
class TenantClients:
    """Opens the systems at these addresses, which are Belvedere's own way to them (see ``tenants.ports.AsTenant``)."""

    minio_endpoint: str
    minio_region: str
    mlflow_url: str

    @classmethod
    def from_settings(cls, settings: Settings) -> TenantClients:
        """Open them where the settings say."""
        return cls(settings.minio_endpoint, settings.minio_region, settings.mlflow_url)

    def store(self, key: Secret) -> TenantStore:
        """Return the object store as an access key opens it."""
        return TenantStore(self.minio_endpoint, key, self.minio_region)

    def mlflow(self, user: Secret, workspace: str) -> MlflowTenant:
        """Return MLflow as a user sees it in a workspace."""
        return MlflowTenant(self.mlflow_url, user, workspace)
