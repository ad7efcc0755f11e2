"""``make up``: everything runs, then the main job is shown on real samples."""

from __future__ import annotations

import subprocess
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict
from typing import TYPE_CHECKING

from stack.errors import PortTaken, StepFailed
from stack.health import wait_healthy
from stack.ports import NAMES, PREFIX, is_free, save_ports
from stack.processes import end, left_of, listener_of
from stack.progress import say, step
from stack.services.airflow_settings import airflow_environment, belvedere_environment, prepare_airflow
from stack.services.kafka import prepare_kafka
from stack.services.minio import prepare_minio
from stack.services.mlflow import prepare_mlflow
from stack.services.postgres import ensure_databases, prepare_postgres
from stack.services.registry import all_services, named
from stack.supervisor.client import Supervisor
from stack.supervisor.config import write_config

if TYPE_CHECKING:
    from collections.abc import Callable

    from stack.instance import Instance
    from stack.services.service import Service

BASE_SECONDS = 90.0
AIRFLOW_SECONDS = 300.0
LEFTOVER_PATIENCE = 10.0


def start(instance: Instance) -> None:
    """Start whatever does not run and wait until all of it is healthy.

    Raises:
        PortTaken, StepFailed, NotReady: with what to do about it.
    """
    supervisor = Supervisor(instance.paths)
    services = all_services(instance)
    running = supervisor.is_running()
    if not running:
        end(left_of(str(instance.paths.home)), LEFTOVER_PATIENCE)
        refuse_taken_ports(instance)
    save_ports(instance.paths.home / "ports.json", instance.ports)
    _together(
        lambda: prepare_postgres(instance),
        lambda: prepare_kafka(instance),
        lambda: prepare_minio(instance),
        lambda: prepare_mlflow(instance),
        lambda: prepare_airflow(instance),
    )
    changed = write_config(instance.paths, services)
    if running and changed:
        supervisor.reload()
    supervisor.start()
    _start_all(instance, supervisor, services)


def _start_all(instance: Instance, supervisor: Supervisor, services: list[Service]) -> None:
    say("Starting:")
    base = [named(services, name) for name in ("postgres", "kafka", "minio")]
    rest = [service for service in services if service not in base]
    for service in base:
        supervisor.start_service(service.name)
    wait_healthy(instance.paths, supervisor, base[:1], BASE_SECONDS)
    ensure_databases(instance)
    supervisor.start_service("mlflow")
    _together(lambda: migrate_airflow(instance), lambda: migrate_catalog(instance))
    for service in rest:
        supervisor.start_service(service.name)
    wait_healthy(instance.paths, supervisor, [*base[1:], *rest], AIRFLOW_SECONDS)


def refuse_taken_ports(instance: Instance) -> None:
    """Check every port before anything is started.

    Raises:
        PortTaken: one line for each port that somebody else holds: who, and how to choose another.
    """
    plan = asdict(instance.ports)
    taken = [name for name in NAMES if not is_free(plan[name])]
    if taken:
        lines = [f"  - {plan[name]} ({name}): {listener_of(plan[name])}; set {PREFIX}{name.upper()}" for name in taken]
        advice = "Stop these, or choose other ports (each by its variable, or all with BELVEDERE_PORTS=free), e.g.\n"
        example = f"    {PREFIX}{taken[0].upper()}={plan[taken[0]] + 10000} make up"
        raise PortTaken("\n".join(["Ports that the stack needs are taken:", *lines, advice + example]))


def migrate_airflow(instance: Instance) -> None:
    """Bring Airflow's database to the installed version's schema, once for each version.

    Raises:
        StepFailed: the migration failed; the text says where its log is.
    """
    stamp = instance.paths.airflow_home / ".migrated"
    version = _airflow_version(instance)
    if stamp.exists() and stamp.read_text() == version:
        return
    with step("airflow's database"):
        _run_logged(instance, "airflow-db-migrate", [str(instance.paths.venv / "bin" / "airflow"), "db", "migrate"])
    stamp.write_text(version)


def migrate_catalog(instance: Instance) -> None:
    """Bring the catalog to its newest schema.

    Raises:
        StepFailed: the migration failed; the text says where its log is.
    """
    program = "from belvedere.catalog.schema import migrate; from belvedere.settings import settings; "
    program += "migrate(settings().catalog_dsn.get_secret_value())"
    with step("the catalog's schema"):
        _run_logged(instance, "catalog-migrate", [str(instance.paths.python), "-c", program])


def _airflow_version(instance: Instance) -> str:
    lock = (instance.paths.root / "requirements.txt").read_text()
    return next(line for line in lock.splitlines() if line.startswith("apache-airflow==")).split()[0]


def _run_logged(instance: Instance, name: str, command: list[str]) -> None:
    log = instance.paths.logs / f"{name}.log"
    inherited = {"PATH": f"{instance.paths.venv / 'bin'}:/usr/local/bin:/usr/bin:/bin"}
    environment = inherited | airflow_environment(instance) | belvedere_environment(instance)
    with log.open("w") as file:
        done = subprocess.run(command, env=environment, stdout=file, stderr=file, check=False)
    if done.returncode:
        tail = "\n".join(f"    {line}" for line in log.read_text(errors="replace").splitlines()[-15:])
        raise StepFailed(f"{name} failed. The end of {log}:\n{tail}")


def _together(*actions: Callable[[], None]) -> None:
    with ThreadPoolExecutor(max_workers=len(actions)) as pool:
        for future in [pool.submit(action) for action in actions]:
            future.result()


def timed_start(instance: Instance) -> float:
    """Start, and return how many seconds it took."""
    began = time.monotonic()
    start(instance)
    return time.monotonic() - began
