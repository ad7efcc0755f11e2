"""MinIO with its two notification targets: FAST (lost while the broker is away) and DURABLE (queued on disk)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from stack.install.minio import minio_binary
from stack.ports import HOST
from stack.services.probes import answers
from stack.services.service import Service

if TYPE_CHECKING:
    from pathlib import Path

    from stack.instance import Instance

TOPIC = "artifacts"
QUEUE_LIMIT = "100000"


def minio(instance: Instance) -> Service:
    """Describe the server."""
    address, console = (f"{HOST}:{port}" for port in (instance.ports.minio, instance.ports.minio_console))
    binary = str(minio_binary(instance.paths))
    return Service(
        name="minio",
        command=(binary, "server", "--address", address, "--console-address", console, str(_data_folder(instance))),
        environment=_environment(instance),
        # `/minio/health/ready` answers before buckets and accounts are loaded.
        healthy=lambda _since: answers(f"{instance.minio_endpoint}/minio/health/cluster"),
        port=instance.ports.minio,
        priority=20,
    )


def prepare_minio(instance: Instance) -> None:
    """Make the folders of the data and of the durable target's queue."""
    for folder in (_data_folder(instance), queue_folder(instance)):
        folder.mkdir(parents=True, exist_ok=True)


def _environment(instance: Instance) -> dict[str, str]:
    return {
        "MINIO_ROOT_USER": instance.secrets.minio_root_user,
        "MINIO_ROOT_PASSWORD": instance.secrets.minio_root_password,
        # A PUT is acknowledged only when its event is in the durable target's queue: a crash loses none.
        "MINIO_API_SYNC_EVENTS": "on",
        "MINIO_UPDATE": "off",
        "GOMEMLIMIT": "300MiB",
        **_target("FAST", instance.kafka_bootstrap),
        **_target("DURABLE", instance.kafka_bootstrap),
        "MINIO_NOTIFY_KAFKA_QUEUE_DIR_DURABLE": str(queue_folder(instance)),
        "MINIO_NOTIFY_KAFKA_QUEUE_LIMIT_DURABLE": QUEUE_LIMIT,
    }


def _target(name: str, brokers: str) -> dict[str, str]:
    return {
        f"MINIO_NOTIFY_KAFKA_ENABLE_{name}": "on",
        f"MINIO_NOTIFY_KAFKA_BROKERS_{name}": brokers,
        f"MINIO_NOTIFY_KAFKA_TOPIC_{name}": TOPIC,
    }


def _data_folder(instance: Instance) -> Path:
    return instance.paths.home / "minio" / "data"


def queue_folder(instance: Instance) -> Path:
    """Return where the durable target keeps events until they are delivered."""
    return instance.paths.home / "minio" / "queue"
