"""``make docker-env``: the secrets that docker-compose.yaml names, in a private ``.env``."""

from __future__ import annotations

from typing import TYPE_CHECKING

from stack.private_files import write_private
from stack.progress import say
from stack.secrets import load_secrets

if TYPE_CHECKING:
    from stack.paths import Paths
    from stack.secrets import Secrets


def write_docker_env(paths: Paths) -> None:
    """Write ``.env`` unless there is one: the databases behind it were made with its passwords."""
    file = paths.root / ".env"
    if file.exists():
        say(f"{file} exists and stays as it is.")
        return
    secrets = load_secrets(paths.home / "docker-secrets.json")
    write_private(file, "".join(f"{name}={value}\n" for name, value in docker_environment(secrets).items()))
    say(f"Wrote {file}. Next: docker compose up --build")


def docker_environment(secrets: Secrets) -> dict[str, str]:
    """Return the variables that docker-compose.yaml reads."""
    return {
        "POSTGRES_PASSWORD": secrets.postgres_password,
        "AIRFLOW_DATABASE_PASSWORD": secrets.airflow_database_password,
        "CATALOG_PASSWORD": secrets.catalog_password,
        "MLFLOW_DATABASE_PASSWORD": secrets.mlflow_database_password,
        "MINIO_ROOT_USER": secrets.minio_root_user,
        "MINIO_ROOT_PASSWORD": secrets.minio_root_password,
        "MLFLOW_ADMIN_PASSWORD": secrets.mlflow_admin_password,
        "MLFLOW_FLASK_SECRET": secrets.mlflow_flask_secret,
        "AIRFLOW_ADMIN_PASSWORD": secrets.airflow_admin_password,
        "AIRFLOW_DISPATCHER_PASSWORD": secrets.airflow_dispatcher_password,
        "AIRFLOW_VIEWER_PASSWORD": secrets.airflow_viewer_password,
        "AIRFLOW_FERNET_KEY": secrets.airflow_fernet_key,
        "AIRFLOW_JWT_SECRET": secrets.airflow_jwt_secret,
        "AIRFLOW_API_SECRET": secrets.airflow_api_secret,
        "CAPABILITY_SECRET": secrets.capability_secret,
        "CREDENTIALS_KEY": secrets.credentials_key,
    }
