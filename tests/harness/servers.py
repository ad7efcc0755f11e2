"""Single servers without supervisord: what most integration tests need, up in a second or two.

They are the very services of ``stack/``, with their own data folder and free ports, as child processes of pytest.
"""

from __future__ import annotations

import os
import signal
import subprocess
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from stack.instance import Instance, load_instance
from stack.paths import ROOT, Paths, locate
from stack.ports import save_ports
from stack.services.kafka import kafka, prepare_kafka
from stack.services.minio import minio, prepare_minio
from stack.services.mlflow import mlflow, prepare_mlflow
from stack.services.postgres import ensure_databases, postgres, prepare_postgres
from stack.supervisor.config import MARK_HOME

from tests.harness.waiting import eventually

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from stack.services.service import Service

START_SECONDS = 180.0


def new_instance(home: Path) -> Instance:
    """Return a stack of its own below ``home``: free ports, new secrets, the checkout's installed software."""
    paths = Paths(root=ROOT, home=home, install=locate().install)
    instance = load_instance(paths, {"BELVEDERE_PORTS": "free"})
    save_ports(home / "ports.json", instance.ports)
    return instance


class Servers:
    """The servers of one instance, each started when first asked for and stopped by ``close``."""

    def __init__(self, home: Path) -> None:
        self.instance = new_instance(home)
        self._resources = ExitStack()
        self._running: dict[str, subprocess.Popen[bytes]] = {}

    def postgres(self) -> Instance:
        """Start PostgreSQL. Its data are worth nothing, so it need not wait for the disk."""
        if "postgres" not in self._running:
            prepare_postgres(self.instance)
            self._start(postgres(self.instance), "-c", "fsync=off", "-c", "full_page_writes=off")
            ensure_databases(self.instance)
        return self.instance

    def kafka(self) -> Instance:
        """Start the broker."""
        if "kafka" not in self._running:
            prepare_kafka(self.instance)
            self._start(kafka(self.instance))
        return self.instance

    def minio(self) -> Instance:
        """Start the object store (and the broker its notification targets point to)."""
        if "minio" not in self._running:
            self.kafka()
            prepare_minio(self.instance)
            self._start(minio(self.instance))
        return self.instance

    def mlflow(self) -> Instance:
        """Start MLflow, with its database and the object store of its artifacts."""
        if "mlflow" not in self._running:
            self.postgres()
            self.minio()
            prepare_mlflow(self.instance)
            self._start(mlflow(self.instance))
        return self.instance

    def close(self) -> None:
        """Stop them all, the last one first."""
        self._resources.close()
        self._running.clear()

    def _start(self, service: Service, *flags: str) -> None:
        self._running[service.name] = self._resources.enter_context(running(service, self.instance.paths.home, flags))


@contextmanager
def running(
    service: Service, home: Path, flags: tuple[str, ...] = (), seconds: float = START_SECONDS
) -> Iterator[subprocess.Popen[bytes]]:
    """Run a service as a child process, from when it is healthy until the block ends."""
    started = datetime.now(UTC)
    log = home / f"{service.name}.log"
    with log.open("wb") as file:
        process = subprocess.Popen(
            [*service.command, *flags],
            env={**os.environ, **service.environment, MARK_HOME: str(home)},
            cwd=service.folder or home,
            stdin=subprocess.DEVNULL,
            stdout=file,
            stderr=file,
            start_new_session=True,
        )
    try:
        eventually(
            lambda: process.poll() is not None or service.healthy(started),
            seconds,
            what=f"{service.name} (log: {log})",
        )
        assert process.poll() is None, f"{service.name} ended: {log.read_text(errors='replace')[-2000:]}"
        yield process
    finally:
        process.send_signal(getattr(signal, f"SIG{service.stop_signal}"))
        try:
            process.wait(service.stop_seconds)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait(5)
