"""One stack as a whole: its folders, ports and secrets, and the addresses that follow from them."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import TYPE_CHECKING

from stack.ports import HOST, plan_ports
from stack.secrets import load_secrets

if TYPE_CHECKING:
    from collections.abc import Mapping

    from stack.paths import Paths
    from stack.ports import Ports
    from stack.secrets import Secrets

ADMIN = "admin"
DISPATCHER = "belvedere"
VIEWER = "viewer"
CATALOG_DATABASE = "belvedere"
AIRFLOW_DATABASE = "airflow"
MLFLOW_DATABASE = "mlflow"


@dataclass(frozen=True, slots=True, repr=False)
class Instance:
    """A stack that exists or is about to: everything derives from this."""

    paths: Paths
    ports: Ports
    secrets: Secrets

    @property
    def airflow_url(self) -> str:
        """Where Airflow and the gallery answer."""
        return f"http://{HOST}:{self.ports.airflow}"

    @property
    def minio_endpoint(self) -> str:
        """Where the object store answers."""
        return f"http://{HOST}:{self.ports.minio}"

    @property
    def mlflow_url(self) -> str:
        """Where MLflow answers."""
        return f"http://{HOST}:{self.ports.mlflow}"

    @property
    def kafka_bootstrap(self) -> str:
        """Where Kafka's clients begin."""
        return f"{HOST}:{self.ports.kafka}"

    @property
    def catalog_dsn(self) -> str:
        """The catalog's database, with its password."""
        return self.database("postgresql", CATALOG_DATABASE, self.secrets.catalog_password)

    def database(self, scheme: str, name: str, password: str) -> str:
        """Return the address of a database; its owner is named like it."""
        return f"{scheme}://{name}:{password}@{HOST}:{self.ports.postgres}/{name}"


def load_instance(paths: Paths, environment: Mapping[str, str] | None = None) -> Instance:
    """Return the stack of this data folder; secrets that do not exist yet are made.

    Raises:
        StackError: the environment asks for an impossible port.
    """
    environment = os.environ if environment is None else environment
    return Instance(
        paths=paths,
        ports=plan_ports(paths.home / "ports.json", environment),
        secrets=load_secrets(paths.home / "secrets.json"),
    )


def client_environment(instance: Instance) -> dict[str, str]:
    """Return what a program outside needs to use this stack: the lines of ``make env``."""
    return {
        "AIRFLOW_URL": instance.airflow_url,
        "AIRFLOW_USER": ADMIN,
        "AIRFLOW_PASSWORD": instance.secrets.airflow_admin_password,
        "AIRFLOW_VIEWER_USER": VIEWER,
        "AIRFLOW_VIEWER_PASSWORD": instance.secrets.airflow_viewer_password,
        "MINIO_ENDPOINT": instance.minio_endpoint,
        "MINIO_ACCESS_KEY": instance.secrets.minio_root_user,
        "MINIO_SECRET_KEY": instance.secrets.minio_root_password,
        "KAFKA_BOOTSTRAP": instance.kafka_bootstrap,
        "CATALOG_DSN": instance.catalog_dsn,
        "MLFLOW_URL": instance.mlflow_url,
        "MLFLOW_ADMIN_USER": ADMIN,
        "MLFLOW_ADMIN_PASSWORD": instance.secrets.mlflow_admin_password,
    }
