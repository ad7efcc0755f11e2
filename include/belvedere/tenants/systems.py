"""The systems that a tenant lives in, together."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from belvedere.errors import ConfigurationError

if TYPE_CHECKING:
    from belvedere.tenants.ports import (
        Accounts,
        AsTenant,
        Credentials,
        Members,
        Mlflow,
        TenantBuckets,
        TenantSources,
        Topics,
    )


@dataclass(frozen=True, slots=True)
class Systems:
    """Everything that tenants' provisioning looks at and changes. ``mlflow`` is None where there is no MLflow.

    ``as_tenant`` opens object store and MLflow with a tenant's own credentials, to try them.
    """

    buckets: TenantBuckets
    topics: Topics
    sources: TenantSources
    accounts: Accounts
    mlflow: Mlflow | None
    credentials: Credentials
    members: Members
    as_tenant: AsTenant

    def need_mlflow(self) -> Mlflow:
        """Return MLflow's administration.

        Raises:
            ConfigurationError: the settings name no MLflow.
        """
        if self.mlflow is None:
            raise ConfigurationError(
                "BELVEDERE_MLFLOW_URL is empty, so there is no MLflow for tenants: set it (with "
                "BELVEDERE_MLFLOW_ADMIN_USER and _PASSWORD), or declare mlflow: {enabled: false}"
            )
        return self.mlflow
