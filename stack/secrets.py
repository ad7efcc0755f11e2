"""The stack's passwords and keys: random, made once, kept in the data folder for the owner's eyes only."""

from __future__ import annotations

import base64
import json
import secrets
from dataclasses import asdict, dataclass, fields
from typing import TYPE_CHECKING

from stack.private_files import write_private

if TYPE_CHECKING:
    from pathlib import Path

FERNET_KEY_BYTES = 32


@dataclass(frozen=True, slots=True, repr=False)
class Secrets:
    """Every secret of one stack. Has no readable repr, so that none gets printed by accident."""

    postgres_password: str
    airflow_database_password: str
    catalog_password: str
    mlflow_database_password: str
    minio_root_user: str
    minio_root_password: str
    mlflow_admin_password: str
    mlflow_flask_secret: str
    airflow_admin_password: str
    airflow_dispatcher_password: str
    airflow_viewer_password: str
    airflow_fernet_key: str
    airflow_jwt_secret: str
    airflow_api_secret: str
    capability_secret: str
    credentials_key: str


def _random(name: str) -> str:
    if name in ("airflow_fernet_key", "credentials_key"):
        return base64.urlsafe_b64encode(secrets.token_bytes(FERNET_KEY_BYTES)).decode()
    if name == "minio_root_user":
        return "belvedere" + secrets.token_hex(4)
    if name in ("airflow_jwt_secret", "airflow_api_secret"):
        return secrets.token_hex(64)
    return secrets.token_hex(16)


def load_secrets(file: Path) -> Secrets:
    """Return the secrets kept in ``file``; those it lacks are made and added, so that a newer version finds its own."""
    kept: dict[str, str] = json.loads(file.read_text()) if file.exists() else {}
    wanted = [field.name for field in fields(Secrets)]
    found = Secrets(**{name: kept.get(name) or _random(name) for name in wanted})
    if any(name not in kept for name in wanted):
        write_private(file, json.dumps(asdict(found), indent=2) + "\n")
    return found
