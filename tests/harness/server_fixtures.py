"""Fixtures on single servers: a catalog, an object store, a broker. Each server starts when first asked for."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING

import pytest
from minio import Minio
from minio.commonconfig import ENABLED
from minio.versioningconfig import VersioningConfig
from stack.instance import ADMIN

from belvedere.clients.minio_accounts import MinioAccounts
from belvedere.clients.mlflow_admin import MlflowAdmin
from belvedere.clients.object_store import ObjectStore
from belvedere.clients.postgres import connect
from belvedere.model.tenant_state import Secret
from tests.harness.databases import Catalogs
from tests.harness.fab_airflow import FabAirflow, fab_airflow
from tests.harness.guard import guarded
from tests.harness.servers import Servers

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from belvedere.clients.postgres import Connection


@pytest.fixture(scope="session")
def servers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Servers]:
    """Single servers, each started when first asked for."""
    servers = Servers(tmp_path_factory.mktemp("servers"))
    with guarded(servers.instance.paths.home):
        try:
            yield servers
        finally:
            servers.close()


@pytest.fixture(scope="session")
def catalogs(servers: Servers) -> Catalogs:
    """A PostgreSQL that makes fresh catalogs."""
    return Catalogs(servers.postgres())


@pytest.fixture(scope="module")
def catalog_dsn(catalogs: Catalogs) -> Iterator[str]:
    """The address of a fresh, migrated catalog; one a test module."""
    with catalogs.fresh() as dsn:
        yield dsn


@pytest.fixture(scope="module")
def catalog(catalog_dsn: str) -> Iterator[Connection]:
    """A connection to the module's catalog; the tests of one module share it."""
    with connect(catalog_dsn) as connection:
        yield connection


@pytest.fixture(scope="session")
def object_store(servers: Servers) -> ObjectStore:
    """The object store, as Belvedere sees it."""
    instance = servers.minio()
    secrets = instance.secrets
    return ObjectStore(instance.minio_endpoint, secrets.minio_root_user, secrets.minio_root_password)


@pytest.fixture(scope="session")
def s3(servers: Servers) -> Minio:
    """The object store, as any S3 client sees it."""
    instance = servers.minio()
    return Minio(
        instance.minio_endpoint.removeprefix("http://"),
        access_key=instance.secrets.minio_root_user,
        secret_key=instance.secrets.minio_root_password,
        secure=False,
        region="us-east-1",
    )


@pytest.fixture
def make_bucket(s3: Minio) -> Callable[..., str]:
    """A function that makes an empty bucket of a new name, versioned if asked for."""

    def make(*, versioned: bool = False) -> str:
        name = f"test-{uuid.uuid4().hex[:12]}"
        s3.make_bucket(name)
        if versioned:
            s3.set_bucket_versioning(name, VersioningConfig(ENABLED))
        return name

    return make


@pytest.fixture
def bucket(make_bucket: Callable[..., str]) -> str:
    """An empty bucket without versioning."""
    return make_bucket()


@pytest.fixture(scope="session")
def kafka_bootstrap(servers: Servers) -> str:
    """A broker; tests make topics of their own."""
    return servers.kafka().kafka_bootstrap


@pytest.fixture(scope="session")
def fab(servers: Servers, catalogs: Catalogs) -> Iterator[FabAirflow]:
    """Airflow's API server under FAB, over a fresh catalog."""
    with fab_airflow(servers, catalogs) as airflow:
        yield airflow


@pytest.fixture(scope="session")
def accounts(servers: Servers) -> MinioAccounts:
    """The object store's accounts, as their administrator."""
    instance = servers.minio()
    secrets = instance.secrets
    return MinioAccounts(instance.minio_endpoint, secrets.minio_root_user, secrets.minio_root_password)


@pytest.fixture(scope="session")
def mlflow_admin(servers: Servers) -> MlflowAdmin:
    """MLflow, as its administrator."""
    instance = servers.mlflow()
    return MlflowAdmin(instance.mlflow_url, Secret(ADMIN, instance.secrets.mlflow_admin_password))
