"""A gallery of its own for each module that asks for one: it needs PostgreSQL and MinIO, but no Airflow."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from belvedere.settings import Settings
from tests.harness.filled_tenants import CREDENTIALS_KEY, MLFLOW
from tests.harness.gallery_rows import add_source
from tests.harness.own_gallery import BUCKET, OwnGallery, own_gallery

if TYPE_CHECKING:
    from collections.abc import Iterator

    from minio import Minio

    from belvedere.clients.postgres import Connection
    from tests.harness.servers import Servers


@pytest.fixture(scope="module")
def own(servers: Servers, catalog_dsn: str, catalog: Connection, s3: Minio) -> Iterator[OwnGallery]:
    """A gallery that serves, with one known bucket."""
    instance = servers.minio()
    settings = Settings(
        catalog_dsn=catalog_dsn,
        minio_endpoint=instance.minio_endpoint,
        minio_access_key=instance.secrets.minio_root_user,
        minio_secret_key=instance.secrets.minio_root_password,
        capability_secret="a secret of tests",
        credentials_key=CREDENTIALS_KEY,
        mlflow_url=MLFLOW,
    )
    add_source(catalog, BUCKET)
    with own_gallery(settings, catalog, s3) as gallery:
        yield gallery
