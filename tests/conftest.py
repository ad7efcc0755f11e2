"""Fixtures. Everything that needs a server takes one of these, and is marked ``stack`` by that alone.

Small servers (``catalog``, ``object_store``, ``kafka_bootstrap``) start in seconds, each when first asked for; the
whole stack (``stack``, ``gallery``, ``page``) starts once a session. All of them have their own folders and free
ports: a stack that a person runs from this checkout is never touched.
"""

from __future__ import annotations

import os
import signal
import uuid
from typing import TYPE_CHECKING

import pytest
from hypothesis import settings as hypothesis_settings

from belvedere.clients.object_store import ObjectStore
from belvedere.clients.postgres import connect
from tests.harness.databases import Catalogs
from tests.harness.servers import Servers

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from minio import Minio

    from belvedere.clients.postgres import Connection

SERVER_FIXTURES = {"servers", "stack"}
BROWSER_FIXTURES = {"browser", "page"}

# The same examples in every run; no deadline, for two cores are shared with the servers.
hypothesis_settings.register_profile("repeatable", derandomize=True, deadline=None, print_blob=True)
hypothesis_settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "repeatable"))


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark tests by what they stand on, and let the cheap ones go first."""
    for item in items:
        fixtures = set(getattr(item, "fixturenames", ()))
        if fixtures & SERVER_FIXTURES:
            item.add_marker(pytest.mark.stack)
        if fixtures & BROWSER_FIXTURES:
            item.add_marker(pytest.mark.browser)
    items.sort(key=lambda item: ("stack" in getattr(item, "fixturenames", ())))


def pytest_configure() -> None:
    """End in order when asked to end: fixtures stop their servers on KeyboardInterrupt, not on a plain SIGTERM."""
    signal.signal(signal.SIGTERM, signal.default_int_handler)


@pytest.fixture(scope="session")
def servers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Servers]:
    """Single servers, each started when first asked for."""
    servers = Servers(tmp_path_factory.mktemp("servers"))
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
    return ObjectStore(
        instance.minio_endpoint, instance.secrets.minio_root_user, instance.secrets.minio_root_password
    )


@pytest.fixture(scope="session")
def s3(servers: Servers) -> Minio:
    """The object store, as any S3 client sees it."""
    from minio import Minio

    instance = servers.minio()
    address = instance.minio_endpoint.removeprefix("http://")
    return Minio(
        address,
        access_key=instance.secrets.minio_root_user,
        secret_key=instance.secrets.minio_root_password,
        secure=False,
        region="us-east-1",
    )


@pytest.fixture
def make_bucket(s3: Minio) -> Callable[..., str]:
    """A function that makes an empty bucket of a new name, versioned if asked for."""
    from minio.commonconfig import ENABLED
    from minio.versioningconfig import VersioningConfig

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
