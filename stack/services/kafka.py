"""Kafka, one broker that is its own controller (KRaft). Topics are made by the DAG provision_storage, not here."""

from __future__ import annotations

import base64
import subprocess
import uuid
from typing import TYPE_CHECKING

from stack.errors import StepFailed
from stack.install.kafka import kafka_jars
from stack.ports import HOST
from stack.services.probes import accepts
from stack.services.service import Service

if TYPE_CHECKING:
    from pathlib import Path

    from stack.instance import Instance

# A small broker for one machine: short start, little heap, one garbage collector thread.
JVM = (
    "-Xms64m",
    "-Xmx256m",
    "-Xss512k",
    "-XX:+UseSerialGC",
    "-XX:TieredStopAtLevel=1",
    "-XX:ReservedCodeCacheSize=48m",
    "-Djava.awt.headless=true",
)
QUICK_SECONDS = 60


def kafka(instance: Instance) -> Service:
    """Describe the broker."""
    return Service(
        name="kafka",
        command=(*_java(instance), "kafka.Kafka", str(_properties_file(instance))),
        healthy=lambda _since: accepts(instance.ports.kafka),
        port=instance.ports.kafka,
        folder=_log_folder(instance),
        stop_seconds=30,
        priority=10,
    )


def prepare_kafka(instance: Instance) -> None:
    """Write the broker's properties, and format its storage when it has none.

    Raises:
        StepFailed: Kafka's storage tool refused.
    """
    file = _properties_file(instance)
    file.parent.mkdir(parents=True, exist_ok=True)
    _log_folder(instance).mkdir(parents=True, exist_ok=True)
    file.write_text("".join(f"{name}={value}\n" for name, value in _properties(instance).items()))
    if (_data_folder(instance) / "meta.properties").exists():
        return
    cluster = base64.urlsafe_b64encode(uuid.uuid4().bytes).rstrip(b"=").decode()
    tool = ["kafka.tools.StorageTool", "format", "--standalone", f"--cluster-id={cluster}", f"--config={file}"]
    done = subprocess.run([*_java(instance), *tool], capture_output=True, text=True, check=False, timeout=QUICK_SECONDS)
    if done.returncode:
        raise StepFailed(f"Kafka's storage could not be formatted: {(done.stderr or done.stdout).strip()}")


def _java(instance: Instance) -> tuple[str, ...]:
    logging = instance.paths.root / "stack" / "kafka" / "log4j2.properties"
    return ("java", *JVM, f"-Dlog4j2.configurationFile={logging}", "-cp", f"{kafka_jars(instance.paths)}/*")


def _properties_file(instance: Instance) -> Path:
    return instance.paths.config / "kafka.properties"


def _data_folder(instance: Instance) -> Path:
    return instance.paths.home / "kafka" / "data"


def _log_folder(instance: Instance) -> Path:
    return instance.paths.home / "kafka"


def _properties(instance: Instance) -> dict[str, str]:
    broker, controller = (f"{HOST}:{port}" for port in (instance.ports.kafka, instance.ports.kafka_controller))
    return {
        "process.roles": "broker,controller",
        "node.id": "1",
        "controller.quorum.bootstrap.servers": controller,
        "listeners": f"PLAINTEXT://{broker},CONTROLLER://{controller}",
        "advertised.listeners": f"PLAINTEXT://{broker}",
        "controller.listener.names": "CONTROLLER",
        "listener.security.protocol.map": "CONTROLLER:PLAINTEXT,PLAINTEXT:PLAINTEXT",
        "log.dir": str(_data_folder(instance)),
        "auto.create.topics.enable": "false",
        "group.initial.rebalance.delay.ms": "0",
        "log.retention.hours": "168",
        "num.network.threads": "2",
        "num.io.threads": "4",
        "background.threads": "2",
        "num.recovery.threads.per.data.dir": "1",
        "log.cleaner.dedupe.buffer.size": "4194304",
        "offsets.topic.num.partitions": "4",
        "offsets.topic.replication.factor": "1",
        "transaction.state.log.num.partitions": "2",
        "transaction.state.log.replication.factor": "1",
        "transaction.state.log.min.isr": "1",
        "share.coordinator.state.topic.num.partitions": "2",
        "share.coordinator.state.topic.replication.factor": "1",
        "share.coordinator.state.topic.min.isr": "1",
    }
