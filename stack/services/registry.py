"""All services of a stack, in one place."""

from __future__ import annotations

from typing import TYPE_CHECKING

from stack.errors import NotRunning
from stack.services.airflow import airflow_services
from stack.services.kafka import kafka
from stack.services.minio import minio
from stack.services.mlflow import mlflow
from stack.services.postgres import postgres

if TYPE_CHECKING:
    from stack.instance import Instance
    from stack.services.service import Service

NAMES = ("postgres", "kafka", "minio", "mlflow", "api-server", "scheduler", "dag-processor", "triggerer")


def all_services(instance: Instance) -> list[Service]:
    """Describe every service, in the order in which they are shown."""
    return [postgres(instance), kafka(instance), minio(instance), mlflow(instance), *airflow_services(instance)]


def named(services: list[Service], name: str) -> Service:
    """Return one service.

    Raises:
        NotRunning: there is none of that name.
    """
    for service in services:
        if service.name == name:
            return service
    raise NotRunning(f"there is no service {name!r}; there are: {', '.join(NAMES)}")
