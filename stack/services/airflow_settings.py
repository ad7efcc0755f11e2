"""Airflow's configuration: environment variables only, written here and nowhere else."""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING

from stack.instance import ADMIN, AIRFLOW_DATABASE, DISPATCHER, VIEWER
from stack.ports import HOST
from stack.private_files import write_private

if TYPE_CHECKING:
    from pathlib import Path

    from stack.instance import Instance

PREFIX = "BELVEDERE_"
# Folders (separated by colons) with installed packages of renderers, beside those of .venv.
RENDERERS_PATH = "BELVEDERE_RENDERERS_PATH"
USERS = {ADMIN: "admin", DISPATCHER: "op", VIEWER: "viewer"}
# Environment of the caller that steers the stack itself and means nothing to the services.
OWN_VARIABLES = ("BELVEDERE_HOME", "BELVEDERE_INSTALL", "BELVEDERE_PORT")


def airflow_environment(instance: Instance) -> dict[str, str]:
    """Return the whole environment of Airflow's processes: Airflow's settings and Belvedere's."""
    options = {
        f"AIRFLOW__{section.upper()}__{key.upper()}": value
        for section, keys in _options(instance).items()
        for key, value in keys.items()
    }
    return {
        "AIRFLOW_HOME": str(instance.paths.airflow_home),
        "PYTHONPATH": os.environ.get(RENDERERS_PATH, ""),
        "MALLOC_ARENA_MAX": "2",
        "MPLBACKEND": "Agg",
        "AIRFLOW_CONN_BELVEDERE_KAFKA": _kafka_connection(instance),
        **options,
        **belvedere_environment(instance),
    }


def belvedere_environment(instance: Instance) -> dict[str, str]:
    """Return what ``belvedere.settings`` reads: the caller's own wishes, then what this stack knows for sure."""
    wishes = {
        name: value
        for name, value in os.environ.items()
        if name.startswith(PREFIX) and not name.startswith(OWN_VARIABLES)
    }
    secrets = instance.secrets
    known = {
        "MINIO_ENDPOINT": instance.minio_endpoint,
        "MINIO_ACCESS_KEY": secrets.minio_root_user,
        "MINIO_SECRET_KEY": secrets.minio_root_password,
        "CATALOG_DSN": instance.catalog_dsn,
        "AIRFLOW_URL": instance.airflow_url,
        "DISPATCHER_USER": DISPATCHER,
        "DISPATCHER_PASSWORD": secrets.airflow_dispatcher_password,
        "CAPABILITY_SECRET": secrets.capability_secret,
        "CREDENTIALS_KEY": secrets.credentials_key,
        "MLFLOW_URL": instance.mlflow_url,
        "MLFLOW_ADMIN_USER": ADMIN,
        "MLFLOW_ADMIN_PASSWORD": secrets.mlflow_admin_password,
    }
    defaults = {
        "BELVEDERE_CORES": str(len(os.sched_getaffinity(0))),
        "BELVEDERE_TENANTS_FOLDER": str(instance.paths.root / "tenants"),
    }
    return defaults | wishes | {PREFIX + name: value for name, value in known.items()}


def prepare_airflow(instance: Instance) -> None:
    """Make Airflow's folders and write the passwords of its users."""
    instance.paths.airflow_home.mkdir(parents=True, exist_ok=True)
    secrets = instance.secrets
    passwords = {
        ADMIN: secrets.airflow_admin_password,
        DISPATCHER: secrets.airflow_dispatcher_password,
        VIEWER: secrets.airflow_viewer_password,
    }
    write_private(_passwords_file(instance), json.dumps(passwords))


def _passwords_file(instance: Instance) -> Path:
    return instance.paths.config / "airflow-passwords.json"


def _kafka_connection(instance: Instance) -> str:
    extra = {
        "bootstrap.servers": instance.kafka_bootstrap,
        "group.id": "belvedere",
        "enable.auto.commit": False,
        "auto.offset.reset": "earliest",
    }
    return json.dumps({"conn_type": "kafka", "extra": extra})


def _options(instance: Instance) -> dict[str, dict[str, str]]:
    root, secrets = instance.paths.root, instance.secrets
    logs = instance.paths.logs / "airflow"

    def database(scheme: str) -> str:
        return instance.database(scheme, AIRFLOW_DATABASE, secrets.airflow_database_password)

    return {
        "core": {
            "executor": "LocalExecutor",
            # Several times the cores: a worker stays taken for a while after its task has ended, idle.
            "parallelism": "9",
            # Workers inherit what the scheduler warmed (orchestration/warming.py).
            "mp_start_method": "fork",
            "dags_folder": str(root / "dags"),
            "plugins_folder": str(root / "plugins"),
            "load_examples": "False",
            # The stack's own DAGs (watch, sweep, ...) must work by themselves on a new database.
            "dags_are_paused_at_creation": "False",
            "fernet_key": secrets.airflow_fernet_key,
            "auth_manager": "airflow.api_fastapi.auth.managers.simple.simple_auth_manager.SimpleAuthManager",
            "simple_auth_manager_users": ",".join(f"{user}:{role}" for user, role in USERS.items()),
            "simple_auth_manager_passwords_file": str(_passwords_file(instance)),
            "execution_api_server_url": f"{instance.airflow_url}/execution/",
            "hostname_callable": "socket.gethostname",
        },
        "database": {
            "sql_alchemy_conn": database("postgresql+psycopg"),
            "sql_alchemy_conn_async": database("postgresql+asyncpg"),
        },
        "api": {
            "host": HOST,
            "port": str(instance.ports.airflow),
            "base_url": instance.airflow_url,
            "workers": "1",
            # How long a shutdown waits for open connections: live streams never end by themselves.
            "worker_timeout": "5",
            "secret_key": secrets.airflow_api_secret,
            "maximum_page_limit": "1000",
            "expose_stacktrace": "False",
            "instance_name": "Belvedere",
        },
        "api_auth": {"jwt_secret": secrets.airflow_jwt_secret},
        "scheduler": {
            "scheduler_idle_sleep_time": "0.1",
            "job_heartbeat_sec": "2",
            "scheduler_heartbeat_sec": "2",
            # A killed scheduler's tasks are taken over soon after its successor has started.
            "scheduler_health_check_threshold": "15",
            "orphaned_tasks_check_interval": "15",
            "task_instance_heartbeat_timeout": "60",
        },
        "workers": {"min_heartbeat_interval": "1"},
        "triggerer": {
            "capacity": "100",
            # A killed triggerer's trigger moves to another one after this many seconds.
            "job_heartbeat_sec": "2",
            "triggerer_health_check_threshold": "8",
        },
        "dag_processor": {
            "parsing_processes": "1",
            "refresh_interval": "10",
            "bundle_refresh_check_interval": "2",
            # A changed file is parsed at once; parsing unchanged ones again is idle work.
            "min_file_process_interval": "120",
        },
        "logging": {
            "base_log_folder": str(logs),
            "dag_processor_child_process_log_directory": str(logs / "dag_processor"),
            "colored_console_log": "False",
        },
        "metrics": {"statsd_on": "False", "otel_on": "False"},
        "usage_data_collection": {"enabled": "False"},
    }
