"""The MLflow server: basic-auth, workspaces, one process; artifacts go to the default bucket, so that they are seen."""

from __future__ import annotations

from typing import TYPE_CHECKING

from stack.instance import ADMIN, MLFLOW_DATABASE
from stack.ports import HOST
from stack.private_files import write_private
from stack.services.probes import answers
from stack.services.service import Service

if TYPE_CHECKING:
    from pathlib import Path

    from stack.instance import Instance

ARTIFACTS = "s3://mlpipeline/mlflow"
MODEL_SOURCES = r"^(?:models:/|runs:/|(?:prompt-template|dummy-source)$)"


def mlflow(instance: Instance) -> Service:
    """Describe the server."""
    binary = instance.paths.install / "mlflow" / "bin" / "mlflow"
    port = str(instance.ports.mlflow)
    options = ("--host", HOST, "--port", port, "--workers", "1", "--app-name", "basic-auth", "--enable-workspaces")
    return Service(
        name="mlflow",
        command=(str(binary), "server", *options, "--artifacts-destination", ARTIFACTS),
        environment=_environment(instance),
        healthy=lambda _since: answers(f"{instance.mlflow_url}/health"),
        port=instance.ports.mlflow,
        priority=30,
    )


def prepare_mlflow(instance: Instance) -> None:
    """Write the settings of its basic authentication."""
    settings = {
        "default_permission": "NO_PERMISSIONS",
        "database_uri": _database(instance),
        "admin_username": ADMIN,
        "authorization_function": "mlflow.server.auth:authenticate_request_basic_auth",
        "grant_default_workspace_access": "false",
        # A password is checked slowly (0.3 to 1 s of a core), and basic authentication sends it with every call: a
        # password that was right stays right for so long. Changing or removing a user through MLflow ends that at
        # once, for there is one worker; with more of them, or by SQL, the old password goes on working until then.
        "auth_cache_ttl_seconds": "60",
    }
    lines = [f"{name} = {value.replace('%', '%%')}" for name, value in settings.items()]
    write_private(_auth_file(instance), "\n".join(["[mlflow]", *lines, ""]))


def _auth_file(instance: Instance) -> Path:
    return instance.paths.config / "mlflow-auth.ini"


def _database(instance: Instance) -> str:
    return instance.database("postgresql+psycopg", MLFLOW_DATABASE, instance.secrets.mlflow_database_password)


def _environment(instance: Instance) -> dict[str, str]:
    return {
        "MLFLOW_BACKEND_STORE_URI": _database(instance),
        "MLFLOW_AUTH_CONFIG_PATH": str(_auth_file(instance)),
        "MLFLOW_AUTH_ADMIN_USERNAME": ADMIN,
        "MLFLOW_AUTH_ADMIN_PASSWORD": instance.secrets.mlflow_admin_password,
        "MLFLOW_FLASK_SERVER_SECRET_KEY": instance.secrets.mlflow_flask_secret,
        # Job execution alone starts seven more processes and 1.3 GB.
        "MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false",
        # The server reaches every tenant's bucket with its own key, and fetches from wherever a model version says that
        # its files lie. So a version may name a run, a model or a prompt that MLflow knows, never an address.
        "MLFLOW_CREATE_MODEL_VERSION_SOURCE_VALIDATION_REGEX": MODEL_SOURCES,
        "MLFLOW_S3_ENDPOINT_URL": instance.minio_endpoint,
        "MLFLOW_DISABLE_TELEMETRY": "true",
        "DO_NOT_TRACK": "true",
        "AWS_ACCESS_KEY_ID": instance.secrets.minio_root_user,
        "AWS_SECRET_ACCESS_KEY": instance.secrets.minio_root_password,
        "AWS_DEFAULT_REGION": "us-east-1",
        "MALLOC_ARENA_MAX": "2",
    }
