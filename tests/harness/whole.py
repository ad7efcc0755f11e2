"""The whole stack, as ``make up --bare`` starts it, with its own folder and free ports."""

from __future__ import annotations

import os
import signal
from contextlib import contextmanager
from typing import TYPE_CHECKING

from confluent_kafka import Consumer, TopicPartition
from minio import Minio
from stack.commands.down import stop
from stack.commands.status import all_healthy
from stack.commands.up import start
from stack.instance import client_environment
from stack.ports import HOST
from stack.services.minio import TOPIC, queue_folder
from stack.supervisor.client import Supervisor

from tests.harness.airflow import Airflow, client_of
from tests.harness.guard import guarded
from tests.harness.servers import new_instance
from tests.harness.waiting import eventually

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from stack.instance import Instance

HEALTHY_SECONDS = 120.0
GROUP = "belvedere"


def lag(bootstrap: str) -> int:
    """Return how many events wait in the topic for the watcher."""
    consumer = Consumer({"bootstrap.servers": bootstrap, "group.id": GROUP})
    try:
        partitions = consumer.list_topics(TOPIC, timeout=10).topics[TOPIC].partitions
        committed = consumer.committed([TopicPartition(TOPIC, number) for number in partitions], timeout=10)
        ends = [consumer.get_watermark_offsets(place, timeout=10)[1] for place in committed]
    finally:
        consumer.close()
    return sum(end - max(place.offset, 0) for end, place in zip(ends, committed, strict=True))


class RunningStack:
    """A stack that runs. ``env`` is what ``make env`` prints of it."""

    def __init__(self, instance: Instance) -> None:
        self.instance = instance
        self.env = client_environment(instance)
        self.url = self.env["AIRFLOW_URL"]
        self.airflow = Airflow(client_of(self.url, self.env["AIRFLOW_USER"], self.env["AIRFLOW_PASSWORD"]))
        self.s3 = Minio(
            self.env["MINIO_ENDPOINT"].removeprefix("http://"),
            access_key=self.env["MINIO_ACCESS_KEY"],
            secret_key=self.env["MINIO_SECRET_KEY"],
            secure=False,
        )

    def pid(self, service: str) -> int:
        """Return the process id of a service, 0 while it does not run."""
        return Supervisor(self.instance.paths).states()[service].pid

    def kill(self, service: str) -> None:
        """Kill a service at once, as a power cut would; supervisord will start it again."""
        os.kill(self.pid(service), signal.SIGKILL)

    def await_healthy(self, seconds: float = HEALTHY_SECONDS) -> None:
        """Wait until every service does its work."""
        eventually(lambda: all_healthy(self.instance), seconds, what="a healthy stack", poll=0.5)

    def await_all_events(self) -> None:
        """Wait until both targets have delivered everything and the catalog has taken it."""
        eventually(lambda: not any(queue_folder(self.instance).rglob("*.event")), 30.0, what="an empty durable queue")
        eventually(lambda: lag(self.env["KAFKA_BOOTSTRAP"]) == 0, 30.0, what="a topic that is read to its end")

    def log_of(self, service: str) -> str:
        """Return what a service has written."""
        return (self.instance.paths.logs / f"{service}.log").read_text(errors="replace")

    def await_watching(self) -> None:
        """Wait until a run of ``watch_artifacts`` is in the triggerer."""

        def watching() -> bool:
            found = self.airflow.get("/dags/watch_artifacts/dagRuns/~/taskInstances", state=["deferred", "running"])
            return bool(found["total_entries"])

        self.airflow.await_dag("watch_artifacts")
        eventually(watching, 90.0, what="somebody watching the buckets")


@contextmanager
def whole_stack(home: Path) -> Iterator[RunningStack]:
    """Start a stack and stop everything at the end."""
    with guarded(home):
        try:
            yield ready_stack(home)
        finally:
            stop(new_instance(home).paths)


def tenants_folder(home: Path) -> Path:
    """Return where a test stack looks for tenants' files."""
    return home / "tenants"


def ready_stack(home: Path) -> RunningStack:
    """Start a stack (or what does not run of it), provision its storage by the DAG, wait until it watches."""
    instance = new_instance(home)
    # Tests' receivers of webhooks listen on loopback; every other private address stays refused.
    os.environ.setdefault("BELVEDERE_WEBHOOK_HOSTS", HOST)
    # Tests declare tenants of their own; the examples would be made beside them.
    os.environ["BELVEDERE_TENANTS_FOLDER"] = str(tenants_folder(home))
    tenants_folder(home).mkdir(parents=True, exist_ok=True)
    start(instance)
    stack = RunningStack(instance)
    stack.airflow.run("provision_storage", {}, seconds=180.0)
    stack.await_watching()
    return stack
