"""The systems of tenants, opened as the settings say, for the tasks of the tenants' DAGs."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from belvedere.catalog.memberships import CatalogMembers
from belvedere.catalog.sources import CatalogSources
from belvedere.catalog.tenants import tenant_lock
from belvedere.clients.bucket_admin import BucketAdmin
from belvedere.clients.kafka_admin import KafkaAdmin
from belvedere.clients.minio_accounts import MinioAccounts
from belvedere.clients.mlflow_admin import MlflowAdmin
from belvedere.clients.postgres import connect
from belvedere.orchestration.broker import kafka_config
from belvedere.settings import settings
from belvedere.tenants.credential_store import CatalogCredentials
from belvedere.tenants.observing import Fleet
from belvedere.tenants.plan_buckets import Deployment
from belvedere.tenants.systems import Systems
from belvedere.tenants.tenant_clients import TenantClients

if TYPE_CHECKING:
    from collections.abc import Iterator

    from belvedere.clients.postgres import Connection
    from belvedere.model.tenant import TenantSpec
    from belvedere.settings import Settings


@dataclass(frozen=True, slots=True)
class Opened:
    """The systems with the catalog they are noted in, and what holds for all tenants here."""

    catalog: Connection
    systems: Systems
    deployment: Deployment

    @contextmanager
    def alone_with(self, tenant: str) -> Iterator[None]:
        """Be the only run at work on a tenant; a killed task leaves no lock, for it goes with the connection.

        Once a run: to the same connection the database gives the lock again.

        Raises:
            TenantBusy: another run is.
        """
        with tenant_lock(self.catalog, tenant):
            yield

    def look(self) -> Fleet:
        """Take one picture of what all tenants share."""
        return Fleet.take(self.systems, self.deployment.topic.name)

    def look_at(self, spec: TenantSpec) -> Fleet:
        """Take as much of that picture as one tenant needs."""
        return Fleet.glimpse(spec, self.systems, self.deployment.topic.name)


@contextmanager
def opened() -> Iterator[Opened]:
    """Open everything that the settings name.

    Raises:
        ConfigurationError: a setting is missing.
        ServiceUnavailable: the catalog does not answer.
    """
    known = settings()
    with connect(known.catalog_dsn.get_secret_value()) as catalog:
        yield Opened(catalog, _systems(catalog, known), deployment(known))


def deployment(known: Settings) -> Deployment:
    """Return what holds for all tenants of this deployment."""
    return Deployment(
        renderings_suffix=known.renderings_suffix,
        renderings_expire_days=known.renderings_expire_days,
        arns=known.notification_arns,
        topic=known.topic,
        has_mlflow=bool(known.mlflow_url),
    )


def _systems(catalog: Connection, known: Settings) -> Systems:
    return Systems(
        buckets=BucketAdmin.from_settings(known),
        topics=KafkaAdmin(kafka_config(known.kafka_connection_id)),
        sources=CatalogSources(catalog),
        accounts=MinioAccounts.from_settings(known),
        mlflow=MlflowAdmin.from_settings(known) if known.mlflow_url else None,
        credentials=CatalogCredentials.from_settings(catalog, known),
        members=CatalogMembers(catalog),
        as_tenant=TenantClients.from_settings(known),
    )
