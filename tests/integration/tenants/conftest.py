"""The world of tenants: object store, broker, catalog and MLflow."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from tests.harness.tenant_world import TenantWorld

if TYPE_CHECKING:
    from tests.harness.servers import Servers

    from belvedere.clients.postgres import Connection


@pytest.fixture(scope="module")
def world(servers: Servers, catalog: Connection) -> TenantWorld:
    """All systems that tenants live in, real ones; the tests of one module share them, each with tenants of its own."""
    servers.minio()
    return TenantWorld.of(servers.mlflow(), catalog)
