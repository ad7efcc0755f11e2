"""Tenants on real servers: provisioned, changed behind Belvedere's back, used as themselves."""

from __future__ import annotations

import uuid
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import httpx
from minio import Minio

from belvedere.catalog.memberships import CatalogMembers
from belvedere.catalog.sources import CatalogSources
from belvedere.clients.bucket_admin import BucketAdmin
from belvedere.clients.kafka_admin import KafkaAdmin
from belvedere.clients.minio_accounts import MinioAccounts
from belvedere.clients.mlflow_admin import MlflowAdmin
from belvedere.model.tenant_state import CredentialKind, CredentialPhase, Secret, TenantState
from belvedere.tenants.applying import Recorded, apply
from belvedere.tenants.credential_store import CatalogCredentials, Seals
from belvedere.tenants.observing import Fleet, observe
from belvedere.tenants.plan import plan
from belvedere.tenants.systems import Systems
from belvedere.tenants.tenant_clients import TenantClients
from tests.harness.tenants import DEPLOYMENT, tenant_spec

if TYPE_CHECKING:
    from stack.instance import Instance

    from belvedere.clients.postgres import Connection
    from belvedere.model.tenant import TenantSpec
    from belvedere.tenants.changes import TenantPlan

NOBODY = "http://127.0.0.1:1"
SEALS = Seals.of("cGxlYXNlIGRvIG5vdCB1c2UgdGhpcyBrZXkgYW55IzE=")


@dataclass
class TenantWorld:
    """The systems of real servers, and everything that was recorded of changes made through ``apply``."""

    instance: Instance
    systems: Systems
    recorded: list[Recorded] = field(default_factory=list)

    @classmethod
    def of(cls, instance: Instance, catalog: Connection, seals: Seals = SEALS) -> TenantWorld:
        """Open the systems of an instance."""
        secrets, endpoint = instance.secrets, instance.minio_endpoint
        root = (endpoint, secrets.minio_root_user, secrets.minio_root_password)
        systems = Systems(
            buckets=BucketAdmin(*root),
            topics=KafkaAdmin({"bootstrap.servers": instance.kafka_bootstrap}),
            sources=CatalogSources(catalog),
            accounts=MinioAccounts(*root),
            mlflow=MlflowAdmin(instance.mlflow_url, Secret("admin", secrets.mlflow_admin_password)),
            credentials=CatalogCredentials(catalog, seals),
            members=CatalogMembers(catalog),
            as_tenant=TenantClients(endpoint, "us-east-1", instance.mlflow_url),
        )
        return cls(instance, systems)

    def spec(self, **parts: Any) -> TenantSpec:
        """Return a spec of a new name."""
        return tenant_spec(parts.pop("name", None) or f"team-{uuid.uuid4().hex[:8]}", **parts)

    def state(self, spec: TenantSpec) -> TenantState:
        """Look at a tenant anew."""
        return observe(
            spec, Fleet.take(self.systems, DEPLOYMENT.topic.name), self.systems, DEPLOYMENT.renderings_suffix
        )

    def plan(self, spec: TenantSpec) -> TenantPlan:
        """Look at a tenant anew, and plan."""
        return plan(spec, self.state(spec), DEPLOYMENT)

    def apply(self, planned: TenantPlan, spec: TenantSpec) -> int:
        """Carry out a plan."""
        return apply(planned, spec, self.systems, self.recorded.append)

    def provision(self, spec: TenantSpec) -> TenantPlan:
        """Bring a tenant to what it should be, and return the plan that did it."""
        planned = self.plan(spec)
        self.apply(planned, spec)
        return planned

    def with_dead(self, system: str) -> TenantWorld:
        """Return the same world where nobody listens at one of the systems."""
        if system == "MLflow":
            return replace(self, systems=replace(self.systems, mlflow=MlflowAdmin(NOBODY, Secret("admin", "x" * 12))))
        dead = (NOBODY, "AKIDNOBODY", "nobodys-secret")
        return replace(self, systems=replace(self.systems, accounts=MinioAccounts(*dead), buckets=BucketAdmin(*dead)))

    def key(self, spec: TenantSpec) -> Secret:
        """Return the tenant's newest active key."""
        return self.secret(spec, CredentialKind.S3_KEY)

    def secret(self, spec: TenantSpec, kind: CredentialKind) -> Secret:
        """Return the tenant's newest active credential of a kind."""
        records = self.systems.credentials.records(spec.name)
        found = [one for one in records if one.kind is kind and one.phase is CredentialPhase.ACTIVE]
        return self.systems.credentials.reveal(found[-1].id)

    def s3_as(self, key: Secret) -> Minio:
        """Return an S3 client with a key, as a tenant's program has it."""
        endpoint = self.instance.minio_endpoint.removeprefix("http://")
        return Minio(endpoint, access_key=key.identifier, secret_key=key.password, secure=False, region="us-east-1")

    def make_experiment(self, spec: TenantSpec, name: str) -> None:
        """Make an experiment as the tenant's user, with a plain client."""
        user = self.secret(spec, CredentialKind.MLFLOW_USER)
        httpx.post(
            f"{self.instance.mlflow_url}/api/2.0/mlflow/experiments/create",
            json={"name": name},
            auth=(user.identifier, user.password),
            headers={"X-MLFLOW-WORKSPACE": spec.name},
            timeout=60,
        ).raise_for_status()
